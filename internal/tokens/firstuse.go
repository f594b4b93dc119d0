package tokens

import (
	"context"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// FirstUse commits the first use of a secret that is tracked, before the
// verification that saw it is answered: it ends the secret before it when that
// was asked for. Later uses change nothing. A secret that was made void meanwhile
// has no first use; the one in its place, of the same number, is not taken for it.
func (a *Tokens) FirstUse(ctx context.Context, presented string) error {
	p, err := token.ParseAny(presented)
	if err != nil {
		return authority.InvalidToken(ledger.ErrNoRow)
	}
	_, err = a.in.Withdraw(ctx, authority.Caller{Machine: "verify"}, func(w *authority.Work) error {
		t, err := w.Token(p.Locator)
		if err != nil {
			return authority.InvalidToken(err)
		}
		secrets, err := w.Secrets(t.ID)
		if err != nil {
			return err
		}
		i, err := authority.Matching(a.in, t, presented, secrets, w.Now)
		switch {
		case err != nil:
			return err
		case i < 0:
			return authority.InvalidToken(ledger.ErrNoRow)
		case secrets[i].Tracked && secrets[i].FirstUsedAt.IsZero():
			return w.FirstUse(t, secrets[i:])
		}
		return authority.ErrUnchanged
	})
	return err
}
