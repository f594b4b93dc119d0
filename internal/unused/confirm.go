package unused

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// UnusedTokens shows where the policy stands in a workspace, and what one that disables after
// so long would mean (0 asks for none). It needs policy:read, and tokens:read for that.
func (a *Unused) UnusedTokens(ctx context.Context, c authority.Caller, ref string, after api.Duration) (v api.UnusedTokens, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref, "policy:read")
		if err != nil {
			return err
		}
		v, err = view(r, ac, sp)
		v.RecordedSince = api.When(a.in.Given().UsageSince())
		return err
	})
	if err == nil && after != 0 {
		v.Preview, err = a.PreviewUnused(ctx, c, ref, after)
	}
	return v, err
}

// CountWaiting is how many tokens of a workspace wait for a yes that nobody has said. It needs
// policy:read, and reads one row for that: a menu asks on each page.
func (a *Unused) CountWaiting(ctx context.Context, c authority.Caller, ref string) (n int, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "policy:read")
		if err != nil {
			return err
		}
		s, _, err := stateOf(r.Reader, sp.Workspace.ID, r.Now)
		if s.Facts.Waits != nil && !counts(s.Facts.Yes, r.Now) {
			n = s.Facts.Waits.N
		}
		return err
	})
	return n, err
}

// counts says whether something of a yes is left.
func counts(y *ledger.UnusedYes, now time.Time) bool {
	return y != nil && y.Left > 0 && now.Before(y.Until)
}

// view shows what is kept of a workspace.
func view(r *authority.Snapshot, ac *authority.Actor, sp *authority.Space) (v api.UnusedTokens, err error) {
	v.After, v.Next = sp.Policy().DisableUnusedAfter, []api.UnusedToken{}
	if v.Warned, err = r.CountUnused(sp.Workspace.ID, r.Now.Add(ever)); err != nil {
		return v, err
	}
	if ac.Need("tokens:read") == nil && v.Warned > 0 {
		if v.Next, err = next(r, sp); err != nil {
			return v, err
		}
	}
	s, _, err := stateOf(r.Reader, sp.Workspace.ID, r.Now)
	if err != nil {
		return v, err
	}
	if w := s.Facts.Waits; w != nil {
		v.Waiting = &api.UnusedWaiting{Count: w.N, UpTo: w.UpTo, Since: w.Since}
	}
	if y := s.Facts.Yes; counts(y, r.Now) {
		v.Confirmed = &api.UnusedConfirmed{At: y.At, By: authority.NameOf(r, sp.Workspace, y.By), Left: y.Left, UpTo: y.UpTo, Until: y.Until}
	}
	return v, nil
}

// shown is how many tokens with a day are named.
const shown = 50

// next are the first tokens by their day.
func next(r *authority.Snapshot, sp *authority.Space) ([]api.UnusedToken, error) {
	names, err := r.UnusedDue(sp.Workspace.ID, r.Now.Add(ever), shown)
	out := make([]api.UnusedToken, 0, len(names))
	for _, l := range names {
		t, err := r.Token(l)
		if err != nil {
			return nil, err
		}
		o, err := authority.ReadOwner(r.Reader, authority.OwnerKey(t))
		if err != nil {
			return nil, err
		}
		out = append(out, api.UnusedToken{ID: authority.TokenID(o, l), Locator: l.String(), Label: t.Label, Owner: o.Address, Since: t.Unused.Since, DisableAt: t.UnusedDue})
	}
	return out, err
}

// ConfirmUnused says yes to disabling the tokens that wait, as they were shown: for those alone,
// and for 7 days. It needs policy:write and tokens:disable. Where something else waits by now,
// it is refused with changed_meanwhile; the same yes said twice is one.
func (a *Unused) ConfirmUnused(ctx context.Context, c authority.Caller, ref string, in api.ConfirmUnused) (done authority.Done[api.UnusedTokens], err error) {
	done.Revision, err = a.in.Apply(ctx, authority.Neither, c, func(w *authority.Work) error {
		ac, sp, err := a.in.Enter(w.Snapshot, c, ref, "policy:write", "tokens:disable")
		if err != nil {
			return err
		}
		if err := w.Give(); err != nil { // until when it counts
			return err
		}
		s, _, err := stateOf(w.Reader, sp.Workspace.ID, w.Now)
		if err != nil {
			return err
		}
		if y := s.Facts.Yes; counts(y, w.Now) && y.N == in.Count && y.UpTo.Equal(in.UpTo) {
			done.Value, err = view(w.Snapshot, ac, sp)
			return input.First(err, authority.ErrUnchanged)
		}
		waits := s.Facts.Waits
		if waits == nil {
			return api.Errorf(api.CodeChangedMeanwhile, "no token waits to be disabled now, so there is nothing to say yes to")
		}
		if waits.N != in.Count || !waits.UpTo.Equal(in.UpTo) {
			return api.Errorf(api.CodeChangedMeanwhile, "other tokens wait now than those that were shown; look again, and confirm what you see")
		}
		yes := ledger.UnusedYes{At: w.Now, By: ac.Name(), N: waits.N, Left: waits.N, UpTo: waits.UpTo, Until: w.Now.Add(Valid)}
		s.Facts.Yes, s.Agreed = &yes, yes.Until
		if err := w.PutUnusedState(s); err != nil {
			return err
		}
		if done.Value, err = view(w.Snapshot, ac, sp); err != nil {
			return err
		}
		return w.Note(ac, sp.Workspace, authority.Event{Action: "unused.confirmed", Target: "policy", After: done.Value.Confirmed})
	})
	done.Value.RecordedSince = api.When(a.in.Given().UsageSince())
	return done, err
}

// mostPreviewed is how many tokens a preview looks at.
const mostPreviewed = 20_000

// PreviewUnused counts what a policy would mean now. It needs policy:read and tokens:read.
func (a *Unused) PreviewUnused(ctx context.Context, c authority.Caller, ref string, after api.Duration) (p *api.UnusedPreview, err error) {
	p = &api.UnusedPreview{After: after}
	if err := policy.Check(api.PatchPolicy{DisableUnusedAfter: api.Some(after)}); err != nil {
		return nil, err
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := a.in.Enter(r, c, ref, "policy:read", "tokens:read")
		if err != nil {
			return err
		}
		known, looked := a.in.Given().UsageSince(), 0
		owners := activeOwners(r.Reader)
		for rows, err := range r.TokenPages(sp.Workspace.ID, ledger.TokenQuery{Live: r.Now}) {
			if err != nil {
				return err
			}
			if p.More = looked >= mostPreviewed && len(rows) > 0; p.More {
				return nil
			}
			looked += len(rows)
			used, err := lastUses(ctx, a.in, authority.Locators(rows))
			if err != nil {
				return err
			}
			for _, t := range rows {
				active, err := owners(t)
				if err != nil {
					return err
				}
				f := factsOf(t, active, used[t.Locator], r.Now)
				f.Warning = Warning{}
				if d := Judge(f, after.Std(), known, r.Now); d.Do == Warn {
					p.Warned++
					if !d.Since.Add(after.Std()).After(r.Now) {
						p.Unused++
					}
				}
			}
		}
		return nil
	})
	return p, err
}
