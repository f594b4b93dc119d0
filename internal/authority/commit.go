package authority

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

const (
	// maxBatch is how many mutations share one commit at the most.
	maxBatch = 128
	// commitTimeout bounds one batch; whoever waits longer is told unavailable.
	commitTimeout = 20 * time.Second
)

// errDryRun ends a mutation that was only asked for: it is undone and answered
// as done.
var errDryRun = errors.New("authority: dry run")

// mutation is one verb's change on its way to a commit.
type mutation struct {
	ctx      context.Context
	effect   effect
	run      func(Tx) error
	revision int64
	touched  verify.Changes
	err      error
	// turn receives once: true asks this waiter to lead the next batch, false
	// says that the mutation was answered.
	turn chan bool
}

func (m *mutation) revisionOr(err error) (int64, error) {
	if errors.Is(err, errDryRun) {
		return m.revision - 1, nil
	}
	if err != nil {
		return 0, err
	}
	return m.revision, nil
}

// apply is the mutation as the store runs it; whoever gave up before its turn
// has changed nothing.
func (m *mutation) apply(tx Tx) error {
	if err := m.ctx.Err(); err != nil {
		return api.Errorf(api.CodeUnavailable, "the request ended before its turn").Wrap(err)
	}
	return m.run(tx)
}

// committer groups mutations that wait at the same time into one commit. No
// goroutine of its own: whoever finds nobody leading leads one batch and hands
// the lead to the first of those who queued meanwhile.
type committer struct {
	store     Store
	observers []Observer

	mu sync.Mutex // guards waiting and led
	// waiting are the mutations of the next batch, in their order.
	waiting []*mutation
	// led says that somebody leads a batch now.
	led bool
	// unsure says that an earlier commit may have landed after memory was told to
	// drop everything. Whoever leads has it; the next batch that commits settles
	// it, because it waited for the same lock.
	unsure bool
}

// do returns once m was committed, and told to every observer, or failed.
func (c *committer) do(m *mutation) error {
	m.turn = make(chan bool, 1)
	c.mu.Lock()
	c.waiting = append(c.waiting, m)
	lead := !c.led
	c.led = true
	c.mu.Unlock()
	if lead || <-m.turn {
		c.lead()
	}
	return public(m.err)
}

// lead commits one batch, which holds the leader's own mutation, and passes on
// the lead.
func (c *committer) lead() {
	c.mu.Lock()
	n := min(len(c.waiting), maxBatch)
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	c.mu.Unlock()

	c.commit(batch)

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.led = len(c.waiting) > 0; c.led {
		c.waiting[0].turn <- true
	}
	for _, m := range batch[1:] {
		m.turn <- false
	}
}

// commit applies the batch and tells the observers what it touched. The leader
// is always the first of its batch.
func (c *committer) commit(batch []*mutation) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	fs := make([]func(Tx) error, len(batch))
	for i, m := range batch {
		fs[i] = m.apply
	}
	errs, err := c.store.Batch(ctx, fs)
	unknown := errors.Is(err, ErrOutcomeUnknown)
	changes := verify.Changes{All: unknown || c.unsure}
	c.unsure = unknown || c.unsure && err != nil
	for i, m := range batch {
		if m.err = err; err == nil {
			m.err = errs[i]
		}
		if m.err == nil || errors.Is(m.err, errDryRun) {
			merge(&changes, m)
		}
	}
	c.tell(changes)
}

func merge(c *verify.Changes, m *mutation) {
	if m.err == nil {
		c.Revision = max(c.Revision, m.revision)
	}
	c.Tokens = append(c.Tokens, m.touched.Tokens...)
	c.Owners = append(c.Owners, m.touched.Owners...)
	c.Workspaces = append(c.Workspaces, m.touched.Workspaces...)
	c.AllWorkspaces = c.AllWorkspaces || m.touched.AllWorkspaces
	c.All = c.All || m.touched.All
}

func (c *committer) tell(changes verify.Changes) {
	for _, o := range c.observers {
		o.Apply(changes)
	}
}

// public turns what the store answers into errors with a code. What has a code
// already stays; what cannot be reached is unavailable.
func public(err error) error {
	var known *api.Error
	switch {
	case err == nil || errors.As(err, &known) || errors.Is(err, errDryRun):
		return err
	case errors.Is(err, ErrNoRow):
		return notFound().Wrap(err)
	case errors.Is(err, ErrDuplicate):
		return api.Errorf(api.CodeAlreadyExists, "this name is taken").Wrap(err)
	case errors.Is(err, ErrOutcomeUnknown):
		return api.Errorf(api.CodeUnavailable, "the database did not confirm the change; look before you try again").Wrap(err)
	case errors.Is(err, ErrStoreUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return api.Errorf(api.CodeUnavailable, "the database cannot be reached now").Wrap(err)
	}
	return api.AsError(err)
}

func notFound() *api.Error { return api.Errorf(api.CodeNotFound, "it does not exist, or not for you") }
