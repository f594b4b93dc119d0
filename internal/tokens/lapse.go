package tokens

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// lapseRows is how many tokens one change ends.
const lapseRows = 20

// EndLapsed revokes the tokens whose set end has come, which were disabled or waited for
// approval: from then on that is a state, whatever a clock says later. Verification refused them already. It
// answers how many, and is for a job.
func (a *Tokens) EndLapsed(ctx context.Context) (n int, err error) {
	if _, unsettled := a.in.Unsettled(); unsettled {
		return 0, nil // what has come is not known now
	}
	for {
		var due []ledger.Token
		err := a.in.Read(ctx, func(r *authority.Snapshot) (err error) {
			due, err = r.LapsedTokens(a.in.Moment(), lapseRows)
			return err
		})
		if err != nil || len(due) == 0 {
			return n, err
		}
		_, err = a.in.Piece(ctx, authority.Caller{Machine: "clock"}, func(w *authority.Work) error {
			if w.Doubt != nil {
				return w.Doubt
			}
			due, err := w.LapsedTokens(w.Now, lapseRows)
			for _, t := range due {
				if err := endLapsed(w, t); err != nil {
					return err
				}
			}
			n += len(due)
			return input.First(err, nothing(len(due)))
		})
		if err != nil {
			return n, err
		}
	}
}

// nothing ends a mutation that found nothing to do.
func nothing(n int) error {
	if n == 0 {
		return authority.ErrUnchanged
	}
	return nil
}

func endLapsed(w *authority.Work, t ledger.Token) error {
	ch, err := leakedToken(w, t.Locator)
	if err != nil {
		return err
	}
	reason, why, action := "", "it was not enabled in time", "token.revoked"
	if t.Waits && t.DisabledAt.IsZero() {
		reason, why, action = api.ReasonRefused, "nobody approved it in time", "token.refused"
		lapsed := *t.Approval
		lapsed.DecidedAt, ch.Token.Approval = t.RevokeAt, &lapsed
	}
	authority.Revoke(&ch.Token, t.RevokeAt, reason, why)
	_, err = w.FinishToken(ch, action)
	return err
}
