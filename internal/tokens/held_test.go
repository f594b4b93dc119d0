package tokens_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestAnOwnerUndoesOnlyWhatTheOwnerDid: whoever stopped or narrowed a token decides
// when it comes back; that it is one's own is not enough.
func TestAnOwnerUndoesOnlyWhatTheOwnerDid(t *testing.T) {
	narrow := map[string]struct{ less, more api.EditToken }{
		"allowed_ips": {officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }),
			officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() })},
		"rate_limit": {officetest.Patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(5)) }),
			officetest.Patch(func(in *api.TokenFields) { in.RateLimit = api.Null[api.RateLimit]() })},
		"expires_at": {officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(api.Day) }),
			officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(30 * api.Day) })},
		"grants": {officetest.Patch(func(in *api.TokenFields) {
			in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
		}),
			officetest.Patch(func(in *api.TokenFields) { in.Scopes, in.Resources = api.Null[[]string](), api.Null[[]string]() })},
		"not_before": {officetest.Patch(func(in *api.TokenFields) { in.NotBefore = api.Some(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) }),
			officetest.Patch(func(in *api.TokenFields) { in.NotBefore = api.Null[time.Time]() })},
	}
	officetest.Each(t, func(w *officetest.World) {
		eve, admin := w.Member("eve@example.com", "Team Member"), w.Member("admin@example.com", "Administrator")
		for field, p := range narrow {
			id := w.Create(eve, officetest.Ask("personal", "")).Token.ID
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, p.less)))
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, p.more)))
			v, err := w.EditToken(w.Ctx, admin, "acme", id, p.less)
			officetest.Must(w.T, err)
			if v.Value.Held == nil || *v.Value.Held.By != "admin@example.com" || !slices.Equal(v.Value.Held.Fields, []string{field}) {
				w.Errorf("%s narrowed by an administrator: held %+v", field, v.Value.Held)
			}
			w.Refused(officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, p.more)), api.CodeInsufficientScope)
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, officetest.Patch(func(in *api.TokenFields) { in.Label = api.Some("mine") }))))
			v, err = w.EditToken(w.Ctx, w.Root, "acme", id, p.more)
			officetest.Must(w.T, err)
			if v.Value.Held != nil {
				w.Errorf("%s given back by an Owner: held %+v", field, v.Value.Held)
			}
		}
	})
}

// TestADisabledTokenSaysByWhom and comes back by whoever has the right to disable it.
func TestADisabledTokenSaysByWhom(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve, admin := w.Member("eve@example.com", "Team Member"), w.Member("admin@example.com", "Administrator")
		i := w.Create(eve, officetest.Ask("personal", ""))
		id := i.Token.ID
		by := func(c authority.Caller, want string) {
			w.Helper()
			v, err := w.DisableToken(w.Ctx, c, "acme", id, api.DisableToken{})
			officetest.Must(w.T, err)
			if v.Value.DisabledBy == nil || *v.Value.DisabledBy != want {
				w.Errorf("disabled by %v, want %s", v.Value.DisabledBy, want)
			}
		}
		by(eve, "eve@example.com")
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, eve, "acme", id)))
		by(eve, "eve@example.com")
		by(admin, "admin@example.com")
		by(eve, "admin@example.com")
		w.Refused(officetest.Second(w.EnableToken(w.Ctx, eve, "acme", id)), api.CodeInsufficientScope)
		w.Deny(api.CodeDisabled, i.Secret)
		v, err := w.EnableToken(w.Ctx, admin, "acme", id)
		officetest.Must(w.T, err)
		if v.Value.DisabledBy != nil || v.Value.Held != nil {
			w.Errorf("enabled: disabled_by %v, held %v", v.Value.DisabledBy, v.Value.Held)
		}
		w.Allow(i.Secret)
	})
}

// TestAScheduledEndSurvives its owner, whoever may not delete, a rotation and a
// transfer; it comes whether the token is disabled or not.
func TestAScheduledEndSurvives(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Member("mia@example.com", "Team Member")
		helper := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:disable", "product:*", "resources:create",
			"tokens:read", "members:read", "service-accounts:read", "roles:read", "resources:read", "policy:read", "webhooks:read")))
		i := w.Create(eve, officetest.Ask("personal", ""))
		soon := api.DisableToken{RevokeAfter: api.Some(7 * api.Day)}
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, w.Root, "acme", i.Token.ID, soon)))
		w.Refused(officetest.Second(w.EnableToken(w.Ctx, eve, "acme", i.Token.ID)), api.CodeInsufficientScope)
		later := api.DisableToken{RevokeAfter: api.Some(300 * api.Day)}
		w.Refused(officetest.Second(w.DisableToken(w.Ctx, eve, "acme", i.Token.ID, later)), api.CodeInsufficientScope)
		v, err := w.EnableToken(w.Ctx, helper, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if v.Value.RevokeAt == nil || v.Value.Status != api.StatusActive {
			w.Fatalf("enabled without tokens:delete: status %s, end %v", v.Value.Status, v.Value.RevokeAt)
		}
		w.Allow(i.Secret)
		moved, err := w.TransferToken(w.Ctx, w.Root, "acme", i.Token.ID, api.TransferToken{Owner: "mia@example.com"})
		officetest.Must(w.T, err)
		again, err := w.RotateToken(w.Ctx, w.Person("mia@example.com"), "acme", moved.Token.ID, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		if again.Token.RevokeAt == nil || !again.Token.RevokeAt.Equal(*v.Value.RevokeAt) {
			w.Errorf("the end after a transfer and a renewal: %v, want %v", again.Token.RevokeAt, v.Value.RevokeAt)
		}
		w.Clock.Pass(7 * 24 * time.Hour)
		w.Deny(api.CodeRevoked, again.Secret)
	})
}

// TestWhoMayDeleteTakesTheScheduledEndAway, and an owner that of their own.
func TestWhoMayDeleteTakesTheScheduledEndAway(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve, admin := w.Member("eve@example.com", "Team Member"), w.Member("admin@example.com", "Administrator")
		soon := api.DisableToken{RevokeAfter: api.Some(7 * api.Day)}
		for _, p := range [][2]authority.Caller{{eve, eve}, {admin, admin}, {w.Root, admin}} {
			i := w.Create(eve, officetest.Ask("personal", ""))
			officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, p[0], "acme", i.Token.ID, soon)))
			v, err := w.EnableToken(w.Ctx, p[1], "acme", i.Token.ID)
			officetest.Must(w.T, err)
			if v.Value.RevokeAt != nil {
				w.Errorf("enabled, but it ends at %v", v.Value.RevokeAt)
			}
		}
	})
}

// TestATokenThatLeakedIsNotEnabledByItsOwner: the policy disabled it, whatever its
// owner had done before.
func TestATokenThatLeakedIsNotEnabledByItsOwner(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{LeakAction: api.Some(api.LeakDisable)})
		officetest.Must(w.T, err)
		eve := w.Member("eve@example.com", "Team Member")
		for _, first := range []bool{false, true} {
			i := w.Create(eve, officetest.Ask("personal", ""))
			if first {
				officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, eve, "acme", i.Token.ID, api.DisableToken{})))
			}
			officetest.Must(w.T, officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, api.ReportLeaks{Tokens: []api.LeakedToken{{Token: i.Secret.Reveal()}}})))
			w.Refused(officetest.Second(w.EnableToken(w.Ctx, eve, "acme", i.Token.ID)), api.CodeInsufficientScope)
		}
	})
}

// TestWhatAnAdministratorMadeNarrowStaysSo: a personal token that somebody else made.
func TestWhatAnAdministratorMadeNarrowStaysSo(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		in := officetest.Ask("personal", "eve@example.com")
		in.AllowedIPs = api.Some([]string{"10.0.0.0/8"})
		id := w.Create(w.Root, in).Token.ID
		w.Refused(officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() }))), api.CodeInsufficientScope)
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, eve, "acme", id, officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(200 * api.Day) }))))
	})
}

// TestATransferNeedsWhatRevokingNeeds: it takes the token from its owner.
func TestATransferNeedsWhatRevokingNeeds(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("robot", "tickets:read")
		w.Account("other", "tickets:read")
		id := w.Create(w.Root, officetest.Ask("service", "robot")).Token.ID
		manager := w.Member("manager@example.com", "Workspace Manager")
		_, err := w.TransferToken(w.Ctx, manager, "acme", id, api.TransferToken{Owner: "other"})
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.TransferToken(w.Ctx, w.Member("admin@example.com", "Administrator"), "acme", id, api.TransferToken{Owner: "other"})
		officetest.Must(w.T, err)
		own := w.Create(manager, officetest.Ask("personal", "")).Token.ID
		_, err = w.TransferToken(w.Ctx, manager, "acme", own, api.TransferToken{Owner: "other"})
		officetest.Must(w.T, err)
	})
}

// TestAStoppedOwnerSaysByWhom for members and service accounts.
func TestAStoppedOwnerSaysByWhom(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("robot", "tickets:read")
		admin := w.Member("admin@example.com", "Administrator")
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		s, err := w.DisableServiceAccount(w.Ctx, admin, "acme", "robot", false)
		officetest.Must(w.T, err)
		m, err := w.DeactivateMember(w.Ctx, admin, "acme", "eve@example.com", false)
		officetest.Must(w.T, err)
		for _, by := range []*string{s.Value.DisabledBy, m.Value.DeactivatedBy} {
			if by == nil || *by != "admin@example.com" {
				w.Errorf("stopped by %v", by)
			}
		}
		s, err = w.EnableServiceAccount(w.Ctx, w.Root, "acme", "robot")
		officetest.Must(w.T, err)
		m, err = w.ActivateMember(w.Ctx, w.Root, "acme", "eve@example.com")
		officetest.Must(w.T, err)
		if s.Value.DisabledBy != nil || m.Value.DeactivatedBy != nil {
			w.Errorf("still stopped by %v and %v", s.Value.DisabledBy, m.Value.DeactivatedBy)
		}
	})
}
