package verify

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Together says how limits are counted by all nodes together.
type Together struct {
	// Counter is who counts; nil is nobody.
	Counter Counter
	// All says that every limit is counted so; else those of long windows and of few
	// requests, once there are several nodes.
	All bool
	// Open says that a request which nobody could count is let through if it fits what
	// this node has counted by itself; else it is not answered.
	Open bool
	// Lanes is how many calls there are at once; 0 is one. Timeout bounds how long a
	// request waits; 0 is one second.
	Lanes   int
	Timeout time.Duration
	// Tell is told of the first error after it went well, and of nil when it does again;
	// nil is nobody.
	Tell func(error)
}

// together counts limits with the other nodes.
type together struct {
	group
	open bool
	tell func(error)
	// counted counts charges, failed those that nobody could count.
	counted, failed atomic.Uint64
	// row is how many failed one after the other, and tried when one was tried last, in
	// ns since 1970.
	row, tried atomic.Int64
}

const (
	// enough failures in a row are an outage: then one request is tried in tryEvery, and
	// the others do not wait.
	enough   = 3
	tryEvery = 100 * time.Millisecond
)

func newTogether(t Together) *together {
	if t.Timeout <= 0 {
		t.Timeout = time.Second
	}
	if t.Tell == nil {
		t.Tell = func(error) {}
	}
	return &together{group: group{counter: t.Counter, lanes: max(t.Lanes, 1), timeout: t.Timeout}, open: t.Open, tell: t.Tell}
}

// Tally is how limits are counted with the other nodes.
type Tally struct {
	// Counted and Failed count requests at limits. Away says that nobody counts now.
	Counted, Failed uint64
	Away            bool
}

// Tally answers the counts of now.
func (e *Engine) Tally() Tally {
	t := e.together
	return Tally{t.counted.Load(), t.failed.Load(), t.row.Load() >= enough}
}

var (
	errCounterSlow = errors.New("verify: it took too long to count a limit")
	errCounterAway = errors.New("verify: nobody counts limits now")
	errNoCounter   = errors.New("verify: a limit has to be counted by all nodes together, and nobody does")
)

// charge holds the request against its limits; most tokens have none.
func (e *Engine) charge(ctx context.Context, req *Request, b *binding, d *Decision) (api.Code, error) {
	if b.rates == nil {
		return api.CodeOK, nil
	}
	c := charge{
		token: d.Locator, workspace: b.where.ID, rates: *b.rates,
		cost: req.Cost, look: req.Peek, now: d.At.UnixNano(),
	}
	t, err := e.take(ctx, &c)
	if err != nil {
		return api.CodeUnavailable, unavailable(err)
	}
	if t.far() && t.ok() {
		if t, err = e.countTogether(ctx, c, t); err != nil {
			return api.CodeUnavailable, unavailable(err)
		}
	}
	d.TokenRate, d.WorkspaceRate = t.own.state(int64(req.Cost), t.fitsOwn), t.shared.state(int64(req.Cost), t.fitsShared)
	d.Rate = nearest(d.TokenRate, d.WorkspaceRate)
	switch {
	case t.ok():
		return api.CodeOK, nil
	case d.Rate.Exceeded:
		return api.CodeCostExceedsLimit, nil
	}
	return api.CodeRateLimited, nil
}

// take draws from this node's part of the limits, once it is known who counts.
func (e *Engine) take(ctx context.Context, c *charge) (t taken, err error) {
	if t = e.limits.take(c); !t.waits() || !t.ok() {
		return t, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.together.timeout, errCounterSlow)
	defer cancel()
	for err == nil && t.waits() && t.ok() {
		if err = e.limits.opened(ctx); err == nil {
			t = e.limits.take(c)
		}
	}
	return t, err
}

// countTogether asks for what fits here whether it fits with what others let through. What
// memory has is a part of that, so what does not fit here is refused without asking.
func (e *Engine) countTogether(ctx context.Context, c charge, t taken) (taken, error) {
	if t.flies() {
		defer e.limits.flying.Done()
	}
	if e.together.counter == nil {
		return t, errNoCounter
	}
	x := &Charge{
		Token: c.token, Workspace: c.workspace, Own: t.own.count(), Shared: t.shared.count(),
		Cost: int64(c.cost), Look: c.look,
	}
	err := e.together.try(ctx, x, c.now)
	switch {
	case err != nil && e.together.open && ctx.Err() == nil:
		return t, nil
	case err != nil:
		e.limits.refund(&c, &t, nil, nil)
		return t, err
	}
	if x.Own.On {
		t.fitsOwn = x.Own.Fits
	}
	if x.Shared.On {
		t.fitsShared = x.Shared.Fits
	}
	if t.ok() {
		t.drewOwn, t.drewShared = 0, 0 // they stay
	}
	e.limits.refund(&c, &t, &x.Own, &x.Shared)
	return t, nil
}

// count is a level as it is counted together.
func (l *level) count() Count {
	if !l.part.far {
		return Count{}
	}
	return Count{On: true, Requests: l.burst, Step: time.Duration(l.step)}
}

// try counts a charge, unless nobody counts.
func (t *together) try(ctx context.Context, c *Charge, now int64) error {
	last := t.tried.Load()
	away := now-last < int64(tryEvery) && now >= last || !t.tried.CompareAndSwap(last, now)
	if t.row.Load() >= enough && away {
		t.failed.Add(1)
		return errCounterAway
	}
	err := t.count(ctx, c)
	switch {
	case err == nil:
		t.counted.Add(1)
		if t.row.Load() != 0 && t.row.Swap(0) >= enough {
			t.tell(nil)
		}
	case !errors.Is(err, context.Canceled):
		t.failed.Add(1)
		if t.row.Add(1) == enough {
			t.tell(err)
		}
	}
	return err
}
