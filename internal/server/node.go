package server

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
)

const (
	// firstLease is how long a start waits for the first lease; without one it goes on
	// and is not ready.
	firstLease = 10 * time.Second
	// leaseLook is between two looks whether there is one.
	leaseLook = 5 * time.Millisecond
)

// openNode makes this process one of the nodes of its database, if there can be several.
func (c *Core) openNode() (err error) {
	board := c.store.Nodes()
	if board == nil {
		return nil
	}
	c.node, err = cluster.New(cluster.Config{Board: board, Rand: c.Rand, Timer: timer, Holder: c.Holder, Logger: c.Logger})
	return err
}

func timer(d time.Duration) (fires <-chan time.Time, stop func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// startNode begins to hold a lease, and waits for the first one.
func (s *Server) startNode(ctx context.Context) {
	if s.node == nil {
		return
	}
	s.node.Observe(s.watch.notifier)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.watch.node.Go(func() { s.node.Serve(running) })
	s.watch.leave = stop
	until, done := context.WithTimeout(ctx, firstLease)
	defer done()
	for s.node.Left() <= 0 && wait(until, leaseLook) == nil { // it is a start
	}
	if s.node.Left() <= 0 && ctx.Err() == nil {
		s.Logger.Warn("this node has no lease yet, and refuses verifications until it has; is a standby away that the database waits for?",
			"error", s.node.State().Err)
	}
}
