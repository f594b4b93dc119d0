package console

import (
	"context"
	"net/netip"
	"net/url"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/token"
)

// Client is where a request comes from.
type Client struct {
	Addr  netip.Addr
	Agent string
}

// Session is one person's sign-in on one device.
type Session struct {
	// ID names the session in lists; it is not the cookie.
	ID string
	// User is the person's row; UserPublicID is how the authority shows it.
	User         int64
	UserPublicID string
	Email, Name  string
	// InstanceAdmin holds the instance's own powers.
	InstanceAdmin bool
	CreatedAt     time.Time
	LastSeenAt    time.Time
	ExpiresAt     time.Time
	Address       string
	Agent         string
	// Method is how the person signed in, like "password+totp" or "oidc:sso".
	Method string
	// Portal, when not empty, is the slug of the one workspace in which this
	// session may see the person's own tokens, and nothing else.
	Portal string
}

// Result is what a sign-in led to: a session and its cookie, or the ticket for
// the second factor that is still to be given.
type Result struct {
	Cookie  token.Secret
	Session Session
	// SecondFactor is the ticket; empty when the session is there.
	SecondFactor string
}

// Provider is an identity provider that people may sign in with.
type Provider struct {
	// ID names it in addresses, Name on the button.
	ID, Name string
}

// Sessions establishes who a person is. Errors are *api.Error where a person
// can do something about them; a wrong password and an unknown person read and
// take the same. It is safe for use by many goroutines.
type Sessions interface {
	// Password signs in.
	Password(ctx context.Context, email, password string, by Client) (Result, error)
	// SecondFactor finishes a sign-in that Password answered a ticket for.
	SecondFactor(ctx context.Context, ticket, code string, by Client) (Result, error)
	// Authenticate finds the session of a cookie; any error means there is none.
	Authenticate(ctx context.Context, cookie string, by Client) (Session, error)
	// SignOut ends the session of a cookie.
	SignOut(ctx context.Context, cookie string) error

	// Sessions lists a person's live sessions, newest first.
	Sessions(ctx context.Context, user int64) ([]Session, error)
	// EndSession ends one of the sessions of the person of s.
	EndSession(ctx context.Context, s Session, id string) error
	// EndOthers ends every session of the person but s.
	EndOthers(ctx context.Context, s Session) error
	// ChangePassword replaces the password and ends the other sessions.
	ChangePassword(ctx context.Context, s Session, old, password string) error

	// Setup makes the first Owner with the one-time code.
	Setup(ctx context.Context, code, email, password, workspace string, by Client) (Result, error)
	// RequestReset mails a link; whether anybody has this e-mail is not told.
	RequestReset(ctx context.Context, email string, by Client) error
	// FinishReset sets a password with the code of a mailed link.
	FinishReset(ctx context.Context, code, password string, by Client) (Result, error)
	// Invite mails a member a link to choose their first password. Link is for
	// whoever may hand it over where no mail is set up; zero otherwise.
	Invite(ctx context.Context, c authority.Caller, workspace, member string) (sent bool, link token.Secret, err error)
	// AcceptInvitation sets the first password with the code of that link.
	AcceptInvitation(ctx context.Context, code, password string, by Client) (Result, error)

	// Addressee is the e-mail that a link was mailed to, "reset" or "invitation",
	// as long as it works. It uses nothing up.
	Addressee(ctx context.Context, kind, code string) (email string, err error)

	// Methods says which ways of signing in are open besides links.
	Methods() (password, sso bool)
	// OIDCProviders lists the identity providers.
	OIDCProviders() []Provider
	// OIDCStart answers the provider's address and the state to keep in a cookie.
	OIDCStart(ctx context.Context, provider, next string) (address, stateCookie string, err error)
	// OIDCFinish reads the provider's answer; next is what OIDCStart was given.
	OIDCFinish(ctx context.Context, provider, stateCookie string, query url.Values, by Client) (r Result, next string, err error)

	// OpenPortal signs in with a one-time portal link.
	OpenPortal(ctx context.Context, code string, by Client) (Result, error)

	// DeviceLook answers which program waits behind a code.
	DeviceLook(ctx context.Context, s Session, code string) (DeviceRequest, error)
	// DeviceApprove lets it have a personal token of the person.
	DeviceApprove(ctx context.Context, s Session, code, workspace string) error
	// DeviceDeny tells it that it may not.
	DeviceDeny(ctx context.Context, s Session, code string) error

	Proofs
}

// DeviceRequest is where a program that asks for a token is.
type DeviceRequest struct {
	// Name is what its machine calls itself; nobody checked it.
	Name           string
	Address, Agent string
	StartedAt      time.Time
}
