package server

import (
	"context"
	"time"
)

const (
	// purgeEvery is how often is looked for what nobody keeps any longer.
	purgeEvery = time.Hour
	// purgeLook is how often the clock is asked whether it is time.
	purgeLook = time.Minute
	// purgePause is left to other changes after each that purges.
	purgePause = 50 * time.Millisecond
)

// purge deletes what is older than it is kept, now and then, until ctx ends. A
// failure is told and waits for the next time: nothing is wrong but that there
// is more than there need be.
func (c *Core) purge(ctx context.Context) {
	var last time.Time
	for ctx.Err() == nil {
		if now := c.Now(); last.IsZero() || now.Sub(last) >= purgeEvery {
			last = now
			done, err := c.Authority.Purge(ctx, pause)
			if err != nil && ctx.Err() == nil {
				c.Logger.Error("what is older than it is kept could not be purged", "error", err)
			}
			if err := c.Authority.EndGiven(ctx); err != nil && ctx.Err() == nil {
				c.Logger.Error("tokens of rules of trust that were changed could not be ended", "error", err)
			}
			if done.AuditEvents+done.Tokens+done.Members+done.ServiceAccounts+done.Workspaces > 0 {
				c.Logger.Info("purged what is older than it is kept", "audit_events", done.AuditEvents, "tokens", done.Tokens,
					"members", done.Members, "service_accounts", done.ServiceAccounts, "workspaces", done.Workspaces)
			}
		}
		_ = wait(ctx, purgeLook) // the loop looks itself
	}
}

func pause(ctx context.Context) error { return wait(ctx, purgePause) }

// wait answers why it did not wait so long.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
