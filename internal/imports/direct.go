package imports

import (
	"context"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/token"
)

// Settle replaces the digest over a slow hash by one over the string itself, which was
// presented: presented and direct are what the engine compared it by, and can compare it
// by from now on. It gives and takes nothing.
func (a *Imports) Settle(ctx context.Context, l token.Locator, presented, direct string) error {
	_, err := a.in.Piece(ctx, authority.Caller{Machine: "verify"}, func(w *authority.Work) error {
		t, err := w.Token(l)
		if err != nil {
			return authority.IgnoreNoRow(err)
		}
		secrets, err := w.Secrets(t.ID)
		if err != nil {
			return err
		}
		i, err := authority.Matching(a.in, t, presented, secrets, w.Now)
		if err != nil || i < 0 || secrets[i].Origin == nil || secrets[i].Origin.Direct {
			return unchangedOr(err)
		}
		s := secrets[i]
		origin := *s.Origin
		origin.Direct, s.Origin = true, &origin
		s.Digest, s.Key = a.in.Keys().Digest(direct)
		if err := w.PutSecret(s); err != nil {
			return err
		}
		w.TouchToken(t)
		return nil
	})
	return err
}

// unchangedOr is an error, or that there is nothing to do.
func unchangedOr(err error) error {
	if err != nil {
		return err
	}
	return authority.ErrUnchanged
}
