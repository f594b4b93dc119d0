package insight

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Figures counts for the operator.
func (a *Insight) Figures(ctx context.Context) (f ledger.Figures, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		f, err = r.Figures(a.in.Now().UTC())
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

// Count adds up what was counted: by the state as a page calls it, and those that are active
// by themselves, or blocked, by the week in which they end. What ends in the first soonWeeks
// ends soon.
func (o TokenOverview) Count(soonWeeks int) (states map[string]int, weeks []int) {
	states, weeks = map[string]int{}, make([]int, ledger.TokenWeeks)
	for _, s := range o.States {
		states[stateName(s, soonWeeks)] += s.Count
		if s.Week >= 0 && (s.State == api.StatusActive || s.State == ledger.StateBlocked) {
			weeks[s.Week] += s.Count
		}
	}
	return states, weeks
}

func stateName(s ledger.TokenState, soonWeeks int) string {
	switch s.State {
	case api.StatusRevoked:
		return "Revoked"
	case api.StatusExpired:
		return "Expired"
	case api.StatusDisabled:
		return "Disabled"
	case ledger.StateBlocked:
		return "Blocked"
	}
	if s.Week >= 0 && s.Week < soonWeeks {
		return "Expiring soon"
	}
	return "Active"
}

// TokenOverview counts the tokens of a workspace that the caller may list, and lists
// those that expire next within a time.
func (a *Insight) TokenOverview(ctx context.Context, c authority.Caller, ref string, within time.Duration, limit int) (out TokenOverview, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		var only ledger.ID
		if lacks := ac.Need("tokens:read"); lacks != nil {
			if !ac.Person() || ac.Member == 0 {
				return lacks
			}
			only = ac.Member
		}
		now := a.in.Now().UTC()
		if out.States, err = r.TokenStates(sp.Workspace.ID, only, now); err != nil {
			return err
		}
		if !sp.Workspace.SuspendedAt.IsZero() {
			suspend(out.States)
		}
		rows, err := r.FirstToExpire(sp.Workspace.ID, only, now, now.Add(within), limit)
		if err != nil {
			return err
		}
		out.Expiring, err = all(a.in.Watching(ctx, r, ac, sp), rows)
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
func all(s *authority.Sight, rows []ledger.Token) ([]api.Token, error) {
	if err := s.Know(rows); err != nil {
		return nil, err
	}
	out := make([]api.Token, 0, len(rows))
	for _, t := range rows {
		v, err := s.Token(t)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
