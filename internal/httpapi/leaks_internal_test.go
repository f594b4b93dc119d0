package httpapi

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Attack: one party reports from all its addresses, so that nobody else's report is
// taken. Proved: its network has a fifth of what all have.
func TestOneNetworkDoesNotUseUpTheReportsOfAll(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	for _, first := range []string{"198.51.100.1", "2001:db8:7::1"} {
		limits, a, taken := newLeakLimits(), netip.MustParseAddr(first), 0
		for range 30 {
			if limits.take(a, api.MaxLeaks, now) == nil {
				taken++
			}
			if a = a.Next(); a.Is6() { // the next customer of the same /48
				b := a.As16()
				b[7]++
				a = netip.AddrFrom16(b)
			}
		}
		if taken != 4 {
			t.Errorf("%s: %d reports were taken, want 4", first, taken)
		}
		if err := limits.take(netip.MustParseAddr("203.0.113.7"), api.MaxLeaks, now); err != nil {
			t.Errorf("%s: somebody else: %v", first, err)
		}
	}
}
