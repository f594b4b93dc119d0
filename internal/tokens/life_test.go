package tokens_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

func TestDisableIsReversibleAndRevokeIsNot(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Allow(i.Secret)
		id := i.Token.ID
		v, err := w.DisableToken(w.Ctx, w.Root, "acme", id, api.DisableToken{})
		officetest.Must(w.T, err)
		w.Deny(api.CodeDisabled, i.Secret)
		if v.Value.Status != api.StatusDisabled || v.Value.DisabledAt == nil {
			w.Errorf("disabled: %+v", v.Value)
		}
		_, err = w.EnableToken(w.Ctx, w.Root, "acme", id)
		officetest.Must(w.T, err)
		w.Allow(i.Secret)
		v, err = w.RevokeToken(w.Ctx, w.Root, "acme", id, api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log"})
		officetest.Must(w.T, err)
		w.Deny(api.CodeRevoked, i.Secret)
		if v.Value.Status != api.StatusRevoked || *v.Value.RevokeReason != api.ReasonLeaked || *v.Value.RevokeComment != "in a log" {
			w.Errorf("revoked: %+v", v.Value)
		}
		for name, err := range map[string]error{
			"enable":  officetest.Second(w.EnableToken(w.Ctx, w.Root, "acme", id)),
			"disable": officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", id, api.DisableToken{})),
			"edit":    officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", id, api.EditToken{})),
			"rotate":  officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", id, api.RotateToken{})),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeTokenRevoked) })
		}
		again, err := w.RevokeToken(w.Ctx, w.Root, "acme", id, api.RevokeToken{Reason: api.ReasonUnused})
		officetest.Must(w.T, err)
		if *again.Value.RevokeReason != api.ReasonLeaked {
			w.Errorf("a second revocation changed the reason to %s", *again.Value.RevokeReason)
		}
	})
}

func TestDisableThenRevokeAfterAWhile(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		_, err := w.DisableToken(w.Ctx, w.Root, "acme", i.Token.ID, api.DisableToken{RevokeAfter: api.Some(7 * api.Day)})
		officetest.Must(w.T, err)
		w.Deny(api.CodeDisabled, i.Secret)
		w.Clock.Pass(7 * 24 * time.Hour)
		w.Deny(api.CodeRevoked, i.Secret)
		_, err = w.EnableToken(w.Ctx, w.Root, "acme", i.Token.ID)
		w.Refused(err, api.CodeTokenRevoked)
	})
}

func TestDeleteRevokesAndHides(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		_, err := w.DeleteToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})
		officetest.Must(w.T, err)
		w.Deny(api.CodeRevoked, i.Secret)
		listed, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{}, officetest.Page(0))
		officetest.Must(w.T, err)
		all, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Deleted: true}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(listed) != 1 || len(all) != 2 {
			w.Errorf("%d listed, %d with the deleted; want 1 and 2", len(listed), len(all))
		}
	})
}

func TestATokenMayRevokeItselfWithoutAnyScope(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Ask("personal", "")
		in.Scopes = api.Some([]string{})
		i := w.Create(w.Root, in)
		c := w.With(i)
		_, err := w.RotateToken(w.Ctx, c, "acme", "self", api.RotateToken{})
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.RevokeToken(w.Ctx, c, "acme", "self", api.RevokeToken{})
		officetest.Must(w.T, err)
		w.Deny(api.CodeRevoked, i.Secret)
		_, err = w.Whoami(w.Ctx, c)
		w.Refused(err, api.CodeRevoked)
	})
}

func TestEditIsAMergePatch(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("personal", "", "tickets:read")
		in.Description = api.Some("old")
		i := w.Create(w.Root, in)
		var p api.EditToken
		p.Label = api.Some("new")
		v, err := w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, p)
		officetest.Must(w.T, err)
		if v.Value.Label != "new" || v.Value.Description != "old" || len(v.Value.Scopes) != 1 || v.Value.Revision != v.Revision {
			w.Errorf("edited: %+v", v.Value)
		}
		p = api.EditToken{}
		p.Resources = api.Some([]string{"payments"})
		v, err = w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, p)
		officetest.Must(w.T, err)
		if v.Value.Scopes[0] != "tickets:read" || v.Value.Resources[0] != "payments" {
			w.Errorf("naming the resources changed the scopes: %+v", v.Value.Grants)
		}
		w.Deny(api.CodeResourceDenied, i.Secret, "tickets:read")
		p = api.EditToken{}
		p.Scopes, p.Resources = api.Null[[]string](), api.Null[[]string]()
		v, err = w.EditToken(w.Ctx, w.Root, "acme", i.Token.ID, p)
		officetest.Must(w.T, err)
		if v.Value.Grants != nil {
			w.Errorf("null did not return to inheriting: %+v", v.Value.Grants)
		}
		w.Allow(i.Secret, "tickets:read")
	})
}

func TestRotationKeepsTheTokenAndOverlapsTheSecrets(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
		officetest.Must(w.T, err)
		if fresh.Token.ID != old.Token.ID || fresh.Token.Label != old.Token.Label || fresh.Secret.Reveal() == old.Secret.Reveal() {
			w.Errorf("rotated: %+v", fresh.Token)
		}
		if len(fresh.Token.Secrets) != 2 || fresh.Token.OverlapEndsAt == nil || !fresh.Token.ExpiresAt.Equal(*old.Token.ExpiresAt) {
			w.Errorf("secrets %+v, overlap ends %v", fresh.Token.Secrets, fresh.Token.OverlapEndsAt)
		}
		w.Allow(old.Secret, "tickets:read")
		w.Allow(fresh.Secret, "tickets:read")
		w.Clock.Pass(time.Hour)
		w.Deny(api.CodeRetired, old.Secret)
		w.Allow(fresh.Secret)
	})
}

func TestRetiringEndsAnOverlapNowAndTwiceChangesNothing(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		old := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
		officetest.Must(w.T, err)
		w.Allow(old.Secret)
		v, err := w.RetireSecrets(w.Ctx, w.Root, "acme", old.Token.ID)
		officetest.Must(w.T, err)
		if len(v.Value.Secrets) != 1 || v.Value.OverlapEndsAt != nil || v.Revision == 0 {
			w.Errorf("retired: secrets %+v, overlap ends %v, revision %d", v.Value.Secrets, v.Value.OverlapEndsAt, v.Revision)
		}
		w.Deny(api.CodeRetired, old.Secret)
		w.Allow(fresh.Secret)
		again, err := w.RetireSecrets(w.Ctx, w.Root, "acme", old.Token.ID)
		officetest.Must(w.T, err)
		if again.Value.Revision != v.Value.Revision {
			w.Errorf("retired twice: revision %d, then %d", v.Value.Revision, again.Value.Revision)
		}
		_, err = w.RevokeToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RevokeToken{})
		officetest.Must(w.T, err)
		_, err = w.RetireSecrets(w.Ctx, w.Root, "acme", old.Token.ID)
		w.Refused(err, api.CodeTokenRevoked)
	})
}

func TestTheLastFourRetiredSecretsAreRemembered(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		issued := []authority.Issued{w.Create(w.Root, officetest.Ask("personal", ""))}
		for range 6 {
			i, err := w.ResetToken(w.Ctx, w.Root, "acme", issued[0].Token.ID)
			officetest.Must(w.T, err)
			issued = append(issued, i)
		}
		for n, i := range issued {
			want := api.CodeRetired
			if n == 0 {
				want = api.CodeUnknown // forgotten: six secrets are remembered, this was the seventh
			}
			if n == len(issued)-1 {
				want = api.CodeOK
			}
			w.Deny(want, i.Secret)
		}
	})
}

func TestRenewWorksOnAnExpiredTokenWhoseOldSecretStaysDead(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Day)
		old := w.Create(w.Root, in)
		w.Clock.Pass(48 * time.Hour)
		w.Deny(api.CodeExpired, old.Secret)
		_, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{})
		w.Refused(err, api.CodeTokenExpired)
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", old.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		if want := w.Clock.Now().Add(24 * time.Hour); !fresh.Token.ExpiresAt.Equal(want) {
			w.Errorf("renewed until %v, want %v", fresh.Token.ExpiresAt, want)
		}
		w.Allow(fresh.Secret)
		w.Deny(api.CodeRetired, old.Secret)
	})
}

func TestATokenCannotExtendItsOwnLife(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("personal", "", "tokens:self", "tokens:edit")
		in.ExpiresIn = api.Some(api.Day)
		i := w.Create(w.Root, in)
		w.Clock.Pass(time.Hour)
		c := w.With(i)
		_, err := w.RotateToken(w.Ctx, c, "acme", "self", api.RotateToken{Renew: true})
		w.Refused(err, api.CodeGrantExceedsOwn)
		_, err = w.RotateToken(w.Ctx, c, "acme", "self", api.RotateToken{ExpiresIn: api.Some(api.Day)})
		w.Refused(err, api.CodeGrantExceedsOwn)
		var p api.EditToken
		p.ExpiresAt = api.Some(w.Clock.Now().Add(24 * time.Hour))
		_, err = w.EditToken(w.Ctx, c, "acme", "self", p)
		w.Refused(err, api.CodeGrantExceedsOwn)
		fresh, err := w.RotateToken(w.Ctx, c, "acme", "self", api.RotateToken{})
		officetest.Must(w.T, err)
		w.Allow(fresh.Secret)
	})
}

func TestResettingTheStandingAccessTokenMakesOneAndKeepsIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		first, err := w.ResetAccessToken(w.Ctx, eve, "acme", "me")
		officetest.Must(w.T, err)
		again, err := w.ResetAccessToken(w.Ctx, eve, "acme", "me")
		officetest.Must(w.T, err)
		if !first.Token.Standing || first.Token.ID != again.Token.ID {
			w.Errorf("first %+v, again %+v", first.Token, again.Token)
		}
		w.Deny(api.CodeRetired, first.Secret)
		w.Allow(again.Secret)
		manager := w.Member("mo@example.com", "Administrator")
		_, err = w.ResetAccessToken(w.Ctx, manager, "acme", "eve@example.com")
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestARelativeLifeEndsWithItsMakerAndIsWithinThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Ask("personal", "")
		in.ExpiresIn = api.Some(100 * api.Day)
		maker := w.Create(w.Root, in)
		c := w.With(maker)
		in.ExpiresIn = api.Some(400 * api.Day) // the policy allows 365
		_, err := w.CreateToken(w.Ctx, c, "acme", in)
		w.Refused(err, api.CodeOutsidePolicy)
		in.ExpiresIn = api.Some(300 * api.Day)
		made := w.Create(c, in)
		first, err := w.ResetAccessToken(w.Ctx, c, "acme", "me")
		officetest.Must(w.T, err)
		w.Clock.Pass(time.Hour)
		_, err = w.RotateToken(w.Ctx, c, "acme", made.Token.ID, api.RotateToken{ExpiresIn: in.ExpiresIn})
		officetest.Must(w.T, err)
		again, err := w.ResetAccessToken(w.Ctx, c, "acme", "me")
		officetest.Must(w.T, err)
		itself, err := w.ResetAccessToken(w.Ctx, w.With(again), "acme", "me")
		officetest.Must(w.T, err)
		_, err = w.RotateToken(w.Ctx, c, "acme", made.Token.ID, api.RotateToken{ExpiresIn: api.Some(400 * api.Day)})
		w.Refused(err, api.CodeOutsidePolicy)
		for _, v := range []api.Token{made.Token, first.Token, again.Token, itself.Token} {
			if !v.ExpiresAt.Equal(*maker.Token.ExpiresAt) {
				w.Errorf("%s ends at %v, its maker at %v", v.Label, v.ExpiresAt, maker.Token.ExpiresAt)
			}
		}
		longer := w.Create(authority.Caller{Machine: "test"}, officetest.Scoped("workspace", "", "tickets:read"))
		renewed, err := w.RotateToken(w.Ctx, c, "acme", longer.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		if !renewed.Token.ExpiresAt.Equal(*longer.Token.ExpiresAt) {
			w.Errorf("renewed until %v, was %v", renewed.Token.ExpiresAt, longer.Token.ExpiresAt)
		}
	})
}

func TestTransferGivesTheTokenANewOwnerAndSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("deployer", "tickets:read")
		in := officetest.Scoped("personal", "", "tickets:read", "tickets:write")
		old := w.Create(w.Root, in)
		moved, err := w.TransferToken(w.Ctx, w.Root, "acme", old.Token.ID, api.TransferToken{Owner: "deployer"})
		officetest.Must(w.T, err)
		if moved.Token.Owner.Address != "deployer@acme.service" || moved.Token.Locator != old.Token.Locator {
			w.Errorf("moved: %+v", moved.Token)
		}
		w.Deny(api.CodeRetired, old.Secret)
		w.Allow(moved.Secret, "tickets:read")
		w.Deny(api.CodeInsufficientScope, moved.Secret, "tickets:write")
	})
}

func TestATransferIsNoWayAroundTheTransferringTokensLifeAndAddresses(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("deployer", "*")
		long := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		in := officetest.Scoped("personal", "", "*")
		in.ExpiresIn, in.AllowedIPs = api.Some(api.Duration(time.Hour)), api.Some([]string{"192.0.2.0/24"})
		short := w.With(w.Create(w.Root, in))
		short.Addr = netip.MustParseAddr("192.0.2.7")
		_, err := w.TransferToken(w.Ctx, short, "acme", long.Token.ID, api.TransferToken{Owner: "deployer"})
		w.Refused(err, api.CodeGrantExceedsOwn)
		w.Allow(long.Secret, "tickets:read")
		officetest.Must(w.T, officetest.Second(w.TransferToken(w.Ctx, w.Person("ada@example.com"), "acme", long.Token.ID, api.TransferToken{Owner: "deployer"})))
	})
}
