package signin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// pendingFor is how long a password that was right waits for its second factor.
const pendingFor = 10 * time.Minute

// Password signs a person in, or answers the handle for their second factor.
// Whether the account exists, has a password, or is deactivated makes no
// difference to the answer of a wrong one, nor to the time it takes.
func (s *Service) Password(ctx context.Context, email, password string, from door.Client) (door.Entry, error) {
	if err := s.takesPassword(email, password); err != nil {
		return door.Entry{}, s.turnedAway(ctx, "password", reasonRefused, "", ledger.User{}, err, from)
	}
	email = normal(email)
	t := s.newTry(email, from)
	t.helps = helps{account: byLink, place: byLink}
	if s.mail != nil {
		t.helps.account = byMail
	}
	u, err := s.countFor(ctx, t, from, byEmail(email))
	if err != nil { // the same for each account and none
		return door.Entry{}, s.turnedAway(ctx, "password", reasonRefused, email, ledger.User{}, err, from)
	}
	ok, err := s.passwords.Check(ctx, u.PasswordHash, password)
	if err != nil {
		return door.Entry{}, unavailable(err)
	}
	if !ok || !u.DeactivatedAt.IsZero() {
		return door.Entry{}, input.First(s.noteRefused(ctx, "password", reasonWrong, email, u, from), refused())
	}
	return s.proved(ctx, t, u, from)
}

// takesPassword refuses what cannot be a sign-in by password.
func (s *Service) takesPassword(email, password string) error {
	if token.Contains(email) || token.Contains(password) {
		return api.Errorf(api.CodeInvalidRequest,
			"this is an API token, which opens no page; sign in with your e-mail and password").Wrap(refusalError{reasonTokenTyped})
	}
	if s.policy.Methods == "sso" {
		return api.Errorf(api.CodeForbidden, "this server takes no passwords; use single sign-on").Wrap(refusalError{reasonPasswordOff})
	}
	return nil
}

func byEmail(email string) func(office.SignInRows) (ledger.User, error) {
	return func(r office.SignInRows) (ledger.User, error) { return r.User(ledger.UserKey{Email: email}) }
}

func byID(id ledger.ID) func(office.SignInRows) (ledger.User, error) {
	return func(r office.SignInRows) (ledger.User, error) { return r.User(ledger.UserKey{ID: id}) }
}

func unavailable(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return api.Errorf(api.CodeUnavailable, "the request ended before its turn").Wrap(err)
	}
	return err
}

// failed audits a try of somebody who is signed in that failed. What was typed is
// nowhere in it: people type passwords into the wrong field.
func (s *Service) failed(ctx context.Context, u ledger.User, method string, from door.Client) error {
	return s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		return tx.Note("signin.failed", ledger.User{}, u, map[string]string{"method": method})
	})
}

// proved goes on after a password that was right at its reading: the account is
// looked at again, in the mutation that opens the session.
func (s *Service) proved(ctx context.Context, t *try, was ledger.User, from door.Client) (out door.Entry, err error) {
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		u, err := tx.User(ledger.UserKey{ID: was.ID})
		if err != nil {
			return err
		}
		if u.PasswordHash != was.PasswordHash {
			return refused()
		}
		out, err = s.enter(tx, t, u, "password", from)
		return err
	})
	return out, err
}

// enter opens a session for a person who proved one thing, unless a second
// factor is due.
func (s *Service) enter(tx *office.SignInTx, t *try, u ledger.User, method string, from door.Client) (door.Entry, error) {
	if !u.DeactivatedAt.IsZero() {
		return door.Entry{}, refused()
	}
	due, err := hasFactor(tx, u.ID)
	if err != nil {
		return door.Entry{}, err
	}
	if due {
		pending, err := s.putCode(tx, code{purpose: "second factor", user: u.ID, life: pendingFor, data: pendingSignIn{Method: method}})
		return door.Entry{SecondFactor: pending}, input.First(err, halfRight(tx, t))
	}
	if err := right(tx, t); err != nil {
		return door.Entry{}, err
	}
	return s.begin(tx, u, method, "", from)
}

// pendingSignIn is what waits for a second factor.
type pendingSignIn struct {
	Method string `json:"method"`
}

// methodSecond is what the second factor is called in the audit.
const methodSecond = "second factor"

// SecondFactor finishes a sign-in with a code of the authenticator app, or with
// a recovery code. Tries are slowed as those of the password are, and counted apart:
// whoever is here proved one thing, which strangers who guess passwords did not.
func (s *Service) SecondFactor(ctx context.Context, pending, typed string, from door.Client) (out door.Entry, err error) {
	c, err := s.readCode(ctx, "second factor", pending)
	if err != nil {
		return door.Entry{}, err
	}
	u, err := s.userOf(ctx, c.User)
	if err != nil {
		return door.Entry{}, err
	}
	t := s.newTry("second factor of "+u.PublicID, from)
	if _, err := s.countFor(ctx, t, from, byID(u.ID)); err != nil {
		return door.Entry{}, s.turnedAway(ctx, methodSecond, reasonRefused, u.PublicID, u, err, from)
	}
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		out, err = s.secondFactor(tx, t, pending, typed, from)
		return err
	})
	err = s.unjudged(ctx, t, err, from)
	if errors.Is(err, errWrongCode) {
		return door.Entry{}, input.First(s.noteRefused(ctx, methodSecond, reasonWrong, u.PublicID, u, from), err)
	}
	return out, err
}

// accountName is what tries on an account are counted under.
func accountName(u ledger.User) string {
	if u.Email == "" {
		return u.PublicID
	}
	return u.Email
}

func (s *Service) secondFactor(tx *office.SignInTx, t *try, pending, typed string, from door.Client) (door.Entry, error) {
	c, u, err := s.checkCode(tx, "second factor", pending)
	if err != nil {
		return door.Entry{}, err
	}
	kind, err := s.useFactor(tx, u, typed)
	if err != nil {
		return door.Entry{}, err
	}
	var p pendingSignIn
	if err := json.Unmarshal(c.Data, &p); err != nil {
		return door.Entry{}, err
	}
	if err := input.First(tx.DeleteCode(c.ID), right(tx, t), right(tx, s.newTry(accountName(u), from))); err != nil {
		return door.Entry{}, err
	}
	return s.begin(tx, u, p.Method+"+"+kind, "", from)
}

func (s *Service) userOf(ctx context.Context, id ledger.ID) (u ledger.User, err error) {
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		u, err = r.User(ledger.UserKey{ID: id})
		return err
	})
	return u, err
}

// Setup makes the first Owner through the one-time link that the server printed
// at its first start, and signs them in. There is no token: they make their own.
func (s *Service) Setup(ctx context.Context, setupCode, email, password, workspace string, from door.Client) (out door.Entry, err error) {
	ok, err := s.authority.CheckSetupCode(ctx, setupCode)
	if err != nil {
		return door.Entry{}, err
	}
	if !ok {
		return door.Entry{}, api.Errorf(api.CodeInvalidToken, "this link does not work any more; start the server again for a new one")
	}
	hash := ""
	if s.policy.Methods != "sso" { // where they do not count, the first sign-in there links the identity
		if hash, err = s.passwords.Hash(password); err != nil {
			return door.Entry{}, err
		}
	}
	_, err = s.authority.Bootstrap(ctx, office.Bootstrap{
		Email: strings.TrimSpace(email), Workspace: workspace, PasswordHash: hash, NoToken: true,
	})
	if err != nil {
		return door.Entry{}, err
	}
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		u, err := tx.User(ledger.UserKey{Email: normal(email)})
		if err != nil {
			return err
		}
		out, err = s.begin(tx, u, "setup", "", from)
		return err
	})
	return out, err
}
