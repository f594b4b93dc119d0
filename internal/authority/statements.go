package authority

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// CheckOwnRights refuses statements of a member or service account that name
// neither role nor scopes: there is nobody to inherit from.
func CheckOwnRights(sts []grant.Statement) error {
	if slices.ContainsFunc(sts, grant.RestrictsOnly) {
		return api.FieldError("role", "name a role or scopes for these resources")
	}
	return nil
}

// Bounded refuses statements that are too dear to compile under everybody's lock,
// unless there were such before and these are no dearer.
func Bounded(sp *Space, was, now []grant.Statement) error {
	n := sp.measure(now)
	if n <= grant.MaxMeasure || n <= sp.measure(was) {
		return nil
	}
	return input.TooDear(n)
}

// CheckNames refuses roles that do not exist here, and instance scopes from
// whoever is not an instance administrator.
func CheckNames(ac *Actor, sp *Space, sts []grant.Statement) error {
	for _, s := range sts {
		err := input.First(sp.Free(ledger.RemovedRole, s.Role), sp.Free(ledger.RemovedScope, s.Scopes...), sp.Free(ledger.RemovedResource, s.Resources...))
		if err != nil {
			return err
		}
		if s.Role != "" {
			if _, ok := sp.Roles[s.Role]; !ok {
				return api.FieldError("role", "there is no such role in this workspace")
			}
		}
		if slices.ContainsFunc(s.Scopes, grant.IsInstance) && !ac.Instance {
			return MissingInstance("only an instance administrator can list instance scopes")
		}
	}
	return nil
}

// OwnsAll says whether statements hold the role Owner on the entire portfolio:
// an Owner of some resources cannot make another one.
func OwnsAll(sts []grant.Statement) bool {
	return slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == "Owner" && slices.Contains(s.Resources, "*") })
}

// IsOwner says whether statements hold the role Owner, on whatever resources.
func IsOwner(sts []grant.Statement) bool {
	return slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == "Owner" })
}

// Stated leaves out the statements that only restrict what is inherited.
func Stated(sts []grant.Statement) []grant.Statement {
	return slices.DeleteFunc(slices.Clone(sts), grant.RestrictsOnly)
}
