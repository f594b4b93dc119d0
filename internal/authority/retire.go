package authority

import (
	"context"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
)

// RetireSecrets ends the overlap of a rotation now: the current secret alone
// works. It needs tokens:edit, but for a person's own token, and tokens:self is
// enough for the token itself; it hands over no secret, so it needs no more. A
// token with one secret stays as it is.
func (a *Authority) RetireSecrets(ctx context.Context, c Caller, ref, id string) (v api.Token, revision int64, err error) {
	revision, err = a.mutateToken(ctx, takes, c, &v, func(w *work) error {
		ch, err := w.beginToken(ref, id, "")
		if err != nil {
			return err
		}
		if err := input.First(ch.mayRetire(), ch.live()); err != nil {
			return err
		}
		ended, err := w.endOverlap(ch)
		if err != nil {
			return err
		}
		if !ended {
			v = ch.before
			w.touchToken(ch.t) // a commit whose outcome was unknown may have done it
			return errDryRun
		}
		v, err = w.finishToken(ch, "token.secret_retired")
		return err
	})
	return v, revision, err
}

func (ch *change) mayRetire() error {
	if ch.ac.isSelf(ch.t) && !ch.ac.grant.AllowsAny("tokens:edit") {
		return ch.ac.need("tokens:self")
	}
	return mayManage(ch.ac, ch.t, "tokens:edit")
}

// endOverlap retires every secret but the current one, and says whether one was
// left to be retired.
func (w *work) endOverlap(ch *change) (ended bool, err error) {
	secrets, err := w.Secrets(ch.t.ID)
	if err != nil {
		return false, err
	}
	for i := range secrets {
		if i == 0 || !works(secrets, i, w.now) {
			continue
		}
		if err := w.PutSecret(secrets[i].Over(w.now)); err != nil {
			return false, err
		}
		ended = true
	}
	return ended, nil
}
