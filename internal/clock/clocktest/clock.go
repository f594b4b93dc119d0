// Package clocktest is a clock for tests: it stands still until it is moved, so that
// nothing in them takes time or depends on it.
package clocktest

import (
	"sync"
	"time"
)

// Clock may be read and moved by any number of goroutines.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// New makes one that stands at a moment.
func New(at time.Time) *Clock { return &Clock{at: at} }

// Now is where it stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass moves it; a negative d moves it back.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
