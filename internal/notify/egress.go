package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Egress says where webhooks may be posted. The zero Egress takes https to
// public addresses on port 443, 80 and from 1024.
type Egress struct {
	// Allow lists networks that may be reached although they are not public.
	Allow []netip.Prefix
	// AllowHTTP takes http:// too.
	AllowHTTP bool
	// Ports are the ones that may be reached; none means 80, 443 and from 1024.
	Ports []int
	// Resolve looks up the addresses of a name; nil asks the machine's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// TLS holds certificate authorities of one's own; nil is the machine's.
	TLS *tls.Config
}

// refusedError says why an address is not reached, without naming it.
type refusedError struct{ why string }

func (e *refusedError) Error() string { return e.why }

// notPublic is said of an address that is not public, of a name that leads to one and
// of a name that leads nowhere: which of them it is, is nobody's business.
const notPublic = "leads to no public address"

// Check says what is wrong with an endpoint's address as it is written.
func (e Egress) Check(u *url.URL) error {
	host := u.Hostname()
	port, err := portOf(u)
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !e.AllowHTTP):
		return &refusedError{"must begin with https://"}
	case u.User != nil:
		return &refusedError{"must not hold a user or password"}
	case err != nil || !e.portAllowed(port):
		return &refusedError{"names a port that webhooks may not use"}
	case host == "":
		return &refusedError{"names no host"}
	}
	addr, err := netip.ParseAddr(host)
	if err == nil {
		return e.checkAddr(addr)
	}
	if endsInNumber(host) {
		return &refusedError{"names an address in a form that is not one"}
	}
	return nil
}

// portOf is the port that is named, or that of the scheme. Whatever is not http is
// https by then, or refused for its scheme.
func portOf(u *url.URL) (int, error) {
	if p := u.Port(); p != "" {
		return strconv.Atoi(p)
	}
	if u.Scheme == "http" {
		return 80, nil
	}
	return 443, nil
}

// endsInNumber says whether a host is one of the old ways to write an IPv4
// address: decimal, octal, hexadecimal, or with parts left out.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, ok := strings.CutPrefix(strings.ToLower(last), "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// portAllowed leaves out, where no ports are listed, the other services of a system:
// what speaks SMTP would read the lines of a request as commands.
func (e Egress) portAllowed(port int) bool {
	if len(e.Ports) > 0 {
		return slices.Contains(e.Ports, port)
	}
	return port == 80 || port == 443 || port >= 1024 && port <= 65535
}

// checkAddr refuses an address that is neither public nor allowed.
func (e Egress) checkAddr(a netip.Addr) error {
	a = a.Unmap()
	if slices.ContainsFunc(e.Allow, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return nil
	}
	if !public(a) {
		return &refusedError{notPublic}
	}
	return nil
}

// public says whether an address belongs to the public internet.
func public(a netip.Addr) bool {
	if a.Zone() != "" || !a.IsValid() {
		return false
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false // loopback, local, multicast, mapped, NAT64 and what is not given out
	}
	return !slices.ContainsFunc(special, func(p string) bool { return netip.MustParsePrefix(p).Contains(a) })
}

// special are the networks of IANA's registries that are not the public internet.
var special = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
}

// Client asks and posts: no redirects, no proxies, no connection kept, so that each
// attempt connects anew and is judged anew.
func (e Egress) Client(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: e.dial, TLSClientConfig: e.TLS, DisableKeepAlives: true, DisableCompression: true,
			TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 32 << 10,
		},
	}
}

// dial looks the name up and connects to the first address that may be reached
// and answers.
func (e Egress) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := e.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: 5 * time.Second, Control: e.control}
	var errs []error
	for _, a := range addrs[:min(len(addrs), 4)] {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(a.String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// resolve looks up a name, and takes an address as it is. What it answers is judged
// only when a connection is about to be made, so nothing can change in between.
func (e Egress) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	look := e.Resolve
	if look == nil {
		look = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return new(net.Resolver).LookupNetIP(ctx, "ip", host)
		}
	}
	addrs, err := look(ctx, host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
	}
	return addrs, err
}

// control judges the address of a connection that is about to be made, whatever
// led to it.
func (e Egress) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refusedError{"leads to no address"}
	}
	if !e.portAllowed(int(to.Port())) {
		return &refusedError{"names a port that webhooks may not use"}
	}
	return e.checkAddr(to.Addr())
}
