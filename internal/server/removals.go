package server

import (
	"context"
	"time"
)

const (
	// removalsEvery is how often is looked for what removals left to be rewritten.
	removalsEvery = time.Second
	// removalsPause is left to other changes after each piece.
	removalsPause = 10 * time.Millisecond
)

// finishRemovals rewrites what removals left, until ctx ends. A failure is told
// and waits for the next time: what was removed is gone all the same.
func (c *Core) finishRemovals(ctx context.Context) {
	pause := func(ctx context.Context) error { return wait(ctx, removalsPause) }
	for ctx.Err() == nil {
		if err := c.Authority.FinishRemovals(ctx, pause); err != nil && ctx.Err() == nil {
			c.Logger.Error("what a removal left could not be rewritten; it is tried again", "error", err)
		}
		_ = wait(ctx, removalsEvery) // the loop looks itself
	}
}
