package signin

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// Account answers how a person signs in.
func (s *Service) Account(ctx context.Context, user int64) (out door.Account, err error) {
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		u, err := r.User(ledger.UserKey{ID: user})
		if err != nil {
			return err
		}
		rows, err := r.FactorsOf(user)
		if err != nil {
			return err
		}
		out = held(rows)
		out.Password = u.PasswordHash != ""
		out.Identities, err = s.identities(r, user)
		return err
	})
	return out, err
}

func passkeys(rows []ledger.Factor) (out []door.Passkey) {
	for _, f := range rows {
		if f.Kind != kindPasskey {
			continue
		}
		v := door.Passkey{ID: passkeyID(f), Name: f.Name, CreatedAt: f.CreatedAt}
		if f.LastStep > 0 {
			v.LastUsedAt = time.Unix(f.LastStep*stepSeconds, 0).UTC()
		}
		out = append(out, v)
	}
	return out
}

// held is what a person has besides a password, of which the factors tell.
func held(rows []ledger.Factor) door.Account {
	out := door.Account{Passkeys: passkeys(rows)}
	for _, f := range rows {
		switch {
		case f.Kind == kindRecovery:
			out.RecoveryCodes++
		case f.Kind == kindTOTP && !f.ConfirmedAt.IsZero():
			out.App, out.AppSince = true, f.ConfirmedAt
		}
	}
	return out
}

// means counts the ways in which a person can sign in now.
func (s *Service) means(r office.SignInRows, u ledger.User) (n int, err error) {
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
func (s *Service) keepsOne(r office.SignInRows, u ledger.User) error {
	n, err := s.means(r, u)
	if err == nil && n <= 1 {
		err = api.Errorf(api.CodeForbidden, "this is the only way you sign in; set up another first")
	}
	return err
}
