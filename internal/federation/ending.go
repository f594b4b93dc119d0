package federation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// maxLive bounds the tokens of a rule that live at once.
	maxLive = 2000
	// endAtOnce is how many of them one change ends.
	endAtOnce = 20
)

// ended is the answer to the change of a rule once what it gave has ended.
func (a *Federation) ended(ctx context.Context, c authority.Caller, rule ledger.ID, done authority.Done[api.TrustRule], err error) (authority.Done[api.TrustRule], error) {
	if err != nil || rule == 0 || c.Rehearse {
		return done, err
	}
	by := authority.Caller{Machine: "trust", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
	last, err := a.endGiven(ctx, by, rule)
	done.Revision = max(done.Revision, last)
	return done, err
}

// EndGiven ends what rules gave that were changed or deleted, where whoever did so did not
// come to it, and forgets ID tokens that nobody can use any more. It is for a job.
func (a *Federation) EndGiven(ctx context.Context) error {
	var all []ledger.TrustRule
	if err := a.in.Read(ctx, func(r *authority.Snapshot) (err error) {
		all, err = r.TrustRulesEnding(ledger.Range{Limit: authority.MaxPage})
		return err
	}); err != nil {
		return err
	}
	by := authority.Caller{Machine: "trust", Job: true}
	for _, r := range all {
		if _, err := a.endGiven(ctx, by, r.ID); err != nil {
			return err
		}
	}
	return a.forgetUsed(ctx, by)
}

// endGiven ends, a few in each change, what a rule gave before it was changed.
func (a *Federation) endGiven(ctx context.Context, c authority.Caller, rule ledger.ID) (int64, error) {
	var given []ledger.Exchange
	before := time.Time{}
	if err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		t, err := ruleEnding(r.TrustReader, rule)
		if err != nil {
			return authority.IgnoreNoRow(err)
		}
		before = t.Ending
		given, err = r.ExchangesOf(rule, r.Now, 2*maxLive)
		given = slices.DeleteFunc(given, func(x ledger.Exchange) bool { return x.At.After(before) })
		return err
	}); err != nil || before.IsZero() {
		return 0, err
	}
	last := int64(0)
	for some := range slices.Chunk(given, endAtOnce) {
		n, err := a.in.Withdraw(ctx, c, func(w *authority.Work) error { return a.endThese(w, some) })
		if err != nil {
			return last, err
		}
		last = max(last, n)
	}
	n, err := a.in.Withdraw(ctx, c, func(w *authority.Work) error {
		t, err := ruleEnding(w.TrustReader, rule)
		switch {
		case errors.Is(err, ledger.ErrNoRow), err == nil && t.Ending.After(before):
			return authority.ErrUnchanged // somebody was faster, or changed it again
		case err != nil:
			return err
		case !t.DeletedAt.IsZero():
			return w.DeleteTrustRule(t.ID)
		}
		t.Ending = time.Time{}
		return w.PutTrustRule(t)
	})
	return max(last, n), err
}

func ruleEnding(r ledger.TrustReader, id ledger.ID) (ledger.TrustRule, error) {
	rows, err := r.TrustRulesEnding(ledger.Range{After: id - 1, Limit: 1})
	if err == nil && (len(rows) == 0 || rows[0].ID != id) {
		err = ledger.ErrNoRow
	}
	if err != nil {
		return ledger.TrustRule{}, err
	}
	return rows[0], nil
}

func (a *Federation) endThese(w *authority.Work, given []ledger.Exchange) error {
	for _, x := range given {
		t, err := w.Token(x.Token)
		if errors.Is(err, ledger.ErrNoRow) || err == nil && !t.RevokedAt.IsZero() {
			continue
		}
		if err != nil {
			return err
		}
		ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
		if err != nil {
			return err
		}
		sp, err := a.in.Space(w.Snapshot, ws)
		if err != nil {
			return err
		}
		ch, err := w.ChangeOf(authority.Machine(w.Caller), sp, t)
		if err != nil {
			return err
		}
		authority.Revoke(&ch.Token, w.Now, api.ReasonSuperseded, "the rule "+t.CreatedBy+" that gave it was changed or deleted")
		if _, err := w.FinishToken(ch, "token.revoked"); err != nil {
			return err
		}
	}
	return nil
}

// forgetUsed forgets ID tokens that have ended, and what they were exchanged for too.
func (a *Federation) forgetUsed(ctx context.Context, c authority.Caller) error {
	const atOnce = 500
	for {
		n := 0
		_, err := a.in.Mutate(ctx, c, func(w *authority.Work) (err error) {
			if n, err = w.DeleteExchanges(w.Now, atOnce); err == nil && n == 0 {
				err = authority.ErrUnchanged
			}
			return err
		})
		if err != nil || n < atOnce {
			return err
		}
	}
}
