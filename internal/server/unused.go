package server

import (
	"context"
	"time"
)

// unusedEvery is how often is looked for tokens that nobody uses. What somebody has said yes to
// is looked for at each look.
const unusedEvery = 6 * time.Hour

// disableUnused warns of tokens that nobody uses, and disables them, now and then, until ctx
// ends. A failure is told and waits for the next time.
func (c *Core) disableUnused(ctx context.Context) {
	var last time.Time
	for wait(ctx, purgeLook) == nil {
		run := c.Authority.DisableConfirmed
		if now := c.Now(); (last.IsZero() || now.Sub(last).Abs() >= unusedEvery) && !c.watch.recorder.Since().IsZero() {
			last, run = now, c.Authority.DisableUnused
		}
		did, err := run(ctx, pause)
		if err != nil && ctx.Err() == nil {
			c.Logger.Error("tokens that nobody uses could not be looked for everywhere", "error", err)
		}
		if did.Warned+did.TakenBack+did.Disabled > 0 {
			c.Logger.Info("looked for tokens that nobody uses", "warned", did.Warned, "taken_back", did.TakenBack, "disabled", did.Disabled, "waiting", did.Waiting)
		}
	}
}
