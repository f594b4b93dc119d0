package signin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// admit signs in who the claims are about, or links the identity to the person
// who asked for that while signed in. A person is (issuer, subject); the e-mail
// counts once, for a first link, and only when nothing else opens the account.
func (s *Service) admit(ctx context.Context, p *provider, f flow, c claims, from door.Client) (out door.Entry, err error) {
	var u ledger.User
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		if err := s.once(tx, c.nonce); err != nil {
			return err
		}
		proved := c.proved(p, tx.Now())
		if f.User != 0 {
			u, proved, err = s.signed(tx, p, f, c)
		} else {
			u, err = s.person(tx, p, c)
		}
		if err := input.First(err, enters(u)); err != nil {
			return err
		}
		out, err = s.beginProved(tx, u, "oidc:"+p.ID, "", from, proved)
		return err
	})
	if errors.Is(err, api.CodeLastOwner) && !c.keepRole {
		s.log.Warn("a role was not taken from the last Owner", "provider", p.ID, "user", u.PublicID)
		c.keepRole = true
		return s.admit(ctx, p, f, c, from)
	}
	if err != nil {
		return door.Entry{}, s.turnedAway(ctx, "oidc:"+p.ID, reasonRefused, u.PublicID, u, err, from)
	}
	if f.User != 0 && !f.Confirm {
		s.tell(ctx, u, "An identity at "+p.Name+" was linked to your account")
	}
	return out, nil
}

// enters refuses whoever is deactivated.
func enters(u ledger.User) error {
	if u.DeactivatedAt.IsZero() {
		return nil
	}
	return api.Errorf(api.CodeForbidden, "this account is deactivated; ask your administrator").Wrap(refusalError{reasonDeactivated})
}

// once remembers a visit, so that its answer is not taken a second time.
func (s *Service) once(tx *office.SignInTx, nonce string) error {
	name := s.secrets.name("visit", nonce)
	if _, err := tx.CodeByAlias(name); !errors.Is(err, ledger.ErrNoRow) {
		return input.First(err, lostFlow(errors.New("signin: the visit was finished before")))
	}
	_, err := s.putCode(tx, code{purpose: "visit", life: 2 * stateFor, alias: name})
	return err
}

// signed links the identity to the person of the session that asked for it, or
// confirms that it is theirs. A new session replaces that one; proved is when its
// person last proved to be the one.
func (s *Service) signed(tx *office.SignInTx, p *provider, f flow, c claims) (u ledger.User, proved time.Time, err error) {
	row, err := tx.Session(f.Session)
	if err != nil || row.User != f.User || !s.alive(row, tx.Now()) {
		return u, proved, gone()
	}
	if u, err = tx.User(ledger.UserKey{ID: f.User}); err != nil {
		return u, proved, err
	}
	if f.Confirm {
		proved, err = c.proved(p, tx.Now()), s.isTheirs(tx, p, u, c)
	} else {
		proved, err = row.ConfirmedAt, s.linkTo(tx, p, u, c)
	}
	return u, proved, input.First(err, tx.DeleteSession(row.ID))
}

// isTheirs wants the identity of a confirmation to be the person's own.
func (s *Service) isTheirs(tx *office.SignInTx, p *provider, u ledger.User, c claims) error {
	have, err := tx.Identity(p.Issuer, c.subject)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && have.User != u.ID {
		return api.Errorf(api.CodeForbidden, "whoever signed in at %s is not linked to your account", p.Name).Wrap(refusalError{reasonNotLinked})
	}
	return input.First(err, tx.Note("session.confirmed", u, u, map[string]string{"method": "oidc:" + p.ID}))
}

func (s *Service) linkTo(tx *office.SignInTx, p *provider, u ledger.User, c claims) error {
	have, err := tx.Identity(p.Issuer, c.subject)
	switch {
	case err == nil && have.User == u.ID:
		return nil
	case err == nil:
		return api.Errorf(api.CodeAlreadyExists, "this identity at %s belongs to another account", p.Name)
	case !errors.Is(err, ledger.ErrNoRow):
		return err
	}
	return input.First(
		tx.Give(),
		tx.DeleteCodesOf(u.ID, "invitation"), // this is how the person enters now
		tx.AddIdentity(ledger.Identity{Issuer: p.Issuer, Subject: c.subject, User: u.ID, Email: c.email, CreatedAt: tx.Now()}),
		tx.Note("identity.linked", u, u, map[string]string{"provider": p.ID, "issuer": p.Issuer, "subject": c.subject}))
}

// person finds whose identity it is, links it to whom it may be linked, or makes
// an account for it.
func (s *Service) person(tx *office.SignInTx, p *provider, c claims) (ledger.User, error) {
	have, err := tx.Identity(p.Issuer, c.subject)
	if err == nil {
		return s.known(tx, p, have, c)
	}
	if !errors.Is(err, ledger.ErrNoRow) {
		return ledger.User{}, err
	}
	if !c.verified || !p.allows(c.email) {
		why := reasonUnverified
		if c.verified {
			why = reasonDomain
		}
		return ledger.User{}, api.Errorf(api.CodeForbidden,
			"your e-mail is not verified by %s, or its domain is not allowed here; ask your administrator", p.Name).Wrap(refusalError{why})
	}
	u, err := tx.User(ledger.UserKey{Email: c.email})
	if errors.Is(err, ledger.ErrNoRow) {
		return s.newcomer(tx, p, c)
	}
	if err != nil || !u.DeactivatedAt.IsZero() {
		return u, err
	}
	alone, err := withoutMeans(tx, u)
	if err == nil && !alone {
		err = api.Errorf(api.CodeForbidden,
			"there is an account with this e-mail that is signed in to another way; sign in so, and link %s under security", p.Name).Wrap(refusalError{reasonNotLinked})
	}
	if err != nil {
		return u, err
	}
	if role := p.role(c); p.Workspace != "" && role != "" {
		err = s.misconfigured(p, role, tx.Join(u, p.Workspace, role))
	}
	return u, input.First(err, s.linkTo(tx, p, u, c))
}

// known is a person who signed in through this provider before.
func (s *Service) known(tx *office.SignInTx, p *provider, have ledger.Identity, c claims) (ledger.User, error) {
	u, err := tx.User(ledger.UserKey{ID: have.User})
	if err != nil || !p.EverySignIn || p.Workspace == "" || c.keepRole || !u.DeactivatedAt.IsZero() {
		return u, err
	}
	role := p.role(c)
	if role == "" && !u.InstanceAdmin {
		return u, api.Errorf(api.CodeForbidden, "%s gives you no role here any more; ask your administrator", p.Name).Wrap(refusalError{reasonNoRole})
	}
	if role != "" {
		err = s.misconfigured(p, role, tx.SetRole(u, p.Workspace, role))
	}
	return u, err
}

// newcomer makes an account for who has none.
func (s *Service) newcomer(tx *office.SignInTx, p *provider, c claims) (ledger.User, error) {
	role := p.role(c)
	if p.Workspace == "" || role == "" {
		return ledger.User{}, api.Errorf(api.CodeForbidden, "there is no account for you here; ask your administrator for one").Wrap(refusalError{reasonNoAccount})
	}
	u, err := tx.Provision(c.email, c.name, p.Workspace, role)
	if err != nil {
		return u, s.misconfigured(p, role, err)
	}
	return u, s.linkTo(tx, p, u, c)
}

// allows says whether an e-mail's domain is one of those configured. It is the
// part behind the last @, whole.
func (p *provider) allows(email string) bool {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return false
	}
	return slices.ContainsFunc(p.Domains, func(d string) bool { return d == "*" || strings.EqualFold(d, email[at+1:]) })
}

// role is the one of the first rule that matches, else the default.
func (p *provider) role(c claims) string {
	for _, r := range p.Roles {
		if slices.Contains(c.values, r.Value) {
			return r.Role
		}
	}
	return p.DefaultRole
}

func (s *Service) identities(r office.SignInRows, user int64) (out []door.Identity, err error) {
	rows, err := r.IdentitiesOf(user)
	for _, row := range rows {
		v := door.Identity{Issuer: row.Issuer, Subject: row.Subject, Email: row.Email, LinkedAt: row.CreatedAt}
		if i := slices.IndexFunc(s.providers, func(p *provider) bool { return p.Issuer == row.Issuer }); i >= 0 {
			v.Provider = s.providers[i].Name
		}
		out = append(out, v)
	}
	return out, err
}

// Unlink removes an identity, unless it is the person's only way to sign in.
func (s *Service) Unlink(ctx context.Context, session door.Session, issuer, subject string) error {
	if err := s.delicate(ctx, session); err != nil {
		return err
	}
	return s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		have, err := tx.IdentitiesOf(u.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(have, func(i ledger.Identity) bool { return i.Issuer == issuer && i.Subject == subject }) {
			return ledger.ErrNoRow
		}
		if err := s.keepsOne(tx.SignInRows, u); err != nil {
			return err
		}
		return input.First(tx.DeleteIdentity(issuer, subject),
			tx.Note("identity.unlinked", u, u, map[string]string{"issuer": issuer, "subject": subject}))
	})
}
