package cluster

import (
	"sync/atomic"
	"time"
)

// Lease is until when a node may believe its memory. It is safe for use by many
// goroutines, takes no lock and allocates nothing.
type Lease struct {
	ticks func() time.Duration
	until atomic.Int64
}

// Stamp is the end of the lease of now; it is taken before memory is read.
func (l *Lease) Stamp() int64 { return l.until.Load() }

// Holds says whether a lease that was taken as a stamp holds still.
func (l *Lease) Holds(stamp int64) bool { return int64(l.ticks()) < stamp }

// Left is how long it holds still; 0 and less when it does not.
func (l *Lease) Left() time.Duration { return time.Duration(l.until.Load()) - l.ticks() }

func (l *Lease) extend(until time.Duration) { l.until.Store(max(l.until.Load(), int64(until))) }

func (l *Lease) end() { l.until.Store(0) }
