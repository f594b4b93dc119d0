package signin

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Account is how a person signs in.
type Account struct {
	// Password says that they have one.
	Password   bool
	Factors    Factors
	Passkeys   []Passkey
	Identities []Identity
}

// Passkey is one of a person's passkeys.
type Passkey struct {
	// ID names it among theirs.
	ID, Name  string
	CreatedAt time.Time
	// LastUsedAt is right to half a minute; zero for never.
	LastUsedAt time.Time
}

// Account answers how a person signs in.
func (s *Service) Account(ctx context.Context, user int64) (out Account, err error) {
	err = s.authority.ReadSignIn(ctx, func(r ledger.Reader) error {
		u, err := r.User(ledger.UserKey{ID: user})
		if err != nil {
			return err
		}
		rows, err := r.FactorsOf(user)
		if err != nil {
			return err
		}
		out.Password, out.Factors, out.Passkeys = u.PasswordHash != "", factors(rows), passkeys(rows)
		out.Identities, err = s.identities(r, user)
		return err
	})
	return out, err
}

func passkeys(rows []ledger.Factor) (out []Passkey) {
	for _, f := range rows {
		if f.Kind != kindPasskey {
			continue
		}
		v := Passkey{ID: passkeyID(f), Name: f.Name, CreatedAt: f.CreatedAt}
		if f.LastStep > 0 {
			v.LastUsedAt = time.Unix(f.LastStep*stepSeconds, 0).UTC()
		}
		out = append(out, v)
	}
	return out
}

func factors(rows []ledger.Factor) (out Factors) {
	for _, f := range rows {
		switch {
		case f.Kind == kindRecovery:
			out.RecoveryCodes++
		case f.Kind == kindTOTP && !f.ConfirmedAt.IsZero():
			out.TOTP, out.Since = true, f.ConfirmedAt
		}
	}
	return out
}

// means counts the ways in which a person can sign in now.
func (s *Service) means(r ledger.Reader, u ledger.User) (n int, err error) {
	rows, err := r.FactorsOf(u.ID)
	if err != nil {
		return 0, err
	}
	ids, err := r.IdentitiesOf(u.ID)
	if err != nil {
		return 0, err
	}
	if s.policy.Methods != "sso" {
		if u.PasswordHash != "" {
			n++
		}
		if s.Passkeys() {
			n += len(passkeys(rows))
		}
	}
	for _, id := range ids {
		if slices.ContainsFunc(s.providers, func(p *provider) bool { return p.Issuer == id.Issuer }) {
			n++
		}
	}
	return n, nil
}

// keepsOne refuses to take the only way to sign in away.
func (s *Service) keepsOne(r ledger.Reader, u ledger.User) error {
	n, err := s.means(r, u)
	if err == nil && n <= 1 {
		err = api.Errorf(api.CodeForbidden, "this is the only way you sign in; set up another first")
	}
	return err
}
