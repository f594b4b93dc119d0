package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Figures counts for the operator.
func (a *Authority) Figures(ctx context.Context) (f ledger.Figures, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		f, err = r.Figures(a.now().UTC())
		return err
	})
	return f, err
}

// TokenOverview is how the tokens stand that a caller may see.
type TokenOverview struct {
	States []ledger.TokenState
	// Expiring are some that expire soon, the next first.
	Expiring []api.Token
}

// TokenOverview counts the tokens of a workspace that the caller may list, and lists
// those that expire next within a time.
func (a *Authority) TokenOverview(ctx context.Context, c Caller, ref string, within time.Duration, limit int) (out TokenOverview, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		var only ledger.ID
		if lacks := ac.need("tokens:read"); lacks != nil {
			if !ac.person() || ac.member == 0 {
				return lacks
			}
			only = ac.member
		}
		now := a.now().UTC()
		if out.States, err = r.TokenStates(sp.ws.ID, only, now); err != nil {
			return err
		}
		if !sp.ws.SuspendedAt.IsZero() {
			suspend(out.States)
		}
		rows, err := r.FirstToExpire(sp.ws.ID, only, now, now.Add(within), limit)
		if err != nil {
			return err
		}
		out.Expiring, err = a.watching(ctx, r, ac, sp).all(rows)
		return err
	})
	return out, err
}

// suspend blocks what is active.
func suspend(states []ledger.TokenState) {
	for i := range states {
		if states[i].State == api.StatusActive {
			states[i].State = ledger.StateBlocked
		}
	}
}

// all shows tokens.
func (s *sight) all(rows []ledger.Token) ([]api.Token, error) {
	if err := s.know(rows); err != nil {
		return nil, err
	}
	out := make([]api.Token, 0, len(rows))
	for _, t := range rows {
		v, err := s.token(t)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
