package authority

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// MergeRights reads a grant from a request as a merge patch of what there is
// (nil for a new object). It answers nil to inherit, an empty list for nothing,
// and whether the request named any of the four fields.
func MergeRights(have []grant.Statement, in api.Rights) (sts []grant.Statement, named bool, err error) {
	short := in.Role.Set || in.Scopes.Set || in.Resources.Set
	switch {
	case in.Grants.Has() && short:
		return nil, true, api.FieldError("grants", "give either grants or role, scopes and resources")
	case in.Grants.Has():
		sts, err = statementList(in.Grants.Value)
		return sts, true, err
	case short:
		sts, err = shorthand(have, in)
		return sts, true, err
	}
	if in.Grants.Set {
		return nil, true, nil
	}
	return have, false, nil
}

func statementList(in []api.Statement) ([]grant.Statement, error) {
	if len(in) > 100 {
		return nil, api.FieldError("grants", "at most 100 statements")
	}
	entries := 0
	for _, s := range in {
		entries += len(s.Scopes) + len(s.Resources)
	}
	if entries > grant.MaxMeasure { // before each of them is looked at
		return nil, tooDear(entries)
	}
	out := make([]grant.Statement, len(in))
	for i, s := range in {
		out[i] = grant.Statement(s)
		if err := checkStatement("grants.", out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shorthand merges role, scopes and resources into the one statement there is.
// An empty list of scopes without a role is a grant of nothing; when nothing is
// left, it is nil.
func shorthand(have []grant.Statement, in api.Rights) ([]grant.Statement, error) {
	var s grant.Statement
	if len(have) == 1 {
		s = have[0]
	}
	if in.Role.Has() && in.Role.Value == "" {
		return nil, api.FieldError("role", "must not be empty; null inherits")
	}
	if in.Role.Set {
		s.Role = in.Role.Value
	}
	if in.Role.Has() {
		s.Scopes = nil
	}
	if in.Scopes.Set {
		s.Scopes = in.Scopes.Value
	}
	if in.Scopes.Has() && !in.Role.Has() {
		s.Role = ""
	}
	if in.Resources.Set {
		s.Resources = in.Resources.Value
	}
	switch {
	case s.Role == "" && in.Scopes.Has() && len(s.Scopes) == 0:
		return []grant.Statement{}, nil
	case RestrictsOnly(s) && !in.Resources.Has() && len(s.Resources) == 0:
		return nil, nil
	}
	return []grant.Statement{s}, checkStatement("", s)
}

// RestrictsOnly says whether a statement names resources alone: all that the
// owner may do, on these.
func RestrictsOnly(s grant.Statement) bool { return s.Role == "" && s.Scopes == nil }

// CheckOwnRights refuses statements of a member or service account that name
// neither role nor scopes: there is nobody to inherit from.
func CheckOwnRights(sts []grant.Statement) error {
	if slices.ContainsFunc(sts, RestrictsOnly) {
		return api.FieldError("role", "name a role or scopes for these resources")
	}
	return nil
}

// checkStatement refuses any as a resource: whoever writes it means every one,
// which is *, and no request can be about a resource of that name. A token string
// has the form of a resource's name.
func checkStatement(at string, s grant.Statement) error {
	for _, r := range s.Resources {
		if err := input.Secretless(at+"resources", r); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(s.Resources, func(r string) bool { return strings.EqualFold(r, verify.AnyResource) }) {
		return api.FieldError(at+"resources", `any is no resource; give "*" for the entire portfolio`)
	}
	err := s.Validate()
	if fe, ok := errors.AsType[*grant.FieldError](err); ok {
		return api.FieldError(at+fe.Field, fe.Problem)
	}
	return err
}

// Bounded refuses statements that are too dear to compile under everybody's lock,
// unless there were such before and these are no dearer.
func Bounded(sp *Space, was, now []grant.Statement) error {
	n := sp.measure(now)
	if n <= grant.MaxMeasure || n <= sp.measure(was) {
		return nil
	}
	return tooDear(n)
}

func tooDear(n int) error {
	return api.FieldError("grants", fmt.Sprintf("too much: its resources, and for each combination of statements that holds on one of them their scopes, "+
		"count %d, and at most %d; name fewer resources, use a beginning followed by *, or put what belongs together into one statement", n, grant.MaxMeasure))
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
	return slices.DeleteFunc(slices.Clone(sts), RestrictsOnly)
}
