package office_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/insight"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/token"
)

func (w *world) putRole(at authority.Where, name string, scopes ...string) {
	w.Helper()
	_, _, _, err := w.PutRole(w.ctx, w.root, at, name, api.PutRole{Scopes: scopes})
	must(w.T, err)
}

func (w *world) putScope(at authority.Where, name string, in api.PutScope) {
	w.Helper()
	_, _, _, err := w.PutScope(w.ctx, w.root, at, name, in)
	must(w.T, err)
}

func TestWhatNamesARoleOrScopeIsCountedBeforeItGoes(t *testing.T) {
	each(t, func(w *world) {
		acme, all := authority.Where{Workspace: "acme"}, authority.Where{Instance: true}
		w.putRole(acme, "Support", "tickets:read")
		w.putScope(acme, "tickets:read", api.PutScope{})
		w.putScope(acme, "tickets:write", api.PutScope{Implies: []string{"tickets:read"}, Roles: []string{"Support"}})
		w.member("eve@example.com", "Support")
		w.account("deployer", "tickets:read")
		w.create(w.root, scoped("workspace", "", "tickets:read"))
		gone := w.create(w.root, scoped("workspace", "", "tickets:read"))
		_, _, err := w.RevokeToken(w.ctx, w.root, "acme", gone.Token.Locator, api.RevokeToken{})
		must(w.T, err)

		role, err := w.UsesOfRole(w.ctx, w.root, acme, "Support")
		must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true, Members: 1, Workspaces: 1, Scopes: []string{"tickets:write"}}, role); d != "" {
			w.Error(d)
		}
		scope, err := w.UsesOfScope(w.ctx, w.root, acme, "tickets:read")
		must(w.T, err)
		want := insight.Uses{Written: true, ServiceAccounts: 1, Tokens: 1, Workspaces: 1, Roles: []string{"Support"}, Scopes: []string{"tickets:write"}}
		if d := cmp.Diff(want, scope); d != "" {
			w.Error(d)
		}
		viewer, err := w.UsesOfRole(w.ctx, w.root, acme, "Viewer")
		must(w.T, err)
		if viewer.Written || !viewer.Inherits {
			w.Errorf("a built-in role: %+v", viewer)
		}

		w.workspace("globex")
		w.putRole(all, "Support", "tickets:write")
		w.putRole(all, "Auditor", "tickets:read")
		w.memberOf("globex", "gus@example.com", "Auditor", "*")
		inherited, err := w.UsesOfRole(w.ctx, w.root, all, "Support")
		must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true}, inherited); d != "" {
			w.Errorf("acme's own Support is another role:\n%s", d)
		}
		own, err := w.UsesOfRole(w.ctx, w.root, acme, "Support")
		must(w.T, err)
		if !own.Written || !own.Inherits {
			w.Errorf("an override: %+v", own)
		}
		auditor, err := w.UsesOfRole(w.ctx, w.root, all, "Auditor")
		must(w.T, err)
		if auditor.Members != 1 || auditor.Workspaces != 1 {
			w.Errorf("the instance's role: %+v", auditor)
		}
		_, err = w.UsesOfRole(w.ctx, w.person("eve@example.com"), acme, "Support")
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfScope(w.ctx, w.member("ed@example.com", "Owner"), all, "tickets:read")
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfScope(w.ctx, w.root, acme, "no:such")
		w.refused(err, api.CodeNotFound)
	})
}

func TestWhatNamesAResourceIsCountedBeforeItGoes(t *testing.T) {
	each(t, func(w *world) {
		_, _, err := w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: "payments"})
		must(w.T, err)
		w.workspace("globex")
		_, _, err = w.OnboardResource(w.ctx, w.root, "globex", api.CreateResource{Name: "payments"})
		must(w.T, err)
		w.memberOf("acme", "eve@example.com", "Viewer", "payments", "ledger")
		w.memberOf("acme", "vic@example.com", "Viewer", "pay*")
		w.memberOf("globex", "gus@example.com", "Viewer", "payments")
		in := scoped("workspace", "", "tickets:read")
		in.Resources = api.Some([]string{"payments"})
		w.create(w.root, in)
		got, err := w.UsesOfResource(w.ctx, w.root, "acme", "payments")
		must(w.T, err)
		if d := cmp.Diff(insight.Uses{Written: true, Members: 1, Tokens: 1, Workspaces: 1}, got); d != "" {
			w.Error(d)
		}
		_, err = w.UsesOfResource(w.ctx, w.person("eve@example.com"), "acme", "payments")
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.UsesOfResource(w.ctx, w.root, "acme", "ledger")
		w.refused(err, api.CodeNotFound)
	})
}

func TestADeactivationIsRehearsedOverAllWorkspaces(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.workspace("globex")
		w.memberOf("globex", "eve@example.com", "Viewer", "*")
		here := w.create(eve, ask("personal", ""))
		there, err := w.CreateToken(w.ctx, eve, "globex", ask("personal", ""))
		must(w.T, err)
		v, hit, err := w.DeactivationOf(w.ctx, w.root, "eve@example.com")
		must(w.T, err)
		found := map[string]bool{}
		for _, t := range hit.Tokens {
			found[t.ID] = true
		}
		if !hit.DryRun || !v.Active || len(hit.Tokens) != 2 || !found[here.Token.ID] || !found[there.Token.ID] {
			w.Errorf("rehearsal: %+v of %+v", hit, v)
		}
		w.allow(here.Secret)
		_, _, err = w.DeactivationOf(w.ctx, w.root, "ada@example.com")
		w.refused(err, api.CodeLastOwner)
		_, _, err = w.DeactivationOf(w.ctx, eve, "eve@example.com")
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestAnAdministratorSeesHowSomebodySignsIn(t *testing.T) {
	each(t, func(w *world) {
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		before, err := w.SignInStateOf(w.ctx, w.root, "eve@example.com")
		must(w.T, err)
		if d := cmp.Diff(owners.SignInState{}, before); d != "" {
			w.Error(d)
		}
		var at time.Time
		must(w.T, w.SignIn(w.ctx, authority.Caller{Machine: "signin"}, func(tx *office.SignInTx) error {
			u, err := tx.User(ledger.UserKey{Email: "eve@example.com"})
			must(w.T, err)
			at = tx.Now()
			must(w.T, tx.PutSession(ledger.Session{ID: "s1", User: u.ID, Key: 1, CreatedAt: at, LastSeenAt: at, ExpiresAt: at.Add(day)}))
			must(w.T, tx.PutSession(ledger.Session{ID: "s2", User: u.ID, Key: 1, CreatedAt: at, LastSeenAt: at, ExpiresAt: at}))
			must(w.T, tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: "totp", Key: token.KeyID(1), CreatedAt: at, ConfirmedAt: at}))
			must(w.T, tx.PutFactor(ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: "recovery", Key: 1, CreatedAt: at, ConfirmedAt: at}))
			must(w.T, tx.AddIdentity(ledger.Identity{Issuer: "https://id.example", Subject: "7", User: u.ID, CreatedAt: at}))
			return tx.Note("signin.succeeded", u, u, nil)
		}))
		after, err := w.SignInStateOf(w.ctx, w.root, "eve@example.com")
		must(w.T, err)
		want := owners.SignInState{LastAt: at, Factors: []string{"totp"}, Providers: []string{"https://id.example"}, Sessions: 1}
		if d := cmp.Diff(want, after); d != "" {
			w.Error(d)
		}
		_, err = w.SignInStateOf(w.ctx, w.person("eve@example.com"), "ada@example.com")
		w.refused(err, api.CodeInsufficientScope)
	})
}
