package door

import "net/netip"

// Neighbourhood is what one party has many hosts' addresses of, for little money: the
// /24 of IPv4 or the /48 of IPv6 around an address. What is kept for strangers, who
// need no account, is shared out by it, so that none of them has everybody's share.
// It is not valid for the zero address.
func Neighbourhood(a netip.Addr) netip.Prefix {
	const v4, v6 = 24, 48
	a = a.Unmap().WithZone("")
	bits := v4
	if a.Is6() {
		bits = v6
	}
	p, err := a.Prefix(bits)
	if err != nil { // it has no address
		return netip.Prefix{}
	}
	return p
}
