package authority

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// retryWindow is how long a request's name is remembered.
const retryWindow = 24 * time.Hour

// name is who names a request: the token or the person, and whom it acts as.
func (r Retry) name(c Caller) string {
	who := "user:" + strconv.FormatInt(c.User, 10)
	if !c.Token.IsZero() {
		who = "token:" + c.Token.String()
	}
	return who + "/" + c.ActAs
}

// remember notes that the caller's named request made this secret.
func (w *work) remember(t ledger.Token, number int) error {
	retry := w.caller.Retry
	if retry.Key == "" {
		return nil
	}
	return w.PutIdempotency(ledger.Idempotency{Caller: retry.name(w.caller), Route: retry.Route, Key: retry.Key,
		Body: retry.Body[:], Token: t.Locator, Secret: number, CreatedAt: w.now})
}

// again answers a request that was named and made a secret before: with a fresh
// secret in place of the one whose answer was lost, as long as that was never
// used. Nothing is stored to be replayed; the lost secret is void; the secret
// before it, and its end, stay as they were. The request is judged as if it came
// for the first time: judge asks of the token, as it is now, what making its
// secret needs now.
func (w *work) again(ac *actor, sp *space, out *Issued, judge func(*change) error) (bool, error) {
	was, found, err := w.named()
	if err != nil || !found {
		return false, err
	}
	t, err := w.Token(was.Token)
	if err != nil || t.Workspace != sp.ws.ID {
		return true, input.First(err, notFound())
	}
	ch, err := w.changeOf(ac, sp, t)
	if err != nil {
		return true, err
	}
	if err := judge(ch); err != nil {
		return true, err
	}
	secrets, err := w.Secrets(t.ID)
	if err != nil {
		return true, err
	}
	if !t.RevokedAt.IsZero() || secrets[0].Number != was.Secret || !secrets[0].FirstUsedAt.IsZero() {
		return true, api.Errorf(api.CodeIdempotencyKeyUsed, "the secret that this key gave was used or replaced since")
	}
	if err := coverToken(ac, sp, ch.t, ch.owner); err != nil {
		return true, err
	}
	if out.Secret, err = w.mint(ch.t, was.Secret, secrets[0].RetireOnUse); err != nil {
		return true, err
	}
	out.Token, err = w.finishToken(ch, "token.secret_reissued")
	return true, err
}

// named finds what the caller's named request made, within the window, and
// refuses a name that was given to another request.
func (w *work) named() (ledger.Idempotency, bool, error) {
	retry := w.caller.Retry
	if retry.Key == "" {
		return ledger.Idempotency{}, false, nil
	}
	was, err := w.Idempotency(retry.name(w.caller), retry.Route, retry.Key)
	switch {
	case errors.Is(err, ledger.ErrNoRow), err == nil && !w.now.Before(was.CreatedAt.Add(retryWindow)):
		return was, false, nil
	case err != nil:
		return was, false, err
	case string(was.Body) != string(retry.Body[:]):
		return was, false, api.Errorf(api.CodeIdempotencyKeyReused, "this key was used for a request that differs")
	case retry.Once:
		return was, false, api.Errorf(api.CodeIdempotencyKeyUsed, "this was sent before, and its secret was shown")
	}
	return was, true, nil
}

// sentOnce refuses what was to be done once and was. It is for verbs that know
// no other answer to a request that is sent again.
func (w *work) sentOnce() error {
	if !w.caller.Retry.Once {
		return nil
	}
	_, _, err := w.named()
	return err
}

// FirstUse commits the first use of a secret that is tracked, before the
// verification that saw it is answered: it ends the secret before it when that
// was asked for. Later uses change nothing. A secret that was made void meanwhile
// has no first use; the one in its place, of the same number, is not taken for it.
func (a *Authority) FirstUse(ctx context.Context, presented string) error {
	p, err := token.Parse(presented)
	if err != nil {
		return invalidToken(ledger.ErrNoRow)
	}
	_, err = a.withdraw(ctx, Caller{Machine: "verify"}, func(w *work) error {
		t, err := w.Token(p.Locator)
		if err != nil {
			return invalidToken(err)
		}
		secrets, err := w.Secrets(t.ID)
		if err != nil {
			return err
		}
		i := matching(a.keys, presented, secrets)
		switch {
		case i < 0:
			return invalidToken(ledger.ErrNoRow)
		case secrets[i].Tracked && secrets[i].FirstUsedAt.IsZero():
			return w.firstUse(t, secrets[i:])
		}
		return errDryRun
	})
	return err
}

// firstUse notes the use of the first of secrets, and ends the ones after it,
// which are older, if they were to end with it.
func (w *work) firstUse(t ledger.Token, secrets []ledger.Secret) error {
	s := secrets[0]
	s.FirstUsedAt = w.now
	if err := w.PutSecret(s); err != nil {
		return err
	}
	for i := range secrets {
		if s.RetireOnUse && i > 0 && works(secrets, i, w.now) {
			if err := w.PutSecret(secrets[i].Over(w.now)); err != nil {
				return err
			}
		}
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return err
	}
	w.touchToken(t)
	return w.audit(machine(w.caller), ws, event{action: "token.first_used", target: t.Locator.String(), token: t.Locator,
		after: map[string]any{"secret": s.Number, "old_secret_ended": s.RetireOnUse}})
}

// shown answers a request that was named and made an object before: show reads
// that object by its reference.
func (w *work) shown(show func(object string) error) (bool, error) {
	was, found, err := w.named()
	if err != nil || !found {
		return false, err
	}
	return true, input.First(show(was.Object), errDryRun)
}

// rememberObject notes that the caller's named request made an object.
func (w *work) rememberObject(object string) error { return w.rememberAt(object, 0, w.now) }

// rememberAt is rememberObject of one whose secret a retry makes anew, as long as it
// is at that revision, which stands in the place of a secret's number.
func (w *work) rememberAt(object string, revision int64, at time.Time) error {
	retry := w.caller.Retry
	if retry.Key == "" {
		return nil
	}
	return w.PutIdempotency(ledger.Idempotency{Caller: retry.name(w.caller), Route: retry.Route, Key: retry.Key,
		Body: retry.Body[:], Object: object, Secret: int(revision), CreatedAt: at})
}
