package strange

import (
	"context"
	"errors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// StrangeUse shows what is open about a token. It needs tokens:read and usage:read, but for
// a signed-in person's own.
func (a *Strange) StrangeUse(ctx context.Context, c authority.Caller, ref, id string) (v api.StrangeUse, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		t, err := a.in.Token(r, ac, sp, id)
		if err != nil {
			return err
		}
		if err := maySee(ac, t); err != nil {
			return err
		}
		s, err := openOf(r, t)
		v = view(s)
		return err
	})
	return v, err
}

// StrangeAmong shows what is open about tokens of a list that the caller was shown, by their
// locators. What the caller may not see of them is left out.
func (a *Strange) StrangeAmong(ctx context.Context, c authority.Caller, ref string, locators []string) (map[string]api.StrangeUse, error) {
	out := map[string]api.StrangeUse{}
	err := a.in.Read(ctx, func(r *authority.Snapshot) error {
		ac, sp, err := a.in.Enter(r, c, ref)
		if err != nil {
			return err
		}
		ids, names := []ledger.ID{}, map[ledger.ID]ledger.Token{}
		for _, l := range locators[:min(len(locators), authority.MaxPage)] {
			t, err := a.in.Token(r, ac, sp, l)
			if err != nil {
				return err
			}
			if maySee(ac, t) == nil {
				ids, names[t.ID] = append(ids, t.ID), t
			}
		}
		if len(ids) == 0 {
			return nil
		}
		rows, err := r.StrangeAmong(ids)
		for _, s := range rows {
			if t := names[s.Token]; !s.Answered(t.RotatedAt) && t.RevokedAt.IsZero() {
				out[t.Locator.String()] = view(s)
			}
		}
		return err
	})
	return out, err
}

func maySee(ac *authority.Actor, t ledger.Token) error {
	if ac.Owns(t) && (ac.Person() || ac.OnBehalf != "") {
		return nil
	}
	return ac.Need("tokens:read", "usage:read")
}

// openOf is what nobody has answered about a token; the zero value is nothing.
func openOf(r *authority.Snapshot, t ledger.Token) (ledger.Strange, error) {
	s, err := r.Strange(t.ID)
	if err != nil || s.Answered(t.RotatedAt) || !t.RevokedAt.IsZero() {
		return ledger.Strange{}, authority.IgnoreNoRow(err)
	}
	return s, nil
}

// AnswerStrangeUse says who it was. After "me" the notice is gone and its networks are known;
// after "not_me" it stays until the token has a new secret or an end, and they are news again.
// It needs tokens:edit, but for a signed-in person's own; a token does not answer about
// itself, since whoever found it would.
func (a *Strange) AnswerStrangeUse(ctx context.Context, c authority.Caller, ref, id string, in api.AnswerStrangeUse) (done authority.Done[api.StrangeUse], err error) {
	var open ledger.Strange
	var about token.Locator
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := w.Authority.Enter(w.Snapshot, w.Caller, ref)
		if err != nil {
			return err
		}
		t, err := w.Authority.Token(w.Snapshot, ac, sp, id)
		if err != nil {
			return err
		}
		if err := mayAnswer(ac, t, in); err != nil {
			return err
		}
		if open, err = openOf(w.Snapshot, t); err != nil {
			return err
		}
		about = t.Locator
		done.Value, err = answer(w, ac, sp, t, open, in)
		return err
	})
	if errors.Is(err, authority.ErrUnchanged) {
		err = nil
	}
	if err == nil && in.Answer == api.StrangeNotMe {
		err = a.in.Given().Forget.ForgetNetworks(ctx, about, networksOf(open))
	}
	return done, err
}

func mayAnswer(ac *authority.Actor, t ledger.Token, in api.AnswerStrangeUse) error {
	if err := authority.MayManage(ac, t, "tokens:edit"); err != nil {
		return err
	}
	if ac.IsSelf(t) {
		return api.Errorf(api.CodeForbidden, "a token does not answer for its own use; sign in, or use another token")
	}
	return input.First(input.OneOf("answer", api.Some(in.Answer), api.StrangeMe, api.StrangeNotMe),
		input.Text("comment", token.Redact(in.Comment), 0, input.MaxDescription))
}

func answer(w *authority.Work, ac *authority.Actor, sp *authority.Space, t ledger.Token, open ledger.Strange, in api.AnswerStrangeUse) (api.StrangeUse, error) {
	before := view(open)
	if before.Open && in.Seen != nil && open.Last.After(*in.Seen) {
		return before, api.Conflictf(api.CodeChangedMeanwhile, "more was strange since you looked; look again, then answer")
	}
	if !before.Open || in.Answer == api.StrangeNotMe && before.DisownedAt != nil {
		return before, authority.ErrUnchanged
	}
	after := ledger.Strange{}
	var err error
	if in.Answer == api.StrangeMe {
		err = w.DeleteStrange(t.ID)
	} else {
		after = open
		after.DisownedAt = w.Now
		err = w.PutStrange(after)
	}
	if err != nil {
		return before, err
	}
	o, err := authority.ReadOwner(w.Reader, authority.OwnerKey(t))
	v := view(after)
	e := authority.Event{Action: "token.strange_use_answered", Target: authority.TokenID(o, t.Locator), Token: t.Locator, Before: before,
		After: map[string]any{"answer": in.Answer, "comment": token.Redact(in.Comment)}}
	return v, input.First(err, w.Record(ac, sp.Workspace, e))
}
