package signin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// What is delicate asks a person who is signed in to prove once more who they
// are: by their password, by a code of their second factor, or by whatever makes
// a new session, which is fresh by itself.

// whole refuses what a session of a portal link may not do.
func whole(session door.Session) error {
	if session.Portal == "" {
		return nil
	}
	return api.Errorf(api.CodeForbidden, "a session that a portal link opened manages its own tokens alone")
}

// freshFor is how long a proof of who one is lasts for what is delicate.
const freshFor = 15 * time.Minute

// Fresh says whether the person proved to be the one a short while ago, as is
// asked before something delicate.
func (s *Service) Fresh(ctx context.Context, session door.Session) (fresh bool, err error) {
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		row, _, err := s.standing(r, session, s.now())
		if err != nil {
			return err
		}
		fresh = row.Portal == "" && s.now().Sub(row.ConfirmedAt) < freshFor
		return nil
	})
	return fresh, err
}

// delicate refuses what a portal session, or one that is left open on a desk,
// may not do. It looks at the session's row, not at what the caller holds.
func (s *Service) delicate(ctx context.Context, session door.Session) error {
	if err := whole(session); err != nil {
		return err
	}
	fresh, err := s.Fresh(ctx, session)
	if err == nil && !fresh {
		err = api.Errorf(api.CodeForbidden, "this needs a recent sign-in; confirm who you are first")
	}
	return err
}

// confirmation is a try of somebody who is signed in. It is slowed as at the door
// and counted apart: strangers at the door do not keep them from it.
func (s *Service) confirmation(u ledger.User, from door.Client) *try {
	return s.newTry("confirmation of "+u.PublicID, from)
}

// confirm checks the password of somebody who is signed in, as slowly as at the
// door.
func (s *Service) confirm(ctx context.Context, u ledger.User, password string, from door.Client) error {
	t := s.confirmation(u, from)
	if _, err := s.countFor(ctx, t, from, byID(u.ID)); err != nil {
		return err
	}
	ok, err := s.passwords.Check(ctx, u.PasswordHash, password)
	if err != nil {
		return unavailable(err)
	}
	if !ok {
		return input.First(s.failed(ctx, u, "confirmation", from), api.FieldError("password", "that is not your password"))
	}
	return s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error { return halfRight(tx, t) })
}

// Confirm notes that a person proved to be the one by their password.
func (s *Service) Confirm(ctx context.Context, session door.Session, password string, from door.Client) error {
	if err := whole(session); err != nil {
		return err
	}
	if s.policy.Methods == "sso" {
		return api.Errorf(api.CodeForbidden, "this server takes no passwords; sign in again through single sign-on")
	}
	u, err := s.userOf(ctx, session.User)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, u, password, from); err != nil {
		return err
	}
	return s.change(ctx, session, from, func(tx *office.SignInTx, u ledger.User) error {
		return s.confirmed(tx, u, session, "password")
	})
}

// ConfirmCode notes that a person proved to be the one by a code of their
// authenticator app, or a recovery code.
func (s *Service) ConfirmCode(ctx context.Context, session door.Session, typed string, from door.Client) error {
	if err := whole(session); err != nil {
		return err
	}
	u, err := s.userOf(ctx, session.User)
	if err != nil {
		return err
	}
	t := s.confirmation(u, from)
	if _, err := s.countFor(ctx, t, from, byID(u.ID)); err != nil {
		return err
	}
	err = s.change(ctx, session, from, func(tx *office.SignInTx, u ledger.User) error {
		kind, err := s.useFactor(tx, u, typed)
		if err != nil {
			return err
		}
		return input.First(halfRight(tx, t), s.confirmed(tx, u, session, kind))
	})
	err = s.unjudged(ctx, t, err, from)
	if errors.Is(err, errWrongCode) {
		return input.First(s.failed(ctx, u, "confirmation", from), api.FieldError("code", "this code is not right, or was used already"))
	}
	return err
}

// withPasskey is how a session was opened once a passkey was shown in it.
func withPasskey(method string) string {
	if strings.Contains(method, kindPasskey) {
		return method
	}
	return method + "+" + kindPasskey
}

// confirmed makes a session fresh.
func (s *Service) confirmed(tx *office.SignInTx, u ledger.User, session door.Session, method string) error {
	row, _, err := s.standing(tx.SignInRows, session, tx.Now())
	if err != nil {
		return err
	}
	row.ConfirmedAt = tx.Now()
	if method == kindPasskey {
		row.Method = withPasskey(row.Method)
	}
	return input.First(tx.PutSession(row), tx.Note("session.confirmed", u, u, map[string]string{"session": row.ID, "method": method}))
}
