package door

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// CookieName is that of the cookie that keeps a person signed in. Browsers keep
// one that begins with __Host- for this host alone, over TLS alone and for every
// path (RFC 6265bis, section 4.1.3.2), so that no other server under the same
// domain can set or shadow it. On a plain localhost they would not keep it.
func CookieName(secure bool) string {
	if secure {
		return "__Host-tokenry"
	}
	return "tokenry"
}

// Cookie is any cookie of the pages: no script reads it, no other host gets it, and
// what another site posts does not carry it. It is Lax and not Strict because a
// person comes back from an identity provider by a link of that site's.
func Cookie(name, value string, maxAge int, secure bool) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, //nolint:gosec // Secure wherever a browser would keep it
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}

// Secure says whether the person's connection is encrypted, as far as can be known:
// the connection's own state, what a trusted proxy says, else whether the address
// that people were given is https.
func (ps Proxies) Secure(r *http.Request, https bool) bool {
	if r.TLS != nil {
		return true
	}
	if proto := ps.Said(r, "X-Forwarded-Proto"); proto != "" {
		return strings.EqualFold(proto, "https")
	}
	return https
}

// Local says whether the address in the browser is this machine's own, where
// nobody listens in between.
func Local(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback()
}
