package authority

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Figures are what an operator is told of all tenants together; nobody is named.
type Figures struct {
	// Expiring are the tokens, neither revoked nor deleted, that expire within a day,
	// a week and thirty days, the shorter ones counted in the longer; Expired are past
	// their expiry.
	ExpiringDay, ExpiringWeek, ExpiringMonth, Expired int64
	Mails, Deliveries                                 Backlog
	// NoticesSent and NoticesUnsent are the notices about tokens that have not expired
	// yet, by whether a mail server accepted one.
	NoticesSent, NoticesUnsent int64
}

// Backlog is what was not sent yet. Of what failed at least once, Retrying are
// counted in Waiting too.
type Backlog struct {
	Waiting, Retrying int64
	// Oldest and OldestRetrying are when the oldest of them were made; zero for none.
	Oldest, OldestRetrying time.Time
}

// FigureReader counts.
type FigureReader interface {
	// Figures are those of the whole instance.
	Figures(now time.Time) (Figures, error)
	// TokenStates counts a workspace's tokens that are not deleted, or those of one
	// member, by their state and the week from now in which they expire.
	TokenStates(workspace, member ID, now time.Time) ([]TokenState, error)
	// FirstToExpire lists active tokens of a workspace, or of one member, that
	// expire until a moment, the next to expire first.
	FirstToExpire(workspace, member ID, now, until time.Time, limit int) ([]Token, error)
}

// TokenState is a number of tokens that are alike.
type TokenState struct {
	// State is a status of api, or StateBlocked.
	State string
	// Week is in how many whole weeks they expire, below TokenWeeks; -1 for those that
	// have expired, or do later or never.
	Week  int
	Count int
}

const (
	// StateBlocked is that of a token which is active by itself and does not work: its
	// owner is not active, or it is not valid yet.
	StateBlocked = "blocked"
	// TokenWeeks is how many weeks TokenState tells apart.
	TokenWeeks = 13
)

// Figures counts for the operator.
func (a *Authority) Figures(ctx context.Context) (f Figures, err error) {
	err = a.read(ctx, func(r Reader) error {
		f, err = r.Figures(a.now().UTC())
		return err
	})
	return f, err
}

// TokenOverview is how the tokens stand that a caller may see.
type TokenOverview struct {
	States []TokenState
	// Expiring are some that expire soon, the next first.
	Expiring []api.Token
}

// TokenOverview counts the tokens of a workspace that the caller may list, and lists
// those that expire next within a time.
func (a *Authority) TokenOverview(ctx context.Context, c Caller, ref string, within time.Duration, limit int) (out TokenOverview, err error) {
	err = a.read(ctx, func(r Reader) error {
		ac, sp, err := a.enter(r, c, ref)
		if err != nil {
			return err
		}
		var only ID
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
func suspend(states []TokenState) {
	for i := range states {
		if states[i].State == api.StatusActive {
			states[i].State = StateBlocked
		}
	}
}

// all shows tokens.
func (s *sight) all(rows []Token) ([]api.Token, error) {
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
