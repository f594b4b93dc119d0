package door_test

import (
	"net/netip"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestNeighbourhood(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"198.51.100.77": "198.51.100.0/24", "::ffff:198.51.100.77": "198.51.100.0/24",
		"2001:db8:7:8::1": "2001:db8:7::/48", "fe80::1%eth0": "fe80::/48",
	} {
		if got := door.Neighbourhood(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s is in %s, want %s", in, got, want)
		}
	}
	if door.Neighbourhood(netip.Addr{}).IsValid() {
		t.Error("nowhere has a neighbourhood")
	}
}
