package authority_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func sts(of ...grant.Statement) []grant.Statement { return of }

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
