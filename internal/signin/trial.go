package signin

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// Providers tell whoever sets single sign-on up how it is found, and what a sign-in comes
// to, for a [Service].
type Providers struct{ s *Service }

// maxCause bounds what is told of an error whose words another server chose.
const maxCause = 300

// States tells of each provider how it was last found; it asks nobody.
func (ps Providers) States() []door.ProviderState {
	var out []door.ProviderState
	for _, p := range ps.s.providers {
		p.mu.Lock()
		out = append(out, ps.s.state(p))
		p.mu.Unlock()
	}
	return out
}

// Check asks a provider now for its discovery document, at most every ten seconds. That it
// cannot be had is an answer, and no error.
func (ps Providers) Check(ctx context.Context, id string) (door.ProviderState, error) {
	p, err := ps.s.provider(id)
	if err != nil {
		return door.ProviderState{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, ProviderTime)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.ask(ctx) // its state tells
	return ps.s.state(p), nil
}

// state is how a provider was found; its lock is held.
func (s *Service) state(p *provider) door.ProviderState {
	out := door.ProviderState{
		Provider: door.Provider{ID: p.ID, Name: p.Name}, Issuer: p.Issuer, ClientID: p.ClientID, Callback: s.callback(p),
		Domains: p.Domains, Workspace: p.Workspace, Role: p.DefaultRole, RoleClaim: p.RoleClaim, FoundAt: p.foundAt, AskedAt: p.asked,
	}
	if p.trouble != nil {
		out.Trouble = causeOf(p.trouble.Error())
	}
	return out
}

// causeOf is what an error says, bounded and without a secret of ours.
func causeOf(text string) string { return input.Clip(token.Redact(text), maxCause) }

// Try is [Service.OIDCStart] for an administrator of the instance, who sees what a sign-in
// there would come to. Whoever signs in there is not signed in here, and nothing changes.
func (ps Providers) Try(ctx context.Context, session door.Session, provider, returnTo string) (address, stateCookie string, err error) {
	if err := whole(session); err != nil {
		return "", "", err
	}
	return ps.s.start(ctx, flow{Provider: provider, ReturnTo: returnTo, User: session.User, Session: session.ID, Try: true})
}

// errTried undoes what a trial did.
var errTried = errors.New("signin: it was only tried")

// tried says what an answer of a provider would have come to. It is told to a live session
// of the administrator who began it, and to nobody else.
func (s *Service) tried(ctx context.Context, p *provider, f flow, query url.Values, from door.Client) (*door.Trial, error) {
	err := s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		row, err := r.Session(f.Session)
		if err != nil || row.User != f.User || !s.alive(row, s.now()) {
			return gone()
		}
		if u, err := r.User(ledger.UserKey{ID: f.User}); err != nil || !u.InstanceAdmin || !u.DeactivatedAt.IsZero() {
			return gone()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &door.Trial{Provider: door.Provider{ID: p.ID, Name: p.Name}}
	code, err := p.answer(f, query)
	var c claims
	if err == nil {
		c, err = s.redeem(ctx, p, f, code)
	}
	if err == nil {
		out.Subject, out.Email, out.Name, out.Verified, out.Roles = c.subject, c.email, c.name, c.verified, c.values
		err = s.rehearse(ctx, p, c, from, out)
	}
	if err == nil {
		return out, nil
	}
	told := api.AsError(err)
	if told.Code == api.CodeInternal || told.Code == api.CodeUnavailable && out.Subject != "" {
		return nil, err // ours, and no answer about theirs
	}
	out.Refused = told.Message
	if why, ok := errors.AsType[refusalError](err); ok {
		out.Cause = strings.ReplaceAll(why.reason, "_", " ")
	} else if cause := errors.Unwrap(err); cause != nil {
		out.Cause = causeOf(cause.Error())
	}
	if said := query.Get("error"); said != "" {
		out.Cause = causeOf(said + " " + query.Get("error_description"))
	}
	return out, nil
}

// rehearse admits a person, notes as whom, and undoes it.
func (s *Service) rehearse(ctx context.Context, p *provider, c claims, from door.Client, out *door.Trial) error {
	err := s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		_, unlinked := tx.Identity(p.Issuer, c.subject)
		_, unknown := tx.User(ledger.UserKey{Email: c.email})
		u, err := s.person(tx, p, c)
		if err := input.First(err, enters(u)); err != nil {
			return err
		}
		out.As, out.New = u.Email, errors.Is(unlinked, ledger.ErrNoRow) && errors.Is(unknown, ledger.ErrNoRow)
		return errTried
	})
	switch {
	case errors.Is(err, errTried):
		return nil
	case errors.Is(err, api.CodeLastOwner) && !c.keepRole: // a sign-in leaves that role
		c.keepRole = true
		return s.rehearse(ctx, p, c, from, out)
	}
	return err
}
