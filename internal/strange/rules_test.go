package strange_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/token"
)

const day = 24 * time.Hour

func at(days int) time.Time {
	return time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC).Add(time.Duration(days) * day)
}

func locator(n int) token.Locator {
	var l token.Locator
	copy(l[:], fmt.Sprintf("%0*d", token.LocatorLength, n))
	return l
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func equal(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
		t.Errorf("want - got +:\n%s", d)
	}
}

// TestABatchIsReadByItsNetworks: each pair of a token and a network once, from what was let
// through alone, whatever it was used for.
func TestABatchIsReadByItsNetworks(t *testing.T) {
	t.Parallel()
	one, two := locator(1), locator(2)
	b := &ledger.UsageBatch{
		Last: []ledger.LastUse{{Workspace: 7, Token: two, Secret: 1, At: at(1)}, {Workspace: 7, Token: one, Secret: 1, At: at(2), Addr: ip("203.0.113.9")}},
		Activity: []ledger.Activity{
			{Workspace: 7, Token: one, Addr: ip("203.0.113.7"), Outcome: api.CodeOK, First: at(0), Last: at(1)},
			{Workspace: 7, Token: one, Addr: ip("2001:db8:7:8::1"), Outcome: api.CodeOK, First: at(1), Last: at(1)},
			{Workspace: 7, Token: one, Addr: ip("198.51.100.1"), Outcome: api.CodeExpired, First: at(1), Last: at(1)},
			{Workspace: 7, Token: two, Rest: true, Outcome: api.CodeOK, First: at(1), Last: at(1)},
		},
	}
	equal(t, []ledger.NetworkUse{
		{Workspace: 7, Token: one, Network: ip("203.0.113.0"), First: at(0), Last: at(2)},
		{Workspace: 7, Token: one, Network: ip("2001:db8:7::"), First: at(1), Last: at(1)},
		{Workspace: 7, Token: two, First: at(1), Last: at(1)},
	}, strange.Uses(b))
}

// TestWhatIsStrange: neither while a token is learned, nor where usage may be missing.
func TestWhatIsStrange(t *testing.T) {
	t.Parallel()
	fresh := []netip.Addr{ip("203.0.113.0"), ip("2001:db8:7::")}
	told := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:7::/48")}
	known := ledger.NetworkNote{Token: locator(1), Since: at(0), Last: at(99), New: fresh}
	woke := ledger.NetworkNote{Token: locator(1), Since: at(0), Last: at(10), Woke: true}
	first, crowded, both := known, known, known
	first.Since, first.Last = time.Time{}, time.Time{}
	crowded.New, crowded.Crowded = nil, true
	both.Last, both.Woke = at(1), true
	for name, c := range map[string]struct {
		n         ledger.NetworkNote
		at, since time.Time
		want      strange.Sign
		is        bool
	}{
		"a new network":                     {known, at(100), at(-9), strange.Sign{Networks: told}, true},
		"the first use of all":              {first, at(100), at(-9), strange.Sign{}, false},
		"the first week of a token":         {known, at(7).Add(-1), at(-9), strange.Sign{}, false},
		"the week is over":                  {known, at(7), at(-9), strange.Sign{Networks: told}, true},
		"the first week after a gap":        {known, at(100), at(94), strange.Sign{}, false},
		"a week after a gap":                {known, at(100), at(93), strange.Sign{Networks: told}, true},
		"nobody knows what is missing":      {known, at(100), time.Time{}, strange.Sign{}, false},
		"a silence":                         {woke, at(100), at(-9), strange.Sign{QuietSince: at(10)}, true},
		"a silence in which uses were lost": {woke, at(100), at(11), strange.Sign{}, false},
		"networks that became too many":     {crowded, at(100), at(-9), strange.Sign{Crowded: true}, true},
		"a new network after a silence":     {both, at(100), at(-9), strange.Sign{Networks: told, QuietSince: at(1)}, true},
	} {
		got, is := strange.Judge(c.n, c.at, c.since)
		c.want.Token, c.want.At = c.n.Token, c.at
		if is != c.is {
			t.Errorf("%s is strange: %v", name, is)
		}
		t.Log(name)
		equal(t, c.want, got)
	}
}

// TestWhatIsOpenIsOneNotice: whatever is added to it, and the same again is no news.
func TestWhatIsOpenIsOneNotice(t *testing.T) {
	t.Parallel()
	network := func(n int) netip.Prefix { return netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/24", n)) }
	var open ledger.Strange
	join := func(s strange.Sign, want bool) {
		t.Helper()
		var news bool
		if open, news = strange.Join(open, s); news != want {
			t.Errorf("%+v is news: %v", s, news)
		}
	}
	join(strange.Sign{At: at(1)}, false)
	join(strange.Sign{At: at(1), Networks: []netip.Prefix{network(0)}, Addr: ip("10.0.0.9"), Agent: "curl"}, true)
	join(strange.Sign{At: at(2), Networks: []netip.Prefix{network(0)}, Addr: ip("10.0.0.8"), Agent: "later"}, false)
	for n := 1; n < 10; n++ {
		join(strange.Sign{At: at(0), Networks: []netip.Prefix{network(n)}, Agent: "earlier"}, true)
	}
	join(strange.Sign{At: at(3), QuietSince: at(-100), Denied: 20, Crowded: true, Agent: "wget"}, true)
	join(strange.Sign{At: at(4), QuietSince: at(-90), Denied: 30, Crowded: true}, false)
	want := ledger.Strange{First: at(1), Last: at(3), Signs: ledger.StrangeSigns{More: 2, Many: true, QuietSince: at(-100), Denied: 20, Agent: "wget"}}
	for n := range ledger.StrangeNetworks {
		want.Signs.Networks = append(want.Signs.Networks, network(n).String())
	}
	equal(t, want, open)
}
