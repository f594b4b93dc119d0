package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Seated is the authority over one snapshot and at one moment.
func (a *Authority) Seated(r ledger.Reader) *Authority {
	now := a.now()
	return &Authority{
		store: oneSnapshot{Store: a.store, r: r}, now: func() time.Time { return now },
		keys: a.keys, clock: a.clock, rand: a.rand, commit: a.commit, given: a.given,
		refusals: a.refusals, reckon: a.reckon, preparing: a.preparing, glancing: a.glancing, glancesFor: a.glancesFor, tell: a.tell, runs: a.runs,
		lacks: a.lacks, recorded: a.recorded,
	}
}

// oneSnapshot is a store that reads one.
type oneSnapshot struct {
	ledger.Store
	r ledger.Reader
}

// Read runs f on that snapshot.
func (s oneSnapshot) Read(ctx context.Context, f func(ledger.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f(s.r)
}

// Presented reads a token on that snapshot.
func (s oneSnapshot) Presented(ctx context.Context, l token.Locator) (p ledger.Presented, err error) {
	p.At = s.r.Point()
	if err := ctx.Err(); err != nil {
		return p, err
	}
	if p.Token, err = s.r.Token(l); err == nil {
		p.Secrets, err = s.r.Secrets(p.Token.ID)
	}
	return p, err
}
