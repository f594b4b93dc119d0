package usage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/usage"
)

// counter is where limits are counted: a list of what waits to be written.
type counter struct {
	waiting, restored []ledger.Meter
}

func (c *counter) draw(from, to int) {
	for i := from; i < to; i++ {
		c.waiting = append(c.waiting, meterOf(i))
	}
}

func meterOf(n int) ledger.Meter { return ledger.Meter{Token: loc(n), Requests: 5, Step: time.Hour} }

func (c *counter) TakeDrawn(n int) (taken []ledger.Meter, more bool) {
	n = min(n, len(c.waiting))
	taken, c.waiting = c.waiting[:n:n], c.waiting[n:]
	return taken, len(c.waiting) > 0
}

func (c *counter) Drawn() int             { return len(c.waiting) }
func (c *counter) Restore(m ledger.Meter) { c.restored = append(c.restored, m) }

// kept is a store with states of limits in it.
type kept struct {
	*memory
	meters []ledger.Meter
	fails  error
}

func (k *kept) Meters(_ context.Context, _ time.Time, f func(ledger.Meter)) error {
	for _, m := range k.meters {
		f(m)
	}
	return k.fails
}

// metered is a world whose limits are counted.
func metered(t *testing.T, s *kept) (*world, *counter) {
	t.Helper()
	w, c := newSlow(t, s), &counter{}
	w.store = s.memory
	if err := w.KeepMeters(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return w, c
}

// metersIn are those of all batches.
func (m *memory) metersIn() (n int, all map[string]int) {
	all = map[string]int{}
	for _, b := range m.all() {
		for _, x := range b.Meters {
			all[x.Token.String()]++
			n++
		}
	}
	return n, all
}

func TestWhatLimitsUsedIsWrittenInPieces(t *testing.T) {
	t.Parallel()
	s := &kept{memory: newMemory()}
	w, c := metered(t, s)
	c.draw(0, 3500)
	w.Record(w.use(1))
	w.flush()
	n, all := s.metersIn()
	for _, b := range s.all() {
		if len(b.Meters) > 1000 {
			t.Errorf("a piece has %d", len(b.Meters))
		}
	}
	if n != 3500 || len(all) != 3500 || len(c.waiting) != 0 || w.Stats().Behind != 0 {
		t.Errorf("%d of %d limits were written, %d are waiting", n, len(all), len(c.waiting))
	}
	if n := len(s.all()); n != 4 {
		t.Errorf("%d batches; what was used goes out with the last", n)
	}
	w.wants(map[api.Code]int64{api.CodeOK: 1})
}

// TestWhatLimitsUsedWaitsForTheStore: what was taken is kept until it is written,
// and the rest waits where it is counted.
func TestWhatLimitsUsedWaitsForTheStore(t *testing.T) {
	t.Parallel()
	s := &kept{memory: newMemory()}
	w, c := metered(t, s)
	c.draw(0, 2500)
	s.set(ledger.ErrStoreUnavailable, nil)
	for range 5 {
		if w.Flush(t.Context()) == nil {
			t.Fatal("written")
		}
	}
	if n := len(c.waiting); n != 1500 {
		t.Errorf("%d are waiting where they are counted, want 1500", n)
	}
	w.mu.Lock()
	w.at = w.at.Add(time.Minute)
	w.mu.Unlock()
	if b := w.Stats().Behind; b != time.Minute {
		t.Errorf("behind by %s", b)
	}
	s.set(nil, ledger.ErrOutcomeUnknown)
	_ = w.Flush(t.Context())
	s.set(nil, nil)
	w.flush()
	if _, all := s.metersIn(); len(all) != 2500 || w.Stats().Dropped != 0 {
		t.Errorf("%d of 2500 were written, %+v", len(all), w.Stats())
	}
}

func TestAShutdownWritesWhatLimitsUsedAndCountsWhatIsLost(t *testing.T) {
	t.Parallel()
	s := &kept{memory: newMemory()}
	w, c := metered(t, s)
	c.draw(0, 2500)
	if err := w.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.metersIn(); n != 2500 {
		t.Errorf("%d of 2500 were written", n)
	}
	c.draw(0, 2500)
	s.set(ledger.ErrStoreUnavailable, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Shutdown(ctx); err == nil || w.Stats().Dropped != 2500 {
		t.Errorf("%v; %d are counted as lost, want 2500", err, w.Stats().Dropped)
	}
}

func TestWhatLimitsHadUsedIsGivenBack(t *testing.T) {
	t.Parallel()
	s := &kept{memory: newMemory(), meters: []ledger.Meter{meterOf(1), meterOf(2)}}
	if _, c := metered(t, s); !slices.Equal(c.restored, s.meters) {
		t.Errorf("came back: %+v", c.restored)
	}
	broken := newSlow(t, &kept{fails: errors.New("gone")})
	if err := broken.KeepMeters(t.Context(), &counter{}); err == nil {
		t.Error("a start without what limits had used")
	}
}

// TestWhatHasRecoveredIsForgottenInPieces: once an hour, and then between each two
// writes until there is no more, so that none of them waits for all of it.
func TestWhatHasRecoveredIsForgottenInPieces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *usage.Config) { c.Now = time.Now })
		w.store.recovered = 25_000
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		w.Recorder.Run(ctx)
		if want := []int{10_000, 10_000, 5_000, 0}; !slices.Equal(w.store.forgot, want) {
			t.Errorf("forgot %v, want %v", w.store.forgot, want)
		}
	})
}
