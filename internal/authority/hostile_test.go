package authority_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func perMinute(n int) api.RateLimit {
	return api.RateLimit{Requests: n, Window: api.Duration(time.Minute)}
}

// TestALimitIsNotEditedAway: what a token may not be made with, it is not given
// later either. A token without a limit of its own has its role's or the policy's.
func TestALimitIsNotEditedAway(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var p api.PatchPolicy
		p.RateLimit = api.Some(perMinute(10))
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		limit := perMinute(3)
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Slow", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &limit})))
		manager := w.Member("mo@example.com", "Workspace Manager")
		plain := w.Create(manager, officetest.Scoped("personal", "", "tickets:read"))
		slow := officetest.Ask("workspace", "")
		slow.Grants = api.Some([]api.Statement{{Role: "Slow", Resources: []string{"*"}}, {Scopes: []string{"tickets:read"}, Resources: []string{"*"}}})
		both := w.Create(manager, slow)
		edit := func(n int) (in api.EditToken) {
			in.RateLimit = api.Some(perMinute(n))
			return in
		}
		w.Refused(officetest.Second(w.EditToken(w.Ctx, manager, "acme", plain.Token.ID, edit(11))), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.EditToken(w.Ctx, manager, "acme", both.Token.ID, edit(4))), api.CodeInsufficientScope)
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, manager, "acme", plain.Token.ID, edit(10))))
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, manager, "acme", both.Token.ID, edit(3))))
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", plain.Token.ID, edit(11))))
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, manager, "acme", plain.Token.ID, edit(11)))) // as it was
	})
}

// TestATokenMadeWithAnotherHasNoLooserLimit: the limit that holds for a token may
// be its role's. What it makes without that role has it all the same.
func TestATokenMadeWithAnotherHasNoLooserLimit(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		limit := perMinute(3)
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Slow", api.PutRole{
			Scopes: []string{"tokens:create", "tokens:edit", "tickets:read"}, RateLimit: &limit,
		})))
		made := officetest.Ask("workspace", "")
		made.Role, made.Resources = api.Some("Slow"), api.Some([]string{"*"})
		slow := w.With(w.Create(w.Root, made))
		child := w.Create(slow, officetest.Scoped("workspace", "", "tickets:read"))
		if diff := cmp.Diff(&limit, child.Token.RateLimit); diff != "" {
			w.Errorf("the limit of what it made (-want +got):\n%s", diff)
		}
		same := w.Create(slow, made)
		if same.Token.RateLimit != nil {
			w.Errorf("a token with the same role was given %v besides", same.Token.RateLimit)
		}
		free := officetest.Scoped("workspace", "", "tickets:read")
		free.RateLimit = api.Null[api.RateLimit]()
		w.RefusedField(officetest.Second(w.CreateToken(w.Ctx, slow, "acme", free)), api.CodeGrantExceedsOwn, "rate_limit")
		var edit api.EditToken
		edit.RateLimit = api.Null[api.RateLimit]()
		w.RefusedField(officetest.Second(w.EditToken(w.Ctx, slow, "acme", child.Token.ID, edit)), api.CodeGrantExceedsOwn, "rate_limit")
		var scopes api.EditToken
		scopes.Scopes = api.Some([]string{"tickets:read"})
		w.RefusedField(officetest.Second(w.EditToken(w.Ctx, slow, "acme", same.Token.ID, scopes)), api.CodeGrantExceedsOwn, "rate_limit")
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", child.Token.ID, edit)))
	})
}

// TestWhoMayNotAskIsNotTold: whoever has no right to see or make others' tokens
// learns nothing of who there is.
func TestWhoMayNotAskIsNotTold(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("deploy", "tickets:read")
		w.Member("bob@example.com", "Viewer")
		w.Member("gone@example.com", "Viewer")
		officetest.Must(w.T, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "gone@example.com", false)))
		eve := w.Member("eve@example.com", "Viewer")
		none := []api.Statement{}
		var nothing api.EditMember
		nothing.Grants = api.Some(append(none, api.Statement{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}))
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", nothing)))
		portal := eve
		portal = storetest.InPortal(w.T, w.Store, portal.User, "acme")
		token := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))

		for name, c := range map[string]authority.Caller{"person": eve, "portal": portal, "token": token} {
			answers := func(kind string, owners ...string) (out []string) {
				for _, owner := range owners {
					out = append(out, officetest.Told(officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Ask(kind, owner)))))
				}
				return out
			}
			officetest.Alike(w, name+" makes a personal token", answers("personal", "bob@example.com", "gone@example.com", "none@example.com", "usr_none", "ext:none"))
			officetest.Alike(w, name+" makes a service token", answers("service", "deploy", "none", "sac_none"))
			var resets, lists []string
			for _, who := range []string{"bob@example.com", "gone@example.com", "none@example.com"} {
				resets = append(resets, officetest.Told(officetest.Second(w.ResetAccessToken(w.Ctx, c, "acme", who))))
				found, _, err := w.ListTokens(w.Ctx, c, "acme", api.TokenFilter{Owner: api.Some(who)}, officetest.Page(0))
				lists = append(lists, officetest.Told(err))
				if len(found) > 0 {
					w.Errorf("%s is shown tokens of %s", name, who)
				}
			}
			officetest.Alike(w, name+" resets an access token", resets)
			officetest.Alike(w, name+" lists tokens", lists)
		}
		w.Create(eve, officetest.Ask("personal", ""))
		for _, owner := range []api.Opt[string]{{}, api.Some("me"), api.Some("eve@example.com")} {
			found, _, err := w.ListTokens(w.Ctx, eve, "acme", api.TokenFilter{Owner: owner}, officetest.Page(0))
			if err != nil || len(found) != 1 {
				w.Errorf("one's own by %+v: %d, %v", owner, len(found), err)
			}
		}
	})
}

// TestDisablingForGoodIsRevoking: with revoke_after nothing brings the token back,
// so it needs the scope that ends tokens.
func TestDisablingForGoodIsRevoking(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		c := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:disable", "tickets:read")))
		later := api.DisableToken{RevokeAfter: api.Some(api.Duration(0))}
		w.Refused(officetest.Second(w.DisableToken(w.Ctx, c, "acme", i.Token.ID, later)), api.CodeInsufficientScope)
		w.Allow(i.Secret)
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, c, "acme", i.Token.ID, api.DisableToken{})))
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, c, "acme", i.Token.ID)))
		both := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:disable", "tokens:delete")))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, both, "acme", i.Token.ID, later)))
		w.Deny(api.CodeRevoked, i.Secret)
	})
}

// TestATokenOfTheInstanceIsRelabelled by an Owner, who could not list its scopes
// nor get its secret.
func TestATokenOfTheInstanceIsRelabelled(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "instance:verify"))
		owner := w.Member("owner@example.com", "Owner")
		var label, wider api.EditToken
		label.Label = api.Some("edge")
		wider.Scopes = api.Some([]string{"tickets:write", "instance:verify"})
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, owner, "acme", i.Token.ID, label)))
		w.Refused(officetest.Second(w.EditToken(w.Ctx, owner, "acme", i.Token.ID, wider)), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.RotateToken(w.Ctx, owner, "acme", i.Token.ID, api.RotateToken{})), api.CodeGrantExceedsOwn)
		w.Allow(i.Secret, "tickets:read")
	})
}

// TestACatalogueIsBounded: every change in a workspace reads all of its roles and
// scopes under the one lock, so one tenant's could keep all others waiting.
func TestACatalogueIsBounded(t *testing.T) {
	officetest.Bulk(t)
	officetest.Each(t, func(w *officetest.World) {
		admin := w.Member("admin@example.com", "Administrator")
		names := func(n int) (out []string) {
			for i := range n {
				out = append(out, fmt.Sprintf("n%d:read", i))
			}
			return out
		}
		w.Fill(500, func(tx ledger.Tx, ws ledger.ID, i int) error {
			return tx.PutRole(ledger.Role{Workspace: ws, Name: fmt.Sprintf("Role %d", i), Scopes: names(40), Revision: tx.Revision()})
		})
		put := func(name string, n int) error {
			return officetest.Second(w.PutRole(w.Ctx, admin, officetest.In("acme"), name, api.PutRole{Scopes: names(n)}))
		}
		w.Refused(put("One more", 0), api.CodeInvalidRequest)
		w.Refused(put("Role 7", 41), api.CodeInvalidRequest)
		officetest.Must(w.T, put("Role 7", 40))
		officetest.Must(w.T, put("Role 7", 39))
		officetest.Must(w.T, put("Role 8", 40))
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, authority.Where{Instance: true}, "Elsewhere", api.PutRole{})))

		w.Fill(1000, func(tx ledger.Tx, ws ledger.ID, i int) error {
			return tx.PutScope(ledger.Scope{Workspace: ws, Name: fmt.Sprintf("n%d:read", i), Implies: names(5), Revision: tx.Revision()})
		})
		scope := func(name string, n int) error {
			return officetest.Second(w.PutScope(w.Ctx, admin, officetest.In("acme"), name, api.PutScope{Implies: names(n)}))
		}
		w.Refused(scope("one:more", 0), api.CodeInvalidRequest)
		w.Refused(scope("n7:read", 6), api.CodeInvalidRequest)
		officetest.Must(w.T, scope("n7:read", 4))

		// The refusal says how many there may be, and a removal makes room for one.
		if told := api.AsError(put("One more", 0)).Message; told != "there are at most 500 roles in one place, and all of them name at most 20000 scopes" {
			w.Errorf("told: %s", told)
		}
		_, err := w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Role 9", "")
		officetest.Must(w.T, err)
		officetest.Must(w.T, put("One more", 0))
		w.Refused(put("Two more", 0), api.CodeInvalidRequest)
		_, err = w.DeleteScope(w.Ctx, w.Root, officetest.In("acme"), "n999:read")
		officetest.Must(w.T, err)
		officetest.Must(w.T, scope("one:more", 0))
		w.Refused(scope("two:more", 0), api.CodeInvalidRequest)
	})
}

// TestNoGrantHoldsATokenString: a token string has the form of a resource's name, and
// what is granted is listed, audited and sent on as it is written.
func TestNoGrantHoldsATokenString(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		w.Account("robot", "tickets:read")
		pasted := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		for _, name := range []string{pasted.Secret.Reveal(), "repo." + pasted.Secret.Reveal() + "*"} {
			listed := api.Statement{Scopes: []string{"tickets:read"}, Resources: []string{"payments", name}}
			for at, rights := range map[string]api.Rights{
				"resources":        {Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"payments", name})},
				"grants.resources": {Grants: api.Some([]api.Statement{listed})},
			} {
				made := officetest.Scoped("workspace", "", "tickets:read")
				made.Rights = rights
				_, err := w.CreateToken(w.Ctx, w.Root, "acme", made)
				w.RefusedField(err, api.CodeInvalidField, at)
				edit := api.EditToken{TokenFields: api.TokenFields{Rights: rights}}
				w.RefusedField(officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", pasted.Token.ID, edit)), api.CodeInvalidField, at)
				w.RefusedField(officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", api.EditMember{Rights: rights})), api.CodeInvalidField, at)
				w.RefusedField(officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", "robot", api.EditServiceAccount{Rights: rights})), api.CodeInvalidField, at)
			}
		}
	})
}
