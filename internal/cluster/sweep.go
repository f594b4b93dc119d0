package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// standing is how long a row was seen to stand still.
type standing struct {
	incarnation string
	renewal     int64
	since       time.Duration
}

const (
	// sweepers is how many nodes, the first of the list, look for rows that stand still as
	// often as they renew. If all looked, a thousand nodes would read a million rows twice
	// a second, which costs a database more than all their renewals.
	sweepers = 8
	// restful is how many times as long as a lease the others leave between two looks:
	// they find out if the first ones die together.
	restful = 2
	// watchful is up to how many nodes each of them looks as soon as another arrived or
	// left, since what that one has matters to all: see [Config.Learn].
	watchful = 64
)

// present is who is there, as far as it can be told without the list.
type present struct {
	nodes  int
	newest int64
}

// sweepEvery is what a node at a place of the list, from 0 on, leaves between two looks.
func sweepEvery(place int, length time.Duration) time.Duration {
	if place < sweepers {
		return length / renewals
	}
	return restful * length
}

// sweep takes away rows that stood still for longer than their lease, and tells how
// many there are. The lease that such a row gave is over; one that is asked for and not
// answered yet finds no row.
func (n *Node) sweep(ctx context.Context) {
	other := n.present != n.looked && n.present.nodes <= watchful
	if !other && n.ticks()-n.swept < sweepEvery(n.place, n.Length) {
		return
	}
	there := n.present
	var leases []ledger.Lease
	asked := n.ticks()
	n.swept = asked
	err := n.aside(ctx, func(ctx context.Context) (err error) {
		leases, err = n.Board.Leases(ctx)
		return err
	})
	if err != nil {
		return // the next turn tells
	}
	n.looked = there
	n.tell(func(s *State) { s.Nodes = len(leases) })
	n.place = max(slices.IndexFunc(leases, func(l ledger.Lease) bool { return l.Node == n.mine.Node }), 0)
	defer n.claim(ctx)
	var over []ledger.Lease
	n.still, over = stood(n.still, leases, asked, n.ticks())
	n.Learn(slices.DeleteFunc(leases, func(l ledger.Lease) bool {
		return slices.ContainsFunc(over, func(o ledger.Lease) bool { return o.Node == l.Node })
	}))
	for _, l := range over {
		if l.Node == n.mine.Node {
			continue
		}
		err := n.aside(ctx, func(ctx context.Context) error { return n.Board.Sweep(ctx, l) })
		if err == nil {
			n.Logger.Warn("a node was silent for longer than its lease and does not count any more", "node", l.Holder, "renewals", l.Renewal)
		}
	}
}

// claim makes this node the one that does what one does for all, if there is none.
func (n *Node) claim(ctx context.Context) {
	var number int64
	err := n.aside(ctx, func(ctx context.Context) (err error) {
		number, err = n.Board.Run(ctx, n.mine.Node)
		return err
	})
	if err != nil {
		return // the number that it has is compared whenever it is used
	}
	if was := n.number.Swap(number); was == 0 && number != 0 {
		n.Logger.Info("this node sends webhooks and mails and purges from now on", "number", number)
	}
}

// stood says which rows stood still for too long, when they were read between asked
// and answered: what is seen for the first time stands since the answer, and stood
// until the question.
func stood(was map[string]standing, leases []ledger.Lease, asked, answered time.Duration) (now map[string]standing, over []ledger.Lease) {
	now = make(map[string]standing, len(leases))
	for _, l := range leases {
		s, known := was[l.Node]
		if !known || s.incarnation != l.Incarnation || s.renewal != l.Renewal {
			s = standing{l.Incarnation, l.Renewal, answered}
		}
		if asked-s.since >= l.Length+Margin(l.Length) {
			over = append(over, l)
		}
		now[l.Node] = s
	}
	return now, over
}

// Living answers the rows of nodes that live: it waits until those that were there when
// it asked first have been renewed, or stood still for longer than their lease. The
// latter, which cannot verify by it any more, it takes away.
func Living(ctx context.Context, board ledger.Nodes, ticks func() time.Duration, timer func(time.Duration) (<-chan time.Time, func() bool)) ([]ledger.Lease, error) {
	var still map[string]standing
	for {
		asked := ticks()
		leases, err := board.Leases(ctx)
		if err != nil {
			return nil, err
		}
		var over []ledger.Lease
		was := still
		still, over = stood(was, leases, asked, ticks())
		living := slices.DeleteFunc(slices.Clone(leases), func(l ledger.Lease) bool {
			before, known := was[l.Node]
			return !known || before == still[l.Node]
		})
		for _, l := range over {
			if err := board.Sweep(ctx, l); err != nil {
				return nil, err
			}
		}
		if len(living) > 0 || len(leases) == len(over) {
			return living, nil
		}
		fires, stop := timer(lastLook)
		select {
		case <-fires:
		case <-ctx.Done():
			stop()
			return nil, ctx.Err()
		}
	}
}
