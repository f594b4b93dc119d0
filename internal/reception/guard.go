package reception

import (
	"net/http"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// policy is the CSP of every page: what it needs lies beside it, and nothing
// stands in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// MaxForm bounds a posted form.
const MaxForm = 256 << 10

// Guard stands before every page: headers, size, and no change from elsewhere.
func (c *Reception) Guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(c.denyCross))
	next = cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// same-origin, because with no-referrer browsers send "Origin: null".
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-write=(self)")
		h.Set("Cache-Control", "no-store")
		if c.secure(r) {
			h.Set("Strict-Transport-Security", door.StrictTransport)
		}
		if door.HoldsToken(r.URL) {
			c.denyTokenAddress(w, r)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MaxForm)
		next.ServeHTTP(w, r)
	})
}

func (c *Reception) denyTokenAddress(w http.ResponseWriter, r *http.Request) {
	v := c.visit(w, r)
	defer v.send()
	v.Show(http.StatusBadRequest, "Refused", c.House.Problem(v, "This address holds an API token",
		"It was not used, and opens no page. Addresses are kept in histories and logs, so rotate that token. "+
			"To find out whose a token is, paste it into the look-up of the developer tools.", "/workspaces", "To the console"))
}

func (c *Reception) denyCross(w http.ResponseWriter, r *http.Request) {
	v := c.visit(w, r)
	defer v.send()
	v.Show(http.StatusForbidden, "Refused", c.House.Problem(v, "This form came from another site",
		"Nothing was changed. Open the page again from here and send it once more.", "/workspaces", "To the console"))
}

// fromHere says that the browser knows that no other site asked for the page: its owner
// typed the address, or followed it from here. How long a compressed page is would tell
// another site what is in it.
func fromHere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "same-origin" || site == "none"
}

// secure says whether the person's connection is encrypted.
func (c *Reception) secure(r *http.Request) bool {
	return c.TrustedProxies.Secure(r, c.Base.Scheme == "https")
}

// SessionAge is how long a browser keeps a cookie, in seconds; the server ends the session
// long before.
const SessionAge = 400 * 24 * 60 * 60

// Secure says whether the visitor's connection is encrypted.
func (v *Visit) Secure() bool { return v.desk.secure(v.R) }

// CookieName is that of the session's cookie.
func (v *Visit) CookieName() string { return door.CookieName(v.Secure()) }

// Keepable says whether a session cookie can be given at all: over plain HTTP
// beyond this machine it would be everybody's.
func (v *Visit) Keepable() bool { return v.Secure() || door.Local(v.R) }

// SetCookie gives the browser a cookie for so many seconds; negative takes it away.
func (v *Visit) SetCookie(name, value string, maxAge int) {
	http.SetCookie(v.W, door.Cookie(name, value, maxAge, v.Secure()))
}

// Cookie is what the browser keeps under a name; empty for nothing.
func (v *Visit) Cookie(name string) string {
	k, err := v.R.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

// RefuseClear refuses to give a cookie that the network could read.
func (v *Visit) RefuseClear() error {
	if v.Keepable() {
		return nil
	}
	return api.Errorf(api.CodeForbidden, "signing in needs HTTPS; over plain HTTP the password and the session could be read on the way")
}

// Welcome gives the new session's cookie; the browser's old session, if any,
// ends, so that nobody goes on in a session that was planted.
func (v *Visit) Welcome(e door.Entry, next string) error {
	if old := v.Cookie(v.CookieName()); old != "" {
		_ = v.desk.Sessions.SignOut(v.Ctx(), old) // it may have ended long ago
	}
	v.SetCookie(v.CookieName(), e.Cookie.Reveal(), SessionAge)
	return v.Redirect(next)
}
