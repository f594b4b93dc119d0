package signin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// code is a one-time code about to be made.
type code struct {
	purpose string
	user    ledger.ID
	life    time.Duration
	// alias is a second name to find it by, already digested; empty for none.
	alias string
	// data is kept with it, as JSON; nil is nothing.
	data any
}

// putCode makes a one-time code and answers what its bearer is given.
func (s *Service) putCode(tx *office.SignInTx, c code) (string, error) {
	m, err := s.secrets.mint(c.purpose)
	if err := input.First(tx.Give(), err); err != nil {
		return "", err
	}
	row := ledger.OneTimeCode{
		ID: m.id, Purpose: c.purpose, User: c.user, Alias: c.alias, Digest: m.digest, Key: m.key,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(c.life),
	}
	if c.data != nil {
		if row.Data, err = json.Marshal(c.data); err != nil {
			return "", err
		}
	}
	return m.plain, tx.PutCode(row)
}

// findCode finds the code that a secret is, if it is for this purpose and its
// time has not passed.
func (s *Service) findCode(r office.SignInRows, purpose, plain string, now time.Time) (ledger.OneTimeCode, error) {
	id := secretID(plain)
	if id == "" {
		return ledger.OneTimeCode{}, deadLink()
	}
	c, err := r.Code(id)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return c, err
	}
	is, lacks := s.secrets.matches(purpose, plain, c.Digest, c.Key)
	if !is && !lacks || err != nil || c.Purpose != purpose || !now.Before(c.ExpiresAt) || unborn(c.CreatedAt, now) {
		return c, deadLink()
	}
	if lacks {
		return c, s.secrets.lacking(c.Key)
	}
	return c, nil
}

// readCode looks at a code without using it.
func (s *Service) readCode(ctx context.Context, purpose, plain string) (c ledger.OneTimeCode, err error) {
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		c, err = s.findCode(r, purpose, plain, s.now())
		return err
	})
	return c, err
}

// checkCode finds a code and its person within a mutation. Somebody who was
// deactivated has none that work.
func (s *Service) checkCode(tx *office.SignInTx, purpose, plain string) (ledger.OneTimeCode, ledger.User, error) {
	if err := tx.Give(); err != nil { // whether its time has passed is not known
		return ledger.OneTimeCode{}, ledger.User{}, err
	}
	c, err := s.findCode(tx.SignInRows, purpose, plain, tx.Now())
	if err != nil {
		return c, ledger.User{}, err
	}
	u, err := tx.User(ledger.UserKey{ID: c.User})
	if err != nil {
		return c, u, err
	}
	if !u.DeactivatedAt.IsZero() {
		return c, u, deadLink()
	}
	return c, u, nil
}

// useCode is checkCode, and uses the code up. Of two at the same moment one
// finds nothing, because mutations have an order.
func (s *Service) useCode(tx *office.SignInTx, purpose, plain string) (ledger.OneTimeCode, ledger.User, error) {
	c, u, err := s.checkCode(tx, purpose, plain)
	if err != nil {
		return c, u, err
	}
	return c, u, tx.DeleteCode(c.ID)
}
