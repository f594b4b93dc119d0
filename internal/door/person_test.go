package door_test

import (
	"net/netip"
	"testing"

	"github.com/tokenry/tokenry/internal/door"
)

func TestWhoHidesWhereTheyAreSharesOnePlaceWithAllOthers(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "::ffff:203.0.113.7": "203.0.113.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64",
	} {
		if got := (door.Client{Addr: netip.MustParseAddr(addr), Agent: "curl"}).Place(); got != want {
			t.Errorf("%s is at %s, want %s", addr, got, want)
		}
	}
	if got := (door.Client{Agent: "curl"}).Place(); got != "nowhere" {
		t.Errorf("an address that is not known is at %s", got)
	}
}

func TestASessionTellsWhereItWasLastUsed(t *testing.T) {
	t.Parallel()
	s := door.Session{ID: "s", Address: "203.0.113.7", Agent: "Firefox/140"}
	if want := (door.Client{Addr: netip.MustParseAddr("203.0.113.7"), Agent: "Firefox/140"}); s.Client() != want {
		t.Errorf("used from %+v, want %+v", s.Client(), want)
	}
	s.Address = ""
	if s.Client().Addr.IsValid() {
		t.Errorf("used from %v, and it is not known where", s.Client().Addr)
	}
}
