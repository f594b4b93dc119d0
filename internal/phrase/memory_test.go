package phrase_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/phrase"
)

// TestWhatAServerRemembersIsSaid: verifications that were counted after those that waited
// make no share below nothing.
func TestWhatAServerRemembersIsSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		c    phrase.Cache
		want string
	}{
		{phrase.Cache{Tokens: 3, Bytes: 5 << 20, Room: 768 << 20, Verified: 3000, Misses: 3, Evicted: 7}, "99.90 % of 3000 verifications since the start"},
		{phrase.Cache{Tokens: 3, Bytes: 5 << 20, Room: 768 << 20, Verified: 2, Misses: 3, Evicted: 7}, "0.00 % of 2 verifications since the start"},
		{phrase.Cache{Tokens: 3, Bytes: 5 << 20, Room: 768 << 20, Evicted: 7}, "No verification yet"},
	} {
		want := [][2]string{{"Tokens", "3"}, {"Takes", "5 of 768 MiB"}, {"From memory", tt.want}, {"Made room", "7 since the start"}}
		if d := cmp.Diff(want, tt.c.Facts()); d != "" {
			t.Error(d)
		}
	}
}
