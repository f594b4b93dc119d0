package clock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/clock"
)

func TestJitterLengthensByAFifthAtMost(t *testing.T) {
	t.Parallel()
	for random, want := range map[string]time.Duration{"\x00\x00": 10 * time.Second, "\xff\xff": 12 * time.Second, "": 10 * time.Second} {
		if got := clock.Jitter(strings.NewReader(random), 10*time.Second); got != want {
			t.Errorf("%x: %v, want %v", random, got, want)
		}
	}
}
