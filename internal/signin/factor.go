package signin

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

const (
	kindTOTP     = ledger.KindTOTP
	kindRecovery = "recovery"
	// stepSeconds is how long a code of an authenticator app lasts; the step
	// before and the step after are taken too.
	stepSeconds   = 30
	recoveryCodes = 10
)

var errWrongCode = api.Errorf(api.CodeForbidden, "this code is not right, or was used already")

func hasFactor(r ledger.SignInReader, user ledger.ID) (bool, error) {
	all, err := r.FactorsOf(user)
	for _, f := range all {
		if f.Kind == kindTOTP && !f.ConfirmedAt.IsZero() {
			return true, err
		}
	}
	return false, err
}

// EnrollTOTP makes the secret of an authenticator app. It counts for nothing
// until [Service.ConfirmTOTP] was given a code of it.
func (s *Service) EnrollTOTP(ctx context.Context, session door.Session) (out door.Enrollment, err error) {
	if err := s.delicate(ctx, session); err != nil {
		return out, err
	}
	host := strings.TrimPrefix(strings.TrimPrefix(s.base, "https://"), "http://")
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Tokenry " + host, AccountName: label(session), Rand: s.secrets.rand})
	if err != nil {
		return out, fmt.Errorf("signin: make a secret for an app: %w", err)
	}
	picture, err := drawQR(key.URL())
	if err != nil {
		return out, err
	}
	sealed, id, err := s.secrets.seal(kindTOTP, session.UserPublicID, []byte(key.Secret()))
	if err != nil {
		return out, err
	}
	err = s.gain(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		if have, err := hasFactor(tx, u.ID); have || err != nil {
			return input.First(err, api.Errorf(api.CodeAlreadyExists, "there is an authenticator app already; remove it first"))
		}
		return input.First(tx.DeleteFactorsOf(u.ID, kindTOTP), tx.PutFactor(ledger.Factor{
			ID: tx.NewID(), User: u.ID, Kind: kindTOTP, Name: "Authenticator app", Key: id, Sealed: sealed, CreatedAt: tx.Now(),
		}))
	})
	return door.Enrollment{Secret: token.NewSecret(key.Secret()), URI: token.NewSecret(key.URL()), QR: token.NewSecret(picture)}, err
}

func label(s door.Session) string {
	if s.Email != "" {
		return s.Email
	}
	return s.UserPublicID
}

// ConfirmTOTP takes a first code of the app, makes it a second factor from now
// on, ends the person's other sessions and answers their recovery codes, this
// once.
func (s *Service) ConfirmTOTP(ctx context.Context, session door.Session, typed string) (codes []token.Secret, err error) {
	if err := s.delicate(ctx, session); err != nil {
		return nil, err
	}
	err = s.gain(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		all, err := tx.FactorsOf(u.ID)
		if err != nil {
			return err
		}
		for _, f := range all {
			if f.Kind != kindTOTP || !f.ConfirmedAt.IsZero() {
				continue
			}
			if ok, err := s.acceptStep(tx, u, f, typed); !ok || err != nil {
				return input.First(err, errWrongCode)
			}
			codes, err = s.makeRecovery(tx, u)
			return input.First(err, tx.DeleteSessionsOf(u.ID, session.ID), tx.Note("factor.added", u, u, map[string]string{"kind": kindTOTP}))
		}
		return api.Errorf(api.CodeNotFound, "there is no app that waits for its first code")
	})
	if err == nil {
		s.tellSession(ctx, session, "An authenticator app was added to your account")
	}
	return codes, err
}

func (s *Service) tellSession(ctx context.Context, session door.Session, what string) {
	s.tell(ctx, ledger.User{PublicID: session.UserPublicID, Email: session.Email}, what)
}

// DisableTOTP removes the app and the recovery codes. It asks for the password,
// which must be one that may stand alone.
func (s *Service) DisableTOTP(ctx context.Context, session door.Session, password string) error {
	if err := whole(session); err != nil {
		return err
	}
	u, err := s.userOf(ctx, session.User)
	if err != nil {
		return err
	}
	if u.PasswordHash == "" {
		err = s.delicate(ctx, session)
	} else {
		err = s.confirm(ctx, u, password, session.Client())
	}
	if err != nil {
		return err
	}
	if u.PasswordHash != "" && utf8.RuneCountInString(password) < minCharacters {
		return api.FieldError("password", "is too short to stand alone; change it to one of 15 characters first")
	}
	err = s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		return dropFactors(tx, callerOf(session), u)
	})
	if err != nil {
		return err
	}
	s.tellSession(ctx, session, "The authenticator app was removed from your account")
	return nil
}

// ResetFactors removes the second factors of somebody who lost them: the app with its
// recovery codes, and every passkey. Whoever has none is left as they are. It needs
// instance:admin.
func (s *Service) ResetFactors(ctx context.Context, c authority.Caller, user string) error {
	v, err := s.authority.GetUser(ctx, c, user)
	if err != nil {
		return err
	}
	var about ledger.User
	var removed bool
	err = s.authority.SignIn(ctx, c, func(tx *office.SignInTx) error {
		if err := tx.MayAdminister(c); err != nil {
			return err
		}
		if about, err = tx.User(ledger.UserKey{PublicID: v.ID}); err != nil {
			return err
		}
		removed, err = resetFactors(tx, c, about)
		return err
	})
	if err != nil || !removed {
		return err
	}
	s.tell(ctx, about, "An administrator removed the second factors of your account")
	return nil
}

func resetFactors(tx *office.SignInTx, by authority.Caller, u ledger.User) (removed bool, err error) {
	rows, err := tx.FactorsOf(u.ID)
	has := func(kind string) bool {
		return slices.ContainsFunc(rows, func(f ledger.Factor) bool { return f.Kind == kind })
	}
	app, passkeys := has(kindTOTP), has(kindPasskey)
	switch {
	case err != nil:
		return false, err
	case !app && !passkeys:
		return false, office.Unchanged()
	}
	if app {
		err = dropFactors(tx, by, u)
	}
	if err == nil && passkeys {
		err = input.First(tx.DeleteFactorsOf(u.ID, kindPasskey), noteBy(tx, by, "factor.removed", u, map[string]any{"kind": kindPasskey}))
	}
	return err == nil, err
}

func dropFactors(tx *office.SignInTx, by authority.Caller, u ledger.User) error {
	return input.First(tx.DeleteFactorsOf(u.ID, kindTOTP), tx.DeleteFactorsOf(u.ID, kindRecovery),
		noteBy(tx, by, "factor.removed", u, map[string]any{"kind": kindTOTP}))
}

// RecoveryCodes makes new recovery codes; the old ones are dead.
func (s *Service) RecoveryCodes(ctx context.Context, session door.Session) (codes []token.Secret, err error) {
	if err := s.delicate(ctx, session); err != nil {
		return nil, err
	}
	err = s.gain(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		if have, err := hasFactor(tx, u.ID); !have || err != nil {
			return input.First(err, api.Errorf(api.CodeNotFound, "there is no second factor to recover"))
		}
		codes, err = s.makeRecovery(tx, u)
		return input.First(err, tx.Note("factor.recovery_codes_made", u, u, nil))
	})
	return codes, err
}

func (s *Service) makeRecovery(tx *office.SignInTx, u ledger.User) ([]token.Secret, error) {
	if err := tx.DeleteFactorsOf(u.ID, kindRecovery); err != nil {
		return nil, err
	}
	codes := make([]token.Secret, recoveryCodes)
	for i := range codes {
		var b [10]byte
		if _, err := io.ReadFull(s.secrets.rand, b[:]); err != nil {
			return nil, fmt.Errorf("signin: read randomness: %w", err)
		}
		plain := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
		f := ledger.Factor{ID: tx.NewID(), User: u.ID, Kind: kindRecovery, CreatedAt: tx.Now(), ConfirmedAt: tx.Now()}
		f.Key = s.secrets.keys.Current()
		f.Digest, _ = s.secrets.digest(kindRecovery, f.Key, u.PublicID+plain)
		if err := tx.PutFactor(f); err != nil {
			return nil, err
		}
		codes[i] = token.NewSecret(plain[:4] + "-" + plain[4:8] + "-" + plain[8:12] + "-" + plain[12:])
	}
	return codes, nil
}

// useFactor takes a code of the app, or uses up a recovery code, and says which
// it was; errWrongCode when it is neither. One that is under a key that is not here
// leaves it open only if no other is right.
func (s *Service) useFactor(tx *office.SignInTx, u ledger.User, typed string) (string, error) {
	typed = strings.ToLower(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, typed))
	all, err := tx.FactorsOf(u.ID)
	if err != nil {
		return "", err
	}
	var lacks token.KeyID
	for _, f := range all {
		if _, held := s.secrets.keys.Check(f.Key); !held && (f.Kind == kindRecovery || f.Kind == kindTOTP && !f.ConfirmedAt.IsZero()) {
			lacks = f.Key
			continue
		}
		ok, err := s.useOne(tx, u, f, typed)
		if ok || err != nil {
			return f.Kind, err
		}
	}
	if lacks != 0 {
		return "", s.secrets.lacking(lacks)
	}
	return "", errWrongCode
}

func (s *Service) useOne(tx *office.SignInTx, u ledger.User, f ledger.Factor, typed string) (bool, error) {
	if f.Kind == kindTOTP && !f.ConfirmedAt.IsZero() {
		return s.acceptStep(tx, u, f, typed)
	}
	if f.Kind != kindRecovery {
		return false, nil
	}
	if is, _ := s.secrets.matches(kindRecovery, u.PublicID+typed, f.Digest, f.Key); is {
		return true, input.First(tx.DeleteFactor(f.ID), tx.Note("factor.recovery_code_used", u, u, nil))
	}
	return false, nil
}

// acceptStep takes a code of the step now, before or after, if that step is
// later than the last one that was accepted: no code counts twice.
func (s *Service) acceptStep(tx *office.SignInTx, u ledger.User, f ledger.Factor, typed string) (bool, error) {
	secret, err := s.secrets.unseal(kindTOTP, u.PublicID, f.Sealed, f.Key)
	if err != nil {
		return false, err
	}
	now := tx.Now().Unix() / stepSeconds
	for step := max(now-1, f.LastStep+1); step <= now+1; step++ {
		ok, err := hotp.ValidateCustom(typed, uint64(step), string(secret),
			hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("signin: check a code: %w", err)
		}
		if !ok {
			continue
		}
		f.LastStep = step
		if f.ConfirmedAt.IsZero() {
			f.ConfirmedAt = tx.Now()
		}
		return true, tx.PutFactor(f)
	}
	return false, nil
}
