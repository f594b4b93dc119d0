package authority

import (
	"errors"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// RetryWindow is how long a request's name is remembered.
const RetryWindow = 24 * time.Hour

// name is who names a request: the token or the person, and whom it acts as.
func (r Retry) name(c Caller) string {
	who := "user:" + strconv.FormatInt(c.User, 10)
	if !c.Token.IsZero() {
		who = "token:" + c.Token.String()
	}
	return who + "/" + c.ActAs
}

// remember notes that the caller's named request made this secret.
func (w *Work) remember(t ledger.Token, number int) error {
	retry := w.Caller.Retry
	if retry.Key == "" {
		return nil
	}
	return w.PutIdempotency(ledger.Idempotency{Caller: retry.name(w.Caller), Route: retry.Route, Key: retry.Key,
		Body: retry.Body[:], Token: t.Locator, Secret: number, CreatedAt: w.Now})
}

// Again answers a request that was named and made a secret before: with a fresh
// secret in place of the one whose answer was lost, as long as that was never
// used. Nothing is stored to be replayed; the lost secret is void; the secret
// before it, and its end, stay as they were. The request is judged as if it came
// for the first time: judge asks of the token, as it is now, what making its
// secret needs now.
func (w *Work) Again(ac *Actor, sp *Space, out *Issued, judge func(*Change) error) (bool, error) {
	was, found, err := w.Named()
	if err != nil || !found {
		return false, err
	}
	t, err := w.Token(was.Token)
	if err != nil || t.Workspace != sp.Workspace.ID {
		return true, input.First(err, NotFound())
	}
	ch, err := w.ChangeOf(ac, sp, t)
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
	if err := CoverToken(ac, sp, ch.Token, ch.Owner); err != nil {
		return true, err
	}
	if out.Secret, err = w.Mint(ac, ch.Token, was.Secret, secrets[0].RetireOnUse); err != nil {
		return true, err
	}
	out.Token, err = w.FinishToken(ch, "token.secret_reissued")
	return true, err
}

// Named finds what the caller's named request made, within the window, and
// refuses a name that was given to another request.
func (w *Work) Named() (ledger.Idempotency, bool, error) {
	retry := w.Caller.Retry
	if retry.Key == "" {
		return ledger.Idempotency{}, false, nil
	}
	was, err := w.Idempotency(retry.name(w.Caller), retry.Route, retry.Key)
	switch {
	case errors.Is(err, ledger.ErrNoRow), err == nil && !w.Now.Before(was.CreatedAt.Add(RetryWindow)):
		return was, false, nil
	case err != nil:
		return was, false, err
	case string(was.Body) != string(retry.Body[:]):
		return was, false, api.Errorf(api.CodeIdempotencyKeyReused, "this key was used for a different request")
	case retry.Once:
		return was, false, api.Errorf(api.CodeIdempotencyKeyUsed, "this was sent before, and its secret was shown")
	}
	return was, true, nil
}

// SentOnce refuses what was to be done once and was. It is for verbs that know
// no other answer to a request that is sent again.
func (w *Work) SentOnce() error {
	if !w.Caller.Retry.Once {
		return nil
	}
	_, _, err := w.Named()
	return err
}

// FirstUse notes the use of the first of secrets, and ends the ones after it,
// which are older, if they were to end with it.
func (w *Work) FirstUse(t ledger.Token, secrets []ledger.Secret) error {
	s := secrets[0]
	s.FirstUsedAt = w.Now
	if err := w.PutSecret(s); err != nil {
		return err
	}
	for i := range secrets {
		if s.RetireOnUse && i > 0 && Works(secrets, i, w.Now) {
			if err := w.PutSecret(secrets[i].Over(w.Now)); err != nil {
				return err
			}
		}
	}
	ws, err := w.Workspace(ledger.WorkspaceKey{ID: t.Workspace})
	if err != nil {
		return err
	}
	if s.RetireOnUse {
		w.TouchToken(t)
	} else {
		w.TouchUsed(t)
	}
	return w.Note(Machine(w.Caller), ws, Event{Action: "token.first_used", Target: t.Locator.String(), Token: t.Locator,
		After: map[string]any{"secret": s.Number, "old_secret_ended": s.RetireOnUse}})
}

// Shown answers a request that was named and made an object before: show reads
// that object by its reference.
func (w *Work) Shown(show func(object string) error) (bool, error) {
	was, found, err := w.Named()
	if err != nil || !found {
		return false, err
	}
	return true, input.First(show(was.Object), ErrUnchanged)
}

// RememberObject notes that the caller's named request made an object.
func (w *Work) RememberObject(object string) error { return w.RememberAt(object, 0, w.Now) }

// RememberAt is rememberObject of one whose secret a retry makes anew, as long as it
// is at that revision, which stands in the place of a secret's number.
func (w *Work) RememberAt(object string, revision int64, at time.Time) error {
	retry := w.Caller.Retry
	if retry.Key == "" {
		return nil
	}
	return w.PutIdempotency(ledger.Idempotency{Caller: retry.name(w.Caller), Route: retry.Route, Key: retry.Key,
		Body: retry.Body[:], Object: object, Secret: int(revision), CreatedAt: at})
}
