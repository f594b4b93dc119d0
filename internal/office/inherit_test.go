package office_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// inheriting is a request for a token that leaves its rights to its owner.
func inheriting(owner string) api.CreateToken { return ask("personal", owner) }

// TestATokenThatNamesItsScopesHandsOnNothingThatItsOwnerMayGetLater: all that its
// owner holds today is within it, and what the owner gets tomorrow would not be.
func TestATokenThatNamesItsScopesHandsOnNothingThatItsOwnerMayGetLater(t *testing.T) {
	each(t, func(w *world) {
		const may = "tickets:read"
		eve := w.member("eve@example.com", "Owner")
		own := []string{may, "tokens:create", "tokens:edit", "tokens:read", "tokens:reveal"}
		grants := api.EditMember{}
		grants.Grants = api.Some([]api.Statement{{Scopes: own, Resources: []string{"*"}}})
		whole := w.create(eve, inheriting("")) // follows her
		listed := w.create(eve, scoped("personal", "", own...))
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", grants)))
		names := w.with(listed)
		refused := func(why string, err error) {
			w.Helper()
			if api.AsError(err).Code != api.CodeGrantExceedsOwn {
				w.Errorf("%s: %v", why, err)
			}
		}
		narrowed := inheriting("")
		narrowed.Resources = api.Some([]string{"payments"})
		var null, restricted api.EditToken
		null.Scopes, restricted.Resources = api.Opt[[]string]{Set: true, Null: true}, api.Some([]string{"payments"})
		restricted.Scopes = null.Scopes
		refused("a child that inherits", second(w.CreateToken(w.ctx, names, "acme", inheriting(""))))
		refused("a child that inherits on a resource", second(w.CreateToken(w.ctx, names, "acme", narrowed)))
		refused("itself", third(w.EditToken(w.ctx, names, "acme", "self", null)))
		refused("itself on a resource", third(w.EditToken(w.ctx, names, "acme", "self", restricted)))
		refused("a standing token", second(w.ResetAccessToken(w.ctx, names, "acme", "me")))
		refused("a pattern wider than its names", second(w.CreateToken(w.ctx, names, "acme", scoped("personal", "", "tickets:*"))))
		refused("the secret of one that inherits", second(w.RotateToken(w.ctx, names, "acme", whole.Token.ID, api.RotateToken{})))
		refused("the secret of one that inherits, by a reset", second(w.ResetToken(w.ctx, names, "acme", whole.Token.ID)))

		child := w.create(names, scoped("personal", "", may))
		w.allow(child.Secret, may)
		follows := w.create(w.with(whole), inheriting("")) // it does so itself
		byHerself := w.create(eve, inheriting(""))
		grants.Grants = api.Some([]api.Statement{{Scopes: append(own, "tickets:write"), Resources: []string{"*"}}})
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", grants)))
		for _, i := range []authority.Issued{whole, follows, byHerself} {
			w.allow(i.Secret, "tickets:write")
		}
		for _, i := range []authority.Issued{listed, child} {
			w.deny(api.CodeInsufficientScope, i.Secret, "tickets:write")
		}
	})
}

// TestATokenThatMayEverythingMayAlsoLetOthersInherit: there is nothing that an owner
// could get and it has not. Within its resources that holds too.
func TestATokenThatMayEverythingMayAlsoLetOthersInherit(t *testing.T) {
	each(t, func(w *world) {
		w.member("eve@example.com", "Viewer")
		everything := w.with(w.create(w.root, scoped("personal", "", "*")))
		w.create(everything, inheriting("eve@example.com"))
		in := scoped("personal", "", "*")
		in.Resources = api.Some([]string{"payments"})
		here := w.with(w.create(w.root, in))
		_, err := w.CreateToken(w.ctx, here, "acme", inheriting(""))
		w.refused(err, api.CodeGrantExceedsOwn)
		narrow := inheriting("")
		narrow.Resources = api.Some([]string{"payments"})
		w.create(here, narrow)
	})
}

// TestARoleIsHandedOnAsItIsToday: what it comes to hold later is decided by whoever
// writes it, within their own rights, and not by what an owner gets.
func TestARoleIsHandedOnAsItIsToday(t *testing.T) {
	each(t, func(w *world) {
		put := func(scopes ...string) {
			_, _, _, err := w.PutRole(w.ctx, w.root, authority.Where{Workspace: "acme"}, "Reader", api.PutRole{Scopes: scopes})
			must(w.T, err)
		}
		put("tickets:read")
		maker := w.with(w.create(w.root, scoped("personal", "", "tickets:read", "tokens:create")))
		in := ask("personal", "")
		in.Role, in.Resources = api.Some("Reader"), api.Some([]string{"*"})
		child := w.create(maker, in)
		w.deny(api.CodeInsufficientScope, child.Secret, "tickets:write")
		put("tickets:read", "tickets:write")
		w.allow(child.Secret, "tickets:write")
	})
}

// TestWherePersonalTokensAreNobodysNoneGivesItselfAFreshSecret: the policy binds at
// each rotation. What there is works on to its end, and may end itself.
func TestWherePersonalTokensAreNobodysNoneGivesItselfAFreshSecret(t *testing.T) {
	each(t, func(w *world) {
		own := w.create(w.root, scoped("personal", "", "tokens:self", "tokens:edit", "tickets:read"))
		shared := w.create(w.root, scoped("workspace", "", "tokens:self"))
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{PersonalTokens: api.Some(api.PersonalNobody)})))
		w.refused(second(w.RotateToken(w.ctx, w.with(own), "acme", "self", api.RotateToken{})), api.CodeForbidden)
		w.refused(second(w.ResetToken(w.ctx, w.with(own), "acme", "self")), api.CodeForbidden)
		w.allow(own.Secret, "tickets:read")
		must(w.T, second(w.RotateToken(w.ctx, w.with(shared), "acme", "self", api.RotateToken{})))
		must(w.T, third(w.RevokeToken(w.ctx, w.with(own), "acme", "self", api.RevokeToken{})))
		w.deny(api.CodeRevoked, own.Secret)
	})
}

// TestDeletingIsOneChange: a token is never seen revoked and yet listed, and its
// reason is with it.
func TestDeletingIsOneChange(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, scoped("workspace", "", "tickets:read"))
		before, err := w.Revision(w.ctx)
		must(w.T, err)
		v, revision, err := w.DeleteToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log"})
		must(w.T, err)
		if revision != before+1 || v.RevokeReason == nil || *v.RevokeReason != api.ReasonLeaked {
			w.Errorf("deleted at revision %d after %d: %+v", revision, before, v)
		}
		w.deny(api.CodeRevoked, i.Secret)
	})
}
