package console

import (
	"net/http"

	"github.com/tokenry/tokenry/internal/door"
)

// policy is the CSP of every page: what it needs lies beside it, and nothing
// stands in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm bounds a posted form.
const maxForm = 256 << 10

// guard stands before every page: headers, size, and no change from elsewhere.
func (c *console) guard(next http.Handler) http.Handler {
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
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

func (c *console) denyTokenAddress(w http.ResponseWriter, r *http.Request) {
	v := c.visit(w, r)
	defer v.send()
	v.show(http.StatusBadRequest, "Refused", problemPage(v, "This address holds an API token",
		"It was not used, and opens no page. Addresses are kept in histories and logs, so rotate that token. "+
			"To find out whose a token is, paste it into the look-up of the developer tools.", "/workspaces", "To the console"))
}

func (c *console) denyCross(w http.ResponseWriter, r *http.Request) {
	v := c.visit(w, r)
	defer v.send()
	v.show(http.StatusForbidden, "Refused", problemPage(v, "This form came from another site",
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
func (c *console) secure(r *http.Request) bool {
	return c.TrustedProxies.Secure(r, c.base.Scheme == "https")
}

func (c *console) cookieName(r *http.Request) string { return door.CookieName(c.secure(r)) }

// keepable says whether a session cookie can be given at all: over plain HTTP
// beyond this machine it would be everybody's.
func (c *console) keepable(r *http.Request) bool { return c.secure(r) || door.Local(r) }

func (c *console) setCookie(w http.ResponseWriter, r *http.Request, name, value string, maxAge int) {
	http.SetCookie(w, door.Cookie(name, value, maxAge, c.secure(r)))
}

func (c *console) cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}
