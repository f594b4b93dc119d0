package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

const (
	// Longest bounds a lease with its staleness: nobody's wait is longer.
	Longest = 30 * time.Second
	// renewals is how many a lease has room for: all but the last may be lost.
	renewals = 4
	// deafPoll is how often a node looks for changes that nobody can wake; tryAgain is
	// left between two attempts to reach a database that fails.
	deafPoll = 25 * time.Millisecond
	tryAgain = 100 * time.Millisecond
	// keptChanges is how far behind a node may be and still learn what changed.
	keptChanges = 10_000
	// restEach is how long a wake waits after the last renewal, for each node: all of them together
	// renew no more than so often a second because something changed. A database that is kept
	// busier renews no lease in time.
	restEach = 250 * time.Microsecond
	// forgetEvery is how often older changes are deleted.
	forgetEvery = time.Minute
)

// Margin is what a waiter adds to the length of a lease for clocks that run at
// different speeds: 2 %, which is a hundred times what clocks do, and 20 ms.
func Margin(length time.Duration) time.Duration { return length/50 + 20*time.Millisecond }

// Observer is told what other nodes changed, in its order. It must not fail.
type Observer interface {
	Apply(verify.Changes)
}

// Clock is told what another clock shows, at some moment between when [Clock.Ran] was
// asked and when it is told.
type Clock interface {
	Ran() time.Duration
	Heard(shown time.Time, asked time.Duration)
}

// Sharer divides what limits let through among the nodes.
type Sharer interface {
	// Share is told who counts, before what a renewal gives counts.
	Share(ledger.Crowd)
	// MadeRoom answers for which arrivals there is room.
	MadeRoom() int64
}

// undivided is the sharer of whoever counts nothing.
type undivided struct{ crowd ledger.Crowd }

func (u *undivided) Share(c ledger.Crowd) { u.crowd = c }

func (u *undivided) MadeRoom() int64 { return u.crowd.Newest }

// unheard is the clock of whoever does not listen.
type unheard struct{}

func (unheard) Ran() time.Duration { return 0 }

func (unheard) Heard(time.Time, time.Duration) {}

// Config is what a Node is made of. Board, Rand, Timer and Length are required.
type Config struct {
	Board ledger.Nodes
	// Rand is a source of randomness for names.
	Rand io.Reader
	// Ticks is a clock that never stands still; nil is the machine's.
	Ticks func() time.Duration
	// Timer makes what fires once after a while, unless it is stopped before.
	Timer func(time.Duration) (fires <-chan time.Time, stop func() bool)
	// Length is how long a lease is. Staleness is how much longer
	// this node goes on without one; every change then waits so much longer for a node
	// that is silent.
	Length, Staleness time.Duration
	// Holder names the process for people.
	Holder string
	// Clock is told what the database's clock shows; nil is nobody.
	Clock Clock
	// Tells is what the row says of this node; nil is nothing. It is asked at each renewal.
	Tells func() ledger.Told
	// Learn is told of the rows that count, whenever they were read; nil is nobody. It
	// must not wait.
	Learn func([]ledger.Lease)
	// Logger is told what the operator should know; nil is silence.
	Logger *slog.Logger
}

// Node is one process among those of a database.
type Node struct {
	Lease
	Config
	waits   waits
	history history
	// replicas believe memory by this node's word; nil where there can be none.
	replicas *Replicas
	// saidBehind says that the row says that some are behind.
	saidBehind atomic.Bool
	// observers are told of changes; see Observe.
	observers []Observer
	// sharer is told who is there; see Divide.
	sharer Sharer

	// mine is the row; joined says that it was there when its last renewal was
	// answered. Both are Serve's alone, and so is point: what is applied.
	mine   ledger.Lease
	joined bool
	point  ledger.Point
	// known says that memory is of the history of point.
	known bool
	// still is what is known of the other rows; Serve's alone, and so are swept, when they
	// were looked at last, and place, which this node had among them then.
	still map[string]standing
	swept time.Duration
	place int
	// present is who is there by the last renewal, looked who was when the list was read.
	present, looked present
	// renewed is when a renewal was asked for last, forgot when old changes were deleted.
	renewed, forgot time.Duration
	// woken says that a wake came since.
	woken bool

	// serves says that Serve runs, applied what it has applied.
	serves  atomic.Bool
	applied atomic.Int64
	// number is that under which this node does what one does for all; 0 is not.
	number atomic.Int64

	wake   chan struct{} // holds one wake
	pull   chan struct{} // holds one wish to apply what is new, of which nobody has to be told
	notify chan struct{} // holds one wish to wake the others
	// hears says that a wake of another node reaches this one.
	hears atomic.Bool

	mu    sync.Mutex // guards state
	state State
}

// State is what is told of a node.
type State struct {
	// Nodes is how many are in the list.
	Nodes int
	// Applied is the revision up to which memory has every change.
	Applied int64
	// Runs says that this node does what one does for all.
	Runs bool
	// Hears says that wakes reach it; else it polls.
	Hears bool
	// Lost counts leases that were lost, Histories those whose history was another.
	Lost, Histories uint64
	// Err is why the last attempt to renew failed; nil when it did not.
	Err error
}

// New makes a node; it does nothing until it runs.
func New(c Config) (*Node, error) {
	if c.Ticks == nil {
		c.Ticks = Ticks
	}
	if c.Clock == nil {
		c.Clock = unheard{}
	}
	if c.Learn == nil {
		c.Learn = func([]ledger.Lease) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Length <= 0 || c.Length+c.Staleness > Longest {
		return nil, fmt.Errorf("cluster: a lease of %v with %v of staleness is none, or longer than %v, which is as long as anybody waits", c.Length, c.Staleness, Longest)
	}
	name, err := ident.New(c.Rand, "node_")
	if err != nil {
		return nil, err
	}
	n := &Node{
		Config: c, wake: make(chan struct{}, 1), pull: make(chan struct{}, 1), notify: make(chan struct{}, 1), still: map[string]standing{},
		sharer: &undivided{}, mine: ledger.Lease{Node: name, Length: c.Length + c.Staleness, Holder: c.Holder},
	}
	n.ticks = c.Ticks
	n.waits.more = make(chan struct{}, 1)
	return n, nil
}

// Observe adds an observer. It is for composition, before Serve.
func (n *Node) Observe(o Observer) { n.observers = append(n.observers, o) }

// Replicas makes the node one by whose word programs believe memory. It is for
// composition, before Serve, and behind the observer that is the engine.
func (n *Node) Replicas(r *Replicas) {
	n.replicas = r
	r.settled = func() {
		fill(n.waits.more)
		if n.saidBehind.Load() {
			n.wakeUp()
		}
	}
	n.Observe(r)
}

// behind is what replicas have not applied of what this node has.
func (n *Node) behind() ledger.Behind {
	if n.replicas == nil {
		return nil
	}
	return n.replicas.Behind()
}

// Divide sets who divides limits among the nodes. It is for composition, before Serve.
func (n *Node) Divide(s Sharer) { n.sharer = s }

// Hurry renews now, so that others learn what this node says of itself.
func (n *Node) Hurry() { n.wakeUp() }

// State answers how the node is.
func (n *Node) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.state
	s.Hears, s.Runs = n.hears.Load(), n.Runs() != 0
	return s
}

// Runs is the number under which this node does what one does for all; 0 while it does
// not, and while it has no lease.
func (n *Node) Runs() int64 {
	if n.Left() <= 0 {
		return 0
	}
	return n.number.Load()
}

// Serve holds a lease and applies what other nodes change, until ctx ends; it then
// leaves the list. Whoever calls it has stopped verifying by then, or does not mind
// that every verification is refused.
func (n *Node) Serve(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	beside.Go(func() { n.listen(ctx) })
	beside.Go(func() { n.wakeOthers(ctx) })
	n.serves.Store(true)
	for renews := true; ctx.Err() == nil; {
		err := n.turn(ctx, renews)
		n.tell(func(s *State) { s.Err, s.Applied = err, n.point.Revision })
		if err == nil && renews {
			n.tidy(ctx)
		}
		renews = n.pause(ctx, err)
	}
	n.end()
	n.serves.Store(false)
	if n.replicas != nil && n.replicas.Live() > 0 {
		return // they believe their memory still, so it is swept
	}
	leave, done := context.WithTimeout(context.WithoutCancel(ctx), n.Length)
	defer done()
	_ = n.Board.Leave(leave, n.mine.Node) // else it is swept
}

// tidy takes away what is over.
func (n *Node) tidy(ctx context.Context) {
	n.sweep(ctx)
	if now := n.ticks(); now-n.forgot >= forgetEvery {
		n.forgot = now
		err := n.aside(ctx, func(ctx context.Context) error { return n.Board.Forget(ctx, keptChanges) })
		if err != nil && ctx.Err() == nil {
			n.Logger.Warn("old changes could not be deleted", "error", err)
		}
	}
}

// pause waits for a wake, or until it is time, and says whether the next turn renews. A wake
// that comes soon after a renewal waits for others, so that one renewal answers them all.
func (n *Node) pause(ctx context.Context, err error) (renews bool) {
	for ctx.Err() == nil {
		next, wake := n.Length/renewals, n.wake
		if n.woken {
			next, wake = min(next, time.Duration(n.present.nodes)*restEach), nil
		}
		next -= n.ticks() - n.renewed
		if err == nil && next <= 0 {
			return true
		}
		d, renews := next, true
		switch {
		case err != nil:
			d = tryAgain
		case !n.hears.Load() && d > deafPoll:
			d, renews = deafPoll, false
		}
		fires, stop := n.Timer(d)
		select {
		case <-ctx.Done():
		case <-fires:
			stop()
			return renews
		case <-wake:
			n.woken = true
		case <-n.pull:
			stop()
			return false
		}
		stop()
	}
	return true
}

// turn applies what is new and renews the lease. An error leaves the lease as long as
// it is; the row is another then, since nobody knows what became of the renewal.
func (n *Node) turn(ctx context.Context, renews bool) error {
	if !n.joined {
		if err := n.join(ctx); err != nil {
			return err
		}
		return n.renew(ctx)
	}
	if err := n.catchUp(ctx, ledger.Point{}); err != nil && !renews {
		return err // else the renewal brings what is new, on a connection of its own
	}
	// A node that nobody can wake looks often, and says when it found something.
	if !renews && (n.hears.Load() || n.point.Revision == n.mine.Applied) {
		return nil
	}
	return n.renew(ctx)
}

// within bounds one question to the database. A renewal that is answered after the
// length of a lease is worth nothing.
func (n *Node) within(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, n.Length)
	defer cancel()
	return ask(ctx)
}

// aside is within for what must not cost a renewal its time.
func (n *Node) aside(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, n.Length/renewals)
	defer cancel()
	return ask(ctx)
}

func (n *Node) join(ctx context.Context) error {
	incarnation, err := ident.New(n.Rand, "")
	if err != nil {
		return err
	}
	n.mine.Told = n.told()
	mine := n.mine
	mine.Incarnation, mine.Was, mine.Renewal = incarnation, n.mine.Incarnation, 0
	if err := n.within(ctx, func(ctx context.Context) error { return n.Board.Join(ctx, mine) }); err != nil {
		return err
	}
	n.mine.Incarnation, n.mine.Renewal, n.joined = incarnation, 0, true // its name, which others read, stays
	return nil
}

// renew asks for a renewal and takes what it brings. The lease counts from before it
// was asked for, and only once all that it brought is applied.
func (n *Node) renew(ctx context.Context) error {
	n.mine.Applied, n.mine.Digest, n.mine.Behind = n.point.Revision, n.point.Digest, n.behind()
	n.mine.Told = n.told()
	n.saidBehind.Store(len(n.mine.Behind) > 0)
	room := n.mine.MadeRoom
	n.mine.MadeRoom = n.sharer.MadeRoom()
	asked, ran := n.ticks(), n.Clock.Ran()
	n.renewed, n.woken = asked, false
	var r ledger.Renewed
	err := n.within(ctx, func(ctx context.Context) (err error) {
		r, err = n.Board.Renew(ctx, n.mine)
		return err
	})
	if err != nil {
		n.joined = false
		if errors.Is(err, ledger.ErrLeaseLost) {
			n.end()
			n.tell(func(s *State) { s.Lost++ })
		}
		return err
	}
	n.mine.Renewal = r.Renewal
	n.Clock.Heard(r.Shown, ran)
	if !n.known || !r.Known || r.At != n.point.Digest {
		n.begin(r.Head)
	} else if err := n.apply(r.Changes, r.Head); err != nil {
		return err
	}
	if err := n.catchUp(ctx, r.Head); err != nil {
		return err
	}
	n.sharer.Share(r.Crowd)
	n.present = present{r.Crowd.Nodes, r.Crowd.Newest}
	n.extend(asked + n.mine.Length)
	if n.mine.MadeRoom != room {
		fill(n.notify) // somebody may wait for it
	}
	if n.mine.Renewal == 1 {
		n.wakeUp() // others wait until a new row says what it has applied
	}
	return nil
}

// begin drops all memory: what is read from now on is of the history of head.
func (n *Node) begin(head ledger.Point) {
	if n.known {
		n.end()
		n.Logger.Error("the database is not the one that was read before: a standby that had not everything, or a backup; everything is read anew",
			"applied", n.point.Revision, "found", head.Revision)
		n.tell(func(s *State) { s.Histories++ })
	}
	n.tellObservers(verify.Changes{All: true, Revision: head.Revision})
	n.point, n.known = head, true
	n.history.begin(head)
	n.applied.Store(head.Revision)
}

// errGap says that changes are missing between what is applied and what follows.
var errGap = errors.New("cluster: changes are missing that were not applied")

// apply applies changes that follow what is applied. They lead through the head, or they
// are of another history: another server may have told them than the one that renewed.
func (n *Node) apply(changes []ledger.Change, head ledger.Point) error {
	for _, c := range changes {
		through := c.Base < head.Revision && head.Revision <= c.Revision
		if c.Base != n.point.Revision || through && c.Point != head {
			n.known = false // everything is read anew at the next renewal
			return errGap
		}
		n.tellObservers(verify.ChangesOf(c))
		n.point = c.Point
		n.history.add(c.Point)
		n.applied.Store(c.Revision)
	}
	return nil
}

// catchUp reads changes until a head is applied; without one, as many as come at once.
func (n *Node) catchUp(ctx context.Context, head ledger.Point) error {
	for n.known && (head.Revision == 0 || n.point.Revision < head.Revision) {
		var changes []ledger.Change
		err := n.aside(ctx, func(ctx context.Context) (err error) {
			changes, err = n.Board.Changes(ctx, n.point)
			return err
		})
		if err != nil {
			return err
		}
		if len(changes) == 0 && head.Revision != 0 {
			return errGap
		}
		if err := n.apply(changes, head); err != nil || len(changes) == 0 {
			return err
		}
		if head.Revision == 0 {
			return nil // the renewal brings the rest
		}
	}
	return nil
}

func (n *Node) tellObservers(c verify.Changes) {
	for _, o := range n.observers {
		o.Apply(c)
	}
}

func (n *Node) tell(f func(*State)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f(&n.state)
}
