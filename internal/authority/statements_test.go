package authority_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
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
		got, named, err := authority.MergeRights(c.have, c.in)
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
	if got, named, err := authority.MergeRights(two, api.Rights{}); named || err != nil || len(got) != 2 {
		t.Errorf("who names no right changes them: %v, %v, %v", got, named, err)
	}
}

// TestWhatStatementsHold: an Owner is of everything only where no resource is left out,
// and what only restricts says nothing by itself.
func TestWhatStatementsHold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sts             []grant.Statement
		all, owner, own bool
		stated          int
	}{
		"nothing":                    {nil, false, false, true, 0},
		"Owner of everything":        {sts(grant.Statement{Role: "Owner", Resources: []string{"a", "*"}}), true, true, true, 1},
		"Owner of some":              {sts(grant.Statement{Role: "Owner", Resources: []string{"a*"}}), false, true, true, 1},
		"every scope":                {sts(grant.Statement{Scopes: []string{"*"}, Resources: []string{"*"}}), false, false, true, 1},
		"another role by a name":     {sts(grant.Statement{Role: "owner", Resources: []string{"*"}}), false, false, true, 1},
		"on some, whatever it is":    {sts(grant.Statement{Resources: []string{"*"}}), false, false, false, 0},
		"Owner of one, and on all":   {sts(grant.Statement{Role: "Owner", Resources: []string{"a"}}, grant.Statement{Resources: []string{"*"}}), false, true, false, 1},
		"no scope is no restriction": {sts(grant.Statement{Scopes: []string{}, Resources: []string{"*"}}), false, false, true, 1},
	} {
		if authority.OwnsAll(c.sts) != c.all || authority.IsOwner(c.sts) != c.owner || len(authority.Stated(c.sts)) != c.stated {
			t.Errorf("%s: owns all %v, is an Owner %v, states %d", name, authority.OwnsAll(c.sts), authority.IsOwner(c.sts), len(authority.Stated(c.sts)))
		}
		if err := authority.CheckOwnRights(c.sts); (err == nil) != c.own {
			t.Errorf("%s, of a member: %v", name, err)
		}
	}
}

// in runs f in acme as a caller, on one snapshot.
func in(w *officetest.World, c authority.Caller, f func(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space)) {
	w.Helper()
	a := only(w, authority.Options{})
	officetest.Must(w.T, a.Read(w.Ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.Enter(r, c, "acme")
		if err == nil {
			f(r, ac, sp)
		}
		return err
	}))
}

// TestOnlyWhatIsThereIsGiven: no role that does not exist, no scope of the instance by
// who does not administer it, and no name that is being deleted.
func TestOnlyWhatIsThereIsGiven(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	owner := w.Member("owner@example.com", "Owner")
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", api.PutRole{})))
	for _, c := range []struct {
		s           grant.Statement
		root, owner api.Code
	}{
		{grant.Statement{Role: "Viewer"}, "", ""},
		{grant.Statement{Role: "Clerk"}, "", ""},
		{grant.Statement{Role: "clerk"}, api.CodeInvalidField, api.CodeInvalidField},
		{grant.Statement{Role: "Nobody"}, api.CodeInvalidField, api.CodeInvalidField},
		{grant.Statement{Scopes: []string{"whatever:read"}}, "", ""},
		{grant.Statement{Scopes: []string{"a:read", "instance:verify"}}, "", api.CodeInsufficientScope},
		{grant.Statement{Resources: []string{"repo"}}, "", ""},
	} {
		for who, want := range map[*authority.Caller]api.Code{&w.Root: c.root, &owner: c.owner} {
			in(w, *who, func(_ *authority.Snapshot, ac *authority.Actor, sp *authority.Space) {
				err := authority.CheckNames(ac, sp, sts(c.s))
				if (err == nil) != (want == "") || err != nil && !errors.Is(err, want) {
					t.Errorf("%+v by %s: %v, want %q", c.s, ac.Principal.Address, err, want)
				}
			})
		}
	}
}

// TestALongListIsCutForAPerson, and says how much more there is.
func TestALongListIsCutForAPerson(t *testing.T) {
	t.Parallel()
	names := strings.Fields(strings.Repeat("n ", 53))
	for n, want := range map[int]string{0: "none", 1: "n", 2: "n, n", 50: strings.Repeat("n, ", 49) + "n", 51: strings.Repeat("n, ", 49) + "n and 1 more", 53: strings.Repeat("n, ", 49) + "n and 3 more"} {
		if got := authority.List(names[:n]); got != want {
			t.Errorf("%d names: %q", n, got)
		}
	}
}
