package server

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/tally"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/internal/verify"
)

// together is how limits are counted with other nodes: in Redis all, else in the database
// those that are not shared.
func (c *Core) together() (t verify.Together, err error) {
	switch {
	case !c.serving:
	case !c.config.Limits.IsZero():
		if c.tally, err = tally.Open(c.config.Limits.Reveal()); err != nil {
			return t, fmt.Errorf("limits: %w", err)
		}
		t = verify.Together{Counter: c.tally, All: true, Open: c.config.LimitsOutage == "open", Lanes: tally.Lanes, Timeout: tally.Timeout}
	case c.node != nil:
		t.Counter = verify.Booked{Meters: c.store.SharedMeters()}
	}
	t.Tell = c.uncounted
	return t, nil
}

// uncounted tells that limits are not counted, and when they are again.
func (c *Core) uncounted(err error) {
	if err == nil {
		c.Logger.Info("rate limits are counted by all nodes together again")
		return
	}
	c.Logger.Error("rate limits cannot be counted by all nodes together", "outage", c.config.LimitsOutage, "error", err)
}

// divide makes this node one of those that limits are divided among.
func (c *Core) divide() {
	if c.node == nil || !c.serving || c.tally != nil {
		return
	}
	c.Engine.Divide()
	c.sharing = &sharing{engine: c.Engine, recorder: c.watch.recorder, node: c.node, turn: make(chan struct{}, 1)}
	c.node.Divide(c.sharing)
}

// sharing does what takes time when the number of nodes changes: what a node counted
// alone is written before others count, and read again when it is alone.
type sharing struct {
	engine   *verify.Engine
	recorder *usage.Recorder
	node     *cluster.Node
	turn     chan struct{} // holds one reason to look
}

// Share is [cluster.Sharer].
func (s *sharing) Share(c ledger.Crowd) {
	s.engine.Share(c)
	select {
	case s.turn <- struct{}{}:
	default: // it is going to look
	}
}

// MadeRoom is [cluster.Sharer].
func (s *sharing) MadeRoom() int64 { return s.engine.MadeRoom() }

// shareAgain is left between two attempts to write what others wait for.
const shareAgain = 200 * time.Millisecond

// run looks whenever a list was seen, until ctx ends.
func (s *sharing) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.turn:
		}
		if s.engine.Crowded() {
			s.part(ctx)
		}
		if as, lonely := s.engine.Lonely(); lonely {
			if s.recorder.TakeBack(ctx) == nil { // else at the next renewal
				s.engine.Gathered(as)
			}
		}
	}
}

// part writes all while memory still counts alone, and then the rest while nothing is
// counted, so that the wait is short.
func (s *sharing) part(ctx context.Context) {
	if s.recorder.Flush(ctx) != nil {
		return // at the next renewal
	}
	s.engine.Part()
	for s.recorder.Flush(ctx) != nil {
		if wait(ctx, shareAgain) != nil {
			return // others go on waiting until this node has left
		}
	}
	s.engine.Parted()
	s.node.Hurry()
}
