package signin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/signin"
)

// trial goes to the provider and back, as an administrator who only tries.
func (w *world) trial(p *op, who door.Session) (*door.Trial, error) {
	w.Helper()
	address, cookie, err := w.Providers.Try(w.ctx, who, "corp", "/instance/system")
	must(w.T, err)
	out, next, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
	if !out.Cookie.IsZero() || out.Session.User != 0 {
		w.Error("a trial signed somebody in")
	}
	if err == nil && next != "/instance/system" {
		w.Errorf("it leads to %q", next)
	}
	return out.Tried, err
}

// TestASignInThatIsTriedChangesNothing: whoever comes back is told of, no account is made,
// no role changed, nothing linked, and what would have been is what is.
func TestASignInThatIsTriedChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(func(c *signin.OIDCConfig) { c.EverySignIn, c.RoleClaim = true, "groups" })
		ada := w.enters("ada@example.com", good, home()).Session
		was := w.revision()
		got, err := w.trial(p, ada)
		must(t, err)
		if got.Refused != "" || got.As != "new@example.com" || !got.New || got.Email != "new@example.com" || !got.Verified || got.Subject != "u-1" || got.Name != "New Comer" {
			t.Errorf("a newcomer: %+v", got)
		}
		must(t, w.store.Read(w.ctx, func(r ledger.Reader) error {
			if _, err := r.User(ledger.UserKey{Email: "new@example.com"}); !errors.Is(err, ledger.ErrNoRow) {
				t.Errorf("an account was made, or: %v", err)
			}
			return nil
		}))
		for name, bend := range map[string]struct {
			says        map[string]any
			told, cause string
		}{
			"unverified": {map[string]any{"email_verified": false}, "not verified by Corp", "not verified"},
			"elsewhere":  {map[string]any{"email": "new@evil.example"}, "its domain is not allowed", "domain"},
			"another":    {map[string]any{"aud": "another"}, "the answer of Corp was not accepted", "audience"},
			"taken":      {map[string]any{"email": "ada@example.com"}, "signed in to another way", ""},
		} {
			p.says(bend.says)
			got, err := w.trial(p, ada)
			must(t, err)
			if !strings.Contains(got.Refused, bend.told) || !strings.Contains(got.Cause, bend.cause) || got.As != "" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		p.bend = nil
		if now := w.revision(); now != was {
			t.Errorf("the database went from %d to %d", was, now)
		}
		r, err := w.through(p)
		must(t, err)
		w.open(true, r, "through a provider")
		again, err := w.trial(p, ada)
		must(t, err)
		if again.New || again.As != "new@example.com" || again.Refused != "" {
			t.Errorf("somebody who was here: %+v", again)
		}
	})
}

// TestATrialIsToldToItsAdministratorAlone: what comes back to a session that ended, or whose
// person administers nothing any more, is told to nobody.
func TestATrialIsToldToItsAdministratorAlone(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		w.member("bob@example.com", hers)
		bob := w.enters("bob@example.com", hers, home()).Session
		if got, err := w.trial(p, bob); got != nil || !errors.Is(err, authority.ErrNotAccepted) {
			t.Errorf("a member was told %+v, %v", got, err)
		}
		ada := w.enters("ada@example.com", good, home()).Session
		address, cookie, err := w.Providers.Try(w.ctx, ada, "corp", "/")
		must(t, err)
		must(t, w.EndSession(w.ctx, ada, ada.ID))
		if out, _, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(t, address), home()); out.Tried != nil || !errors.Is(err, authority.ErrNotAccepted) {
			t.Errorf("a session that ended was told %+v, %v", out.Tried, err)
		}
	})
}

// TestAProviderThatCannotBeReachedSaysWhy: in its state, and in the log, and it is found
// again once it answers, without a restart.
func TestAProviderThatCannotBeReachedSaysWhy(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		if s := w.Providers.States(); len(s) != 1 || s[0].Issuer != p.URL || !s[0].AskedAt.IsZero() || s[0].Trouble != "" || s[0].Callback != "https://tokens.example.com/signin/oidc/corp/callback" || s[0].Role != "Viewer" {
			t.Fatalf("before it was asked: %+v", s)
		}
		p.issuer = "https://elsewhere.example"
		s, err := w.Providers.Check(w.ctx, "corp")
		must(t, err)
		if !strings.Contains(s.Trouble, "elsewhere.example") || !s.FoundAt.IsZero() || !s.AskedAt.Equal(w.clock.Now()) {
			t.Errorf("another issuer: %+v", s)
		}
		if log := w.log.String(); !strings.Contains(log, "cannot be reached") || !strings.Contains(log, "elsewhere.example") {
			t.Errorf("the log says %q", log)
		}
		if _, _, err = w.Providers.Try(w.ctx, w.enters("ada@example.com", good, home()).Session, "corp", "/"); !errors.Is(err, api.CodeUnavailable) || strings.Contains(api.AsError(err).Message, "elsewhere") {
			t.Errorf("a try at it: %v", err)
		}
		p.issuer = ""
		if s, err = w.Providers.Check(w.ctx, "corp"); err != nil || s.Trouble == "" {
			t.Errorf("it was asked again at once: %+v, %v", s, err)
		}
		w.clock.Pass(11 * time.Second)
		if s, err = w.Providers.Check(w.ctx, "corp"); err != nil || s.Trouble != "" || s.FoundAt.IsZero() {
			t.Errorf("once it answers: %+v, %v", s, err)
		}
		p.Config.Handler = http.NotFoundHandler()
		w.clock.Pass(11 * time.Second)
		if s, err = w.Providers.Check(w.ctx, "corp"); err != nil || s.Trouble == "" || s.FoundAt.IsZero() {
			t.Errorf("gone again: %+v, %v", s, err)
		}
		if _, _, err = w.OIDCStart(w.ctx, "corp", "/"); err != nil {
			t.Errorf("what was found before serves no more: %v", err)
		}
		if _, err := w.Providers.Check(w.ctx, "nobody"); !errors.Is(err, api.CodeNotFound) {
			t.Errorf("another provider: %v", err)
		}
	})
}
