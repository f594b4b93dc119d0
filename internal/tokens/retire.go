package tokens

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
)

// RetireSecrets ends the overlap of a rotation now: the current secret alone
// works. It needs tokens:edit, but for a person's own token, and tokens:self is
// enough for the token itself; it hands over no secret, so it needs no more. A
// token with one secret stays as it is.
func (a *Tokens) RetireSecrets(ctx context.Context, c authority.Caller, ref, id string) (done authority.Done[api.Token], err error) {
	done.Revision, err = a.in.MutateToken(ctx, authority.Takes, c, &done.Value, func(w *authority.Work) error {
		ch, err := beginToken(w, ref, id, "")
		if err != nil {
			return err
		}
		if err := input.First(mayRetire(ch), ch.Live()); err != nil {
			return err
		}
		ended, err := endOverlap(w, ch)
		if err != nil {
			return err
		}
		if !ended {
			done.Value = ch.Before
			w.TouchToken(ch.Token) // a commit whose outcome was unknown may have done it
			return authority.ErrUnchanged
		}
		done.Value, err = w.FinishToken(ch, "token.secret_retired")
		return err
	})
	return done, err
}

func mayRetire(ch *authority.Change) error {
	if ch.Actor.IsSelf(ch.Token) && !ch.Actor.Grant.AllowsAny("tokens:edit") {
		return ch.Actor.Need("tokens:self")
	}
	return authority.MayManage(ch.Actor, ch.Token, "tokens:edit")
}

// endOverlap retires every secret but the current one, and says whether one was
// left to be retired.
func endOverlap(w *authority.Work, ch *authority.Change) (ended bool, err error) {
	secrets, err := w.Secrets(ch.Token.ID)
	if err != nil {
		return false, err
	}
	for i := range secrets {
		if i == 0 || !authority.Works(secrets, i, w.Now) {
			continue
		}
		if err := w.PutSecret(secrets[i].Over(w.Now)); err != nil {
			return false, err
		}
		ended = true
	}
	return ended, nil
}
