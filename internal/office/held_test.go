package office_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// TestAnOwnerUndoesOnlyWhatTheOwnerDid: whoever stopped or narrowed a token decides
// when it comes back; that it is one's own is not enough.
func TestAnOwnerUndoesOnlyWhatTheOwnerDid(t *testing.T) {
	narrow := map[string]struct{ less, more api.EditToken }{
		"allowed_ips": {patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }),
			patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() })},
		"rate_limit": {patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(5)) }),
			patch(func(in *api.TokenFields) { in.RateLimit = api.Null[api.RateLimit]() })},
		"expires_at": {patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(api.Day) }),
			patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(30 * api.Day) })},
		"grants": {patch(func(in *api.TokenFields) {
			in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
		}),
			patch(func(in *api.TokenFields) { in.Scopes, in.Resources = api.Null[[]string](), api.Null[[]string]() })},
		"not_before": {patch(func(in *api.TokenFields) { in.NotBefore = api.Some(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) }),
			patch(func(in *api.TokenFields) { in.NotBefore = api.Null[time.Time]() })},
	}
	each(t, func(w *world) {
		eve, admin := w.member("eve@example.com", "Team Member"), w.member("admin@example.com", "Administrator")
		for field, p := range narrow {
			id := w.create(eve, ask("personal", "")).Token.ID
			must(w.T, third(w.EditToken(w.ctx, eve, "acme", id, p.less)))
			must(w.T, third(w.EditToken(w.ctx, eve, "acme", id, p.more)))
			v, _, err := w.EditToken(w.ctx, admin, "acme", id, p.less)
			must(w.T, err)
			if v.Held == nil || *v.Held.By != "admin@example.com" || !slices.Equal(v.Held.Fields, []string{field}) {
				w.Errorf("%s narrowed by an administrator: held %+v", field, v.Held)
			}
			w.refused(third(w.EditToken(w.ctx, eve, "acme", id, p.more)), api.CodeInsufficientScope)
			must(w.T, third(w.EditToken(w.ctx, eve, "acme", id, patch(func(in *api.TokenFields) { in.Label = api.Some("mine") }))))
			v, _, err = w.EditToken(w.ctx, w.root, "acme", id, p.more)
			must(w.T, err)
			if v.Held != nil {
				w.Errorf("%s given back by an Owner: held %+v", field, v.Held)
			}
		}
	})
}

// TestADisabledTokenSaysByWhom and comes back by whoever has the right to disable it.
func TestADisabledTokenSaysByWhom(t *testing.T) {
	each(t, func(w *world) {
		eve, admin := w.member("eve@example.com", "Team Member"), w.member("admin@example.com", "Administrator")
		i := w.create(eve, ask("personal", ""))
		id := i.Token.ID
		by := func(c authority.Caller, want string) {
			w.Helper()
			v, _, err := w.DisableToken(w.ctx, c, "acme", id, api.DisableToken{})
			must(w.T, err)
			if v.DisabledBy == nil || *v.DisabledBy != want {
				w.Errorf("disabled by %v, want %s", v.DisabledBy, want)
			}
		}
		by(eve, "eve@example.com")
		must(w.T, third(w.EnableToken(w.ctx, eve, "acme", id)))
		by(eve, "eve@example.com")
		by(admin, "admin@example.com")
		by(eve, "admin@example.com")
		w.refused(third(w.EnableToken(w.ctx, eve, "acme", id)), api.CodeInsufficientScope)
		w.deny(api.CodeDisabled, i.Secret)
		v, _, err := w.EnableToken(w.ctx, admin, "acme", id)
		must(w.T, err)
		if v.DisabledBy != nil || v.Held != nil {
			w.Errorf("enabled: disabled_by %v, held %v", v.DisabledBy, v.Held)
		}
		w.allow(i.Secret)
	})
}

// TestAScheduledEndSurvives its owner, whoever may not delete, a rotation and a
// transfer; it comes whether the token is disabled or not.
func TestAScheduledEndSurvives(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.member("mia@example.com", "Team Member")
		helper := w.with(w.create(w.root, scoped("workspace", "", "tokens:disable", "product:*", "resources:create",
			"tokens:read", "members:read", "service-accounts:read", "roles:read", "resources:read", "policy:read", "webhooks:read")))
		i := w.create(eve, ask("personal", ""))
		soon := api.DisableToken{RevokeAfter: api.Some(7 * api.Day)}
		must(w.T, third(w.DisableToken(w.ctx, w.root, "acme", i.Token.ID, soon)))
		w.refused(third(w.EnableToken(w.ctx, eve, "acme", i.Token.ID)), api.CodeInsufficientScope)
		later := api.DisableToken{RevokeAfter: api.Some(300 * api.Day)}
		w.refused(third(w.DisableToken(w.ctx, eve, "acme", i.Token.ID, later)), api.CodeInsufficientScope)
		v, _, err := w.EnableToken(w.ctx, helper, "acme", i.Token.ID)
		must(w.T, err)
		if v.RevokeAt == nil || v.Status != api.StatusActive {
			w.Fatalf("enabled without tokens:delete: status %s, end %v", v.Status, v.RevokeAt)
		}
		w.allow(i.Secret)
		moved, err := w.TransferToken(w.ctx, w.root, "acme", i.Token.ID, api.TransferToken{Owner: "mia@example.com"})
		must(w.T, err)
		again, err := w.RotateToken(w.ctx, w.person("mia@example.com"), "acme", moved.Token.ID, api.RotateToken{Renew: true})
		must(w.T, err)
		if again.Token.RevokeAt == nil || !again.Token.RevokeAt.Equal(*v.RevokeAt) {
			w.Errorf("the end after a transfer and a renewal: %v, want %v", again.Token.RevokeAt, v.RevokeAt)
		}
		w.clock.pass(7 * 24 * time.Hour)
		w.deny(api.CodeRevoked, again.Secret)
	})
}

// TestWhoMayDeleteTakesTheScheduledEndAway, and an owner that of their own.
func TestWhoMayDeleteTakesTheScheduledEndAway(t *testing.T) {
	each(t, func(w *world) {
		eve, admin := w.member("eve@example.com", "Team Member"), w.member("admin@example.com", "Administrator")
		soon := api.DisableToken{RevokeAfter: api.Some(7 * api.Day)}
		for _, p := range [][2]authority.Caller{{eve, eve}, {admin, admin}, {w.root, admin}} {
			i := w.create(eve, ask("personal", ""))
			must(w.T, third(w.DisableToken(w.ctx, p[0], "acme", i.Token.ID, soon)))
			v, _, err := w.EnableToken(w.ctx, p[1], "acme", i.Token.ID)
			must(w.T, err)
			if v.RevokeAt != nil {
				w.Errorf("enabled, but it ends at %v", v.RevokeAt)
			}
		}
	})
}

// TestATokenThatLeakedIsNotEnabledByItsOwner: the policy disabled it, whatever its
// owner had done before.
func TestATokenThatLeakedIsNotEnabledByItsOwner(t *testing.T) {
	each(t, func(w *world) {
		_, _, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{LeakAction: api.Some(api.LeakDisable)})
		must(w.T, err)
		eve := w.member("eve@example.com", "Team Member")
		for _, first := range []bool{false, true} {
			i := w.create(eve, ask("personal", ""))
			if first {
				must(w.T, third(w.DisableToken(w.ctx, eve, "acme", i.Token.ID, api.DisableToken{})))
			}
			must(w.T, w.ReportLeaks(w.ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: i.Secret.Reveal()}}}))
			w.refused(third(w.EnableToken(w.ctx, eve, "acme", i.Token.ID)), api.CodeInsufficientScope)
		}
	})
}

// TestWhatAnAdministratorMadeNarrowStaysSo: a personal token that somebody else made.
func TestWhatAnAdministratorMadeNarrowStaysSo(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		in := ask("personal", "eve@example.com")
		in.AllowedIPs = api.Some([]string{"10.0.0.0/8"})
		id := w.create(w.root, in).Token.ID
		w.refused(third(w.EditToken(w.ctx, eve, "acme", id, patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() }))), api.CodeInsufficientScope)
		must(w.T, third(w.EditToken(w.ctx, eve, "acme", id, patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(200 * api.Day) }))))
	})
}

// TestATransferNeedsWhatRevokingNeeds: it takes the token from its owner.
func TestATransferNeedsWhatRevokingNeeds(t *testing.T) {
	each(t, func(w *world) {
		w.account("robot", "tickets:read")
		w.account("other", "tickets:read")
		id := w.create(w.root, ask("service", "robot")).Token.ID
		manager := w.member("manager@example.com", "Workspace Manager")
		_, err := w.TransferToken(w.ctx, manager, "acme", id, api.TransferToken{Owner: "other"})
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.TransferToken(w.ctx, w.member("admin@example.com", "Administrator"), "acme", id, api.TransferToken{Owner: "other"})
		must(w.T, err)
		own := w.create(manager, ask("personal", "")).Token.ID
		_, err = w.TransferToken(w.ctx, manager, "acme", own, api.TransferToken{Owner: "other"})
		must(w.T, err)
	})
}

// TestAStoppedOwnerSaysByWhom for members and service accounts.
func TestAStoppedOwnerSaysByWhom(t *testing.T) {
	each(t, func(w *world) {
		w.account("robot", "tickets:read")
		admin := w.member("admin@example.com", "Administrator")
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		s, _, _, err := w.DisableServiceAccount(w.ctx, admin, "acme", "robot", false)
		must(w.T, err)
		m, _, _, err := w.DeactivateMember(w.ctx, admin, "acme", "eve@example.com", false)
		must(w.T, err)
		for _, by := range []*string{s.DisabledBy, m.DeactivatedBy} {
			if by == nil || *by != "admin@example.com" {
				w.Errorf("stopped by %v", by)
			}
		}
		s, _, err = w.EnableServiceAccount(w.ctx, w.root, "acme", "robot")
		must(w.T, err)
		m, _, err = w.ActivateMember(w.ctx, w.root, "acme", "eve@example.com")
		must(w.T, err)
		if s.DisabledBy != nil || m.DeactivatedBy != nil {
			w.Errorf("still stopped by %v and %v", s.DisabledBy, m.DeactivatedBy)
		}
	})
}
