package tokens_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestATokenThatNamesItsScopesHandsOnNothingThatItsOwnerMayGetLater: all that its
// owner holds today is within it, and what the owner gets tomorrow would not be.
func TestATokenThatNamesItsScopesHandsOnNothingThatItsOwnerMayGetLater(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		const may = "tickets:read"
		eve := w.Member("eve@example.com", "Owner")
		own := []string{may, "tokens:create", "tokens:edit", "tokens:read", "tokens:reveal"}
		grants := api.EditMember{}
		grants.Grants = api.Some([]api.Statement{{Scopes: own, Resources: []string{"*"}}})
		whole := w.Create(eve, officetest.Inheriting("")) // follows her
		listed := w.Create(eve, officetest.Scoped("personal", "", own...))
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", grants)))
		names := w.With(listed)
		refused := func(why string, err error) {
			w.Helper()
			if api.AsError(err).Code != api.CodeGrantExceedsOwn {
				w.Errorf("%s: %v", why, err)
			}
		}
		narrowed := officetest.Inheriting("")
		narrowed.Resources = api.Some([]string{"payments"})
		var null, restricted api.EditToken
		null.Scopes, restricted.Resources = api.Opt[[]string]{Set: true, Null: true}, api.Some([]string{"payments"})
		restricted.Scopes = null.Scopes
		refused("a child that inherits", officetest.Second(w.CreateToken(w.Ctx, names, "acme", officetest.Inheriting(""))))
		refused("a child that inherits on a resource", officetest.Second(w.CreateToken(w.Ctx, names, "acme", narrowed)))
		refused("itself", officetest.Second(w.EditToken(w.Ctx, names, "acme", "self", null)))
		refused("itself on a resource", officetest.Second(w.EditToken(w.Ctx, names, "acme", "self", restricted)))
		refused("a standing token", officetest.Second(w.ResetAccessToken(w.Ctx, names, "acme", "me")))
		refused("a pattern wider than its names", officetest.Second(w.CreateToken(w.Ctx, names, "acme", officetest.Scoped("personal", "", "tickets:*"))))
		refused("the secret of one that inherits", officetest.Second(w.RotateToken(w.Ctx, names, "acme", whole.Token.ID, api.RotateToken{})))
		refused("the secret of one that inherits, by a reset", officetest.Second(w.ResetToken(w.Ctx, names, "acme", whole.Token.ID)))

		child := w.Create(names, officetest.Scoped("personal", "", may))
		w.Allow(child.Secret, may)
		follows := w.Create(w.With(whole), officetest.Inheriting("")) // it does so itself
		byHerself := w.Create(eve, officetest.Inheriting(""))
		grants.Grants = api.Some([]api.Statement{{Scopes: append(own, "tickets:write"), Resources: []string{"*"}}})
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", grants)))
		for _, i := range []authority.Issued{whole, follows, byHerself} {
			w.Allow(i.Secret, "tickets:write")
		}
		for _, i := range []authority.Issued{listed, child} {
			w.Deny(api.CodeInsufficientScope, i.Secret, "tickets:write")
		}
	})
}

// TestATokenThatMayEverythingMayAlsoLetOthersInherit: there is nothing that an owner
// could get and it has not. Within its resources that holds too.
func TestATokenThatMayEverythingMayAlsoLetOthersInherit(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Member("eve@example.com", "Viewer")
		everything := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "*")))
		w.Create(everything, officetest.Inheriting("eve@example.com"))
		in := officetest.Scoped("personal", "", "*")
		in.Resources = api.Some([]string{"payments"})
		here := w.With(w.Create(w.Root, in))
		_, err := w.CreateToken(w.Ctx, here, "acme", officetest.Inheriting(""))
		w.Refused(err, api.CodeGrantExceedsOwn)
		narrow := officetest.Inheriting("")
		narrow.Resources = api.Some([]string{"payments"})
		w.Create(here, narrow)
	})
}

// TestARoleIsHandedOnAsItIsToday: what it comes to hold later is decided by whoever
// writes it, within their own rights, and not by what an owner gets.
func TestARoleIsHandedOnAsItIsToday(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		put := func(scopes ...string) {
			_, err := w.PutRole(w.Ctx, w.Root, authority.Where{Workspace: "acme"}, "Reader", api.PutRole{Scopes: scopes})
			officetest.Must(w.T, err)
		}
		put("tickets:read")
		maker := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "tickets:read", "tokens:create")))
		in := officetest.Ask("personal", "")
		in.Role, in.Resources = api.Some("Reader"), api.Some([]string{"*"})
		child := w.Create(maker, in)
		w.Deny(api.CodeInsufficientScope, child.Secret, "tickets:write")
		put("tickets:read", "tickets:write")
		w.Allow(child.Secret, "tickets:write")
	})
}

// TestWherePersonalTokensAreNobodysNoneGivesItselfAFreshSecret: the policy binds at
// each rotation. What there is works on to its end, and may end itself.
func TestWherePersonalTokensAreNobodysNoneGivesItselfAFreshSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		own := w.Create(w.Root, officetest.Scoped("personal", "", "tokens:self", "tokens:edit", "tickets:read"))
		shared := w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:self"))
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{PersonalTokens: api.Some(api.PersonalNobody)})))
		w.Refused(officetest.Second(w.RotateToken(w.Ctx, w.With(own), "acme", "self", api.RotateToken{})), api.CodeForbidden)
		w.Refused(officetest.Second(w.ResetToken(w.Ctx, w.With(own), "acme", "self")), api.CodeForbidden)
		w.Allow(own.Secret, "tickets:read")
		officetest.Must(w.T, officetest.Second(w.RotateToken(w.Ctx, w.With(shared), "acme", "self", api.RotateToken{})))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.With(own), "acme", "self", api.RevokeToken{})))
		w.Deny(api.CodeRevoked, own.Secret)
	})
}

// TestDeletingIsOneChange: a token is never seen revoked and yet listed, and its
// reason is with it.
func TestDeletingIsOneChange(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		before, err := w.Revision(w.Ctx)
		officetest.Must(w.T, err)
		v, err := w.DeleteToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log"})
		officetest.Must(w.T, err)
		if v.Revision != before+1 || v.Value.RevokeReason == nil || *v.Value.RevokeReason != api.ReasonLeaked {
			w.Errorf("deleted at revision %d after %d: %+v", v.Revision, before, v.Value)
		}
		w.Deny(api.CodeRevoked, i.Secret)
	})
}
