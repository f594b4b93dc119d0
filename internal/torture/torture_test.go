package torture_test

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// TestNothingIsAcceptedThatWasTakenAway: a plan that is always the same; make torture goes
// on with new ones.
func TestNothingIsAcceptedThatWasTakenAway(t *testing.T) {
	if testing.Short() || *mutantsFlag || *figuresFlag {
		t.Skip("real processes, for half a minute")
	}
	seeds := []uint64{1}
	if *seedFlag != 0 {
		seeds = []uint64{*seedFlag}
	}
	for begin := time.Now(); len(seeds) > 0; seeds = seeds[1:] {
		one(t, seeds[0])
		if time.Since(begin) < *forFlag && !t.Failed() && *seedFlag == 0 {
			seeds = append(seeds, drawn(t))
		}
	}
}

func one(t *testing.T, seed uint64) {
	t.Helper()
	t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
		if *forFlag == 0 {
			t.Parallel()
		}
		t.Logf("again: go test ./internal/torture -run TestNothingIsAcceptedThatWasTakenAway -args -seed=%d -length=%v -clocks=%t", seed, *lengthFlag, *clocksFlag)
		w := newWorld(t, binary, seed)
		w.run(whole(w.random(0), *lengthFlag))
	})
}

func drawn(t *testing.T) uint64 {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<32))
	if err != nil {
		t.Fatal(err)
	}
	return 2 + n.Uint64()
}
