package server

import (
	"context"
	"log/slog"

	"github.com/tokenry/tokenry/token"
)

// used is the first use of a string of another system whose hash is slow.
type used struct {
	token             token.Locator
	presented, direct string
}

// settlesWaiting is how many of them wait to be written; the next use of a string that
// found no room is its turn again.
const settlesWaiting = 256

// direct is [verify.Config.Direct].
func (c *Core) direct(l token.Locator, presented, direct string) {
	if c.watch == nil {
		return
	}
	select {
	case c.watch.settles <- used{l, presented, direct}:
	default:
	}
}

// settleImports writes what slow strings can be compared by from their first use on,
// until ctx ends.
func (s *Server) settleImports(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case u := <-s.watch.settles:
			if err := s.Authority.Settle(ctx, u.token, u.presented, u.direct); err != nil && ctx.Err() == nil {
				s.Logger.LogAttrs(ctx, slog.LevelWarn, "an imported token keeps its slow hash until it is used again",
					slog.String("locator", u.token.String()), slog.Any("error", err))
			}
		}
	}
}
