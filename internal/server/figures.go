package server

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Counting goes over all tokens that have not ended, so it is done beside the
// requests: once in figuresEvery, and never for more than one part in figuresShare
// of the time.
const (
	figuresEvery = time.Minute
	figuresShare = 20
	figuresTime  = 30 * time.Second
)

// counted are figures and when they were counted.
type counted struct {
	ledger.Figures
	at time.Time
}

// count counts again and again until ctx ends.
func (s *Server) count(ctx context.Context) {
	for {
		start := time.Now()
		s.countOnce(ctx)
		if wait(ctx, max(figuresEvery, figuresShare*time.Since(start))) != nil {
			return
		}
	}
}

// countOnce leaves what was counted before when the database does not answer: its
// age is told.
func (s *Server) countOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, figuresTime)
	defer cancel()
	f, err := s.Authority.Figures(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.Logger.Warn("what the metrics tell of tokens and of what waits could not be counted", "error", err)
		}
		return
	}
	s.counted.Store(&counted{f, s.Now()})
}

// figures are those that were counted last.
func (s *Server) figures() (ledger.Figures, time.Time) {
	c := s.counted.Load()
	if c == nil {
		return ledger.Figures{}, time.Time{}
	}
	return c.Figures, c.at
}
