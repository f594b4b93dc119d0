package owners_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

// warden may write members and service accounts, and read tickets of the shop.
func warden(w *officetest.World) authority.Caller {
	w.Helper()
	in := api.CreateMember{Email: "warden@example.com"}
	in.Grants = api.Some([]api.Statement{
		{Scopes: []string{"members:write", "members:read", "service-accounts:write", "service-accounts:read"}, Resources: []string{"*"}},
		{Scopes: []string{"tickets:read"}, Resources: []string{"shop"}},
	})
	officetest.Must(w.T, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in)))
	return w.Person(in.Email)
}

// on are scopes on one resource.
func on(resource string, scopes ...string) api.Rights {
	return api.Rights{Scopes: api.Some(scopes), Resources: api.Some([]string{resource})}
}

// Whoever makes members and service accounts gives them what they have themselves, where
// they have it, and no name that there is not.
func TestWhatIsGivenAtTheBeginningIsWithinTheGiversOwn(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	by := warden(w)
	for name, c := range map[string]struct {
		give  api.Rights
		code  api.Code
		field string
	}{
		"nothing":                   {api.Rights{}, api.CodeOK, ""},
		"what they have":            {on("shop", "tickets:read"), api.CodeOK, ""},
		"it somewhere else":         {on("bank", "tickets:read"), api.CodeGrantExceedsOwn, ""},
		"it everywhere":             {on("*", "tickets:read"), api.CodeGrantExceedsOwn, ""},
		"more of it":                {on("shop", "tickets:write"), api.CodeGrantExceedsOwn, ""},
		"a pattern":                 {on("shop", "tickets:*"), api.CodeGrantExceedsOwn, ""},
		"everything":                {on("*", "*"), api.CodeGrantExceedsOwn, ""},
		"a role that is more":       {officetest.RoleOn("Viewer", "*"), api.CodeGrantExceedsOwn, ""},
		"the role Owner":            {officetest.RoleOn("Owner", "*"), api.CodeGrantExceedsOwn, ""},
		"the instance":              {on("*", "instance:admin"), api.CodeInsufficientScope, ""},
		"a role that there is not":  {officetest.RoleOn("Nobody", "*"), api.CodeInvalidField, "role"},
		"resources and no scopes":   {api.Rights{Resources: api.Some([]string{"shop"})}, api.CodeInvalidField, "role"},
		"what is no scope":          {on("shop", "Tickets"), api.CodeInvalidField, "scopes"},
		"any, which is no resource": {on("any", "tickets:read"), api.CodeInvalidField, "resources"},
	} {
		member := officetest.Second(w.CreateMember(w.Ctx, by, "acme", api.CreateMember{Email: "new@example.com", Rights: c.give}))
		account := officetest.Second(w.CreateServiceAccount(w.Ctx, by, "acme", api.CreateServiceAccount{Name: "fresh", Rights: c.give}))
		for what, err := range map[string]error{"a member": member, "a service account": account} {
			if c.code == api.CodeOK && err == nil {
				continue
			}
			if e := api.AsError(err); e == nil || e.Code != c.code || e.Field != c.field {
				t.Errorf("%s given %s: %v, want %s of %q", what, name, err, c.code, c.field)
			}
		}
		if c.code == api.CodeOK {
			officetest.Must(t, w.DropMember(w.Ctx, "new@example.com"))
			officetest.Must(t, officetest.Second(w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "fresh", false)))
		}
	}
}

// Stopping takes no rights of one's own, and bringing back takes all that comes back with
// it: the tokens of a member or service account may do what it may.
func TestBringingBackTakesAllThatComesBack(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	by := warden(w)
	w.Member("strong@example.com", "Team Member")
	w.Account("strong", "tickets:write")
	officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "weak@example.com", Rights: on("shop", "tickets:read")})))
	officetest.Must(t, officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "weak", Rights: on("shop", "tickets:read")})))
	for name, want := range map[string]api.Code{"weak": api.CodeOK, "strong": api.CodeGrantExceedsOwn} {
		officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, by, "acme", name+"@example.com", false)))
		officetest.Must(t, officetest.Second(w.DisableServiceAccount(w.Ctx, by, "acme", name, false)))
		for what, err := range map[string]error{
			"member":          officetest.Second(w.ActivateMember(w.Ctx, by, "acme", name+"@example.com")),
			"service account": officetest.Second(w.EnableServiceAccount(w.Ctx, by, "acme", name)),
		} {
			if got := api.AsError(err); (err == nil) != (want == api.CodeOK) || err != nil && got.Code != want {
				t.Errorf("the %s %s: %v, want %s", name, what, err, want)
			}
		}
		m, err := w.GetMember(w.Ctx, w.Root, "acme", name+"@example.com")
		s, failed := w.GetServiceAccount(w.Ctx, w.Root, "acme", name)
		if back := want == api.CodeOK; err != nil || failed != nil || m.Active != back || s.Active != back {
			t.Errorf("the %s ones are active: %t and %t", name, m.Active, s.Active)
		}
	}
}

// An Owner of some resources is no Owner of the workspace: they make no other, unmake
// none, and the last one of everything stays although they are there.
func TestAnOwnerOfSomethingIsNoOwnerOfEverything(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.MemberOf("acme", "some@example.com", "Owner", "shop")
	w.MemberOf("acme", "other@example.com", "Owner", "*")
	w.MemberOf("acme", "eve@example.com", "Viewer", "shop")
	some := w.Person("some@example.com")
	for name, err := range map[string]error{
		"made one of the same":    officetest.Second(w.EditMember(w.Ctx, some, "acme", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Owner", "shop")})),
		"made an account of it":   officetest.Second(w.CreateServiceAccount(w.Ctx, some, "acme", api.CreateServiceAccount{Name: "x", Rights: officetest.RoleOn("Owner", "shop")})),
		"demoted an Owner":        officetest.Second(w.EditMember(w.Ctx, some, "acme", "other@example.com", api.EditMember{Rights: officetest.RoleOn("Viewer", "shop")})),
		"stopped an Owner":        officetest.Second(w.DeactivateMember(w.Ctx, some, "acme", "other@example.com", false)),
		"stopped themselves":      officetest.Second(w.DeactivateMember(w.Ctx, some, "acme", "me", false)),
		"renamed an Owner":        officetest.Second(w.EditMember(w.Ctx, some, "acme", "other@example.com", api.EditMember{Name: api.Some("x")})),
		"widened themselves":      officetest.Second(w.EditMember(w.Ctx, some, "acme", "me", api.EditMember{Rights: officetest.RoleOn("Owner", "*")})),
		"replaced an Owner":       officetest.Second(w.PutMember(w.Ctx, some, "acme", "other@example.com", api.CreateMember{})),
		"removed an Owner":        officetest.Second(w.RemoveMember(w.Ctx, some, "acme", "other@example.com", false)),
		"rehearsed such a thing":  officetest.Second(w.RemoveMember(w.Ctx, some, "acme", "other@example.com", true)),
		"narrowed what they have": officetest.Second(w.EditMember(w.Ctx, some, "acme", "me", api.EditMember{Rights: officetest.RoleOn("Owner", "shop", "bank")})),
	} {
		if api.AsError(err).Code != api.CodeGrantExceedsOwn {
			t.Errorf("%s: %v", name, err)
		}
	}
	officetest.Must(t, w.DropMember(w.Ctx, "other@example.com"))
	for name, to := range map[string]api.Rights{"some of it": officetest.RoleOn("Owner", "shop"), "another role": officetest.RoleOn("Administrator", "*"), "nothing": {Grants: api.Some([]api.Statement{})}} {
		if err := officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "ada@example.com", api.EditMember{Rights: to})); api.AsError(err).Code != api.CodeLastOwner {
			t.Errorf("the last Owner narrowed to %s: %v", name, err)
		}
	}
	w.Refused(officetest.Second(w.PutMember(w.Ctx, w.Root, "acme", "ada@example.com", api.CreateMember{})), api.CodeLastOwner)
	officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "ada@example.com", api.EditMember{Rights: officetest.RoleOn("Owner", "shop", "*")})))
}

// A token that is slow makes nobody faster than itself; taking speed away is free, and so
// is taking everything.
func TestASlowTokenMakesNobodyFasterThanItself(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	limit := func(n int) *api.RateLimit { return &api.RateLimit{Requests: n, Window: api.Duration(time.Minute)} }
	for name, n := range map[string]int{"Slow": 5, "Brisk": 10, "Fast": 100} {
		officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), name, api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: limit(n)})))
	}
	in := officetest.Scoped("workspace", "", "members:write", "service-accounts:write", "tickets:read")
	in.RateLimit = api.Some(*limit(10))
	by := w.With(w.Create(w.Root, in))
	w.MemberOf("acme", "eve@example.com", "Slow", "*")
	officetest.Must(t, officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "ci", Rights: officetest.RoleOn("Slow", "*")})))
	for _, c := range []struct {
		to   api.Rights
		code api.Code
	}{
		{officetest.RoleOn("Fast", "*"), api.CodeGrantExceedsOwn},
		{officetest.Rights("tickets:read"), api.CodeGrantExceedsOwn}, // the policy has no limit
		{officetest.RoleOn("Brisk", "*"), api.CodeOK},
		{officetest.RoleOn("Slow", "*"), api.CodeOK},
		{api.Rights{Grants: api.Some([]api.Statement{})}, api.CodeOK},
	} {
		for what, err := range map[string]error{
			"a member":          officetest.Second(w.EditMember(w.Ctx, by, "acme", "eve@example.com", api.EditMember{Rights: c.to})),
			"a service account": officetest.Second(w.EditServiceAccount(w.Ctx, by, "acme", "ci", api.EditServiceAccount{Rights: c.to})),
		} {
			if c.code == api.CodeOK && err == nil {
				continue
			}
			if e := api.AsError(err); e == nil || e.Code != c.code || e.Field != "rate_limit" {
				t.Errorf("%s to %+v: %v, want %s", what, c.to, err, c.code)
			}
		}
	}
}

// A dry run lists what would stop: the live tokens of that one owner, the newest first and
// a thousand at most, and says that there are more; and nothing stops.
func TestADryRunListsWhatWouldStopAndStopsNothing(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	eve := w.Member("eve@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	hers := w.Create(eve, officetest.Inheriting(""))
	its := w.Create(w.Root, officetest.Ask("service", "ci"))
	ended := w.Create(eve, officetest.Inheriting(""))
	officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, eve, "acme", ended.Token.ID, api.RevokeToken{})))
	before, err := w.Revision(w.Ctx)
	officetest.Must(t, err)
	affected := map[string]func() (api.Affected, error){
		"deactivated": func() (api.Affected, error) {
			done, err := w.DeactivateMember(w.Ctx, w.Root, "acme", "eve@example.com", true)
			return done.Affected, err
		},
		"removed": func() (api.Affected, error) {
			done, err := w.RemoveMember(w.Ctx, w.Root, "acme", "eve@example.com", true)
			return done.Affected, err
		},
		"disabled": func() (api.Affected, error) {
			done, err := w.DisableServiceAccount(w.Ctx, w.Root, "acme", "ci", true)
			return done.Affected, err
		},
		"removed, an account": func() (api.Affected, error) {
			done, err := w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "ci", true)
			return done.Affected, err
		},
	}
	want := map[string]string{"deactivated": hers.Token.ID, "removed": hers.Token.ID, "disabled": its.Token.ID, "removed, an account": its.Token.ID}
	for name, ask := range affected {
		hit, err := ask()
		if err != nil || !hit.DryRun || hit.More || len(hit.Tokens) != 1 || hit.Tokens[0].ID != want[name] {
			t.Errorf("%s would stop %+v, %v", name, hit, err)
		}
	}
	if after, err := w.Revision(w.Ctx); err != nil || after != before || len(w.PendingRemovals()) != 0 {
		t.Errorf("it was asked at revision %d, and is at %d, %v", before, after, err)
	}
	w.Allow(hers.Secret)
	w.Allow(its.Secret)
	var owner ledger.ID
	officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		row, err := r.Token(officetest.Locator(w, hers))
		owner = row.OwnerMember
		return err
	}))
	w.Fill(1000, func(tx ledger.Tx, ws ledger.ID, i int) error {
		return tx.PutToken(ledger.Token{ID: ledger.ID(50_000 + i), Locator: token.Locator([]byte(fmt.Sprintf("%012d", i))), Prefix: token.DefaultPrefix, Kind: token.Personal, Workspace: ws,
			OwnerMember: owner, Label: "many", CreatedAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(officetest.Day)})
	})
	hit, err := affected["removed"]()
	officetest.Must(t, err)
	if !hit.More || len(hit.Tokens) != 1000 || hit.Tokens[0].Label != "many" || cmp.Equal(hit.Tokens[0].ID, hit.Tokens[999].ID) {
		t.Errorf("of 1001 tokens it lists %d, and more: %t", len(hit.Tokens), hit.More)
	}
}
