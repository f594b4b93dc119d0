package input_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
)

func text(s string) api.Opt[string]               { return api.Some(s) }
func list(ss ...string) api.Opt[[]string]         { return api.Some(append([]string{}, ss...)) }
func no[T any]() api.Opt[T]                       { return api.Null[T]() }
func sts(of ...grant.Statement) []grant.Statement { return of }

// TestRightsAreMergedAsAPatch: what is left out stays, null inherits, an empty list is
// nothing, and no mistake ends as more than was asked for.
func TestRightsAreMergedAsAPatch(t *testing.T) {
	t.Parallel()
	viewer := sts(grant.Statement{Role: "Viewer", Resources: []string{"repo"}})
	scoped := sts(grant.Statement{Scopes: []string{"a:read"}, Resources: []string{"repo"}})
	here := sts(grant.Statement{Resources: []string{"repo"}})
	two := append(append(sts(), viewer...), scoped...)
	nothing := []grant.Statement{}
	for name, c := range map[string]struct {
		have  []grant.Statement
		in    api.Rights
		want  []grant.Statement
		field string
	}{
		"a scope list takes the role's place":    {viewer, api.Rights{Scopes: list("a:read")}, scoped, ""},
		"a role takes the scopes' place":         {scoped, api.Rights{Role: text("Viewer")}, viewer, ""},
		"other resources":                        {viewer, api.Rights{Resources: list("*")}, sts(grant.Statement{Role: "Viewer", Resources: []string{"*"}}), ""},
		"null for the role inherits here":        {viewer, api.Rights{Role: no[string]()}, here, ""},
		"null for the scopes inherits here":      {scoped, api.Rights{Scopes: no[[]string]()}, here, ""},
		"null for all inherits":                  {viewer, api.Rights{Role: no[string](), Resources: no[[]string]()}, nil, ""},
		"null where nothing was":                 {nil, api.Rights{Role: no[string]()}, nil, ""},
		"null for grants inherits":               {two, api.Rights{Grants: no[[]api.Statement]()}, nil, ""},
		"no scope is nothing":                    {viewer, api.Rights{Scopes: list()}, nothing, ""},
		"no scope, and null for the role":        {viewer, api.Rights{Scopes: list(), Role: no[string]()}, nothing, ""},
		"no statement is nothing":                {two, api.Rights{Grants: api.Some([]api.Statement{})}, nothing, ""},
		"of two, the shorthand begins anew":      {two, api.Rights{Role: text("Viewer"), Resources: list("repo")}, viewer, ""},
		"no resource is no inheriting":           {nil, api.Rights{Resources: list()}, nil, "scopes"},
		"a role and scopes":                      {nil, api.Rights{Role: text("Viewer"), Scopes: list("a:read")}, nil, "scopes"},
		"a role of no name":                      {viewer, api.Rights{Role: text("")}, nil, "role"},
		"both ways":                              {nil, api.Rights{Grants: api.Some([]api.Statement{}), Role: no[string]()}, nil, "grants"},
		"any is no resource":                     {nil, api.Rights{Role: text("Viewer"), Resources: list("repo", "ANY")}, nil, "resources"},
		"any is none in a list either":           {nil, api.Rights{Grants: api.Some([]api.Statement{{Role: "Viewer", Resources: []string{"any"}}})}, nil, "grants.resources"},
		"a scope that is none":                   {nil, api.Rights{Scopes: list("a read")}, nil, "scopes"},
		"a statement of nothing":                 {nil, api.Rights{Grants: api.Some([]api.Statement{{}})}, nil, "grants.scopes"},
		"more statements than may be":            {nil, api.Rights{Grants: api.Some(make([]api.Statement, 101))}, nil, "grants"},
		"more entries than are worth looking at": {nil, api.Rights{Grants: api.Some([]api.Statement{{Role: "Viewer", Resources: make([]string, grant.MaxMeasure+1)}})}, nil, "grants"},
	} {
		before := fmt.Sprint(c.have)
		got, named, err := input.MergeRights(c.have, c.in)
		if !named || (err != nil) != (c.field != "") || err != nil && (api.AsError(err).Field != c.field || !errors.Is(err, api.CodeInvalidField)) {
			t.Errorf("%s: named %v, %v (field %s)", name, named, err, api.AsError(err).Field)
			continue
		}
		if diff := cmp.Diff(c.want, got); err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if fmt.Sprint(c.have) != before {
			t.Errorf("%s: what there was became %v", name, c.have)
		}
	}
	if got, named, err := input.MergeRights(two, api.Rights{}); named || err != nil || len(got) != 2 {
		t.Errorf("who names no right changes them: %v, %v, %v", got, named, err)
	}
}
