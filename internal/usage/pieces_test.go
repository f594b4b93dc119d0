package usage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// narrow is a store that takes so many rows at once and no more, in time.
type narrow struct {
	*memory
	rows    int
	refuses error
}

func (s *narrow) AddUsage(ctx context.Context, b ledger.UsageBatch) error {
	if b.Rows() > s.rows {
		return s.refuses
	}
	return s.memory.AddUsage(ctx, b)
}

// TestNothingUsedIsForgotten: a store too slow for all at once is given less at
// once, until everything is written, once.
func TestNothingUsedIsForgotten(t *testing.T) {
	t.Parallel()
	slow := &narrow{memory: newMemory(), rows: 300, refuses: fmt.Errorf("%w: too slow", ledger.ErrStoreUnavailable)}
	w := newSlow(t, slow)
	const tokens = 4_000
	for i := range tokens {
		w.Record(w.use(i))
	}
	for range 1000 {
		if w.Flush(t.Context()) == nil {
			break
		}
	}
	w.store = slow.memory
	w.wants(map[api.Code]int64{api.CodeOK: tokens})
	last := 0
	for _, b := range slow.all() {
		last += len(b.Last)
	}
	if s := w.Stats(); last != tokens || s.Dropped != 0 || s.Coalesced != 0 || s.Failed == 0 {
		t.Errorf("%d last uses were written; %+v", last, s)
	}
}

// TestAPieceThatMayHaveBeenTakenKeepsItsName: it is not split, whatever is
// answered later, or what it says would count twice.
func TestAPieceThatMayHaveBeenTakenKeepsItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 1000 {
		w.Record(w.use(i))
	}
	for _, answers := range [][2]error{
		{nil, ledger.ErrOutcomeUnknown}, {ledger.ErrStoreUnavailable, nil}, {errors.New("a value does not fit"), nil},
	} {
		w.store.set(answers[0], answers[1])
		if w.Flush(t.Context()) == nil {
			t.Fatal("written")
		}
	}
	w.store.set(nil, nil)
	w.flush()
	w.wants(map[api.Code]int64{api.CodeOK: 1000})
}

// TestARowThatIsRefusedTakesFewWithIt: what the store will never take is found
// by halves, and what stands beside it is written.
func TestARowThatIsRefusedTakesFewWithIt(t *testing.T) {
	t.Parallel()
	poisoned := &poison{memory: newMemory()}
	w := newSlow(t, poisoned)
	for i := range 5000 {
		u := w.use(i)
		if i == 3333 {
			u.Agent = "poison"
		}
		w.Record(u)
	}
	for range 10 {
		if w.Flush(t.Context()) == nil {
			break
		}
	}
	last := 0
	for _, b := range poisoned.all() {
		last += len(b.Last)
	}
	if s := w.Stats(); last < 4950 || last == 5000 || s.Dropped == 0 || s.Dropped > 200 {
		t.Errorf("%d of 5000 last uses were written, %d facts dropped", last, s.Dropped)
	}
}

// poison is a store that does not take one agent.
type poison struct{ *memory }

func (s *poison) AddUsage(ctx context.Context, b ledger.UsageBatch) error {
	for _, l := range b.Last {
		if l.Agent == "poison" {
			return errors.New("a value does not fit")
		}
	}
	for _, a := range b.Activity {
		if a.Agent == "poison" {
			return errors.New("a value does not fit")
		}
	}
	return s.memory.AddUsage(ctx, b)
}

func TestWhatAShutdownCannotWriteIsCounted(t *testing.T) {
	t.Parallel()
	slow := &narrow{memory: newMemory(), refuses: ledger.ErrStoreUnavailable}
	w := newSlow(t, slow)
	for i := range 10 {
		w.Record(w.use(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.Shutdown(ctx)
	if s := w.Stats(); err == nil || s.Dropped != 40 { // when, how often, by what right, how: each told of each token
		t.Errorf("%v, %+v", err, s)
	}
}
