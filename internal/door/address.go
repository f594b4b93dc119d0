package door

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose word about a client counts; none by default.
type Proxies []netip.Prefix

// Client returns the address that a request comes from; the zero address when it
// is not known. proxied says whether the connection is a trusted proxy's.
func (ps Proxies) Client(r *http.Request) (addr netip.Addr, proxied bool) {
	if addr = Address(r.RemoteAddr); !ps.Trust(addr) {
		return addr, false
	}
	for _, line := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for _, entry := range slices.Backward(strings.Split(line, ",")) {
			if addr = Address(entry); !ps.Trust(addr) {
				return addr, true
			}
		}
	}
	return addr, true
}

// Said is a header that counts only from a trusted proxy, and when it is there
// once.
func (ps Proxies) Said(r *http.Request, name string) string {
	if lines := r.Header[name]; len(lines) == 1 && ps.Trust(Address(r.RemoteAddr)) {
		return lines[0]
	}
	return ""
}

// Trust says whether an address is one of the proxies'. The zero address is not.
func (ps Proxies) Trust(a netip.Addr) bool {
	a = plain(a)
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Address reads one address as connections and proxies write it: bare or in
// brackets, with a port or without, with a zone or without. It is zero for
// anything else.
func Address(s string) netip.Addr {
	s = strings.Trim(s, " \t")
	if ap, err := netip.ParseAddrPort(s); err == nil { // first: nearly all are
		return plain(ap.Addr())
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(s, ":") {
			return netip.Addr{}
		}
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return plain(a)
}

// Network is what one host or household has of addresses, and what throttles and
// bounds count by: an IPv4 address, or the 64 bits of IPv6 that a provider gives
// to one customer. It is not valid for the zero address.
func Network(a netip.Addr) netip.Prefix {
	const household = 64
	a = plain(a)
	p, err := a.Prefix(min(a.BitLen(), household))
	if err != nil { // it has no address
		return netip.Prefix{}
	}
	return p
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
