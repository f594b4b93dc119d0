package server

import (
	"slices"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

func told(holder, rules string, keys ...token.KeyID) ledger.Lease {
	return ledger.Lease{Holder: holder, Told: &ledger.Told{Keys: keys, Rules: rules}}
}

// TestAKeyIsSharedOnceEveryLiveNodeNamesIt: what is current is decided by this.
func TestAKeyIsSharedOnceEveryLiveNodeNamesIt(t *testing.T) {
	t.Parallel()
	older := ledger.Lease{Holder: "an older build"}
	own := []token.KeyID{1, 2, 3}
	for name, c := range map[string]struct {
		leases []ledger.Lease
		want   []token.KeyID
	}{
		"nobody else":                {nil, own},
		"itself alone":               {[]ledger.Lease{told("a", "", 1, 2, 3)}, own},
		"one not restarted":          {[]ledger.Lease{told("a", "", 1, 2, 3), told("b", "", 1, 2)}, []token.KeyID{1, 2}},
		"one without the oldest":     {[]ledger.Lease{told("b", "", 2, 3, 4)}, []token.KeyID{2, 3}},
		"a build that tells nothing": {[]ledger.Lease{older, told("b", "", 1, 2)}, []token.KeyID{1, 2}},
		"nothing in common":          {[]ledger.Lease{told("b", "", 1), told("c", "", 3)}, []token.KeyID{}},
	} {
		if got := sharedKeys(own, c.leases); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if !slices.Equal(own, []token.KeyID{1, 2, 3}) {
		t.Errorf("the node's own keys became %v", own)
	}
	all := []ledger.Lease{told("a", "x", 1), older, told("b", "y", 1, 2), told("c", "", 2)}
	if got := lackingKey(2, all); !slices.Equal(got, []string{"a"}) {
		t.Errorf("key 2 is lacking on %v", got)
	}
	if got := otherRules("y", all); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("other rules than y are on %v", got)
	}
}
