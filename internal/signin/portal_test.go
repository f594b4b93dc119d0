package signin_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
)

// portalLink makes a link for a member and answers its code.
func (w *world) portalLink(member string) string {
	w.Helper()
	l, err := w.Portals.PortalLink(w.ctx, w.root(), "acme", member)
	must(w.T, err)
	_, code, ok := strings.Cut(l.URL.Reveal(), "https://tokens.example.com/signin/portal?code=")
	if !ok || !l.Expires.Equal(w.clock.Now().Add(5*time.Minute)) {
		w.Fatalf("link %s until %v", l.URL.Reveal(), l.Expires)
	}
	return code
}

func TestAPortalLinkOpensOnceForFiveMinutes(t *testing.T) {
	each(t, func(w *world) {
		eve := w.user("eve@example.com")
		code := w.portalLink("eve@example.com")
		var wg sync.WaitGroup
		results := make([]door.Entry, 6)
		for i := range results {
			wg.Go(func() { results[i], _ = w.Portals.OpenPortal(w.ctx, code, home()) })
		}
		wg.Wait()
		var in []door.Entry
		for _, r := range results {
			if !r.Cookie.IsZero() {
				in = append(in, r)
			}
		}
		if len(in) != 1 {
			w.Fatalf("a link opened %d sessions", len(in))
		}
		s, err := w.Authenticate(w.ctx, in[0].Cookie.Reveal(), home())
		must(w.T, err)
		if s.Portal != "acme" || s.User != eve.ID {
			w.Errorf("session: %+v", s)
		}
		w.refused(w.ChangePassword(w.ctx, s, hers, next), api.CodeForbidden)
		_, err = w.EnrollTOTP(w.ctx, s)
		w.refused(err, api.CodeForbidden)
		w.refused(w.Devices.DeviceDeny(w.ctx, s, "BCDF-GHJK"), api.CodeForbidden)

		code = w.portalLink("eve@example.com")
		w.clock.Pass(5 * time.Minute)
		_, err = w.Portals.OpenPortal(w.ctx, code, home())
		w.refused(err, api.CodeInvalidToken)
		w.nowhere(code)
	})
}

func TestPortalLinksAreForActiveMembersThatRunNothing(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.Portals.PortalLink(w.ctx, w.root(), "acme", "ada@example.com")
		w.refused(err, api.CodeForbidden)
		_, err = w.Portals.PortalLink(w.ctx, w.root(), "nowhere", "eve@example.com")
		w.refused(err, api.CodeNotFound)
		_, err = w.Portals.PortalLink(w.ctx, w.person("eve@example.com"), "acme", "eve@example.com")
		w.refused(err, api.CodeInsufficientScope)
		code := w.portalLink("eve@example.com")
		_, err = w.auth.DeactivateMember(w.ctx, w.root(), "acme", "eve@example.com", false)
		must(w.T, err)
		_, err = w.Portals.OpenPortal(w.ctx, code, home())
		w.refused(err, api.CodeInactive)
	})
}

func TestACommandLineSignsInThroughTheBrowser(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "ada’s\n laptop"}, at("192.0.2.44"))
		must(w.T, err)
		if !regexp.MustCompile(`^[B-Z]{4}-[B-Z]{4}$`).MatchString(d.UserCode) {
			w.Errorf("user code %s", d.UserCode)
		}
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeAuthorizationPending)
		w.clock.Pass(1900 * time.Millisecond)
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeSlowDown)
		w.clock.Pass(time.Duration(d.Interval) * time.Second)
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeAuthorizationPending)
		look, err := w.Devices.DeviceLook(w.ctx, r.Session, d.UserCode)
		must(w.T, err)
		if look.Address != "192.0.2.44" || look.Name != "ada’s laptop" {
			w.Errorf("shown: %+v", look)
		}
		w.refused(w.Devices.DeviceApprove(w.ctx, r.Session, "BCDF-GHJK", "acme"), api.CodeInvalidField)
		must(w.T, w.Devices.DeviceApprove(w.ctx, r.Session, " "+d.UserCode[:4]+d.UserCode[5:], "acme"))
		w.refused(w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"), api.CodeInvalidField)
		var wg sync.WaitGroup
		answers := make([]api.GrantedToken, 4)
		again := w.again(nil) // a restart, or another node
		for i := range answers {
			wg.Go(func() { answers[i], _ = again.Devices.DevicePoll(w.ctx, d.DeviceCode, home()) })
		}
		wg.Wait()
		made := 0
		for _, a := range answers {
			if a.AccessToken == "" {
				continue
			}
			made++
			t, err := w.auth.GetToken(w.ctx, w.root(), "acme", a.Locator)
			must(w.T, err)
			if a.Scope == "" || !slices.ContainsFunc(t.Effective, func(s api.Statement) bool { return slices.Contains(s.Scopes, strings.Fields(a.Scope)[0]) }) {
				w.Errorf("scope %q of %+v", a.Scope, t.Effective)
			}
			if t.Owner.Address != "eve@example.com" || a.Workspace != "acme" || t.Label != "CLI on ada’s laptop" || a.ExpiresIn == nil || *a.ExpiresIn <= 0 {
				w.Errorf("issued: %+v, %v", t, a.ExpiresIn)
			}
		}
		if made != 1 {
			w.Errorf("%d tokens were made", made)
		}
		w.nowhere(d.UserCode, d.DeviceCode)
	})
}

// A device code is not used up before its token is made: once the policy allows
// it again, the next poll is answered.
func TestAPolicyThatRefusesLeavesTheDeviceCode(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		must(w.T, err)
		policy := func(who string) {
			w.Helper()
			_, err := w.auth.EditPolicy(w.ctx, w.root(), "acme", api.PatchPolicy{PersonalTokens: api.Some(who)})
			must(w.T, err)
		}
		policy(api.PersonalNobody)
		if err := w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"); err == nil {
			w.Error("she approves what the policy refuses")
		}
		policy(api.PersonalMembers)
		must(w.T, w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"))
		policy(api.PersonalNobody)
		for range 2 {
			_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
			w.refused(err, api.CodeAccessDenied)
		}
		policy(api.PersonalMembers)
		tok, err := w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		must(w.T, err)
		if tok.AccessToken == "" {
			w.Error("no token")
		}
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeExpiredToken)
	})
}

func TestADeviceThatIsDeniedLateOrOfSomebodyWhoLeftGetsNothing(t *testing.T) {
	alone(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		start := func() api.DeviceAuthorization {
			d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
			must(w.T, err)
			return d
		}
		d := start()
		must(w.T, w.Devices.DeviceDeny(w.ctx, r.Session, d.UserCode))
		_, err := w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeAccessDenied)
		d = start()
		must(w.T, w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"))
		_, err = w.auth.DeactivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeAccessDenied)
		_, err = w.auth.ActivateUser(w.ctx, w.root(), "eve@example.com")
		must(w.T, err)
		d = start()
		w.clock.Pass(10 * time.Minute)
		_, err = w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
		w.refused(err, api.CodeExpiredToken)
		w.refused(w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"), api.CodeInvalidField)
		judged := 0
		for range 30 {
			if api.AsError(w.Devices.DeviceDeny(w.ctx, r.Session, "BCDF-GHJK")).Code == api.CodeInvalidField {
				judged++
			}
		}
		if judged > 5 {
			w.Errorf("%d user codes were guessed at once", judged)
		}
	})
}

func TestAFloodOfDevicesIsBounded(t *testing.T) {
	alone(t, func(w *world) {
		errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			for i := range 5000 {
				c := ledger.OneTimeCode{ID: string(rune('a'+i%26)) + string(rune(1000+i)), Purpose: "device", Key: 1,
					CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Minute)}
				if err := tx.PutCode(c); err != nil {
					return err
				}
			}
			return nil
		}})
		must(w.T, err)
		must(w.T, errs[0])
		_, err = w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		w.refused(err, api.CodeRateLimited)
		w.clock.Pass(time.Minute)
		_, err = w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		must(w.T, err)
	})
}

// Attack: one party begins sign-ins from all its addresses. Proved: its network has
// fifty, of IPv6 a /48 as of IPv4 a /24, and others begin theirs.
func TestOneNetworkDoesNotUseUpTheDevicesOfAll(t *testing.T) {
	each(t, func(w *world) {
		for name, place := range map[string]func(int) string{
			"IPv4": func(i int) string { return fmt.Sprintf("198.51.100.%d", i+1) },
			"IPv6": func(i int) string { return fmt.Sprintf("2001:db8:7:%x::1", i+1) },
		} {
			begun := 0
			for i := range 200 {
				_, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, at(place(i)))
				if err == nil {
					begun++
				} else if e := api.AsError(err); e.Code != api.CodeRateLimited || e.RetryAfter != 10*time.Minute {
					w.Fatalf("%s: %v", name, err)
				}
			}
			if begun != 50 {
				w.Errorf("%s: %d were begun, want 50", name, begun)
			}
		}
		_, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, home())
		must(w.T, err)
		w.clock.Pass(10 * time.Minute)
		_, err = w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{DeviceName: "laptop"}, at("198.51.100.7"))
		must(w.T, err)
	})
}

// TestACommandLineAsksForLess: what it asks for is shown, and is all that it gets; a policy
// may let it live shorter. Another workspace than the one that it asked for is refused.
func TestACommandLineAsksForLess(t *testing.T) {
	each(t, func(w *world) {
		r := w.enters("eve@example.com", hers, home())
		for _, bad := range []api.DeviceAuthorizationRequest{
			{Scope: "Tickets"}, {Scope: "tokens:read x"}, {Scope: "instance:*"}, {Scope: strings.Repeat("tickets:read ", 51)}, {ExpiresIn: -1}, {ExpiresIn: api.Duration(time.Second)}, {Workspace: "A B"}, {Workspace: strings.Repeat("a", 300)},
		} {
			if d, err := w.Devices.DeviceStart(w.ctx, bad, home()); err == nil || d.DeviceCode != "" {
				w.Errorf("%+v was let in", bad)
			}
		}
		for lasts, want := range map[time.Duration]time.Duration{8 * time.Hour: 8 * time.Hour, 50000 * time.Hour: 365 * 24 * time.Hour} {
			d, err := w.Devices.DeviceStart(w.ctx, api.DeviceAuthorizationRequest{Scope: "tokens:read members:read", ExpiresIn: api.Duration(lasts), Workspace: "acme"}, home())
			must(w.T, err)
			look, err := w.Devices.DeviceLook(w.ctx, r.Session, d.UserCode)
			must(w.T, err)
			if look.Workspace != "acme" || look.Lasts != lasts || !slices.Equal(look.Scopes, []string{"tokens:read", "members:read"}) {
				w.Errorf("shown: %+v", look)
			}
			w.refused(w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "globex"), api.CodeInvalidField)
			must(w.T, w.Devices.DeviceApprove(w.ctx, r.Session, d.UserCode, "acme"))
			got, err := w.Devices.DevicePoll(w.ctx, d.DeviceCode, home())
			must(w.T, err)
			if got.Scope != "members:read tokens:read" || got.ExpiresIn == nil || time.Duration(*got.ExpiresIn)*time.Second != want {
				w.Errorf("%v: %+v", lasts, got)
			}
		}
	})
}
