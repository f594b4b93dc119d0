package authority

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// lockOnly is a store that is nothing but the lock: a mutation takes as long as
// it sleeps, and the commit a millisecond.
type lockOnly struct {
	ledger.Store
	// fails says how a batch ends; nil is well.
	fails func() error
	// commits counts the batches with something in them.
	commits int
	// hurried counts those that went before what others have waiting.
	hurried int
}

type lockOnlyHead struct {
	ledger.HeadWriter
	last bool
}

func (t *lockOnlyHead) Last() { t.last = true }

func (s *lockOnly) Batch(_ context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	if s.fails != nil {
		if err := s.fails(); err != nil {
			return nil, err
		}
	}
	head := &lockOnlyHead{}
	tx := ledger.Tx{Writer: ledger.Writer{HeadWriter: head}}
	var errs []error
	for _, m := range mutations {
		errs = append(errs, m(tx))
		if head.last {
			break
		}
	}
	time.Sleep(time.Millisecond)
	s.commits++
	return errs, nil
}

func (s *lockOnly) BatchNext(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	s.hurried++
	return s.Batch(ctx, ms)
}

// desk is a committer over lockOnly; done are the names of what was applied, in
// their order.
type desk struct {
	*testing.T
	*committer
	store *lockOnly
	done  []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s := &lockOnly{}
	return &desk{T: t, committer: &committer{store: s, now: time.Now, waited: func(string, time.Duration) {}}, store: s}
}

// send sends one change that holds the lock for a while, and waits until it waits.
func (o *desk) send(e Effect, workspace ledger.ID, name string, holds time.Duration) {
	o.sendWith(o.Context(), e, workspace, name, holds, func(err error) {
		if err != nil {
			o.Errorf("%s: %v", name, err)
		}
	})
}

func (o *desk) sendWith(ctx context.Context, e Effect, workspace ledger.ID, name string, holds time.Duration, answer func(error)) {
	m := &mutation{ctx: ctx, effect: e, turn: turn{workspace: workspace}, run: func(ledger.Tx) error {
		time.Sleep(holds)
		o.done = append(o.done, name)
		return nil
	}}
	go func() { answer(o.do(m)) }()
	synctest.Wait()
}

// pass lets time go by, and what happens in it happen before what comes next.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (o *desk) place(name string) int { return slices.Index(o.done, name) }

func TestOneTenantsFloodDelaysOthersByOneTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for i := range 200 {
			o.send(Gives, 1, fmt.Sprint("flood ", i), 10*time.Millisecond)
		}
		o.send(Gives, 2, "other", 0)
		pass(time.Minute)
		if got := o.place("other"); got < 0 || got > 2 {
			t.Errorf("the other tenant's change was number %d of %d", got, len(o.done))
		}
	})
}

func TestWhatTakesPowerAwayGoesFirstAndTheIdleLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		o.send(Gives, 1, "holds the lock", 10*time.Millisecond)
		o.send(whenIdle, 2, "piece", 0)
		o.send(Gives, 1, "create", 0)
		o.send(Takes, 3, "revoke", 0)
		pass(time.Minute)
		want := []string{"holds the lock", "revoke", "create", "piece"}
		if !slices.Equal(o.done, want) && !slices.Equal(o.done, []string{"holds the lock", "piece", "revoke", "create"}) {
			t.Errorf("the order was %q", o.done)
		}
	})
}

// A batch that begins with what takes power away asks for the lock before those of
// other nodes; whatever else it takes, one that gives waits in line.
func TestOnlyABatchThatTakesPowerAwayGoesBeforeOtherNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for _, c := range []struct {
			effect Effect
			want   int
		}{{Gives, 0}, {Takes, 1}, {whenIdle, 1}, {Takes, 2}} {
			o.send(c.effect, 1, "change", 0)
			pass(time.Minute)
			if o.store.hurried != c.want {
				t.Errorf("after a change that %s, %d batches went before others, want %d", c.effect, o.store.hurried, c.want)
			}
		}
	})
}

func TestARevocationJoinsTheBatchThatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for i := range 100 {
			o.send(Gives, ledger.ID(i), fmt.Sprint("create ", i), time.Millisecond)
		}
		start := time.Now()
		o.sendWith(t.Context(), Takes, 500, "revoke", 0, func(error) {
			if took := time.Since(start); took > 3*time.Millisecond {
				t.Errorf("the revocation waited %s behind what only gives", took)
			}
		})
		pass(time.Minute)
	})
}

func TestResettingWithoutEndKeepsNobodyFromWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for i := range 300 {
			o.send(Takes, 1, fmt.Sprint("reset ", i), 10*time.Millisecond)
		}
		o.send(Gives, 2, "create", 0)
		o.send(whenIdle, 3, "piece", 0)
		pass(time.Minute)
		if got := o.place("create"); got > 2*takesInARow {
			t.Errorf("the create was number %d", got)
		}
		if got := o.place("piece"); got > 120 {
			t.Errorf("the piece was number %d", got)
		}
	})
}

func TestAFullLineIsBusyForItsOwnTenantAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for i := range maxWaiting + 1 { // the first is under way
			o.send(Gives, 1, fmt.Sprint("flood ", i), time.Millisecond)
		}
		refused := false
		o.sendWith(t.Context(), Gives, 1, "one more", 0, func(err error) {
			refused = errors.Is(err, api.CodeBusy) && api.AsError(err).RetryAfter > 0
		})
		if !refused {
			t.Error("the change beyond the bound was not told to come back")
		}
		o.send(Takes, 1, "its own revocation", 0)
		o.send(Gives, 2, "another tenant's", 0)
		pass(time.Minute)
	})
}

// TestABatchEndsInTime: who waits for a commit waits for no more than a batch's
// time and one mutation.
func TestABatchEndsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		for i := range 128 {
			o.send(Gives, ledger.ID(i), fmt.Sprint(i), 10*time.Millisecond)
		}
		pass(time.Minute)
		if o.store.commits < 128/4 {
			t.Errorf("128 mutations of 10 ms were %d commits", o.store.commits)
		}
	})
}

// TestWhoeverWaitsIsAnswered sends changes at random, some of which give up and
// some of whose batches fail: each is answered once, applied or not, and in the
// end nobody leads and nothing waits.
func TestWhoeverWaitsIsAnswered(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			o := newDesk(t)
			failures := rand.New(rand.NewPCG(seed, 2)) // whoever leads draws, one after the other
			o.store.fails = func() error {
				if failures.IntN(5) == 0 {
					return ledger.ErrStoreUnavailable
				}
				return nil
			}
			var answered atomic.Int32
			for range 100 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(50))*time.Millisecond)
				defer cancel()
				o.sendWith(ctx, Effect(r.IntN(effects)), ledger.ID(r.IntN(4)), "", time.Duration(r.IntN(4))*time.Millisecond,
					func(error) { answered.Add(1) })
				if r.IntN(3) == 0 {
					time.Sleep(time.Duration(r.IntN(6)) * time.Millisecond)
				}
			}
			pass(time.Hour)
			if answered.Load() != 100 || o.led || !o.queue.empty() {
				t.Errorf("seed %d: %d of 100 answered; led %v; empty %v", seed, answered.Load(), o.led, o.queue.empty())
			}
		})
	}
}

// TestLeavingTheLineIsNoChange: whoever gave up before the turn came is told so
// at once, and that nothing was changed.
func TestLeavingTheLineIsNoChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		o.send(Gives, 1, "holds the lock", time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start, took := time.Now(), time.Duration(0)
		o.sendWith(ctx, Gives, 2, "late", 0, func(err error) {
			took = time.Since(start)
			if !errors.Is(err, api.CodeBusy) {
				t.Errorf("answered %v", err)
			}
		})
		pass(2 * time.Hour)
		if took != time.Second || o.place("late") >= 0 {
			t.Errorf("answered after %s; done are %q", took, o.done)
		}
	})
}
