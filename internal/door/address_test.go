package door_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

var proxies = door.Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fe80::/10")}

func TestAnAddressIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", " 203.0.113.7\t": "203.0.113.7", "203.0.113.7:4711": "203.0.113.7", "203.0.113.7:0": "203.0.113.7",
		"2001:db8::1": "2001:db8::1", "[2001:db8::1]": "2001:db8::1", "[2001:db8::1]:4711": "2001:db8::1",
		"fe80::1%eth0": "fe80::1", "[fe80::1%eth0]:4711": "fe80::1", "[fe80::1%eth0]": "fe80::1",
		"::ffff:203.0.113.7": "203.0.113.7", "[::ffff:203.0.113.7]:80": "203.0.113.7", "::ffff:203.0.113.7%eth0": "203.0.113.7",
	} {
		if got := door.Address(text); got.String() != want {
			t.Errorf("Address(%q) = %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", " ", "unknown", "_hidden", "localhost", "203.0.113", "203.0.113.7:port", "203.0.113.7:99999", "[203.0.113.7]", "[2001:db8::1", "2001:db8::1]", "[]",
		"203.0.113.7, 10.0.0.1", "203.0.113.7 10.0.0.1", "for=203.0.113.7", `"203.0.113.7"`, "@", "unix:", "203.0.113.7/32", "0x7f000001", "0127.0.0.1",
	} {
		if got := door.Address(text); got.IsValid() {
			t.Errorf("Address(%q) = %v, want none", text, got)
		}
	}
}

func TestTheClientIsTheFirstFromTheRightThatIsNoTrustedProxy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string // "" for none
		proxied    bool
	}{
		{"a stranger's word counts for nothing", "203.0.113.7:5", []string{"198.51.100.1"}, "203.0.113.7", false},
		{"one proxy", "10.0.0.1:5", []string{"203.0.113.7"}, "203.0.113.7", true},
		{"a proxy that tells the port", "10.0.0.1:5", []string{"203.0.113.7:4711"}, "203.0.113.7", true},
		{"IPv6 with its port", "10.0.0.1:5", []string{"[2001:db8::1]:4711"}, "2001:db8::1", true},
		{"a proxy's own IPv6 with a zone", "[fe80::9%eth0]:5", []string{"203.0.113.7"}, "203.0.113.7", true},
		{"a proxy's mapped address", "[::ffff:10.0.0.1]:5", []string{"::ffff:203.0.113.7"}, "203.0.113.7", true},
		{"a chain", "10.0.0.1:5", []string{"198.51.100.1, 203.0.113.7, 10.0.0.3,10.0.0.2"}, "203.0.113.7", true},
		{"lines of one header", "10.0.0.1:5", []string{"198.51.100.1", "203.0.113.7, 10.0.0.3", "10.0.0.2"}, "203.0.113.7", true},
		{"proxies alone", "10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", true},
		{"no header", "10.0.0.1:5", nil, "10.0.0.1", true},
		{"what cannot be read ends the list", "10.0.0.1:5", []string{"203.0.113.7, unknown"}, "", true},
		{"an empty entry ends the list", "10.0.0.1:5", []string{"203.0.113.7,"}, "", true},
		{"an empty line ends the list", "10.0.0.1:5", []string{"203.0.113.7", ""}, "", true},
		{"garbage left of the client is not looked at", "10.0.0.1:5", []string{"unknown, <script>, 203.0.113.7"}, "203.0.113.7", true},
		{"a connection without an address", "@", []string{"203.0.113.7"}, "", false},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		var want netip.Addr
		if c.want != "" {
			want = netip.MustParseAddr(c.want)
		}
		if got, proxied := proxies.Client(r); got != want || proxied != c.proxied {
			t.Errorf("%s: %v, %v, want %v, %v", c.name, got, proxied, want, c.proxied)
		}
	}
}

func TestANetworkIsWhatOneCustomerHas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7": "203.0.113.7/32", "::ffff:203.0.113.7": "203.0.113.7/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := door.Network(netip.MustParseAddr(text)); got.String() != want {
			t.Errorf("Network(%s) = %v, want %s", text, got, want)
		}
	}
	if got := door.Network(netip.Addr{}); got.IsValid() {
		t.Errorf("no address has the network %v", got)
	}
}

func TestAHeaderCountsOnlyFromATrustedProxyAndOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		peer  string
		lines []string
		want  string
	}{
		{"10.0.0.1:5", []string{"https"}, "https"}, {"203.0.113.7:5", []string{"https"}, ""}, {"10.0.0.1:5", []string{"https", "http"}, ""}, {"10.0.0.1:5", nil, ""},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-Proto": c.lines}}
		if got := proxies.Said(r, "X-Forwarded-Proto"); got != c.want {
			t.Errorf("from %s, %q: %q, want %q", c.peer, c.lines, got, c.want)
		}
	}
}
