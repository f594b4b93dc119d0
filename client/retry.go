package client

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/tokenry/tokenry/api"
)

const (
	firstWait = 100 * time.Millisecond
	// longestWait is the longest that a call waits, unless the client was made with
	// another, because the server asks for it; whoever is asked for more is told at
	// once.
	longestWait = 30 * time.Second
)

// try runs f until it succeeds, until there is no point in trying again, or as
// often as the client may. The last error is the answer.
func (c *line) try(ctx context.Context, cl call, f func(context.Context) error) error {
	for n := 1; ; n++ {
		err := f(ctx)
		if err == nil || n >= c.attempts || !worthIt(cl, err) || ctx.Err() != nil {
			return err
		}
		wait := pause(n, err)
		if end, ok := ctx.Deadline(); wait > c.patience || ok && time.Until(end) < wait {
			return err
		}
		if c.sleep(ctx, wait) != nil {
			return err
		}
	}
}

// worthIt says whether the same call may do better later: the server is away or
// asks to wait, and sending the call again does no harm.
func worthIt(cl call, err error) bool {
	switch {
	case errors.Is(err, api.CodeBusy):
		return true // nothing was changed
	case errors.Is(err, api.CodeOutcomeUnknown):
		return cl.key != "" // else it may be done twice, or undo what came after it
	case errors.Is(err, api.CodeUnavailable), errors.Is(err, api.CodeRateLimited):
		return cl.again || neverSent(err)
	}
	return false
}

// neverSent says whether there was no connection to send the call through.
func neverSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// pause is how long to wait before the next attempt: what the server asks for,
// else twice as long each time, spread so that many clients do not come back
// together.
func pause(n int, err error) time.Duration {
	if e, ok := errors.AsType[*api.Error](err); ok && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	base := firstWait << min(n-1, 5)
	return base/2 + time.Duration(time.Now().UnixNano())%(base/2+1) // the clock's last digits spread well enough
}

// sleep waits, or returns when the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
