package verify_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// through is how many requests a limit lets through in so many of its own windows,
// when they come as fast as they may.
func through(l *api.RateLimit, d time.Duration) float64 {
	if l == nil {
		return math.Inf(1)
	}
	return float64(l.Requests) * (1 + float64(d)/float64(l.Window))
}

// Nobody hands on a limit that lets through what their own would not. Asked of two
// limits at every distance, the answer is what the two let through.
func TestLawALooserLimitLetsMoreThroughAtSomeTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *api.RateLimit {
			if rapid.IntRange(0, 9).Draw(t, name) == 0 {
				return nil
			}
			return &api.RateLimit{Requests: rapid.IntRange(1, 50).Draw(t, "requests"), Window: api.Duration(rapid.IntRange(1, 60).Draw(t, "seconds")) * api.Duration(time.Second)}
		}
		a, b := draw("a"), draw("b")
		more := false
		for _, d := range []time.Duration{0, time.Second, time.Minute, time.Hour, 1000 * time.Hour} {
			more = more || through(a, d) > through(b, d)*(1+1e-12)
		}
		if verify.Looser(a, b) != more && (a == nil || b == nil || a.Requests != b.Requests || a.Window != b.Window) {
			t.Fatalf("%+v beside %+v: looser is %t, and it lets more through: %t", a, b, verify.Looser(a, b), more)
		}
		if verify.Looser(a, a) {
			t.Fatalf("%+v is looser than itself", a)
		}
	})
}

// Numbers that no multiplication of 64 bits holds are compared all the same.
func TestLimitsOfAnySizeAreCompared(t *testing.T) {
	t.Parallel()
	huge := &api.RateLimit{Requests: math.MaxInt, Window: 1}
	slow := &api.RateLimit{Requests: 1, Window: api.Duration(math.MaxInt64)}
	none := &api.RateLimit{}
	for _, c := range []struct {
		a, b *api.RateLimit
		want bool
	}{{huge, slow, true}, {slow, huge, false}, {nil, huge, true}, {huge, nil, false}, {nil, nil, false}, {slow, none, true}, {none, slow, false}, {huge, huge, false}} {
		if got := verify.Looser(c.a, c.b); got != c.want {
			t.Errorf("%+v beside %+v: %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
