package signin_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
)

// confirms proves at the provider once more who one is.
func (w *world) confirms(p *op, s door.Session) (door.Entry, error) {
	w.Helper()
	address, cookie, err := w.OIDCConfirm(w.ctx, s, "corp", "/settings/security/app")
	must(w.T, err)
	u, err := url.Parse(address)
	must(w.T, err)
	if q := u.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
		w.Errorf("the provider is not asked for a new sign-in: %s", address)
	}
	r, returnTo, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
	if err == nil && returnTo != "/settings/security/app" {
		w.Errorf("returned to %s", returnTo)
	}
	return r, err
}

func (w *world) isFresh(want bool, s door.Session, when string) {
	w.Helper()
	fresh, err := w.Fresh(w.ctx, s)
	must(w.T, err)
	if fresh != want {
		w.Errorf("%s, the session is fresh: %v", when, fresh)
	}
}

// ago is a time as a claim.
func (w *world) ago(d time.Duration) int64 { return w.clock.Now().Add(-d).Unix() }

// Weakness: a session that lies open at the provider answers for whoever sits
// before the screen. Attack: sign in through it, or confirm through it, and change
// how the account is signed in to. What is proved: it signs in, and confirms nothing.
func TestASilentSessionAtTheProviderConfirmsNothing(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		for name, claim := range map[string]any{"an hour ago": w.ago(time.Hour), "none": nil, "in the future": w.ago(-time.Hour), "text": "now"} {
			p.says(map[string]any{"auth_time": claim})
			r, err := w.through(p)
			must(w.T, err)
			w.isFresh(false, r.Session, "after a sign-in with auth_time "+name)
			_, _, err = w.OIDCLink(w.ctx, r.Session, "corp", "/")
			w.refused(err, api.CodeForbidden)
			_, err = w.confirms(p, r.Session)
			w.refused(err, api.CodeForbidden)
			w.isFresh(false, r.Session, "after a confirmation with auth_time "+name)
		}
	})
}

func TestSigningInAnewAtTheProviderConfirms(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(nil)
		p.says(map[string]any{"auth_time": w.ago(time.Hour)})
		r, err := w.through(p)
		must(w.T, err)
		p.says(map[string]any{"auth_time": w.ago(0)})
		again, err := w.confirms(p, r.Session)
		must(w.T, err)
		w.isFresh(true, again.Session, "after a confirmation")
		w.open(false, r, "after a confirmation, the session before it")
		if again.Session.User != r.Session.User || again.Cookie.Equal(r.Cookie) {
			w.Error("a confirmation made somebody else of a person, or kept the cookie")
		}
		if audit := strings.Join(w.audit(), "\n"); !strings.Contains(audit, "session.confirmed new@example.com") {
			w.Errorf("the audit does not say so:\n%s", audit)
		}
		w.clock.Pass(16 * time.Minute)
		w.isFresh(false, again.Session, "a quarter of an hour later")
		// Signing in a moment ago counts, and from then on.
		p.says(map[string]any{"auth_time": w.ago(10 * time.Minute)})
		r, err = w.through(p)
		must(w.T, err)
		w.isFresh(true, r.Session, "ten minutes after the sign-in at the provider")
		w.clock.Pass(6 * time.Minute)
		w.isFresh(false, r.Session, "16 minutes after it")
	})
}

// Some providers, Google among them, never say when somebody signed in there.
func TestComingBackConfirmsWhereTheOperatorLetsIt(t *testing.T) {
	each(t, func(w *world) {
		w, p := w.sso(func(c *signin.OIDCConfig) { c.ConfirmByReturn = true })
		p.says(map[string]any{"auth_time": nil})
		r, err := w.through(p)
		must(w.T, err)
		w.isFresh(true, r.Session, "after coming back")
		w.clock.Pass(20 * time.Minute)
		w.isFresh(false, r.Session, "20 minutes later")
		again, err := w.confirms(p, r.Session)
		must(w.T, err)
		w.isFresh(true, again.Session, "after coming back once more")
		// A provider that does say when is held to it.
		for name, claim := range map[string]any{"an hour ago": w.ago(time.Hour), "in the future": w.ago(-time.Hour)} {
			p.says(map[string]any{"auth_time": claim})
			_, err = w.confirms(p, again.Session)
			w.refused(err, api.CodeForbidden)
			r, err = w.through(p)
			must(w.T, err)
			w.isFresh(false, r.Session, "after a sign-in with auth_time "+name)
		}
	})
}

func TestWhoeverCannotConfirmIsToldWhatElseThereIs(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		p.says(map[string]any{"auth_time": nil})
		r, err := w.through(p)
		must(w.T, err)
		_, err = w.confirms(p, r.Session)
		w.refused(err, api.CodeForbidden)
		if err == nil || !strings.Contains(err.Error(), "Forgot your password?") || !strings.Contains(err.Error(), "oidc_confirm") {
			w.Error(err)
		}
	})
}

func TestSomebodyElseAtTheProviderConfirmsNothing(t *testing.T) {
	alone(t, func(w *world) {
		w, p := w.sso(nil)
		p.says(map[string]any{"auth_time": w.ago(0)})
		eve := w.enters("eve@example.com", hers, home())
		w.clock.Pass(20 * time.Minute)
		p.says(map[string]any{"auth_time": w.ago(0)})
		_, err := w.confirms(p, eve.Session) // nobody's identity
		w.refused(err, api.CodeForbidden)
		if _, err := w.through(p); err != nil { // a newcomer's from now on
			w.Fatal(err)
		}
		_, err = w.confirms(p, eve.Session)
		w.refused(err, api.CodeForbidden)
		w.isFresh(false, eve.Session, "after somebody else signed in")
		w.open(true, eve, "after a confirmation that failed")
		account, err := w.Account(w.ctx, eve.Session.User)
		must(w.T, err)
		ids := account.Identities
		if len(ids) != 0 {
			w.Errorf("a confirmation linked %+v", ids)
		}
	})
}

func TestSettingsThatNameWhatIsNotThereSayWhoseMistakeItIs(t *testing.T) {
	alone(t, func(w *world) {
		for name, change := range map[string]func(*signin.OIDCConfig){
			"workspace": func(c *signin.OIDCConfig) { c.Workspace = "elsewhere" },
			"role":      func(c *signin.OIDCConfig) { c.DefaultRole = "Wizard" },
		} {
			n, p := w.sso(change)
			_, err := n.through(p)
			n.refused(err, api.CodeForbidden)
			if err == nil || !strings.Contains(err.Error(), "this server's settings") || !strings.Contains(n.log.String(), "workspace or role does not exist") {
				n.Errorf("%s: %v\n%s", name, err, n.log)
			}
		}
	})
}
