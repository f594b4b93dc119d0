package store

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// ProbeTime bounds how long [Store.Writable] looks.
	ProbeTime = 2 * time.Second
	// spokenFor is how long a commit speaks for those that follow, and
	// failedFor how long a probe that failed does.
	spokenFor = 10 * time.Second
	failedFor = time.Second
)

// probes remember what is known of commits. However many ask, one probe runs.
type probes struct {
	mu sync.Mutex // guards what follows
	// committed is when the last commit was confirmed; zero when something failed
	// since.
	committed time.Time
	// last is the probe that runs or ran last; nil before the first.
	last *probe
}

// probe is one try to commit. What follows done stands when that is closed.
type probe struct {
	done  chan struct{}
	err   error
	ended time.Time
}

// Writable answers whether a change could be committed now: one was a moment ago,
// or one that changes nothing is. That takes the head row's lock, commits, and
// gives it back; it is given up after [ProbeTime].
func (s *Store) Writable(ctx context.Context) error {
	p := s.probe()
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*ProbeTime) // a disk that hangs is not interrupted
	defer cancel()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return failf(ledger.ErrStoreUnavailable, "nothing was committed in time")
	}
}

// probe answers the one that speaks for now, which may have to run first; nil when
// none is needed.
func (s *Store) probe() *probe {
	s.probes.mu.Lock()
	defer s.probes.mu.Unlock()
	now := s.now()
	if lately(now, s.probes.committed, spokenFor) {
		return nil
	}
	if p := s.probes.last; p != nil {
		select {
		case <-p.done:
			if p.err != nil && lately(now, p.ended, failedFor) {
				return p
			}
		default:
			return p
		}
	}
	p := &probe{done: make(chan struct{})}
	s.probes.last = p
	go func() {
		p.err = s.commitNothing()
		p.ended = s.now()
		s.settle(p.err)
		close(p.done)
	}()
	return p
}

// lately says that t was within d; a clock that was set back brings nothing near.
func lately(now, t time.Time, d time.Duration) bool {
	past := now.Sub(t)
	return !t.IsZero() && past >= 0 && past < d
}

// commitNothing commits the head row as it is.
func (s *Store) commitNothing() error {
	ctx, cancel := context.WithTimeout(context.Background(), ProbeTime)
	defer cancel()
	b, err := s.begin(ctx, inLine)
	if err != nil {
		return err
	}
	defer b.end()
	return b.commit()
}

// settle learns from how a batch or a probe ended: nil is a commit.
func (s *Store) settle(err error) {
	s.probes.mu.Lock()
	defer s.probes.mu.Unlock()
	switch {
	case err == nil:
		s.probes.committed = s.now()
	case errors.Is(err, ledger.ErrStoreUnavailable), errors.Is(err, ledger.ErrOutcomeUnknown):
		s.probes.committed = time.Time{}
	}
}
