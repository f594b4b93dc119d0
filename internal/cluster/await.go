package cluster

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// firstLook and lastLook are between two looks at the list, at first and when it
	// takes long. Nobody can have applied at once what was just committed, so the first one
	// is that long after it.
	firstLook = 2 * time.Millisecond
	lastLook  = 20 * time.Millisecond
	// boundAfter is how long a wait goes on before it asks how long it may become.
	boundAfter = 5 * lastLook
)

// waits are those who wait for other nodes. No goroutine of its own: the first who
// waits looks for all, and hands that on when it need not wait any more.
type waits struct {
	mu    sync.Mutex // guards what follows
	all   []*wait
	looks bool
	// more holds one word that somebody began to wait.
	more chan struct{}
}

// wait is one who waits.
type wait struct {
	revision int64
	of       ledger.Spaces
	// since is when the change was visible for sure; until when nobody can decide by
	// anything older, whatever the list says. It is the longest of all until the list
	// was read.
	since, until time.Duration
	read         bool
	// told receives once: true asks to look, false says that it is over.
	told chan bool
}

// Await returns once every node, this one too, has applied a revision that is
// committed, or cannot decide by anything older any more; and so have their replicas, as far as
// it concerns what they see.
func (n *Node) Await(revision int64, of ledger.Spaces) {
	now := n.ticks()
	w := &wait{revision: revision, of: of, since: now, until: now + Longest + Margin(Longest), told: make(chan bool, 1)}
	fill(n.notify)
	fill(n.pull)
	n.waits.mu.Lock()
	n.waits.all = append(n.waits.all, w)
	look := !n.waits.looks
	n.waits.looks = true
	n.waits.mu.Unlock()
	if !look {
		fill(n.waits.more)
		look = <-w.told
	}
	if look {
		n.look(w)
	}
}

// look looks at the list until w is over, and hands on. Who begins to wait meanwhile is
// looked for no later than alone, and with those who wait already.
func (n *Node) look(w *wait) {
	pause, next := firstLook, w.since+firstLook
	for {
		for left := next - n.ticks(); left > 0; left = next - n.ticks() {
			fires, stop := n.Timer(left)
			select {
			case <-fires:
			case <-n.waits.more:
				pause, next = firstLook, min(next, n.ticks()+firstLook)
			}
			stop()
		}
		if n.lookOnce(w) {
			return
		}
		pause = min(pause*3/2, lastLook)
		next = n.ticks() + pause
	}
}

// lookOnce reads once who lacks what is waited for, and answers who is over; true when w is.
func (n *Node) lookOnce(w *wait) (over bool) {
	asked := n.ticks()
	waiting, patience := n.waiting(asked)
	ctx, cancel := context.WithTimeout(context.Background(), min(n.Length, patience))
	defer cancel()
	newest := int64(0) // who lacks any of what is waited for lacks this
	for _, w := range waiting {
		newest = max(newest, w.revision)
	}
	leases, err := n.Board.Lacking(ctx, newest, false)
	sure := false // what is answered by it has to be so, and what bounds a wait
	if err == nil && slices.ContainsFunc(waiting, func(w *wait) bool {
		return n.over(w, leases) || !w.read && asked-w.since >= boundAfter
	}) {
		leases, err = n.Board.Lacking(ctx, newest, true)
		sure = err == nil
	}
	now := n.ticks()
	n.waits.mu.Lock()
	defer n.waits.mu.Unlock()
	n.waits.all = slices.DeleteFunc(n.waits.all, func(x *wait) bool {
		done := now >= x.until
		if sure && x.since <= asked {
			x.bound(leases)
			done = done || n.over(x, leases)
		}
		switch {
		case done && x == w:
			over = true
		case done:
			x.told <- false
		}
		return done
	})
	if over {
		n.waits.looks = len(n.waits.all) > 0
		if n.waits.looks {
			n.waits.all[0].told <- true
		}
	}
	return over
}

// waiting are those who waited when a list was asked for, and how long the first of
// them need not look at the clock.
func (n *Node) waiting(asked time.Duration) (all []*wait, patience time.Duration) {
	n.waits.mu.Lock()
	defer n.waits.mu.Unlock()
	patience = Longest
	for _, w := range n.waits.all {
		patience = min(patience, max(w.until-asked, firstLook))
		if w.since <= asked {
			all = append(all, w)
		}
	}
	return all, patience
}

// over says whether this node and every other row has applied the revision.
func (n *Node) over(w *wait, leases []ledger.Lease) bool {
	if n.serves.Load() && n.applied.Load() < w.revision {
		return false
	}
	if n.behind().Of(w.revision, w.of) {
		return false
	}
	return !slices.ContainsFunc(leases, func(l ledger.Lease) bool {
		return l.Node != n.mine.Node && (l.Applied < w.revision || l.Behind.Of(w.revision, w.of))
	})
}

// bound learns from the first list that is sure how long the longest lease is of those that may
// be believed by without the change: a row that comes later began when it was visible.
func (w *wait) bound(leases []ledger.Lease) {
	if w.read {
		return
	}
	w.read = true
	var longest time.Duration
	for _, l := range leases {
		longest = max(longest, l.Length)
	}
	w.until = min(w.until, w.since+longest+Margin(longest))
}
