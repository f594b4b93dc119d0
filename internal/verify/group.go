package verify

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Counter counts limits for all nodes together. It may be called by several goroutines.
type Counter interface {
	// Count counts charges, each of which consumes from both of its limits or from
	// neither, in their order. An error, of all or in the Err of one, means that nobody
	// knows what was consumed.
	Count(ctx context.Context, batch []*Charge) error
}

// Charge is one request at limits that all nodes count together.
type Charge struct {
	Token       token.Locator
	Workspace   int64
	Own, Shared Count
	Cost        int64
	// Look decides and consumes nothing.
	Look bool
	// Err is why this one could not be counted.
	Err error
}

// Count is one limit of a charge, and what was counted.
type Count struct {
	// On is false where the limit is not there, or not counted together.
	On bool
	// Requests find room, one of which drains every Step.
	Requests int64
	Step     time.Duration
	// Used is how long what is used takes to drain, with the request where it Fits both.
	Used time.Duration
	Fits bool
}

// Room decides about a charge by how long what is used of its limits takes to drain.
func (c *Charge) Room(own, shared time.Duration) (ok bool) {
	c.Own.room(own, c.Cost)
	c.Shared.room(shared, c.Cost)
	ok = (c.Own.Fits || !c.Own.On) && (c.Shared.Fits || !c.Shared.On)
	if ok && !c.Look {
		c.Own.Used += time.Duration(c.Cost) * c.Own.Step
		c.Shared.Used += time.Duration(c.Cost) * c.Shared.Step
	}
	return ok
}

func (c *Count) room(used time.Duration, cost int64) {
	l := level{rate: rate{c.On, c.Requests, int64(c.Step)}, part: part{burst: c.Requests, step: int64(c.Step)}}
	l.backlog = min(max(int64(used), 0), l.full())
	c.Used, c.Fits = time.Duration(l.backlog), l.fits(cost)
}

const (
	// chargesAtOnce is how many are counted by one call, chargesWaiting how many wait for
	// their turn at most.
	chargesAtOnce  = 512
	chargesWaiting = 16 * chargesAtOnce
)

var errCounterBusy = errors.New("verify: too many verifications wait to be counted")

// group counts what comes while others are being counted by one call.
type group struct {
	counter Counter
	// lanes is how many calls there are at once; each takes no longer than timeout.
	lanes   int
	timeout time.Duration

	mu      sync.Mutex // guards what follows
	waiting []*counting
	running int
}

type counting struct {
	charge *Charge
	done   chan error // of one
}

// count waits until a charge is counted. One that is given up may be counted yet.
func (g *group) count(ctx context.Context, c *Charge) error {
	w := &counting{c, make(chan error, 1)}
	g.mu.Lock()
	if len(g.waiting) >= chargesWaiting {
		g.mu.Unlock()
		return errCounterBusy
	}
	g.waiting = append(g.waiting, w)
	g.start()
	g.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, g.timeout, errCounterSlow)
	defer cancel()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		g.leave(w)
		return context.Cause(ctx)
	}
}

// leave takes one away that is not being counted.
func (g *group) leave(w *counting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, x := range g.waiting {
		if x == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
}

// start begins a lane if one is free; the lock is held.
func (g *group) start() {
	if g.running < g.lanes && len(g.waiting) > 0 {
		g.running++
		go g.run()
	}
}

// run counts until nothing waits.
func (g *group) run() {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), chargesAtOnce)
		if n == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		now := g.waiting[:n:n]
		g.waiting = g.waiting[n:]
		g.mu.Unlock()
		g.send(now)
	}
}

func (g *group) send(now []*counting) {
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	batch := make([]*Charge, len(now))
	for i, w := range now {
		batch[i] = w.charge
	}
	err := g.counter.Count(ctx, batch)
	for _, w := range now {
		w.done <- cmp.Or(err, w.charge.Err)
	}
}
