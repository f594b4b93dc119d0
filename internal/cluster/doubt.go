package cluster

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Doubted answers what time it is for the nodes that live, if none of them goes by what
// the database's clock shows, give or take what nobody doubts; zero where one does, or there
// is none. A row that is far from that clock may be of a node that died long ago, so then each is waited
// for until it was renewed or stood still for longer than its lease. Nodes may hear of a
// step one after the other: while they are of two minds they are asked again, for as
// long as a lease may last.
func Doubted(ctx context.Context, board ledger.Nodes, near time.Duration, ticks func() time.Duration, timer func(time.Duration) (<-chan time.Time, func() bool)) (time.Time, error) {
	var still, first map[string]standing
	for begun := ticks(); ; {
		shown, err := board.Time(ctx)
		if err != nil {
			return time.Time{}, err
		}
		asked := ticks()
		leases, err := board.Leases(ctx)
		if err != nil {
			return time.Time{}, err
		}
		var over []ledger.Lease
		still, over = stood(still, leases, asked, ticks())
		if first == nil {
			first = still
		}
		m := mindsOf(leases, over, first, still, func(t time.Time) bool { return shown.Sub(t).Abs() > near })
		switch {
		case m.doubt.IsZero():
			return time.Time{}, nil
		case m.unsure == 0 && m.believe == 0:
			return m.doubt, nil
		case m.unsure == 0 && asked-begun >= m.longest:
			return time.Time{}, nil
		}
		fires, stop := timer(lastLook)
		select {
		case <-fires:
		case <-ctx.Done():
			stop()
			return time.Time{}, ctx.Err()
		}
	}
}

// minds is what the nodes of a list think of the database's clock.
type minds struct {
	// doubt is the latest time that one goes by that does not believe it.
	doubt time.Time
	// believe is how many do, unsure how many rows may be of nodes that are no more.
	believe, unsure int
	longest         time.Duration
}

func mindsOf(leases, over []ledger.Lease, first, still map[string]standing, far func(time.Time) bool) (m minds) {
	dead := make(map[string]bool, len(over))
	for _, l := range over {
		dead[l.Node] = true
	}
	for _, l := range leases {
		m.longest = max(m.longest, l.Length)
		doubts := l.Told != nil && l.Told.Goes != nil && far(*l.Told.Goes)
		switch {
		case dead[l.Node]:
			continue
		case first[l.Node] == still[l.Node]:
			m.unsure++
		case !doubts:
			m.believe++
		}
		if doubts && l.Told.Goes.After(m.doubt) {
			m.doubt = *l.Told.Goes
		}
	}
	return m
}
