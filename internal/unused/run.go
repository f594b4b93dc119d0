package unused

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const (
	// pageRows is how many tokens are looked at on one snapshot, and pieceRows how many one
	// change decides about.
	pageRows  = 500
	pieceRows = 20
)

// Did is what a run did.
type Did struct{ Warned, TakenBack, Disabled, Waiting int }

func (d *Did) add(e Did) {
	d.Warned += e.Warned
	d.TakenBack += e.TakenBack
	d.Disabled += e.Disabled
	d.Waiting += e.Waiting
}

// job is who does it: its name is read in the audit, and as who disabled a token.
func job() authority.Caller { return authority.Caller{Machine: "policy", Job: true} }

// run is one run over workspaces.
type run struct {
	in    *authority.Authority
	pause func(context.Context) error
	did   Did
	// counted is how many tokens of the workspace work while what is due is disabled, of nobody
	// where a yes alone disables; else nil, and nothing is disabled.
	counted *count
}

// count is how many tokens work, from a moment on: what was disabled since is among them.
type count struct {
	n    int
	from time.Time
}

// DisableUnused warns of tokens that nobody uses, takes warnings back, and disables those whose
// day has come, in every workspace; it calls pause between two changes, and ends with its error.
// What fails in one workspace does not keep the others. It is for a job.
func (a *Unused) DisableUnused(ctx context.Context, pause func(context.Context) error) (Did, error) {
	return a.each(ctx, pause, (*run).workspace, func(r *authority.Snapshot) (ids []ledger.ID, err error) {
		for ws, err := range r.EveryWorkspace() {
			if err != nil {
				return nil, err
			}
			ids = append(ids, ws.ID)
		}
		return ids, nil
	})
}

// DisableConfirmed disables what somebody has said yes to. It is for a job.
func (a *Unused) DisableConfirmed(ctx context.Context, pause func(context.Context) error) (Did, error) {
	return a.each(ctx, pause, func(r *run, ctx context.Context, id ledger.ID) error { return r.due(ctx, id, count{}) },
		func(r *authority.Snapshot) ([]ledger.ID, error) { return r.UnusedAgreed() })
}

func (a *Unused) each(ctx context.Context, pause func(context.Context) error, f func(*run, context.Context, ledger.ID) error,
	of func(*authority.Snapshot) ([]ledger.ID, error),
) (Did, error) {
	r := &run{in: a.in, pause: pause}
	if _, unsettled := a.in.Unsettled(); unsettled || a.in.Given().UsageSince().IsZero() {
		return r.did, nil // nobody knows what time has passed
	}
	var ids []ledger.ID
	if err := a.in.Read(ctx, func(s *authority.Snapshot) (err error) { ids, err = of(s); return err }); err != nil {
		return r.did, err
	}
	var failed error
	for _, id := range ids {
		err := f(r, ctx, id)
		if ctx.Err() != nil {
			return r.did, ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("workspace number %d: %w", id, err))
		}
	}
	return r.did, failed
}

// found is a page of what there is to decide, and where the next one begins.
type found struct {
	tokens []token.Locator
	// active is how many of the page work, next its last number; 0 after the last page.
	active int
	next   ledger.ID
}

// workspace looks at all tokens of one workspace, and then does what is due.
func (r *run) workspace(ctx context.Context, id ledger.ID) error {
	active, before := count{from: r.in.Moment()}, ledger.ID(0)
	for {
		page, counts, err := r.look(ctx, id, before)
		if err != nil {
			return err
		}
		if !counts {
			if err := r.takeBack(ctx, id); err != nil {
				return err
			}
			return r.settle(ctx, id)
		}
		for len(page.tokens) > 0 {
			n := min(len(page.tokens), pieceRows)
			if _, err := r.piece(ctx, id, page.tokens[:n]); err != nil {
				return err
			}
			page.tokens = page.tokens[n:]
		}
		if active.n += page.active; page.next == 0 {
			return r.due(ctx, id, active)
		}
		before = page.next
	}
}

// look judges a page of a workspace's tokens; false where the policy disables none, or the
// workspace stands still.
func (r *run) look(ctx context.Context, id, before ledger.ID) (out found, counts bool, err error) {
	err = r.in.Read(ctx, func(s *authority.Snapshot) error {
		ws, after, err := policyOf(s.Reader, id)
		if err != nil || after == 0 || !ws.SuspendedAt.IsZero() || !ws.DeletedAt.IsZero() {
			return err
		}
		counts = true
		now := r.in.Moment()
		rows, err := s.Tokens(id, ledger.TokenQuery{Live: now, Before: before, Limit: pageRows})
		if err != nil {
			return err
		}
		if len(rows) == pageRows {
			out.next = rows[len(rows)-1].ID
		}
		used, err := lastUses(ctx, r.in, authority.Locators(rows))
		if err != nil {
			return err
		}
		owners, known := activeOwners(s.Reader), r.in.Given().UsageSince()
		for _, t := range rows {
			active, err := owners(t)
			if err != nil {
				return err
			}
			f := factsOf(t, active, used[t.Locator], now)
			if f.Works {
				out.active++
			}
			if d := Judge(f, after, known, now); d.Do == Warn || d.Do == TakeBack {
				out.tokens = append(out.tokens, t.Locator)
			}
		}
		return nil
	})
	return out, counts, err
}

// policyOf is a workspace, and after how long its policy disables; 0 is never.
func policyOf(r ledger.Reader, id ledger.ID) (ledger.Workspace, time.Duration, error) {
	in, err := r.Instance()
	if err != nil {
		return ledger.Workspace{}, 0, err
	}
	ws, err := r.Workspace(ledger.WorkspaceKey{ID: id})
	return ws, policy.Effective(in.Policy, ws.Policy).DisableUnusedAfter.Std(), err
}

// activeOwners reads each owner of a page once.
func activeOwners(r ledger.Reader) func(ledger.Token) (bool, error) {
	known := map[verify.OwnerKey]bool{}
	return func(t ledger.Token) (bool, error) {
		k := authority.OwnerKey(t)
		active, ok := known[k]
		if ok {
			return active, nil
		}
		o, err := authority.ReadOwner(r, k)
		known[k] = o.Active
		return o.Active, err
	}
}

// lastUses is when tokens were last let through, at whatever door; those that never were are
// left out.
func lastUses(ctx context.Context, in *authority.Authority, tokens []token.Locator) (map[token.Locator]time.Time, error) {
	uses, err := in.Given().Usage.LastUses(ctx, tokens)
	out := make(map[token.Locator]time.Time, len(tokens))
	for _, u := range uses {
		if u.At.After(out[u.Token]) {
			out[u.Token] = u.At
		}
	}
	return out, err
}

// takeBack takes all warnings of a workspace back.
func (r *run) takeBack(ctx context.Context, id ledger.ID) error {
	return r.loop(ctx, id, r.in.Moment().Add(ever))
}

// due disables what has reached its day, the first to do so first, as far as it may be; then
// it notes what waits.
func (r *run) due(ctx context.Context, id ledger.ID, active count) error {
	r.counted = &active
	err := r.loop(ctx, id, r.in.Moment())
	if r.counted = nil; err != nil {
		return err
	}
	return r.settle(ctx, id)
}

// loop decides about what is due by a moment until there is nothing, or nothing more may be
// disabled.
func (r *run) loop(ctx context.Context, id ledger.ID, by time.Time) error {
	for {
		var due []token.Locator
		if err := r.in.Read(ctx, func(s *authority.Snapshot) (err error) {
			due, err = s.UnusedDue(id, by, pieceRows)
			return err
		}); err != nil || len(due) == 0 {
			return err
		}
		went, err := r.piece(ctx, id, due)
		if err != nil || !went {
			return err
		}
	}
}

// piece decides anew about some tokens under the lock, and answers whether anything was done.
// Only where tokens were counted is something disabled.
func (r *run) piece(ctx context.Context, id ledger.ID, tokens []token.Locator) (bool, error) {
	used, err := lastUses(ctx, r.in, tokens)
	if err != nil {
		return false, err
	}
	known := r.in.Given().UsageSince()
	var did Did
	_, err = r.in.Piece(ctx, job(), func(w *authority.Work) error {
		did = Did{}
		if w.Doubt != nil {
			return w.Doubt
		}
		d, err := beginDecider(w, id, known, r.counted)
		if err != nil {
			return authority.IgnoreNoRow(err)
		}
		for _, l := range tokens {
			if err := d.one(l, used[l]); err != nil {
				return err
			}
		}
		if did = d.did; did == (Did{}) {
			return authority.ErrUnchanged
		}
		return input.First(d.letters.send(id), d.keep())
	})
	if err != nil {
		return false, err
	}
	r.did.add(did)
	return did != Did{}, r.pause(ctx)
}
