package verify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
)

const (
	// maxReads is how often one flight reads when changes keep overtaking it.
	maxReads = 3
	// maxFlights is how many one caller waits for: it may have joined the first
	// too late, never the second.
	maxFlights = 2
)

var (
	errOvertaken = errors.New("verify: changes kept overtaking the reading")
	errTimeout   = errors.New("verify: the source did not answer in time")
)

// loader reads what memory does not hold: once for all who ask for the same key
// at a time, and only so many keys at once.
//
// Why nothing old can come back. Each of these happens in one piece under the
// lock: a flight is registered; a change is applied, which drops what memory
// holds of a key and marks the key's flight; a flight lands, which puts its
// result into memory and takes it off the register. So a change that is applied
// while a flight is registered marks it, and what is older does not get into
// memory. One that is applied before was committed before the flight's first
// reading. One that is applied after it landed drops what it put into memory.
//
// Why a waiter gets nothing older than itself. It joined while the flight was on
// the register. Had a change overtaken the reading under way before that, the
// waiter asks for the next one (see ticket); readings begin after what was
// applied before them. A change that comes later ran beside the waiter. So even a
// key that changes without a pause is answered, from readings that are not kept.
type loader[K comparable, V, R any] struct {
	mu      *sync.Mutex   // the engine's; guards flights, and what recall and keep touch
	gate    chan struct{} // holds one element for each flight
	timeout time.Duration
	count   *counts

	read func(context.Context, K) (V, int64, error)
	// recall looks into memory. keep makes the result of what was read and, if it
	// is fresh, puts it there; exists says whether there is such a row. Both are
	// called with the lock held.
	recall func(K) (R, bool)
	keep   func(k K, v V, exists, fresh bool) R

	flights map[K]*flight[R]
	// missed counts those who waited for a reading.
	missed int64
}

// counts is what the loaders of an engine count; guarded by its lock.
type counts struct {
	// applied is the newest revision that was applied: no reading may be older.
	applied int64
	// whole is the newest revision up to which nothing is missing: a batch of another
	// node may be committed before one of this node, and applied after it.
	whole          int64
	fills, dropped int64
}

// flight is one key being read.
type flight[R any] struct {
	// floor is what was applied when it was registered; a reading that is older
	// is the source's mistake. least is the revision that memory asks for.
	floor, least int64
	// reading counts them from 1. overtaken says that a change has come during
	// this one, stale that it was newer whatever the revision.
	reading          int
	overtaken, stale bool

	landed  chan struct{}   // closed once what follows is set
	expired <-chan struct{} // closed when it has taken too long, and after landing
	result  R
	err     error
	// last is the reading that result is of, beyond all when it was fresh.
	last int
}

// ticket is a waiter's claim: a result of this reading or a later one.
type ticket[R any] struct {
	*flight[R]
	need int
}

func (f *flight[R]) join() ticket[R] {
	if f == nil {
		return ticket[R]{}
	}
	t := ticket[R]{flight: f, need: f.reading}
	if f.overtaken {
		t.need++
	}
	return t
}

// get returns what is known under a key. An error means that it cannot be told now.
func (l *loader[K, V, R]) get(ctx context.Context, k K) (r R, err error) {
	for range maxFlights {
		var known bool
		if r, known, err = l.try(ctx, k); known {
			return r, nil
		}
		if !errors.Is(err, errOvertaken) {
			break
		}
	}
	return r, unavailable(err)
}

// try looks into memory, else waits for one flight.
func (l *loader[K, V, R]) try(ctx context.Context, k K) (R, bool, error) {
	r, t, known := l.look(k)
	if known {
		return r, true, nil
	}
	if t.flight == nil {
		if err := enter(ctx, l.gate, l.timeout); err != nil {
			return r, false, err
		}
		if r, t, known = l.begin(ctx, k); known {
			return r, true, nil
		}
	}
	r, err := t.wait(ctx)
	return r, err == nil, err
}

func unavailable(cause error) error {
	return api.Errorf(api.CodeUnavailable, "the token cannot be checked now").Wrap(cause)
}

func (l *loader[K, V, R]) look(k K) (R, ticket[R], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := l.recall(k)
	if !known {
		l.missed++
	}
	return r, l.flights[k].join(), known
}

// enter waits for a place among those who read; whoever got one gives it back.
func enter(ctx context.Context, gate chan<- struct{}, timeout time.Duration) error {
	select {
	case gate <- struct{}{}:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	select {
	case gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *loader[K, V, R]) leave() { <-l.gate }

// begin registers a flight and starts it, unless somebody was faster.
func (l *loader[K, V, R]) begin(ctx context.Context, k K) (R, ticket[R], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := l.recall(k)
	f := l.flights[k]
	if known || f != nil {
		l.leave()
		return r, f.join(), known
	}
	// Others will wait for this flight, so it does not end with the first caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
	f = &flight[R]{
		floor: l.count.applied, least: l.count.applied, reading: 1,
		landed: make(chan struct{}), expired: ctx.Done(),
	}
	l.flights[k] = f
	go func() {
		defer cancel()
		defer l.leave()
		for landed := false; !landed; {
			v, revision, err := l.read(ctx, k)
			landed = l.land(k, f, v, revision, err)
		}
	}()
	return r, f.join(), false
}

// land ends the flight with what was read; false asks for another reading.
func (l *loader[K, V, R]) land(k K, f *flight[R], v V, revision int64, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.fills++
	exists := !errors.Is(err, ErrNotFound)
	if err != nil && exists {
		l.finish(k, f, err)
		return true
	}
	fresh := revision >= f.least && !f.stale
	if !fresh {
		l.count.dropped++
		if f.reading < maxReads {
			f.reading++
			f.overtaken, f.stale = false, false
			return false
		}
	}
	if revision < f.floor {
		l.finish(k, f, errOvertaken)
		return true
	}
	f.result, f.last = l.keep(k, v, exists, fresh), f.reading
	if fresh {
		f.last = maxReads + 1
	}
	l.finish(k, f, nil)
	return true
}

func (l *loader[K, V, R]) finish(k K, f *flight[R], err error) {
	f.err = err
	delete(l.flights, k)
	close(f.landed)
}

func (t ticket[R]) wait(ctx context.Context) (R, error) {
	var none R
	select {
	case <-t.landed:
		return t.claim()
	case <-ctx.Done():
		return none, ctx.Err()
	case <-t.expired:
	}
	// A flight expires after landing too.
	select {
	case <-t.landed:
		return t.claim()
	default:
		return none, errTimeout
	}
}

func (t ticket[R]) claim() (R, error) {
	if t.err == nil && t.need > t.last {
		var none R
		return none, errOvertaken
	}
	return t.result, t.err
}

// mark is called with the lock held, for a change that touches the key. A change
// without a revision is newer than every reading under way.
func (l *loader[K, V, R]) mark(k K, revision int64) {
	if f := l.flights[k]; f != nil {
		f.mark(revision)
	}
}

func (l *loader[K, V, R]) markAll(revision int64) {
	for _, f := range l.flights {
		f.mark(revision)
	}
}

func (f *flight[R]) mark(revision int64) {
	f.least = max(f.least, revision)
	f.overtaken, f.stale = true, f.stale || revision == 0
}
