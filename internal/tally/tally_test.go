package tally_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/tally"
	"github.com/tokenry/tokenry/internal/tally/tallytest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

func open(t *testing.T, address string) *tally.Tally {
	t.Helper()
	c, err := tally.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func limit(requests int64, window time.Duration) verify.Count {
	return verify.Count{On: true, Requests: requests, Step: window / time.Duration(requests)}
}

// ask counts one charge and answers whether it fits.
func ask(t *testing.T, on *tally.Tally, c verify.Charge) (verify.Charge, bool) {
	t.Helper()
	if err := errors.Join(on.Count(t.Context(), []*verify.Charge{&c}), c.Err); err != nil {
		t.Fatal(err)
	}
	return c, (!c.Own.On || c.Own.Fits) && (!c.Shared.On || c.Shared.Fits)
}

var somebody = token.Locator([]byte("abcdefghijkl"))

// TestALimitIsCountedExactly by several who count at once, in batches and one by one.
func TestALimitIsCountedExactly(t *testing.T) {
	t.Parallel()
	r := tallytest.Start(t)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 3 {
		on := open(t, r.URL())
		for range 4 {
			all.Go(func() {
				for range 20 {
					batch := make([]*verify.Charge, 5)
					for i := range batch {
						batch[i] = &verify.Charge{Token: somebody, Workspace: 7, Own: limit(300, time.Hour), Shared: limit(250, time.Hour), Cost: 1}
					}
					if err := on.Count(t.Context(), batch); err != nil {
						t.Error(err)
					}
					for _, c := range batch {
						if c.Err != nil {
							t.Error(c.Err)
						}
						if c.Own.Fits && c.Shared.Fits {
							passed.Add(1)
						}
					}
				}
			})
		}
	}
	all.Wait()
	if n := passed.Load(); n != 250 {
		t.Errorf("%d of 1,200 passed, want 250", n)
	}
	own, _ := ask(t, open(t, r.URL()), verify.Charge{Token: somebody, Workspace: 7, Own: limit(300, time.Hour), Cost: 50})
	if !own.Own.Fits { // what the workspace refused took nothing
		t.Errorf("the token has used %s of its hour, want 250 of 300 requests", own.Own.Used)
	}
}

// TestWhatCountsAndWhatDoesNot is what a limit in memory does.
func TestWhatCountsAndWhatDoesNot(t *testing.T) {
	t.Parallel()
	on := open(t, tallytest.Start(t).URL())
	day := 24 * time.Hour
	for i, c := range []struct {
		what  string
		limit verify.Count
		cost  int64
		look  bool
		fits  bool
		used  int64 // steps of the limit
	}{
		{"one", limit(10, day), 1, false, true, 1},
		{"several", limit(10, day), 6, false, true, 7},
		{"more than is left", limit(10, day), 4, false, false, 7},
		{"more than the limit", limit(10, day), 11, false, false, 7},
		{"less than nothing", limit(10, day), -1, false, false, 7},
		{"nothing", limit(10, day), 0, false, true, 7},
		{"looking", limit(10, day), 3, true, true, 7},
		{"the rest", limit(10, day), 3, false, true, 10},
		{"none is left", limit(10, day), 1, false, false, 10},
		{"a wider limit", limit(12, 12*day), 1, false, true, 11},
		{"a year", limit(1_000_000, 365*day), 999_989, false, true, 1_000_000},
		{"a narrower limit is full", limit(5, day), 1, false, false, 5},
	} {
		got, fits := ask(t, on, verify.Charge{Token: somebody, Workspace: 1, Own: c.limit, Cost: c.cost, Look: c.look})
		gone := time.Duration(c.used)*c.limit.Step - got.Own.Used // drained meanwhile
		if fits != c.fits || gone < -time.Microsecond || gone > time.Minute {
			t.Errorf("%d, %s: fits %v, want %v; %s used, want %d × %s", i, c.what, fits, c.fits, got.Own.Used, c.used, c.limit.Step)
		}
	}
}

// TestARedisThatIsSilentIsGivenUp in the time that it is given, and counts again when it is back.
func TestARedisThatIsSilentIsGivenUp(t *testing.T) {
	t.Parallel()
	r := tallytest.Start(t)
	on := open(t, r.URL())
	c := verify.Charge{Token: somebody, Workspace: 1, Own: limit(10, time.Hour), Cost: 1}
	count := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), tally.Timeout)
		defer cancel()
		c.Err = nil
		return errors.Join(on.Count(ctx, []*verify.Charge{&c}), c.Err)
	}
	if err := count(); err != nil {
		t.Fatal(err)
	}
	r.Freeze(t)
	if err := count(); err == nil {
		t.Error("a silent one has answered")
	}
	r.Thaw(t)
	clocktest.Until(t, func() bool { return count() == nil }) // its connections are made anew
	r.Stop(t)
	if err := count(); err == nil {
		t.Error("a dead one has answered")
	}
	r.Again(t) // it forgot the script and what was used
	clocktest.Until(t, func() bool { return count() == nil })
}

// TestAPasswordIsNeverTold, whatever is wrong with the address.
func TestAPasswordIsNeverTold(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"redis://:hunter2%zz@h/0", "http://:hunter2@h", "redis://:hunter2@h/x", "redis://:hunter2@h?addr=a:b:c&hunter2=%"} {
		if _, err := tally.Open(address); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
	wrong := strings.Replace(tallytest.Start(t).URL(), tallytest.Password, "hunter2", 1)
	c := verify.Charge{Token: somebody, Own: limit(10, time.Hour), Cost: 1}
	if _ = open(t, wrong).Count(t.Context(), []*verify.Charge{&c}); c.Err == nil || strings.Contains(c.Err.Error(), "hunter2") {
		t.Errorf("with a wrong password: %v", c.Err)
	}
}
