package insight_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/token"
)

func TestWhatNamesARoleOrScopeIsCountedBeforeItGoes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		acme, all := authority.Where{Workspace: "acme"}, authority.Where{Instance: true}
		w.WriteRole(acme, "Support", "tickets:read")
		w.WriteScope(acme, "tickets:read", api.PutScope{})
		w.WriteScope(acme, "tickets:write", api.PutScope{Implies: []string{"tickets:read"}, Roles: []string{"Support"}})
		w.Member("eve@example.com", "Support")
		w.Account("deployer", "tickets:read")
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		gone := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		_, err := w.RevokeToken(w.Ctx, w.Root, "acme", gone.Token.Locator, api.RevokeToken{})
		officetest.Must(w.T, err)

		role, err := w.UsesOfRole(w.Ctx, w.Root, acme, "Support")
		officetest.Must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true, Members: 1, Workspaces: 1, Scopes: []string{"tickets:write"}}, role); d != "" {
			w.Error(d)
		}
		scope, err := w.UsesOfScope(w.Ctx, w.Root, acme, "tickets:read")
		officetest.Must(w.T, err)
		want := insight.Uses{Written: true, ServiceAccounts: 1, Tokens: 1, Workspaces: 1, Roles: []string{"Support"}, Scopes: []string{"tickets:write"}}
		if d := cmp.Diff(want, scope); d != "" {
			w.Error(d)
		}
		viewer, err := w.UsesOfRole(w.Ctx, w.Root, acme, "Viewer")
		officetest.Must(w.T, err)
		if viewer.Written || !viewer.Inherits {
			w.Errorf("a built-in role: %+v", viewer)
		}

		w.Workspace("globex")
		w.WriteRole(all, "Support", "tickets:write")
		w.WriteRole(all, "Auditor", "tickets:read")
		w.MemberOf("globex", "gus@example.com", "Auditor", "*")
		inherited, err := w.UsesOfRole(w.Ctx, w.Root, all, "Support")
		officetest.Must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true}, inherited); d != "" {
			w.Errorf("acme's own Support is another role:\n%s", d)
		}
		own, err := w.UsesOfRole(w.Ctx, w.Root, acme, "Support")
		officetest.Must(w.T, err)
		if !own.Written || !own.Inherits {
			w.Errorf("an override: %+v", own)
		}
		auditor, err := w.UsesOfRole(w.Ctx, w.Root, all, "Auditor")
		officetest.Must(w.T, err)
		if auditor.Members != 1 || auditor.Workspaces != 1 {
			w.Errorf("the instance's role: %+v", auditor)
		}
		_, err = w.UsesOfRole(w.Ctx, w.Person("eve@example.com"), acme, "Support")
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfScope(w.Ctx, w.Member("ed@example.com", "Owner"), all, "tickets:read")
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfScope(w.Ctx, w.Root, acme, "no:such")
		w.Refused(err, api.CodeNotFound)
	})
}

func TestWhatNamesAResourceIsCountedBeforeItGoes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		_, err := w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "payments"})
		officetest.Must(w.T, err)
		w.Workspace("globex")
		_, err = w.OnboardResource(w.Ctx, w.Root, "globex", api.CreateResource{Name: "payments"})
		officetest.Must(w.T, err)
		w.MemberOf("acme", "eve@example.com", "Viewer", "payments", "ledger")
		w.MemberOf("acme", "vic@example.com", "Viewer", "pay*")
		w.MemberOf("globex", "gus@example.com", "Viewer", "payments")
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.Resources = api.Some([]string{"payments"})
		w.Create(w.Root, in)
		got, err := w.UsesOfResource(w.Ctx, w.Root, "acme", "payments")
		officetest.Must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true, Members: 1, Tokens: 1, Workspaces: 1}, got); d != "" {
			w.Error(d)
		}
		_, err = w.UsesOfResource(w.Ctx, w.Person("eve@example.com"), "acme", "payments")
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfResource(w.Ctx, w.Root, "acme", "ledger")
		w.Refused(err, api.CodeNotFound)
	})
}

func TestADeactivationIsRehearsedOverAllWorkspaces(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Workspace("globex")
		w.MemberOf("globex", "eve@example.com", "Viewer", "*")
		here := w.Create(eve, officetest.Ask("personal", ""))
		there, err := w.CreateToken(w.Ctx, eve, "globex", officetest.Ask("personal", ""))
		officetest.Must(w.T, err)
		v, hit, err := w.DeactivationOf(w.Ctx, w.Root, "eve@example.com")
		officetest.Must(w.T, err)
		found := map[string]bool{}
		for _, t := range hit.Tokens {
			found[t.ID] = true
		}
		if !hit.DryRun || !v.Active || len(hit.Tokens) != 2 || !found[here.Token.ID] || !found[there.Token.ID] {
			w.Errorf("rehearsal: %+v of %+v", hit, v)
		}
		w.Allow(here.Secret)
		_, _, err = w.DeactivationOf(w.Ctx, w.Root, "ada@example.com")
		w.Refused(err, api.CodeLastOwner)
		_, _, err = w.DeactivationOf(w.Ctx, eve, "eve@example.com")
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestAnAdministratorSeesHowSomebodySignsIn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		before, err := w.SignInStateOf(w.Ctx, w.Root, "eve@example.com")
		officetest.Must(w.T, err)
		if d := cmp.Diff(owners.SignInState{}, before); d != "" {
			w.Error(d)
		}
		var at time.Time
		officetest.Must(w.T, w.SignIn(w.Ctx, authority.Caller{Machine: "signin"}, func(tx *office.SignInTx) error {
			u, err := tx.User(ledger.UserKey{Email: "eve@example.com"})
			officetest.Must(w.T, err)
			at = tx.Now()
			officetest.Must(w.T, tx.PutSession(ledger.Session{ID: "s1", User: u.ID, Key: 1, CreatedAt: at, LastSeenAt: at, ExpiresAt: at.Add(officetest.Day)}))
			officetest.Must(w.T, tx.PutSession(ledger.Session{ID: "s2", User: u.ID, Key: 1, CreatedAt: at, LastSeenAt: at, ExpiresAt: at}))
			officetest.Must(w.T, tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: "totp", Key: token.KeyID(1), CreatedAt: at, ConfirmedAt: at}))
			officetest.Must(w.T, tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: "recovery", Key: 1, CreatedAt: at, ConfirmedAt: at}))
			officetest.Must(w.T, tx.AddIdentity(ledger.Identity{Issuer: "https://id.example", Subject: "7", User: u.ID, CreatedAt: at}))
			return tx.Note("signin.succeeded", u, u, nil)
		}))
		after, err := w.SignInStateOf(w.Ctx, w.Root, "eve@example.com")
		officetest.Must(w.T, err)
		want := owners.SignInState{LastAt: at, Factors: []string{"totp"}, Providers: []string{"https://id.example"}, Sessions: 1}
		if d := cmp.Diff(want, after); d != "" {
			w.Error(d)
		}
		_, err = w.SignInStateOf(w.Ctx, w.Person("eve@example.com"), "ada@example.com")
		w.Refused(err, api.CodeInsufficientScope)
	})
}
