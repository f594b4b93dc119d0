package office_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

func TestDisableIsReversibleAndRevokeIsNot(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, ask("personal", ""))
		w.allow(i.Secret)
		id := i.Token.ID
		v, _, err := w.DisableToken(w.ctx, w.root, "acme", id, api.DisableToken{})
		must(w.T, err)
		w.deny(api.CodeDisabled, i.Secret)
		if v.Status != api.StatusDisabled || v.DisabledAt == nil {
			w.Errorf("disabled: %+v", v)
		}
		_, _, err = w.EnableToken(w.ctx, w.root, "acme", id)
		must(w.T, err)
		w.allow(i.Secret)
		v, _, err = w.RevokeToken(w.ctx, w.root, "acme", id, api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log"})
		must(w.T, err)
		w.deny(api.CodeRevoked, i.Secret)
		if v.Status != api.StatusRevoked || *v.RevokeReason != api.ReasonLeaked || *v.RevokeComment != "in a log" {
			w.Errorf("revoked: %+v", v)
		}
		for name, err := range map[string]error{
			"enable":  third(w.EnableToken(w.ctx, w.root, "acme", id)),
			"disable": third(w.DisableToken(w.ctx, w.root, "acme", id, api.DisableToken{})),
			"edit":    third(w.EditToken(w.ctx, w.root, "acme", id, api.EditToken{})),
			"rotate":  second(w.RotateToken(w.ctx, w.root, "acme", id, api.RotateToken{})),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeTokenRevoked) })
		}
		again, _, err := w.RevokeToken(w.ctx, w.root, "acme", id, api.RevokeToken{Reason: api.ReasonUnused})
		must(w.T, err)
		if *again.RevokeReason != api.ReasonLeaked {
			w.Errorf("a second revocation changed the reason to %s", *again.RevokeReason)
		}
	})
}

func third[A, B any](_ A, _ B, err error) error { return err }

func second[A any](_ A, err error) error { return err }

func TestDisableThenRevokeAfterAWhile(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, ask("personal", ""))
		_, _, err := w.DisableToken(w.ctx, w.root, "acme", i.Token.ID, api.DisableToken{RevokeAfter: api.Some(7 * api.Day)})
		must(w.T, err)
		w.deny(api.CodeDisabled, i.Secret)
		w.clock.pass(7 * 24 * time.Hour)
		w.deny(api.CodeRevoked, i.Secret)
		_, _, err = w.EnableToken(w.ctx, w.root, "acme", i.Token.ID)
		w.refused(err, api.CodeTokenRevoked)
	})
}

func TestDeleteRevokesAndHides(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, ask("personal", ""))
		_, _, err := w.DeleteToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{})
		must(w.T, err)
		w.deny(api.CodeRevoked, i.Secret)
		listed, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{}, page(0))
		must(w.T, err)
		all, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Deleted: true}, page(0))
		must(w.T, err)
		if len(listed) != 1 || len(all) != 2 {
			w.Errorf("%d listed, %d with the deleted; want 1 and 2", len(listed), len(all))
		}
	})
}

func TestATokenMayRevokeItselfWithoutAnyScope(t *testing.T) {
	each(t, func(w *world) {
		in := ask("personal", "")
		in.Scopes = api.Some([]string{})
		i := w.create(w.root, in)
		c := w.with(i)
		_, err := w.RotateToken(w.ctx, c, "acme", "self", api.RotateToken{})
		w.refused(err, api.CodeInsufficientScope)
		_, _, err = w.RevokeToken(w.ctx, c, "acme", "self", api.RevokeToken{})
		must(w.T, err)
		w.deny(api.CodeRevoked, i.Secret)
		_, err = w.Whoami(w.ctx, c)
		w.refused(err, api.CodeRevoked)
	})
}

func TestEditIsAMergePatch(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("personal", "", "tickets:read")
		in.Description = api.Some("old")
		i := w.create(w.root, in)
		var p api.EditToken
		p.Label = api.Some("new")
		v, rev, err := w.EditToken(w.ctx, w.root, "acme", i.Token.ID, p)
		must(w.T, err)
		if v.Label != "new" || v.Description != "old" || len(v.Scopes) != 1 || v.Revision != rev {
			w.Errorf("edited: %+v", v)
		}
		p = api.EditToken{}
		p.Resources = api.Some([]string{"payments"})
		v, _, err = w.EditToken(w.ctx, w.root, "acme", i.Token.ID, p)
		must(w.T, err)
		if v.Scopes[0] != "tickets:read" || v.Resources[0] != "payments" {
			w.Errorf("naming the resources changed the scopes: %+v", v.Grants)
		}
		w.deny(api.CodeResourceDenied, i.Secret, "tickets:read")
		p = api.EditToken{}
		p.Scopes, p.Resources = api.Null[[]string](), api.Null[[]string]()
		v, _, err = w.EditToken(w.ctx, w.root, "acme", i.Token.ID, p)
		must(w.T, err)
		if v.Grants != nil {
			w.Errorf("null did not return to inheriting: %+v", v.Grants)
		}
		w.allow(i.Secret, "tickets:read")
	})
}

func TestRotationKeepsTheTokenAndOverlapsTheSecrets(t *testing.T) {
	each(t, func(w *world) {
		old := w.create(w.root, scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
		must(w.T, err)
		if fresh.Token.ID != old.Token.ID || fresh.Token.Label != old.Token.Label || fresh.Secret.Reveal() == old.Secret.Reveal() {
			w.Errorf("rotated: %+v", fresh.Token)
		}
		if len(fresh.Token.Secrets) != 2 || fresh.Token.OverlapEndsAt == nil || !fresh.Token.ExpiresAt.Equal(*old.Token.ExpiresAt) {
			w.Errorf("secrets %+v, overlap ends %v", fresh.Token.Secrets, fresh.Token.OverlapEndsAt)
		}
		w.allow(old.Secret, "tickets:read")
		w.allow(fresh.Secret, "tickets:read")
		w.clock.pass(time.Hour)
		w.deny(api.CodeRetired, old.Secret)
		w.allow(fresh.Secret)
	})
}

func TestRetiringEndsAnOverlapNowAndTwiceChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		old := w.create(w.root, scoped("workspace", "", "tickets:read"))
		fresh, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour))})
		must(w.T, err)
		w.allow(old.Secret)
		v, revision, err := w.RetireSecrets(w.ctx, w.root, "acme", old.Token.ID)
		must(w.T, err)
		if len(v.Secrets) != 1 || v.OverlapEndsAt != nil || revision == 0 {
			w.Errorf("retired: secrets %+v, overlap ends %v, revision %d", v.Secrets, v.OverlapEndsAt, revision)
		}
		w.deny(api.CodeRetired, old.Secret)
		w.allow(fresh.Secret)
		again, _, err := w.RetireSecrets(w.ctx, w.root, "acme", old.Token.ID)
		must(w.T, err)
		if again.Revision != v.Revision {
			w.Errorf("retired twice: revision %d, then %d", v.Revision, again.Revision)
		}
		_, _, err = w.RevokeToken(w.ctx, w.root, "acme", old.Token.ID, api.RevokeToken{})
		must(w.T, err)
		_, _, err = w.RetireSecrets(w.ctx, w.root, "acme", old.Token.ID)
		w.refused(err, api.CodeTokenRevoked)
	})
}

func TestTheLastFourRetiredSecretsAreRemembered(t *testing.T) {
	each(t, func(w *world) {
		issued := []authority.Issued{w.create(w.root, ask("personal", ""))}
		for range 6 {
			i, err := w.ResetToken(w.ctx, w.root, "acme", issued[0].Token.ID)
			must(w.T, err)
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
			w.deny(want, i.Secret)
		}
	})
}

func TestRenewWorksOnAnExpiredTokenWhoseOldSecretStaysDead(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Day)
		old := w.create(w.root, in)
		w.clock.pass(48 * time.Hour)
		w.deny(api.CodeExpired, old.Secret)
		_, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{})
		w.refused(err, api.CodeTokenExpired)
		fresh, err := w.RotateToken(w.ctx, w.root, "acme", old.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		if want := w.clock.Now().Add(24 * time.Hour); !fresh.Token.ExpiresAt.Equal(want) {
			w.Errorf("renewed until %v, want %v", fresh.Token.ExpiresAt, want)
		}
		w.allow(fresh.Secret)
		w.deny(api.CodeRetired, old.Secret)
	})
}

func TestATokenCannotExtendItsOwnLife(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("personal", "", "tokens:self", "tokens:edit")
		in.ExpiresIn = api.Some(api.Day)
		i := w.create(w.root, in)
		w.clock.pass(time.Hour)
		c := w.with(i)
		_, err := w.RotateToken(w.ctx, c, "acme", "self", api.RotateToken{Renew: true})
		w.refused(err, api.CodeGrantExceedsOwn)
		_, err = w.RotateToken(w.ctx, c, "acme", "self", api.RotateToken{ExpiresIn: api.Some(api.Day)})
		w.refused(err, api.CodeGrantExceedsOwn)
		var p api.EditToken
		p.ExpiresAt = api.Some(w.clock.Now().Add(24 * time.Hour))
		_, _, err = w.EditToken(w.ctx, c, "acme", "self", p)
		w.refused(err, api.CodeGrantExceedsOwn)
		fresh, err := w.RotateToken(w.ctx, c, "acme", "self", api.RotateToken{})
		must(w.T, err)
		w.allow(fresh.Secret)
	})
}

func TestResettingTheStandingAccessTokenMakesOneAndKeepsIt(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		first, err := w.ResetAccessToken(w.ctx, eve, "acme", "me")
		must(w.T, err)
		again, err := w.ResetAccessToken(w.ctx, eve, "acme", "me")
		must(w.T, err)
		if !first.Token.Standing || first.Token.ID != again.Token.ID {
			w.Errorf("first %+v, again %+v", first.Token, again.Token)
		}
		w.deny(api.CodeRetired, first.Secret)
		w.allow(again.Secret)
		manager := w.member("mo@example.com", "Administrator")
		_, err = w.ResetAccessToken(w.ctx, manager, "acme", "eve@example.com")
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestARelativeLifeEndsWithItsMakerAndIsWithinThePolicy(t *testing.T) {
	each(t, func(w *world) {
		in := ask("personal", "")
		in.ExpiresIn = api.Some(100 * api.Day)
		maker := w.create(w.root, in)
		c := w.with(maker)
		in.ExpiresIn = api.Some(400 * api.Day) // the policy allows 365
		_, err := w.CreateToken(w.ctx, c, "acme", in)
		w.refused(err, api.CodeOutsidePolicy)
		in.ExpiresIn = api.Some(300 * api.Day)
		made := w.create(c, in)
		first, err := w.ResetAccessToken(w.ctx, c, "acme", "me")
		must(w.T, err)
		w.clock.pass(time.Hour)
		_, err = w.RotateToken(w.ctx, c, "acme", made.Token.ID, api.RotateToken{ExpiresIn: in.ExpiresIn})
		must(w.T, err)
		again, err := w.ResetAccessToken(w.ctx, c, "acme", "me")
		must(w.T, err)
		itself, err := w.ResetAccessToken(w.ctx, w.with(again), "acme", "me")
		must(w.T, err)
		_, err = w.RotateToken(w.ctx, c, "acme", made.Token.ID, api.RotateToken{ExpiresIn: api.Some(400 * api.Day)})
		w.refused(err, api.CodeOutsidePolicy)
		for _, v := range []api.Token{made.Token, first.Token, again.Token, itself.Token} {
			if !v.ExpiresAt.Equal(*maker.Token.ExpiresAt) {
				w.Errorf("%s ends at %v, its maker at %v", v.Label, v.ExpiresAt, maker.Token.ExpiresAt)
			}
		}
		longer := w.create(authority.Caller{Machine: "test"}, scoped("workspace", "", "tickets:read"))
		renewed, err := w.RotateToken(w.ctx, c, "acme", longer.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		if !renewed.Token.ExpiresAt.Equal(*longer.Token.ExpiresAt) {
			w.Errorf("renewed until %v, was %v", renewed.Token.ExpiresAt, longer.Token.ExpiresAt)
		}
	})
}

func TestTransferGivesTheTokenANewOwnerAndSecret(t *testing.T) {
	each(t, func(w *world) {
		w.account("deployer", "tickets:read")
		in := scoped("personal", "", "tickets:read", "tickets:write")
		old := w.create(w.root, in)
		moved, err := w.TransferToken(w.ctx, w.root, "acme", old.Token.ID, api.TransferToken{Owner: "deployer"})
		must(w.T, err)
		if moved.Token.Owner.Address != "deployer@acme.service" || moved.Token.Locator != old.Token.Locator {
			w.Errorf("moved: %+v", moved.Token)
		}
		w.deny(api.CodeRetired, old.Secret)
		w.allow(moved.Secret, "tickets:read")
		w.deny(api.CodeInsufficientScope, moved.Secret, "tickets:write")
	})
}

func TestATransferIsNoWayAroundTheTransferringTokensLifeAndAddresses(t *testing.T) {
	each(t, func(w *world) {
		w.account("deployer", "*")
		long := w.create(w.root, scoped("workspace", "", "tickets:read"))
		in := scoped("personal", "", "*")
		in.ExpiresIn, in.AllowedIPs = api.Some(api.Duration(time.Hour)), api.Some([]string{"192.0.2.0/24"})
		short := w.with(w.create(w.root, in))
		short.Addr = netip.MustParseAddr("192.0.2.7")
		_, err := w.TransferToken(w.ctx, short, "acme", long.Token.ID, api.TransferToken{Owner: "deployer"})
		w.refused(err, api.CodeGrantExceedsOwn)
		w.allow(long.Secret, "tickets:read")
		must(w.T, second(w.TransferToken(w.ctx, w.person("ada@example.com"), "acme", long.Token.ID, api.TransferToken{Owner: "deployer"})))
	})
}
