package signin_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// failures are the refused sign-ins in the audit, with the method and the reason.
func (w *world) failures() (n int, payloads string) {
	w.Helper()
	for _, line := range w.audit() {
		if strings.HasPrefix(line, "signin.failed ") {
			n++
		}
	}
	return n, w.payloads("signin.failed")
}

// Whoever is refused before it is known whose account it would have been stands in
// the audit with the reason, and nothing that they sent does.
func TestARefusedSignInIsAuditedWithItsReason(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		says := func(claims map[string]any) func() error {
			return func() error {
				p.says(claims)
				_, err := w.through(p)
				return err
			}
		}
		address, cookie, err := w.OIDCStart(w.ctx, "corp", "/")
		must(w.T, err)
		turned := func(change func(url.Values)) func() error {
			return func() error {
				q := p.authorize(w.T, address)
				change(q)
				return w.finish(cookie, q)
			}
		}
		typed := func(email, password string) func() error {
			return func() error { _, err := w.Password(w.ctx, email, password, home()); return err }
		}
		const apiToken = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
		for _, c := range []struct {
			method, reason string
			try            func() error
		}{
			{"oidc:corp", "not_begun_here", turned(func(q url.Values) { q.Set("state", "made-up-state") })},
			{"oidc:corp", "provider_refused", turned(func(q url.Values) { q.Del("code"); q.Set("error", "made-up-error") })},
			{"oidc:corp", "answer_not_accepted", turned(func(q url.Values) { q.Set("code", "made-up-code") })},
			{"oidc:corp", "email_not_verified", says(map[string]any{"sub": "u-7", "email_verified": false})},
			{"oidc:corp", "domain_not_allowed", says(map[string]any{"sub": "u-8", "email": "x@made-up.example", "email_verified": true})},
			{"oidc:corp", "not_linked", says(map[string]any{"sub": "u-9", "email": "eve@example.com", "email_verified": true})},
			{"password", "token_typed", typed("eve@example.com", apiToken)},
		} {
			before, _ := w.failures()
			for range 3 { // two more are counted
				if c.try() == nil {
					w.Fatalf("%s: signed in", c.reason)
				}
			}
			after, payloads := w.failures()
			if after != before+1 || !strings.Contains(payloads, fmt.Sprintf(`"method":%q,"reason":%q`, c.method, c.reason)) {
				w.Errorf("%s: %d rows more, want 1: %s", c.reason, after-before, payloads)
			}
		}
		w.clock.Pass(10 * time.Minute)
		if typed("eve@example.com", apiToken)() == nil {
			w.Fatal("a token signed in")
		}
		_, payloads := w.failures()
		if !strings.Contains(payloads, `"reason":"token_typed","count":3`) {
			w.Errorf("what came between was not counted: %s", payloads)
		}
		if strings.Contains(payloads, "made-up") || strings.Contains(payloads, apiToken[:14]) {
			w.Errorf("what was sent is in the audit: %s", payloads)
		}
	})
}

// Tries that are slowed down are told too, the same for an account and for none.
func TestSlowedTriesAreAudited(t *testing.T) {
	each(t, func(w *world) {
		for email, place := range map[string]string{"eve@example.com": "198.51.100.1", "nobody@example.com": "198.51.100.2"} {
			for range 5 {
				_, err := w.Password(w.ctx, email, "wrong words, all of them", at(place))
				w.refused(err, api.CodeForbidden)
			}
			for range 3 {
				_, err := w.Password(w.ctx, email, "wrong words, all of them", at(place))
				w.refused(err, api.CodeRateLimited)
			}
		}
		if n := strings.Count(w.payloads("signin.failed"), `"reason":"too_many_tries"`); n != 2 {
			w.Errorf("%d rows of slowed tries, want one of each place", n)
		}
	})
}

// Attack: refused sign-ins from ever new places, and wrong passwords for ever new
// names. Proved: twelve rows of one network in an hour and 120 of all, and what comes
// later is told again.
func TestRefusedSignInsDoNotFillTheAudit(t *testing.T) {
	alone(t, func(w *world) {
		w, _ = w.sso(nil)
		flood := func(place func(i int) string) {
			for i := range 300 {
				_, err := w.Password(w.ctx, fmt.Sprintf("user%d-%s@example.com", i, place(0)), "wrong words, all of them", at(place(i)))
				w.refused(err, api.CodeForbidden)
				_, _, err = w.OIDCFinish(w.ctx, "corp", "1.AAAA", url.Values{}, at(place(i)))
				w.refused(err, api.CodeInvalidRequest)
			}
		}
		flood(func(i int) string { return fmt.Sprintf("2001:db8:7:%x::1", i+1) }) // one customer has a /48
		if n, _ := w.failures(); n != 12 {
			w.Errorf("%d rows of one network, want 12", n)
		}
		flood(func(i int) string { return fmt.Sprintf("10.1.%d.1", i%250) })
		if n, _ := w.failures(); n != 120 {
			w.Errorf("%d rows at once, want 120", n)
		}
		w.clock.Pass(5 * time.Minute)
		flood(func(i int) string { return fmt.Sprintf("10.2.%d.1", i%250) })
		if n, _ := w.failures(); n != 130 {
			w.Errorf("%d rows five minutes later, want 130", n)
		}
	})
}

// Whether a row is written takes time, and is no answer to whether there is such an
// account.
func TestWhatIsWrittenOfWrongPasswordsTellsNoAccount(t *testing.T) {
	each(t, func(w *world) {
		for i, email := range []string{"eve@example.com", "nobody@example.com"} {
			var cost []int64
			for range 3 {
				before := w.revision()
				_, err := w.Password(w.ctx, email, "wrong words, all of them", at(fmt.Sprintf("198.51.%d.1", i)))
				w.refused(err, api.CodeForbidden)
				cost = append(cost, w.revision()-before)
			}
			if cost[0] != 2 || cost[1] != 1 || cost[2] != 1 {
				w.Errorf("%s costs %v commits", email, cost)
			}
		}
	})
}
