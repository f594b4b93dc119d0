package server

import (
	"context"
	"io/fs"
	"time"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/token"
)

// BoundsOf is boundsOf for tests.
func BoundsOf(cfg config.Config, descriptors int) (total, each, reserve int) {
	b := boundsOf(cfg, descriptors)
	return b.total, b.each, b.reserve
}

// Exposed is exposed for tests.
func Exposed(mode fs.FileMode, owner, self int) bool { return exposed(mode, owner, self) }

// CountNow counts what the metrics tell of the database.
func (s *Server) CountNow(ctx context.Context) { s.countOnce(ctx) }

// GiveBodies has bodies come for so long before they count as slow.
func (s *Server) GiveBodies(grace time.Duration) {
	s.bound.mu.Lock()
	s.bound.grace = grace
	s.bound.mu.Unlock()
}

// CurrentKey is the key that a command makes things under.
func (c *Core) CurrentKey() token.KeyID { return c.keys.Current() }
