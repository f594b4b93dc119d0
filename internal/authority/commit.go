package authority

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

const (
	// maxBatch is how many mutations share one commit at the most.
	maxBatch = 128
	// holdFor is how long a batch goes on taking mutations once it has the lock:
	// what came meanwhile goes into the next, after a commit.
	holdFor = 20 * time.Millisecond
	// TurnTime is how long a change waits for its turn. What order the limits of a
	// request have to each other is said, and tested, in the package server.
	TurnTime = 10 * time.Second
	// BatchTime bounds a batch until its commit is sent.
	BatchTime = 12 * time.Second
)

// ErrUnchanged ends a mutation of which nothing is kept: it was only asked for, or it
// found nothing to do. It is undone, takes no revision, and is no error to whoever called.
var ErrUnchanged = ledger.ErrUnchanged

// errMissing ends a mutation that needs what has to be worked out first.
var errMissing = errors.New("authority: not worked out yet")

// mutation is one verb's change on its way to a commit.
type mutation struct {
	ctx      context.Context
	effect   Effect
	turn     turn
	since    time.Time // when it began to wait
	run      func(ledger.Tx) error
	revision int64
	touched  ledger.Touched
	// waits says that the answer waits for every node.
	waits bool
	err   error
	// told receives once: true asks this waiter to lead, false says that the
	// mutation was answered.
	told chan bool
	// answered says that err stands. It is the leader's until told.
	answered bool
}

func (m *mutation) revisionOr(err error) (int64, error) {
	if errors.Is(err, ErrUnchanged) {
		return m.revision - 1, nil
	}
	if err != nil {
		return 0, err
	}
	return m.revision, nil
}

// concerns are the workspaces of which a verification could be wrong before it. What
// touched nothing has seen what another did, wherever that was.
func (m *mutation) concerns() ledger.Spaces {
	if m.touched.IsZero() {
		return ledger.Spaces{All: true}
	}
	return m.touched.Spaces()
}

// apply is the mutation as the store runs it; whoever gave up before its turn
// has changed nothing.
func (m *mutation) apply(tx ledger.Tx) error {
	if m.ctx.Err() != nil {
		return late(m.ctx)
	}
	return m.run(tx)
}

// late is the answer to whoever left, or had to, before its turn came.
func late(ctx context.Context) error {
	return busy("the change did not get its turn in time, and nothing was changed").Wrap(ctx.Err())
}

// busy refuses for lack of time, before anything was changed.
func busy(why string) *api.Error {
	e := api.Errorf(api.CodeBusy, "%s", why)
	e.RetryAfter = time.Second
	return e
}

// committer groups mutations that wait at the same time into one commit. No
// goroutine of its own: whoever finds nobody leading leads until its own mutation
// is answered, and hands the lead to whoever is next then.
//
// A batch is filled while it runs: each mutation is taken when the one before is
// done, so that one that takes power away goes next however many wait.
type committer struct {
	store     ledger.Store
	now       func() time.Time
	waited    func(effect string, d time.Duration)
	observers []Observer
	fence     Fence

	mu sync.Mutex // guards queue and led
	// queue is what waits.
	queue queue
	// led says that somebody leads now.
	led bool
	// unsure says that an earlier commit may have landed after memory was told to
	// drop everything. Whoever leads has it; the next batch that commits settles
	// it, because it waited for the same lock.
	unsure bool
}

// do returns once m was committed, and told to every observer, or failed, or its
// context ended before its turn.
func (c *committer) do(m *mutation) error {
	m.told = make(chan bool, 1)
	var cancel context.CancelFunc
	m.ctx, cancel = context.WithTimeout(m.ctx, TurnTime)
	defer cancel()
	m.since = c.now()
	c.mu.Lock()
	if !c.queue.add(m) {
		c.mu.Unlock()
		return busy("too many changes of this workspace or person wait for their turn already; send fewer at once")
	}
	lead := !c.led
	c.led = true
	c.mu.Unlock()
	if lead || c.wait(m) {
		c.lead(m)
	}
	if revision, err := m.revisionOr(m.err); err == nil && m.waits {
		c.fence.Await(revision, m.concerns()) // behind the commit, and in nobody's way
	}
	return Public(m.err)
}

// wait returns when m was answered, or with true when it is to lead.
func (c *committer) wait(m *mutation) (lead bool) {
	select {
	case lead := <-m.told:
		return lead
	case <-m.ctx.Done():
	}
	c.mu.Lock()
	// Asked to lead or answered meanwhile: told is sent under mu.
	asked := len(m.told) > 0
	left := !asked && c.queue.leave(m)
	c.mu.Unlock()
	if left {
		m.err = late(m.ctx)
		return false
	}
	return <-m.told // it is in a batch, whose end decides
}

// lead commits batches until m was answered, and passes on the lead.
func (c *committer) lead(m *mutation) {
	for !m.answered {
		batch := c.commit()
		c.mu.Lock()
		for _, done := range batch {
			done.answered = true
			if done != m {
				done.told <- false
			}
		}
		if m.ctx.Err() != nil && c.queue.leave(m) {
			m.answered, m.err = true, late(m.ctx)
		}
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.queue.first(c.now())
	if c.led = next != nil; c.led {
		next.told <- true
	}
}

// batch is what was taken into one commit.
type batch struct {
	c     *committer
	taken []*mutation
	// began is when the first was taken, with the lock held; withdraws says that
	// one of them takes power away.
	began     time.Time
	withdraws bool
}

// next takes the mutation whose turn it is; nil when none waits.
func (b *batch) next() *mutation {
	now := b.c.now()
	b.c.mu.Lock()
	m := b.c.queue.take(now)
	b.c.mu.Unlock()
	if m == nil {
		return nil
	}
	b.c.waited(m.effect.String(), now.Sub(m.since))
	if len(b.taken) == 0 {
		b.began = now
	}
	b.taken, b.withdraws = append(b.taken, m), b.withdraws || m.effect == Takes
	return m
}

// goesOn says whether the batch takes another one. Whoever takes power away
// waits for nobody who gives.
func (b *batch) goesOn() bool {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	switch {
	case b.c.queue.empty(), b.c.now().Sub(b.began) >= holdFor:
		return false
	}
	return b.c.queue.urgent() || !b.withdraws
}

// step runs the next mutation under the lock.
func (b *batch) step(tx ledger.Tx) error {
	m := b.next()
	if m == nil { // whoever waited has left
		tx.Last()
		return ErrUnchanged
	}
	err := m.apply(tx)
	if !b.goesOn() {
		tx.Last()
	}
	return err
}

// commit applies a batch, tells the observers what it touched, and answers what
// was in it, with each mutation's err. It begins when something waits.
func (c *committer) commit() []*mutation {
	ctx, cancel := context.WithTimeout(context.Background(), BatchTime)
	defer cancel()
	b := &batch{c: c}
	commit := c.store.Batch
	if c.hurries() {
		commit = c.store.BatchNext
	}
	errs, err := commit(ctx, slices.Repeat([]func(ledger.Tx) error{b.step}, maxBatch))
	if err != nil && len(b.taken) == 0 { // no lock: whoever waits now is told
		for range maxBatch {
			b.next()
		}
	}
	unknown := errors.Is(err, ledger.ErrOutcomeUnknown)
	var change ledger.Change
	change.Touched.All = unknown || c.unsure
	c.unsure = unknown || c.unsure && err != nil
	for i, m := range b.taken {
		if m.err = err; err == nil {
			m.err = errs[i]
		}
		if m.err == nil && change.Revision == 0 {
			change.Base = m.revision - 1
		}
		if m.err == nil {
			change.Revision = m.revision
		}
		if m.err == nil || errors.Is(m.err, ErrUnchanged) {
			change.Touched.Add(m.touched)
		}
	}
	change.Touched = change.Touched.Bounded()
	c.tell(verify.ChangesOf(change))
	return b.taken
}

// hurries says whether the next batch begins with what takes power away: it goes before
// what other nodes have waiting.
func (c *committer) hurries() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.queue.first(c.now())
	return next != nil && next.effect == Takes
}

func (c *committer) tell(changes verify.Changes) {
	for _, o := range c.observers {
		o.Apply(changes)
	}
}

// Public turns what the store answers into errors with a code. What has a code
// already stays; what cannot be reached is unavailable.
func Public(err error) error {
	var known *api.Error
	switch {
	case err == nil || errors.As(err, &known) || errors.Is(err, ErrUnchanged) || errors.Is(err, errMissing):
		return err
	case errors.Is(err, ledger.ErrNoRow):
		return NotFound().Wrap(err)
	case errors.Is(err, ledger.ErrDuplicate):
		return api.Errorf(api.CodeAlreadyExists, "this name is taken").Wrap(err)
	case errors.Is(err, ledger.ErrOutcomeUnknown):
		return api.Errorf(api.CodeOutcomeUnknown, "the database did not confirm the change; look before you try again").Wrap(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return busy("the database did not answer in time, and nothing was changed").Wrap(err)
	case errors.Is(err, ledger.ErrStoreUnavailable):
		return api.Errorf(api.CodeUnavailable, "the database cannot be reached now").Wrap(err)
	}
	return api.AsError(err)
}

// NotFound is the refusal of what does not exist, and of what the caller may not know of.
func NotFound() *api.Error {
	return api.Errorf(api.CodeNotFound, "it does not exist, or you may not see it")
}

// OrDryRun undoes what went well when it was only to be tried.
func OrDryRun(err error, dryRun bool) error {
	if err == nil && dryRun {
		return ErrUnchanged
	}
	return err
}
