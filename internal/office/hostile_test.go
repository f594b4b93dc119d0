package office_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func perMinute(n int) api.RateLimit {
	return api.RateLimit{Requests: n, Window: api.Duration(time.Minute)}
}

// TestALimitIsNotEditedAway: what a token may not be made with, it is not given
// later either. A token without a limit of its own has its role's or the policy's.
func TestALimitIsNotEditedAway(t *testing.T) {
	each(t, func(w *world) {
		var p api.PatchPolicy
		p.RateLimit = api.Some(perMinute(10))
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		limit := perMinute(3)
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Slow", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &limit})))
		manager := w.member("mo@example.com", "Workspace Manager")
		plain := w.create(manager, scoped("personal", "", "tickets:read"))
		slow := ask("workspace", "")
		slow.Grants = api.Some([]api.Statement{{Role: "Slow", Resources: []string{"*"}}, {Scopes: []string{"tickets:read"}, Resources: []string{"*"}}})
		both := w.create(manager, slow)
		edit := func(n int) (in api.EditToken) {
			in.RateLimit = api.Some(perMinute(n))
			return in
		}
		w.refused(third(w.EditToken(w.ctx, manager, "acme", plain.Token.ID, edit(11))), api.CodeInsufficientScope)
		w.refused(third(w.EditToken(w.ctx, manager, "acme", both.Token.ID, edit(4))), api.CodeInsufficientScope)
		must(w.T, third(w.EditToken(w.ctx, manager, "acme", plain.Token.ID, edit(10))))
		must(w.T, third(w.EditToken(w.ctx, manager, "acme", both.Token.ID, edit(3))))
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", plain.Token.ID, edit(11))))
		must(w.T, third(w.EditToken(w.ctx, manager, "acme", plain.Token.ID, edit(11)))) // as it was
	})
}

// TestATokenMadeWithAnotherHasNoLooserLimit: the limit that holds for a token may
// be its role's. What it makes without that role has it all the same.
func TestATokenMadeWithAnotherHasNoLooserLimit(t *testing.T) {
	each(t, func(w *world) {
		limit := perMinute(3)
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Slow", api.PutRole{
			Scopes: []string{"tokens:create", "tokens:edit", "tickets:read"}, RateLimit: &limit,
		})))
		made := ask("workspace", "")
		made.Role, made.Resources = api.Some("Slow"), api.Some([]string{"*"})
		slow := w.with(w.create(w.root, made))
		child := w.create(slow, scoped("workspace", "", "tickets:read"))
		if diff := cmp.Diff(&limit, child.Token.RateLimit); diff != "" {
			w.Errorf("the limit of what it made (-want +got):\n%s", diff)
		}
		same := w.create(slow, made)
		if same.Token.RateLimit != nil {
			w.Errorf("a token with the same role was given %v besides", same.Token.RateLimit)
		}
		free := scoped("workspace", "", "tickets:read")
		free.RateLimit = api.Null[api.RateLimit]()
		w.refusedField(second(w.CreateToken(w.ctx, slow, "acme", free)), api.CodeGrantExceedsOwn, "rate_limit")
		var edit api.EditToken
		edit.RateLimit = api.Null[api.RateLimit]()
		w.refusedField(third(w.EditToken(w.ctx, slow, "acme", child.Token.ID, edit)), api.CodeGrantExceedsOwn, "rate_limit")
		var scopes api.EditToken
		scopes.Scopes = api.Some([]string{"tickets:read"})
		w.refusedField(third(w.EditToken(w.ctx, slow, "acme", same.Token.ID, scopes)), api.CodeGrantExceedsOwn, "rate_limit")
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", child.Token.ID, edit)))
	})
}

// TestWhoMayNotAskIsNotTold: whoever has no right to see or make others' tokens
// learns nothing of who there is.
func TestWhoMayNotAskIsNotTold(t *testing.T) {
	each(t, func(w *world) {
		w.account("deploy", "tickets:read")
		w.member("bob@example.com", "Viewer")
		w.member("gone@example.com", "Viewer")
		must(w.T, fourthErr(w.DeactivateMember(w.ctx, w.root, "acme", "gone@example.com", false)))
		eve := w.member("eve@example.com", "Viewer")
		none := []api.Statement{}
		var nothing api.EditMember
		nothing.Grants = api.Some(append(none, api.Statement{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}))
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", nothing)))
		portal := eve
		portal = storetest.InPortal(w.T, w.store, portal.User, "acme")
		token := w.with(w.create(w.root, scoped("workspace", "", "tickets:read")))

		for name, c := range map[string]authority.Caller{"person": eve, "portal": portal, "token": token} {
			answers := func(kind string, owners ...string) (out []string) {
				for _, owner := range owners {
					out = append(out, told(second(w.CreateToken(w.ctx, c, "acme", ask(kind, owner)))))
				}
				return out
			}
			alike(w, name+" makes a personal token", answers("personal", "bob@example.com", "gone@example.com", "none@example.com", "usr_none", "ext:none"))
			alike(w, name+" makes a service token", answers("service", "deploy", "none", "sac_none"))
			var resets, lists []string
			for _, who := range []string{"bob@example.com", "gone@example.com", "none@example.com"} {
				resets = append(resets, told(second(w.ResetAccessToken(w.ctx, c, "acme", who))))
				found, _, err := w.ListTokens(w.ctx, c, "acme", api.TokenFilter{Owner: api.Some(who)}, page(0))
				lists = append(lists, told(err))
				if len(found) > 0 {
					w.Errorf("%s is shown tokens of %s", name, who)
				}
			}
			alike(w, name+" resets an access token", resets)
			alike(w, name+" lists tokens", lists)
		}
		w.create(eve, ask("personal", ""))
		for _, owner := range []api.Opt[string]{{}, api.Some("me"), api.Some("eve@example.com")} {
			found, _, err := w.ListTokens(w.ctx, eve, "acme", api.TokenFilter{Owner: owner}, page(0))
			if err != nil || len(found) != 1 {
				w.Errorf("one's own by %+v: %d, %v", owner, len(found), err)
			}
		}
	})
}

// told is all that an answer says.
func told(err error) string {
	if err == nil {
		return "ok"
	}
	e := api.AsError(err)
	return string(e.Code) + " " + e.Field + " " + e.Message
}

func alike(w *world, what string, answers []string) {
	w.Helper()
	for _, a := range answers[1:] {
		if a != answers[0] {
			w.Errorf("%s: %q and %q", what, answers[0], a)
		}
	}
}

// TestDisablingForGoodIsRevoking: with revoke_after nothing brings the token back,
// so it needs the scope that ends tokens.
func TestDisablingForGoodIsRevoking(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("workspace", "", "tickets:read"))
		c := w.with(w.create(w.root, scoped("workspace", "", "tokens:disable", "tickets:read")))
		later := api.DisableToken{RevokeAfter: api.Some(api.Duration(0))}
		w.refused(third(w.DisableToken(w.ctx, c, "acme", i.Token.ID, later)), api.CodeInsufficientScope)
		w.allow(i.Secret)
		must(w.T, third(w.DisableToken(w.ctx, c, "acme", i.Token.ID, api.DisableToken{})))
		must(w.T, third(w.EnableToken(w.ctx, c, "acme", i.Token.ID)))
		both := w.with(w.create(w.root, scoped("workspace", "", "tokens:disable", "tokens:delete")))
		must(w.T, third(w.DisableToken(w.ctx, both, "acme", i.Token.ID, later)))
		w.deny(api.CodeRevoked, i.Secret)
	})
}

// TestATokenOfTheInstanceIsRelabelled by an Owner, who could not list its scopes
// nor get its secret.
func TestATokenOfTheInstanceIsRelabelled(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("workspace", "", "tickets:read", "instance:verify"))
		owner := w.member("owner@example.com", "Owner")
		var label, wider api.EditToken
		label.Label = api.Some("edge")
		wider.Scopes = api.Some([]string{"tickets:write", "instance:verify"})
		must(w.T, third(w.EditToken(w.ctx, owner, "acme", i.Token.ID, label)))
		w.refused(third(w.EditToken(w.ctx, owner, "acme", i.Token.ID, wider)), api.CodeInsufficientScope)
		w.refused(second(w.RotateToken(w.ctx, owner, "acme", i.Token.ID, api.RotateToken{})), api.CodeGrantExceedsOwn)
		w.allow(i.Secret, "tickets:read")
	})
}

// TestACatalogueIsBounded: every change in a workspace reads all of its roles and
// scopes under the one lock, so one tenant's could keep all others waiting.
func TestACatalogueIsBounded(t *testing.T) {
	bulk(t)
	each(t, func(w *world) {
		admin := w.member("admin@example.com", "Administrator")
		names := func(n int) (out []string) {
			for i := range n {
				out = append(out, fmt.Sprintf("n%d:read", i))
			}
			return out
		}
		w.fill(500, func(tx ledger.Tx, ws ledger.ID, i int) error {
			return tx.PutRole(ledger.Role{Workspace: ws, Name: fmt.Sprintf("Role %d", i), Scopes: names(40), Revision: tx.Revision()})
		})
		put := func(name string, n int) error {
			return fourthErr(w.PutRole(w.ctx, admin, in("acme"), name, api.PutRole{Scopes: names(n)}))
		}
		w.refused(put("One more", 0), api.CodeInvalidRequest)
		w.refused(put("Role 7", 41), api.CodeInvalidRequest)
		must(w.T, put("Role 7", 40))
		must(w.T, put("Role 7", 39))
		must(w.T, put("Role 8", 40))
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, authority.Where{Instance: true}, "Elsewhere", api.PutRole{})))

		w.fill(1000, func(tx ledger.Tx, ws ledger.ID, i int) error {
			return tx.PutScope(ledger.Scope{Workspace: ws, Name: fmt.Sprintf("n%d:read", i), Implies: names(5), Revision: tx.Revision()})
		})
		scope := func(name string, n int) error {
			return fourthErr(w.PutScope(w.ctx, admin, in("acme"), name, api.PutScope{Implies: names(n)}))
		}
		w.refused(scope("one:more", 0), api.CodeInvalidRequest)
		w.refused(scope("n7:read", 6), api.CodeInvalidRequest)
		must(w.T, scope("n7:read", 4))

		// The refusal says how many there may be, and a removal makes room for one.
		if told := api.AsError(put("One more", 0)).Message; told != "there are at most 500 roles in one place, and all of them name at most 20000 scopes" {
			w.Errorf("told: %s", told)
		}
		_, _, err := w.DeleteRole(w.ctx, w.root, in("acme"), "Role 9", "")
		must(w.T, err)
		must(w.T, put("One more", 0))
		w.refused(put("Two more", 0), api.CodeInvalidRequest)
		_, _, err = w.DeleteScope(w.ctx, w.root, in("acme"), "n999:read")
		must(w.T, err)
		must(w.T, scope("one:more", 0))
		w.refused(scope("two:more", 0), api.CodeInvalidRequest)
	})
}

// fill writes rows into acme, past every verb.
func (w *world) fill(n int, put func(tx ledger.Tx, ws ledger.ID, i int) error) {
	w.Helper()
	errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		for i := 0; i < n && err == nil; i++ {
			err = put(tx, ws.ID, i)
		}
		return err
	}})
	must(w.T, err)
	must(w.T, errs[0])
}

// TestNoGrantHoldsATokenString: a token string has the form of a resource's name, and
// what is granted is listed, audited and sent on as it is written.
func TestNoGrantHoldsATokenString(t *testing.T) {
	each(t, func(w *world) {
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		w.account("robot", "tickets:read")
		pasted := w.create(w.root, scoped("workspace", "", "tickets:read"))
		for _, name := range []string{pasted.Secret.Reveal(), "repo." + pasted.Secret.Reveal() + "*"} {
			listed := api.Statement{Scopes: []string{"tickets:read"}, Resources: []string{"payments", name}}
			for at, rights := range map[string]api.Rights{
				"resources":        {Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"payments", name})},
				"grants.resources": {Grants: api.Some([]api.Statement{listed})},
			} {
				made := scoped("workspace", "", "tickets:read")
				made.Rights = rights
				_, err := w.CreateToken(w.ctx, w.root, "acme", made)
				w.refusedField(err, api.CodeInvalidField, at)
				edit := api.EditToken{TokenFields: api.TokenFields{Rights: rights}}
				w.refusedField(third(w.EditToken(w.ctx, w.root, "acme", pasted.Token.ID, edit)), api.CodeInvalidField, at)
				w.refusedField(third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", api.EditMember{Rights: rights})), api.CodeInvalidField, at)
				w.refusedField(third(w.EditServiceAccount(w.ctx, w.root, "acme", "robot", api.EditServiceAccount{Rights: rights})), api.CodeInvalidField, at)
			}
		}
	})
}
