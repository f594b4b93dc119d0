package authority

import (
	"context"

	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// lapseRows is how many tokens one change ends.
const lapseRows = 20

// EndLapsed revokes the disabled tokens whose set end has come: from then on that
// is a state, whatever a clock says later. Verification refused them already. It
// answers how many, and is for a job.
func (a *Authority) EndLapsed(ctx context.Context) (n int, err error) {
	if _, unsettled := a.Unsettled(); unsettled {
		return 0, nil // what has come is not known now
	}
	for {
		var due []ledger.Token
		err := a.read(ctx, func(r *Snapshot) (err error) {
			due, err = r.LapsedTokens(a.moment(), lapseRows)
			return err
		})
		if err != nil || len(due) == 0 {
			return n, err
		}
		_, err = a.piece(ctx, Caller{Machine: "clock"}, func(w *work) error {
			if w.doubt != nil {
				return w.doubt
			}
			due, err := w.LapsedTokens(w.now, lapseRows)
			for _, t := range due {
				if err := w.endLapsed(t); err != nil {
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
		return errDryRun
	}
	return nil
}

func (w *work) endLapsed(t ledger.Token) error {
	ch, err := w.leakedToken(t.Locator)
	if err != nil {
		return err
	}
	revoke(&ch.t, t.RevokeAt, "", "it was not enabled in time")
	_, err = w.finishToken(ch, "token.revoked")
	return err
}
