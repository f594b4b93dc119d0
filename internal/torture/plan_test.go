package torture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// lease is what the nodes have: its default.
	lease = 2 * time.Second
	nodes = 3
)

// fault is one thing that goes wrong.
type fault struct {
	// after is how long the one before is left alone.
	after time.Duration
	kind  string
	node  int
	// beside says that what follows does not wait until it is over.
	beside bool
	// last is how long it is so.
	last time.Duration
	// ahead is how far a clock is set.
	ahead time.Duration
}

func (f fault) String() string {
	text := fmt.Sprintf("%s, node %d, %v", f.kind, f.node, f.last.Round(time.Millisecond))
	if f.ahead != 0 {
		text += fmt.Sprintf(", with the clock set by %v", f.ahead)
	}
	return text
}

// What goes wrong. Those of the database are one at a time.
const (
	killed    = "a process is killed"
	rolled    = "a process is asked to stop, and another build takes its place"
	frozen    = "a process is stopped"
	cut       = "a link is cut"
	silent    = "a link is silent"
	deaf      = "a link brings nothing back"
	mute      = "a link sends nothing on"
	slow      = "a link is slow"
	late      = "a link brings back late what it held, and then nothing"
	swept     = "a node is silent and comes back, and is swept late"
	hostile   = "programs of another workspace renew, apply nothing, flood and read nothing"
	restarted = "the database crashes and starts"
	alone     = "the standby is away"
	clocksSet = "the clocks of the nodes' machines are set"
	clockSet  = "the database's clock is set"
	failover  = "the primary crashes, the standby takes over"
	twoHeads  = "the standby takes over, and the primary lives on"
	torn      = "the standby takes over, the primary lives on, and so does one node that sees it alone"
	restored  = "an old backup takes the place of the database"
)

// ofNodes and ofTheDatabase are what a plan draws from; it ends with one of takeovers.
var (
	ofNodes       = []string{killed, rolled, frozen, cut, silent, deaf, mute, slow, late, swept, hostile}
	ofTheDatabase = []string{restarted, alone, clockSet}
	takeovers     = []string{failover, twoHeads, torn, restored}
)

// plan draws faults until their time is over. Each kind comes before one comes again.
func plan(r *rand.Rand, length time.Duration, kinds []string) (all []fault) {
	var bag []string
	for at := time.Duration(0); at < length; {
		if len(bag) == 0 {
			for _, i := range r.Perm(len(kinds)) {
				bag = append(bag, kinds[i])
			}
		}
		f := fault{after: between(r, 500*time.Millisecond, 1500*time.Millisecond), kind: bag[0], node: r.IntN(nodes), beside: r.IntN(3) == 0}
		bag = bag[1:]
		f.last = f.draw(r)
		if f.kind == clockSet || f.kind == clocksSet {
			f.ahead = setBy(r)
		}
		at += f.after
		if !f.beside {
			at += f.last
		}
		all = append(all, f)
	}
	return all
}

// whole is a plan of everything, which ends with a takeover: there is one standby.
func whole(r *rand.Rand, length time.Duration) []fault {
	last := takeover(r, takeovers[r.IntN(len(takeovers))])
	kinds := slices.Concat(ofNodes, ofTheDatabase)
	if *clocksFlag {
		kinds = append(kinds, clocksSet)
	}
	return append(plan(r, length, kinds), last)
}

// takeover is the last fault of a plan. Every other new primary has a clock of its own.
func takeover(r *rand.Rand, kind string) fault {
	f := fault{after: time.Second, kind: kind, node: r.IntN(nodes), last: between(r, time.Second, 3*time.Second)}
	if kind == torn {
		f.last = between(r, 3*lease, 4*lease)
	}
	if kind != restored && r.IntN(2) == 0 {
		f.ahead = setBy(r)
	}
	return f
}

// setBy is how far a clock is set: by less than what is believed, or by more.
func setBy(r *rand.Rand) time.Duration {
	by := between(r, 10*time.Minute, 2*time.Hour).Round(time.Minute)
	if r.IntN(2) == 0 {
		return -by
	}
	return by
}

func (f fault) draw(r *rand.Rand) time.Duration {
	switch f.kind {
	case killed, rolled, clocksSet:
		return between(r, 0, lease*3/2)
	case clockSet, hostile:
		return between(r, lease, lease*5/2)
	case late:
		return between(r, lease*6/10, lease*9/10)
	case slow, alone:
		return between(r, lease/4, lease*3/2)
	}
	if r.IntN(3) == 0 { // shorter than a lease
		return between(r, lease/20, lease*9/10)
	}
	return between(r, lease, lease*9/4)
}

func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

// span is when a fault was.
type span struct {
	start, end int64
	what       string
}

// faults makes the plan true. Faults of nodes go on beside each other.
func (w *world) faults(ctx context.Context, all []fault) {
	var beside sync.WaitGroup
	defer beside.Wait()
	for _, f := range all {
		pause(ctx, f.after)
		if ctx.Err() != nil {
			return
		}
		start := w.now()
		switch f.kind {
		case clocksSet:
			w.clocksSet(ctx, f)
			w.spans.add(span{start, w.now(), f.String()})
		case restarted, alone, clockSet, failover, twoHeads, torn, restored:
			w.ofDatabase(ctx, f)
			w.spans.add(span{start, w.now(), f.String()})
		default:
			done := make(chan struct{})
			beside.Go(func() {
				defer close(done)
				n := w.nodes[f.node]
				n.suffers.Lock() // one thing at a time goes wrong with a node
				defer n.suffers.Unlock()
				start := w.now()
				w.ofNode(ctx, n, f)
				w.spans.add(span{start, w.now(), f.String()})
			})
			if !f.beside {
				<-done
			}
		}
	}
}

func (w *world) ofNode(ctx context.Context, n *node, f fault) {
	defer n.set(mood{})
	switch f.kind {
	case swept:
		w.sweptLate(ctx, n)
		return
	case hostile:
		w.attacked(ctx, n, f.last)
		return
	case killed:
		n.kill()
		pause(ctx, f.last)
		if err := n.start(); err != nil {
			w.Error(err)
		}
		return
	case rolled:
		if err := n.stop(); err != nil {
			w.Error(err)
		}
		n.args[0], n.other = n.other, n.args[0]
		pause(ctx, f.last)
		if err := n.start(); err != nil {
			w.Error(err)
		}
		return
	case frozen:
		n.signal(syscall.SIGSTOP)
		pause(ctx, f.last)
		n.signal(syscall.SIGCONT)
		return
	case cut:
		n.set(mood{shut: true})
	case silent:
		n.set(mood{up: true, down: true})
	case deaf:
		n.set(mood{down: true})
	case mute:
		n.set(mood{up: true})
	case slow:
		n.set(mood{delay: f.last / 50})
	case late:
		// What was asked for before is answered late; what comes after it never comes.
		n.set(mood{down: true})
		pause(ctx, f.last)
		n.set(mood{up: true})
		pause(ctx, 20*time.Millisecond)
		n.set(mood{down: true, up: true})
		pause(ctx, lease*3/2)
		return
	}
	pause(ctx, f.last)
}

func (w *world) ofDatabase(ctx context.Context, f fault) {
	primary, standby := w.servers[0], w.servers[1]
	if f.ahead != 0 && f.kind != clockSet {
		standby.Clock(w, f.ahead)
		pause(ctx, time.Second) // it learns of it
	}
	switch f.kind {
	case clockSet:
		primary.Clock(w, f.ahead)
		pause(ctx, time.Second+f.last)
		primary.Clock(w, 0)
	case restored:
		w.restored(ctx, f)
	case torn:
		w.torn(ctx, f)
	case restarted:
		primary.Stop(w, "immediate")
		pause(ctx, f.last/4)
		primary.Start(w)
	case alone:
		standby.Stop(w, "immediate")
		pause(ctx, f.last)
		standby.Start(w)
	case failover:
		primary.Stop(w, "immediate")
		standby.Promote(w)
	case twoHeads:
		standby.Promote(w)
		pause(ctx, f.last)
		primary.Stop(w, "immediate")
	}
}
