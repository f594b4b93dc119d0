package signin

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Who is signed in at the provider comes back from there without typing anything.
// That signs in, but proves nothing about who sits before the screen now. So a
// session is fresh from when its person signed in at the provider (auth_time of
// OpenID Connect Core section 2), and a confirmation asks to sign in there anew.
// Some providers never say when. By them nobody confirms anything, unless the
// operator decided that coming back is enough: it shows that the browser has the
// provider's session too, so that a stolen cookie of ours does not do.

// skew is how far the provider's clock may be from this one.
const skew = time.Minute

// OIDCConfirm is [Service.OIDCStart] for somebody who is signed in and proves once
// more, at the provider, who they are.
func (s *Service) OIDCConfirm(ctx context.Context, session door.Session, provider, returnTo string) (address, stateCookie string, err error) {
	if err := whole(session); err != nil {
		return "", "", err
	}
	return s.start(ctx, flow{Provider: provider, ReturnTo: returnTo, User: session.User, Session: session.ID, Confirm: true})
}

// freshAt refuses a confirmation whose person did not sign in at the provider
// since it was begun.
func (s *Service) freshAt(p *provider, f flow, c claims) error {
	began := time.Unix(f.Began, 0).Add(-skew)
	switch {
	case !f.Confirm, c.signedIn.IsZero() && p.ConfirmByReturn:
		return nil
	case c.signedIn.IsZero():
		return api.Errorf(api.CodeForbidden, "%s does not say when you signed in there, so coming back from it confirms nothing; %s", p.Name, s.otherwise()).
			Wrap(errors.New("signin: auth_time is missing"))
	case c.signedIn.Before(began), c.signedIn.After(s.now().Add(skew)):
		return api.Errorf(api.CodeForbidden, "%s did not ask you to sign in again, so it confirms nothing; sign out there and try again", p.Name).
			Wrap(errors.New("signin: auth_time is not of this visit"))
	}
	return nil
}

// otherwise says what somebody can do whose provider confirms nothing.
func (s *Service) otherwise() string {
	const settings = "whoever runs this server can let it count, by the setting oidc_confirm"
	if s.policy.Methods == "sso" {
		return "use a passkey or an app if you have one here; " + settings
	}
	return "use your password, a passkey or an app, or choose a password through “Forgot your password?”; " + settings
}

// proved is when the person proved who they are; where the provider does not say
// when they signed in, too long ago for anything delicate, or now where coming
// back counts.
func (c claims) proved(p *provider, now time.Time) time.Time {
	switch oldest := now.Add(-freshFor); {
	case c.signedIn.IsZero() && p.ConfirmByReturn:
		return now
	case c.signedIn.Before(oldest), c.signedIn.After(now.Add(skew)):
		return oldest
	case c.signedIn.After(now):
		return now
	}
	return c.signedIn
}

// instant reads a time in seconds; anything else is zero.
func instant(raw json.RawMessage) time.Time {
	var seconds float64 // a JSON number, says the standard
	if len(raw) == 0 || json.Unmarshal(raw, &seconds) != nil || seconds < 1 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// misconfigured says to the operator, and not in detail to the person, that the
// settings of a provider name what does not exist.
func (s *Service) misconfigured(p *provider, role string, err error) error {
	if !errors.Is(err, api.CodeNotFound) && !errors.Is(err, ledger.ErrNoRow) && !errors.Is(err, api.CodeInvalidField) {
		return err
	}
	s.log.Error("single sign-on cannot make a member: its workspace or role does not exist", "provider", p.ID, "workspace", p.Workspace, "role", role, "error", err)
	return api.Errorf(api.CodeForbidden, "this server's settings for %s name a workspace or a role that does not exist; ask your administrator", p.Name).Wrap(err)
}
