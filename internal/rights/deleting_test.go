package rights_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/rights"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

func sqlite(t *testing.T) *officetest.World {
	t.Helper()
	return officetest.NewWorld(t, storetest.SQLite(t))
}

func loc(n int) token.Locator { return token.Locator([]byte(fmt.Sprintf("%012d", n))) }

// remove deletes a role of acme, and says in whose place another one comes.
func remove(w *officetest.World, c authority.Caller, name, replacement string) error {
	w.Helper()
	return officetest.Second(w.DeleteRole(w.Ctx, c, officetest.Acme(), name, replacement))
}

// A role goes without a replacement only where nobody has it: no member, service account
// or token, also none that is stopped or ended, since such may come back, and no rule of
// trust. Whoever is refused has changed nothing, and the role is given on.
func TestARoleGoesWithoutAReplacementWhereNobodyHasIt(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(w *officetest.World, to api.Rights) error{
		"a member": func(w *officetest.World, to api.Rights) error {
			return officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com", Rights: to}))
		},
		"a member who is stopped": func(w *officetest.World, to api.Rights) error {
			officetest.Must(w.T, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com", Rights: to})))
			return officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "eve@example.com", false))
		},
		"a service account": func(w *officetest.World, to api.Rights) error {
			return officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "ci", Rights: to}))
		},
		"a token that is disabled": func(w *officetest.World, to api.Rights) error {
			in := officetest.Ask("workspace", "")
			in.Rights = to
			return officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", w.Create(w.Root, in).Token.ID, api.DisableToken{}))
		},
		"a rule of trust": func(w *officetest.World, to api.Rights) error {
			w.Account("ci", "*")
			w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
				ci, err := tx.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "ci"})
				if err != nil {
					return err
				}
				return tx.PutTrustRule(ledger.TrustRule{ID: 7000, PublicID: "trust_1", Workspace: ws, ServiceAccount: ci.ID, Issuer: "https://ci.example.com",
					Audience: "a", Claims: map[string][]string{"sub": {"job"}}, Grants: []grant.Statement{{Role: to.Role.Value, Resources: to.Resources.Value}}, CreatedAt: w.Clock.Now()})
			})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sqlite(t)
			w.WriteRole(officetest.Acme(), "Agent", "tickets:write")
			w.WriteRole(officetest.Acme(), "Free", "tickets:write")
			officetest.Must(t, give(w, officetest.RoleOn("Agent", "*")))
			was := w.Last("acme").Sequence
			w.Refused(remove(w, w.Root, "Agent", ""), api.CodeRoleInUse)
			if e := w.Last("acme"); len(w.PendingRemovals()) > 0 || e.Sequence > was && e.Action != "denied" {
				t.Errorf("it was refused, and left %v and %s", w.PendingRemovals(), e.Action)
			}
			w.Member("next@example.com", "Agent") // it is given on
			officetest.Must(t, remove(w, w.Root, "Free", ""))
			officetest.Must(t, remove(w, w.Root, "Agent", "Viewer"))
			w.Refused(officetest.Second(w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Agent")), api.CodeNotFound)
		})
	}
}

// Whoever names the replacement gives it to all who had the role: it is there, within
// their own rights, and no faster than what it replaces unless they are as fast.
func TestAReplacementIsGivenByWhoeverNamesIt(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	limit := func(n int) *api.RateLimit { return &api.RateLimit{Requests: n, Window: api.Duration(time.Minute)} }
	for name, in := range map[string]api.PutRole{
		"Agent": {Scopes: []string{"tickets:read"}, RateLimit: limit(5)}, "Strong": {Scopes: []string{"tickets:*"}},
		"Fast": {Scopes: []string{"tickets:read"}, RateLimit: limit(100)}, "Fair": {Scopes: []string{"tickets:read"}, RateLimit: limit(10)},
		"Spare": {Scopes: []string{"tickets:read"}},
	} {
		officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), name, in)))
	}
	in := officetest.Scoped("workspace", "", "roles:write", "tickets:read")
	in.RateLimit = api.Some(*limit(10))
	by := w.With(w.Create(w.Root, in))
	w.MemberOf("acme", "eve@example.com", "Agent", "*")
	for replacement, want := range map[string]struct {
		code  api.Code
		field string
	}{
		"Nobody":         {api.CodeInvalidField, "replacement"},
		"Agent":          {api.CodeInvalidField, "replacement"}, // it is the one that goes
		"Strong":         {api.CodeGrantExceedsOwn, ""},
		"Owner":          {api.CodeGrantExceedsOwn, ""},
		"Administrator":  {api.CodeGrantExceedsOwn, ""},
		"Fast":           {api.CodeGrantExceedsOwn, "rate_limit"},
		"Spare":          {api.CodeGrantExceedsOwn, "rate_limit"}, // which the policy does not limit
		"":               {api.CodeRoleInUse, ""},
		"tickets:read":   {api.CodeInvalidField, "replacement"},
		"viewer":         {api.CodeInvalidField, "replacement"},
		"Workspace Mana": {api.CodeInvalidField, "replacement"},
	} {
		if e := api.AsError(remove(w, by, "Agent", replacement)); e == nil || e.Code != want.code || e.Field != want.field {
			t.Errorf("%q in its place: %v, want %s of %q", replacement, e, want.code, want.field)
		}
	}
	officetest.Must(t, remove(w, by, "Agent", "Fair"))
	if m, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com"); err != nil || *m.Role != "Fair" {
		t.Errorf("eve is %+v, %v", m, err)
	}
}

// A name that is being deleted is nobody's until its rows are rewritten: it is not given,
// not written anew, and does not take another one's place.
func TestANameThatIsBeingDeletedIsNotUsed(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	at := officetest.Acme()
	for _, name := range []string{"Agent", "Clerk", "Night"} {
		w.WriteRole(at, name, "tickets:read")
	}
	w.WriteScope(at, "bills:read", api.PutScope{})
	officetest.Must(t, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "shop"})))
	w.Fill(3, func(tx ledger.Tx, ws ledger.ID, i int) error {
		return tx.PutToken(ledger.Token{ID: ledger.ID(50_000 + i), Locator: loc(i), Prefix: token.DefaultPrefix, Kind: token.Workspace, Workspace: ws, Label: "x", CreatedAt: w.Clock.Now(),
			Grants: []grant.Statement{{Role: "Agent", Resources: []string{"shop"}}, {Scopes: []string{"bills:read"}, Resources: []string{"shop"}}}})
	})
	s := w.Stopper()
	w.Cut(s, func(ctx context.Context) error {
		return officetest.Second(w.DeleteRole(ctx, w.Root, at, "Agent", "Clerk"))
	})
	w.Cut(s, func(ctx context.Context) error {
		return officetest.Second(w.DeleteScope(ctx, w.Root, at, "bills:read"))
	})
	w.Cut(s, func(ctx context.Context) error {
		return officetest.Second(w.DeleteResource(ctx, w.Root, "acme", "shop"))
	})
	give := func(to api.Rights) error {
		return officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com", Rights: to}))
	}
	cases := map[string]func() error{
		"the role given":     func() error { return give(officetest.RoleOn("Agent", "*")) },
		"the scope given":    func() error { return give(officetest.Rights("bills:read")) },
		"the resource given": func() error { return give(officetest.RoleOn("Viewer", "shop")) },
		"the role written":   func() error { return officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Agent", api.PutRole{})) },
		"the scope in a role": func() error {
			return officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Night", api.PutRole{Scopes: []string{"bills:read"}}))
		},
		"the scope written": func() error { return officetest.Second(w.PutScope(w.Ctx, w.Root, at, "bills:read", api.PutScope{})) },
		"the scope implied": func() error {
			return officetest.Second(w.PutScope(w.Ctx, w.Root, at, "bills:write", api.PutScope{Implies: []string{"bills:read"}}))
		},
		"the role with a scope": func() error {
			return officetest.Second(w.PutScope(w.Ctx, w.Root, at, "bills:write", api.PutScope{Roles: []string{"Agent"}}))
		},
		"the resource on board": func() error {
			return officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "shop"}))
		},
		"in another's place":     func() error { return remove(w, w.Root, "Night", "Agent") },
		"deleted again":          func() error { return remove(w, w.Root, "Agent", "Viewer") },
		"what takes its place":   func() error { return remove(w, w.Root, "Clerk", "Viewer") },
		"and that, without more": func() error { return remove(w, w.Root, "Clerk", "") },
	}
	for name, do := range cases {
		if e := api.AsError(do()); e == nil || e.Code != api.CodeBeingDeleted {
			t.Errorf("%s: %v", name, e)
		}
	}
	w.Finish()
	for _, name := range []string{"the role written", "the scope written", "the resource on board", "what takes its place"} {
		if err := cases[name](); err != nil {
			t.Errorf("behind it, %s: %v", name, err)
		}
	}
}

// What takes another one's place stays until that is rewritten, in whichever of the two
// places each of them is written: rows of either may come to name it.
func TestWhatTakesAPlaceStaysUntilThatIsRewritten(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for _, at := range []authority.Where{officetest.Instance(), officetest.Acme()} {
		w.WriteRole(at, "Day", "tickets:read")
	}
	w.WriteRole(officetest.Instance(), "Everywhere", "tickets:read")
	w.WriteRole(officetest.Acme(), "Here", "tickets:read")
	w.Workspace("globex")
	w.WriteRole(officetest.In("globex"), "Day", "tickets:read")
	ends := func(at authority.Where, name string) error {
		return officetest.Second(w.DeleteRole(w.Ctx, w.Root, at, name, "Viewer"))
	}
	for _, c := range []struct {
		at    authority.Where
		name  string
		stays map[authority.Where]bool
	}{
		{officetest.Acme(), "Here", map[authority.Where]bool{officetest.Acme(): false, officetest.Instance(): true}},
		{officetest.Instance(), "Everywhere", map[authority.Where]bool{officetest.In("globex"): false, officetest.Instance(): true}},
	} {
		w.Cut(w.Stopper(), func(ctx context.Context) error {
			return officetest.Second(w.DeleteRole(ctx, w.Root, c.at, c.name, "Day"))
		})
		for at, stays := range c.stays {
			rehearsing := w.Root
			rehearsing.Rehearse = true
			err := officetest.Second(w.DeleteRole(w.Ctx, rehearsing, at, "Day", "Viewer"))
			if refused := err != nil && api.AsError(err).Code == api.CodeBeingDeleted; refused != stays {
				t.Errorf("while %s goes from %+v, Day of %+v stays: %v", c.name, c.at, at, err)
			}
		}
		w.Finish()
	}
	officetest.Must(t, ends(officetest.Instance(), "Day"))
}

// A workspace that gives up its own version of a role or scope has the instance's again,
// and what is the instance's or built in it does not delete.
func TestAWorkspaceDeletesWhatItWroteAlone(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.WriteRole(officetest.Instance(), "Night", "tickets:read")
	w.WriteRole(officetest.Acme(), "Night", "tickets:write")
	w.WriteRole(officetest.Instance(), "Day", "tickets:read")
	w.WriteRole(officetest.Acme(), "Viewer", "bills:pay")
	w.WriteScope(officetest.Instance(), "bills:read", api.PutScope{Description: "Everybody's"})
	w.WriteScope(officetest.Acme(), "bills:read", api.PutScope{Description: "Ours"})
	w.WriteScope(officetest.Instance(), "bills:write", api.PutScope{})
	w.MemberOf("acme", "night@example.com", "Night", "*")
	viewer := w.Create(w.Member("eve@example.com", "Viewer"), officetest.Inheriting(""))
	w.Allow(viewer.Secret, "bills:pay")
	w.Refused(remove(w, w.Root, "Day", "Viewer"), api.CodeBuiltIn)
	w.Refused(officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.Acme(), "bills:write")), api.CodeNotFound)
	w.Refused(officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.Acme(), "tokens:read")), api.CodeNotFound)
	// In use or not: whoever has it goes on with what shines through.
	officetest.Must(t, remove(w, w.Root, "Night", ""))
	officetest.Must(t, remove(w, w.Root, "Viewer", ""))
	officetest.Must(t, officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.Acme(), "bills:read")))
	w.Deny(api.CodeInsufficientScope, viewer.Secret, "bills:pay")
	role, err := w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Night")
	if err != nil || !role.Inherited || !cmp.Equal(role.Scopes, []string{"tickets:read"}) {
		t.Errorf("the role: %+v, %v", role, err)
	}
	scope, err := w.GetScope(w.Ctx, w.Root, officetest.Acme(), "bills:read")
	if err != nil || !scope.Inherited || scope.Description != "Everybody's" {
		t.Errorf("the scope: %+v, %v", scope, err)
	}
	w.Refused(remove(w, w.Root, "Night", "Viewer"), api.CodeBuiltIn)
	if m, err := w.GetMember(w.Ctx, w.Root, "acme", "night@example.com"); err != nil || *m.Role != "Night" || len(w.PendingRemovals()) != 0 {
		t.Errorf("night is %+v, %v", m, err)
	}
	// The rule of the verbs is that of the pages: the instance's own is the instance's.
	if err := rights.WritableRole(role, false); err != nil {
		t.Errorf("a workspace may have its own of %s: %v", role.Name, err)
	}
}
