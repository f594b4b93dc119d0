package client

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
)

const (
	// askAgain is how often the server is asked about a request that lasts.
	askAgain = 15 * time.Second
	// lookAgain is how often a replica looks into its memory, which the feed keeps true.
	lookAgain = time.Second
)

// Recheck is how often the middleware asks again about the token of a request that
// is still being served, so that an open stream ends with its token. It is no use of
// the token and charges no limit. Without it that is every 15 seconds; a replica looks
// into its memory every second. Below 0 never asks: a stream then outlives its token.
func Recheck(every time.Duration) Need { return func(n *needs) { n.every = every } }

// recheck is how a token is asked about again.
type recheck struct {
	verify func(context.Context, api.VerifyRequest) (Result, error)
	every  time.Duration
}

// watch returns a context that ends when the token that q asks about stops being good.
// A request that is over before the first look costs a timer.
func (g *guard) watch(ctx context.Context, q api.VerifyRequest) (_ context.Context, stop func()) {
	if g.again.every < 0 {
		return ctx, func() {}
	}
	ctx, end := context.WithCancelCause(ctx)
	none := 0
	q.Peek, q.Cost = true, &none
	timer := time.AfterFunc(g.again.every, func() { g.look(ctx, q, end) })
	return ctx, func() {
		timer.Stop()
		end(nil)
	}
}

// look asks until the request is over. Two questions in a row without an answer end it
// too: nobody can say any more that its token is good.
func (g *guard) look(ctx context.Context, q api.VerifyRequest, end context.CancelCauseFunc) {
	for missed := 0; ; {
		result, err := g.ask(ctx, q, g.again.verify)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && !result.lasts():
			end(outward(result))
			return
		case err == nil:
			missed = 0
		default:
			if missed++; missed == 2 {
				end(err)
				return
			}
		}
		if sleep(ctx, g.again.every) != nil {
			return
		}
	}
}

// lasts says whether what the token let in may go on. A limit that is used up by other
// requests ends none that was let in.
func (r Result) lasts() bool {
	return r.Allowed || r.Code == api.CodeRateLimited || r.Code == api.CodeCostExceedsLimit
}
