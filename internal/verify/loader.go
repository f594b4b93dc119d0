package verify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
)

// maxReads is how often one flight reads when changes keep overtaking it.
const maxReads = 5

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
// while a flight is registered marks it, and the flight does not land with what
// is older. One that is applied before was committed before the flight's first
// reading. One that is applied after it landed drops what it put into memory.
//
// Why a waiter gets nothing older than itself. It joined while the flight was on
// the register, so the flight landed after the waiter had begun, and with all
// that was applied until then.
type loader[K comparable, V, R any] struct {
	mu      *sync.Mutex   // the engine's; guards flights, and what recall and keep touch
	gate    chan struct{} // holds one element for each flight
	timeout time.Duration
	count   *counts

	read func(context.Context, K) (V, int64, error)
	// recall looks into memory, keep puts what was read there. Both are called
	// with the lock held; keep is told whether there is such a row.
	recall func(K) (R, bool)
	keep   func(k K, v V, exists bool) R

	flights map[K]*flight[R]
}

// counts is what the loaders of an engine count; guarded by its lock.
type counts struct {
	// applied is the newest revision that was applied: no reading may be older.
	applied        int64
	fills, dropped int64
}

// flight is one key being read.
type flight[R any] struct {
	// least is the revision that the result has to have; stale says that the
	// reading under way counts for nothing whatever its revision.
	least int64
	stale bool

	landed  chan struct{}   // closed once result and err are set
	expired <-chan struct{} // closed when it has taken too long, and after landing
	result  R
	err     error
}

// get returns what is known under a key. An error means that it cannot be told now.
func (l *loader[K, V, R]) get(ctx context.Context, k K) (R, error) {
	r, f, known := l.look(k)
	if known {
		return r, nil
	}
	if f == nil {
		if err := l.enter(ctx); err != nil {
			return r, unavailable(err)
		}
		if r, f, known = l.begin(ctx, k); known {
			return r, nil
		}
	}
	r, err := f.wait(ctx)
	if err != nil {
		return r, unavailable(err)
	}
	return r, nil
}

func unavailable(cause error) error {
	return api.Errorf(api.CodeUnavailable, "the token cannot be checked now").Wrap(cause)
}

func (l *loader[K, V, R]) look(k K) (R, *flight[R], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := l.recall(k)
	return r, l.flights[k], known
}

// enter waits for a place among the flights.
func (l *loader[K, V, R]) enter(ctx context.Context) error {
	select {
	case l.gate <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(l.timeout)
	defer timer.Stop()
	select {
	case l.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errTimeout
	}
}

func (l *loader[K, V, R]) leave() { <-l.gate }

// begin registers a flight and starts it, unless somebody was faster.
func (l *loader[K, V, R]) begin(ctx context.Context, k K) (R, *flight[R], bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, known := l.recall(k)
	f := l.flights[k]
	if known || f != nil {
		l.leave()
		return r, f, known
	}
	// Others will wait for this flight, so it does not end with the first caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.timeout)
	f = &flight[R]{least: l.count.applied, landed: make(chan struct{}), expired: ctx.Done()}
	l.flights[k] = f
	go func() {
		defer cancel()
		defer l.leave()
		l.fly(ctx, k, f)
	}()
	return r, f, false
}

func (l *loader[K, V, R]) fly(ctx context.Context, k K, f *flight[R]) {
	for range maxReads {
		v, revision, err := l.read(ctx, k)
		if l.land(k, f, v, revision, err) {
			return
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish(k, f, errOvertaken)
}

// land ends the flight with what was read; false when that is too old.
func (l *loader[K, V, R]) land(k K, f *flight[R], v V, revision int64, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.fills++
	missing := errors.Is(err, ErrNotFound)
	if err != nil && !missing {
		l.finish(k, f, err)
		return true
	}
	if f.stale || revision < f.least {
		l.count.dropped++
		f.stale = false
		return false
	}
	f.result = l.keep(k, v, !missing)
	l.finish(k, f, nil)
	return true
}

func (l *loader[K, V, R]) finish(k K, f *flight[R], err error) {
	f.err = err
	delete(l.flights, k)
	close(f.landed)
}

func (f *flight[R]) wait(ctx context.Context) (R, error) {
	var none R
	select {
	case <-f.landed:
		return f.result, f.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-f.expired:
	}
	// A flight expires after landing too.
	select {
	case <-f.landed:
		return f.result, f.err
	default:
		return none, errTimeout
	}
}

// mark is called with the lock held, for a change that touches the key. A change
// without a revision is newer than every reading under way.
func (l *loader[K, V, R]) mark(k K, revision int64) {
	if f := l.flights[k]; f != nil {
		f.mark(revision)
	}
}

func (l *loader[K, V, R]) markAll() {
	for _, f := range l.flights {
		f.mark(0)
	}
}

func (f *flight[R]) mark(revision int64) {
	f.least = max(f.least, revision)
	f.stale = f.stale || revision == 0
}
