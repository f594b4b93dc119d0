package tokens

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	// familyShown is how many tokens are counted for one that made them.
	familyShown = 10_000
	// familyHeld is how many that are to be ended are held at once, familyRows how many of
	// them one change ends.
	familyHeld, familyRows = 1_000, 20
)

// Descendants answers what was made with a token, and with what was made with that, in
// its workspace; those that are active come first. It needs tokens:read.
func (a *Tokens) Descendants(ctx context.Context, c authority.Caller, ref, id string) (out api.Descendants, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.in.Readable(r, ac, sp, id)
		if err != nil {
			return err
		}
		var live, ended []ledger.Token
		for of, err := range family(r, t) {
			if err != nil {
				return err
			}
			if out.Partial = out.Total == familyShown; out.Partial {
				break
			}
			out.Total++
			if f := authority.TokenFacts(of, nil); of.DeletedAt.IsZero() && authority.Status(&f, r.Now) == api.StatusActive {
				live = append(live, of)
			} else {
				ended = append(ended, of)
			}
		}
		out.Active = len(live)
		all := slices.DeleteFunc(append(live, ended...), func(t ledger.Token) bool { return authority.MayManage(ac, t, "tokens:read") != nil })
		all = all[:min(len(all), authority.MaxPage)]
		s := a.in.Watching(ctx, r, ac, sp)
		s.Brief = true
		if err := s.Know(all); err != nil {
			return err
		}
		out.Items = make([]api.Token, len(all))
		for i, t := range all {
			if out.Items[i], err = s.Token(t); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// family walks from a token to all that descend from it, the nearest first, through
// those that have ended too: what they made may live. It holds their locators alone.
func family(r *authority.Snapshot, of ledger.Token) iter.Seq2[ledger.Token, error] {
	return func(yield func(ledger.Token, error) bool) {
		seen, line := map[token.Locator]bool{of.Locator: true}, []token.Locator{of.Locator}
		for ; len(line) > 0; line = line[1:] {
			for rows, err := range r.TokenPages(of.Workspace, ledger.TokenQuery{CreatedWith: line[0], Deleted: true}) {
				if err != nil {
					yield(ledger.Token{}, err)
					return
				}
				for _, t := range rows {
					if seen[t.Locator] {
						continue
					}
					seen[t.Locator] = true
					line = append(line, t.Locator)
					if !yield(t, nil) {
						return
					}
				}
			}
		}
	}
}

// heirs says what becomes of what a token made when the token ends.
type heirs struct {
	of ledger.Token
	// begin enters one of them: through the gate, or where a policy ends it without.
	begin func(*authority.Work, token.Locator) (*authority.Change, error)
	// end ends it; [authority.ErrUnchanged] leaves it.
	end func(*authority.Work, *authority.Change) error
	// over says that nothing is left to do about one.
	over func(ledger.Token) bool
}

// endFamily ends what a token made, a few in each change, so that nobody waits long
// behind it; each change is awaited as any that takes power away. It looks again until
// nothing is left, because what is not ended yet may make more.
func (a *Tokens) endFamily(ctx context.Context, c authority.Caller, h heirs) (revision int64, err error) {
	c.Expected, c.Retry = authority.Expected{}, authority.Retry{} // they were the token's
	for {
		var left []ledger.Token
		if err := a.in.Read(ctx, func(r *authority.Snapshot) error {
			for t, err := range family(r, h.of) {
				if err != nil {
					return err
				}
				if h.over(t) {
					continue
				}
				if left = append(left, t); len(left) == familyHeld {
					break
				}
			}
			return nil
		}); err != nil || len(left) == 0 {
			return revision, err
		}
		for rows := range slices.Chunk(left, familyRows) {
			n, err := a.in.Withdraw(ctx, c, func(w *authority.Work) error { return h.endThese(w, rows) })
			if err != nil && !errors.Is(err, authority.ErrUnchanged) {
				return revision, err
			}
			revision = max(revision, n)
		}
	}
}

func (h heirs) endThese(w *authority.Work, rows []ledger.Token) error {
	n := 0
	for _, t := range rows {
		now, err := w.Token(t.Locator)
		if err != nil {
			return err
		}
		if h.over(now) {
			continue
		}
		ch, err := h.begin(w, t.Locator)
		if err != nil {
			return err
		}
		if err := h.end(w, ch); err != nil {
			return err
		}
		n++
	}
	return nothing(n)
}

// revoked are the tokens that no revocation has to end any more.
func revoked(t ledger.Token) bool { return !t.RevokedAt.IsZero() }

// disabled are those that nothing has to stop any more.
func disabled(t ledger.Token) bool { return revoked(t) || !t.DisabledAt.IsZero() }

// plan says before a token is ended whether what it made ends with it: because the
// caller asks for it, who then needs the right to end each, or because the policy says
// so of what leaked.
type plan struct {
	with   bool
	policy bool
	of     ledger.Token
	self   bool
}

func (a *Tokens) planEnd(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken) (p plan, err error) {
	if in.Descendants.Set && !in.Descendants.Value || !in.Descendants.Set && in.Reason != api.ReasonLeaked {
		return p, nil
	}
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		if p.of, err = a.in.Token(r, ac, sp, id); err != nil {
			return err
		}
		p.self = ac.IsSelf(p.of)
		p.policy = !in.Descendants.Set && sp.Policy().LeakDescendants
		if p.with = in.Descendants.Value || p.policy; !p.with || p.policy {
			return nil
		}
		for t, err := range family(r, p.of) {
			if err == nil && !revoked(t) {
				err = authority.MayManage(ac, t, "tokens:delete")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return p, a.in.Refused(ctx, c, authority.Met{Workspace: p.of.Workspace, Token: p.of}, err)
}

// endWith ends a token by one, and what it made as planned. A token that ends itself
// ends what it made first: afterwards nobody takes its word.
func (a *Tokens) endWith(ctx context.Context, c authority.Caller, ref, id string, in api.RevokeToken, one func() (authority.Done[api.Token], error)) (authority.Done[api.Token], error) {
	if err := checkReason(in); err != nil {
		return authority.Done[api.Token]{}, err
	}
	p, err := a.planEnd(ctx, c, ref, id, in)
	if err != nil {
		return authority.Done[api.Token]{}, err
	}
	if !p.with || c.Rehearse {
		return one()
	}
	h := heirs{of: p.of, over: revoked, end: revokeHeir(p.of, in)}
	h.begin = func(w *authority.Work, l token.Locator) (*authority.Change, error) {
		if p.policy {
			return leakedToken(w, l)
		}
		return beginEnd(w, ref, l.String())
	}
	if p.self {
		if _, err := a.endFamily(ctx, c, h); err != nil {
			return authority.Done[api.Token]{}, err
		}
	}
	done, err := one()
	if err != nil {
		return done, err
	}
	if p.self {
		c = authority.Caller{Machine: "revocation", Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
		h.begin = leakedToken
	}
	last, err := a.endFamily(ctx, c, h)
	done.Revision = max(done.Revision, last)
	return done, err
}

// revokeHeir revokes what a token made, and says with what.
func revokeHeir(of ledger.Token, in api.RevokeToken) func(*authority.Work, *authority.Change) error {
	return func(w *authority.Work, ch *authority.Change) error {
		comment := "made with the token " + of.Locator.String()
		if in.Comment != "" {
			comment = token.Redact(in.Comment) + "; " + comment
		}
		authority.Revoke(&ch.Token, w.Now, in.Reason, input.Clip(comment, input.MaxDescription))
		_, err := w.FinishToken(ch, "token.revoked")
		return err
	}
}

// endLeakedFamily does to what a leaked token made what was done to the token, where the
// policy says so.
func (a *Tokens) endLeakedFamily(ctx context.Context, c authority.Caller, l leak) error {
	var h heirs
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		t, err := r.Token(l.locator)
		if err != nil {
			return authority.IgnoreNoRow(err)
		}
		ws, err := r.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
		if err != nil {
			return err
		}
		sp, err := a.in.Space(r, ws)
		if err != nil || !sp.Policy().LeakDescendants {
			return err
		}
		switch {
		case !t.RevokedAt.IsZero():
			h = heirs{of: t, begin: leakedToken, over: revoked, end: revokeHeir(t, api.RevokeToken{Reason: api.ReasonLeaked})}
		case !t.DisabledAt.IsZero():
			h = heirs{of: t, begin: leakedToken, over: disabled, end: disableHeir}
		}
		return nil
	})
	if err != nil || h.begin == nil {
		return err
	}
	_, err = a.endFamily(ctx, c, h)
	return err
}

func disableHeir(w *authority.Work, ch *authority.Change) error {
	ch.Disable(w.Now)
	_, err := w.FinishToken(ch, "token.disabled")
	return err
}
