package httpapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddr is the address that the request comes from: the connection's, or,
// behind a trusted proxy, the first from the right of X-Forwarded-For that is
// not one. It is zero, which is in no allow-list, when a proxy we trust says
// what cannot be read. proxied says whether the connection is such a proxy's.
func (s *server) clientAddr(r *http.Request) (addr netip.Addr, proxied bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = peer.Addr().Unmap()
	if len(s.proxies) == 0 || !s.trusted(addr) {
		return addr, false
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for _, entry := range slices.Backward(strings.Split(line, ",")) {
			if addr = forwardedAddr(entry); !s.trusted(addr) {
				return addr, true
			}
		}
	}
	return addr, true
}

// forwarded is a header that counts only from a trusted proxy, and when it is
// there once.
func forwarded(h http.Header, name string, proxied bool) string {
	if lines := h[name]; proxied && len(lines) == 1 {
		return lines[0]
	}
	return ""
}

// trusted says whether an address is one of the proxies'. The zero address is not.
func (s *server) trusted(a netip.Addr) bool {
	a = a.WithZone("")
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// forwardedAddr reads one entry: an address, with a port or without.
func forwardedAddr(s string) netip.Addr {
	s = strings.Trim(s, " \t")
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap()
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap()
	}
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return a.Unmap()
	}
	return netip.Addr{}
}
