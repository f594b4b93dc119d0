package input

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
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
		return nil, TooDear(entries)
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
	case grant.RestrictsOnly(s) && !in.Resources.Has() && len(s.Resources) == 0:
		return nil, nil
	}
	return []grant.Statement{s}, checkStatement("", s)
}

// checkStatement refuses any as a resource: whoever writes it means every one,
// which is *, and no request can be about a resource of that name. A token string
// has the form of a resource's name.
func checkStatement(at string, s grant.Statement) error {
	for _, r := range s.Resources {
		if err := Secretless(at+"resources", r); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(s.Resources, func(r string) bool { return strings.EqualFold(r, grant.AnyResource) }) {
		return api.FieldError(at+"resources", `any is no resource; give "*" for the entire portfolio`)
	}
	err := s.Validate()
	if fe, ok := errors.AsType[*grant.FieldError](err); ok {
		return api.FieldError(at+fe.Field, fe.Problem)
	}
	return err
}

// TooDear says that statements come to so much that nobody compiles them under everybody's lock.
func TooDear(n int) error {
	return api.FieldError("grants", fmt.Sprintf("too much: its resources, and for each combination of statements that holds on one of them their scopes, "+
		"count %d, and at most %d; name fewer resources, use a beginning followed by *, or put what belongs together into one statement", n, grant.MaxMeasure))
}
