package signin_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/signin"
)

// guesses makes n wrong tries, each at once or after what it is told to wait,
// and answers how many were judged.
func (w *world) guesses(n int, email string, from func(i int) door.Client) (judged int) {
	w.Helper()
	for i := range n {
		if w.guess(email, from(i)) != api.CodeRateLimited {
			judged++
		}
	}
	return judged
}

func from(c door.Client) func(int) door.Client { return func(int) door.Client { return c } }

func everywhere(i int) door.Client { return at(fmt.Sprintf("198.51.%d.%d", i/250, 1+i%250)) }

func TestGuessingIsSlowedPerAccountFromAThousandAddresses(t *testing.T) {
	each(t, func(w *world) {
		if n := w.guesses(60, "eve@example.com", everywhere); n != 5 {
			w.Errorf("%d guesses were judged at once, want 5", n)
		}
		// In a day the delay allows so many in a row, and then one a day.
		judged := 5
		for judged < 20 {
			_, err := w.Password(w.ctx, "eve@example.com", "three wrong words in a row", everywhere(judged))
			if e := api.AsError(err); e.Code == api.CodeRateLimited {
				w.clock.Pass(e.RetryAfter)
				continue
			}
			judged++
		}
		if passed := w.clock.Now().Sub(time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)); passed < 3*time.Hour {
			w.Errorf("20 guesses took %s", passed)
		}
	})
}

// watched counts the batches of a store.
type watched struct {
	ledger.Store
	batches *atomic.Int64
}

func (s watched) Batch(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	s.batches.Add(1)
	return s.Store.Batch(ctx, mutations)
}

func (s watched) BatchNext(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	return s.Batch(ctx, ms)
}

// TestAFloodFromOnePlaceTakesNoLock: it would keep every change of everybody
// waiting, and needs no account.
func TestAFloodFromOnePlaceTakesNoLock(t *testing.T) {
	each(t, func(w *world) {
		var batches atomic.Int64
		w.store = watched{w.store, &batches}
		w = w.again(nil)
		for i := range 20 {
			if code := w.guess(fmt.Sprintf("user%d@example.com", i), evils()); code == api.CodeRateLimited {
				w.Errorf("guess %d was held up", i)
			}
		}
		if code := w.guess("last@example.com", evils()); code != api.CodeRateLimited {
			w.Errorf("the first of a flood is answered %s", code)
		}
		before := batches.Load() // the audit was told once, for a while
		for i := range 20 {
			if code := w.guess(fmt.Sprintf("user%d@example.com", i), evils()); code != api.CodeRateLimited {
				w.Errorf("a flood is answered %s", code)
			}
		}
		if n := batches.Load() - before; n != 0 {
			w.Errorf("%d batches of changes were begun", n)
		}
		w.clock.Pass(time.Hour)
		if code := w.guess("eve@example.com", evils()); code == api.CodeRateLimited {
			w.Error("the place waits for ever")
		}
	})
}

func TestGuessingIsSlowedPerAddressOverAThousandNames(t *testing.T) {
	each(t, func(w *world) {
		judged := 0
		for i := range 40 {
			if w.guess(fmt.Sprintf("user%d@example.com", i), evils()) != api.CodeRateLimited {
				judged++
			}
		}
		if judged != 20 {
			w.Errorf("%d guesses were judged at once, want 20", judged)
		}
		w.refusedAt("ada@example.com", good, evils())
		w.enters("ada@example.com", good, home())
		// One customer of a provider has a /64.
		for i := range 40 {
			w.misses(fmt.Sprintf("more%d@example.com", i), at(fmt.Sprintf("2001:db8:0:1::%x", i+1)))
		}
		w.refusedAt("ada@example.com", good, at("2001:db8:0:1:ffff::1"))
		w.enters("ada@example.com", good, at("2001:db8:0:2::1"))
	})
}

func (w *world) refusedAt(email, password string, from door.Client) {
	w.Helper()
	_, err := w.Password(w.ctx, email, password, from)
	w.refused(err, api.CodeRateLimited)
	if api.AsError(err).RetryAfter <= 0 {
		w.Error("a refusal does not say when to come back")
	}
}

func TestVariantsOfANameAreOneAccount(t *testing.T) {
	alone(t, func(w *world) {
		names := []string{"eve@example.com", "Eve@example.com", " eve@example.com", "EVE@EXAMPLE.COM\n", "eve@Example.Com\t"}
		judged := 0
		for i := range 30 {
			if w.guess(names[i%len(names)], everywhere(i)) != api.CodeRateLimited {
				judged++
			}
		}
		if judged != 5 {
			w.Errorf("%d guesses were judged, want 5", judged)
		}
		w.clock.Pass(time.Minute)
		w.enters(" EVE@example.com ", hers, home())
	})
}

func TestCountsHoldOnEveryNodeAndAfterARestart(t *testing.T) {
	each(t, func(w *world) {
		nodes := []*world{w, w.again(nil), w.again(nil)}
		judged := 0
		for i := range 30 {
			judged += nodes[i%3].guesses(1, "eve@example.com", everywhere)
		}
		if judged != 5 {
			w.Errorf("%d guesses were judged on three nodes, want 5", judged)
		}
		if n := w.again(nil).guesses(3, "eve@example.com", everywhere); n != 0 {
			w.Errorf("%d guesses were judged after a restart", n)
		}
	})
}

func TestGuessesAtTheSameMomentAreCountedBeforeTheyAreJudged(t *testing.T) {
	each(t, func(w *world) {
		nodes := []*world{w, w.again(nil), w.again(nil)}
		before := signin.Checked(w.passwords)
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				_, _ = nodes[i%3].Password(w.ctx, "eve@example.com", "three wrong words in a row", everywhere(i))
			})
		}
		wg.Wait()
		if n := signin.Checked(w.passwords) - before; n != 5 {
			w.Errorf("%d of 60 guesses at once were judged, want 5", n)
		}
	})
}

func TestNoFloodOfNamesResetsACount(t *testing.T) {
	alone(t, func(w *world) {
		w.guesses(6, "eve@example.com", everywhere)
		errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			for i := range 100_000 {
				if err := tx.PutAttempts(ledger.Attempts{Name: fmt.Sprint(i), Count: 1, LastAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)}); err != nil {
					return err
				}
			}
			return nil
		}})
		must(w.T, err)
		must(w.T, errs[0])
		if n := w.guesses(3, "eve@example.com", everywhere); n != 0 {
			w.Errorf("%d guesses were judged after a flood of names", n)
		}
	})
}

func TestGuessingDoesNotKeepThePersonOut(t *testing.T) {
	each(t, func(w *world) {
		w.enters("eve@example.com", hers, home())
		w.guesses(30, "eve@example.com", everywhere)
		w.refusedAt("eve@example.com", hers, at("192.0.2.1")) // a place that nobody knows
		r := w.enters("eve@example.com", hers, home())
		w.open(true, r, "signed in from a known place")
		// A known place is not a free one.
		w.guesses(30, "eve@example.com", everywhere)
		if n := w.guesses(30, "eve@example.com", from(home())); n != 5 {
			w.Errorf("%d guesses were judged from a known place, want 5", n)
		}
		w.refusedAt("eve@example.com", hers, home())
		w.clock.Pass(2 * time.Second)
		w.enters("eve@example.com", hers, home())
	})
}

func TestTheLongestDelayIsBoundedAndOverAfterADay(t *testing.T) {
	alone(t, func(w *world) {
		for range 150 {
			_, err := w.Password(w.ctx, "eve@example.com", "three wrong words in a row", evils())
			if e := api.AsError(err); e.Code == api.CodeRateLimited {
				if e.RetryAfter > 24*time.Hour {
					w.Fatalf("told to wait %s", e.RetryAfter)
				}
				w.clock.Pass(e.RetryAfter)
			}
		}
		w.clock.Pass(48 * time.Hour)
		w.enters("eve@example.com", hers, evils())
	})
}

func TestAnAccountOfOnesOwnBuysNoTriesOnOthers(t *testing.T) {
	alone(t, func(w *world) {
		judged := 0
		for i := range 30 {
			if w.guess(fmt.Sprintf("user%d@example.com", i), evils()) != api.CodeRateLimited {
				judged++
			}
			_, _ = w.Password(w.ctx, "eve@example.com", hers, evils())
		}
		if judged != 20 {
			w.Errorf("%d guesses were judged, want 20", judged)
		}
	})
}

func TestNobodyLearnsWhetherAnAccountExists(t *testing.T) {
	each(t, func(w *world) {
		w.member("invited@example.com", "") // has no password yet
		w.member("gone@example.com", "eleven pears on a plate")
		_, err := w.auth.DeactivateUser(w.ctx, w.root(), "gone@example.com")
		must(w.T, err)
		var want string
		for i, try := range []struct{ email, password string }{
			{"eve@example.com", "three wrong words in a row"}, {"nobody@example.com", "three wrong words in a row"},
			{"invited@example.com", "three wrong words in a row"}, {"invited@example.com", ""},
			{"gone@example.com", "three wrong words in a row"}, {"gone@example.com", "eleven pears on a plate"},
			{"", "three wrong words in a row"}, {"eve@example.com", ""}, {"not an address", "x"},
			{"e\x00ve@example.com", "x"}, {"\xff@example.com", "x"},
		} {
			before, revision := signin.Checked(w.passwords), w.revision()
			_, err := w.Password(w.ctx, try.email, try.password, everywhere(i))
			if i == 0 {
				want = err.Error()
			}
			if err == nil || err.Error() != want {
				w.Errorf("%q: %v, want %s", try.email, err, want)
			}
			if n := signin.Checked(w.passwords) - before; n != 1 {
				w.Errorf("%q cost %d hashes", try.email, n)
			}
			if n := w.revision() - revision; n != 2 {
				w.Errorf("%q cost %d commits", try.email, n)
			}
			w.clock.Pass(10 * time.Minute) // then the audit is told again
		}
		for _, email := range []string{"eve@example.com", "nobody@example.com"} {
			w.guesses(10, email, everywhere)
			w.refusedAt(email, "three wrong words in a row", at("192.0.2.1"))
		}
	})
}

func (w *world) revision() int64 {
	w.Helper()
	n, err := w.auth.Revision(w.ctx)
	must(w.T, err)
	return n
}

func TestAnAPITokenInTheFormOpensNothingAndIsNotKept(t *testing.T) {
	alone(t, func(w *world) {
		in := api.CreateToken{Kind: "personal"}
		in.Label = api.Some("laptop")
		i, err := w.auth.CreateToken(w.ctx, w.root(), "acme", in)
		must(w.T, err)
		before, hashes := w.revision(), signin.Checked(w.passwords)
		for _, c := range [][2]string{
			{"ada@example.com", i.Secret.Reveal()}, {i.Secret.Reveal(), good}, {" " + i.Secret.Reveal() + "\n", i.Secret.Reveal()},
		} {
			_, err := w.Password(w.ctx, c[0], c[1], home())
			w.refused(err, api.CodeInvalidRequest)
		}
		_, err = w.Authenticate(w.ctx, i.Secret.Reveal(), home())
		w.refused(err, api.CodeInvalidToken)
		if w.revision() != before+1 || signin.Checked(w.passwords) != hashes { // one event tells of all three
			w.Error("a token in the form was counted or hashed, or audited more than once")
		}
		w.nowhere(i.Secret.Reveal())
	})
}
