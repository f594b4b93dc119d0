package door

import (
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Client is where a request comes from, as throttles count it and the audit tells
// it. Addr is what [Proxies.Client] found, and zero where that is not known.
type Client struct {
	Addr             netip.Addr
	Agent, RequestID string
}

// Place is what counts as one place of many clients: see [Network]. Whoever comes
// from no address that is known shares one place with all the others, so that
// hiding where one is gives nobody more tries.
func (c Client) Place() string {
	switch p := Network(c.Addr); {
	case !p.IsValid():
		return "nowhere"
	case p.IsSingleIP():
		return p.Addr().String()
	default:
		return p.String()
	}
}

// Session is one person signed in on one device. It is what was true when the
// cookie was looked at: whoever changes something reads it anew.
type Session struct {
	// ID names it in lists and in the audit. It is not the cookie and opens nothing.
	ID string
	// User is the person's row, UserPublicID how the API shows them.
	User                      int64
	UserPublicID, Email, Name string
	// InstanceAdmin holds the instance's own powers.
	InstanceAdmin bool
	// CreatedAt is when the person signed in, ConfirmedAt when they last proved
	// to be the one.
	CreatedAt, ConfirmedAt, LastSeenAt, ExpiresAt time.Time
	Address, Agent                                string
	// Method is how they signed in: "password", "password+totp", "passkey",
	// "oidc:NAME", "setup", "reset", "invitation" or "portal".
	Method string
	// Portal, when not empty, is the slug of the one workspace in which this
	// session may see the person's own tokens, and nothing else anywhere.
	Portal string
}

// Client is where the session was last used.
func (s Session) Client() Client {
	addr, _ := netip.ParseAddr(s.Address) // empty where it was not known
	return Client{Addr: addr, Agent: s.Agent}
}

// Entry is what a step of signing in led to: a session and its cookie, or the
// ticket for the second factor that is still due.
type Entry struct {
	Cookie  token.Secret
	Session Session
	// SecondFactor is the ticket; empty when the session is there.
	SecondFactor string
	// Tried is what a sign-in came to that was only tried: nobody is signed in. Nil for any
	// other.
	Tried *Trial
}

// Provider is an identity provider that people may sign in with: ID names it in
// addresses, Name on its button.
type Provider struct{ ID, Name string }

// ProviderState is an identity provider as the administrators of the instance see it.
type ProviderState struct {
	Provider
	// Issuer and ClientID are of the settings; Callback is the address that the provider
	// has to know.
	Issuer, ClientID, Callback string
	// Domains are those whose people may come in, "*" for all.
	Domains []string
	// Workspace, Role and RoleClaim are what newcomers get there, and by what.
	Workspace, Role, RoleClaim string
	// FoundAt is when it last told of itself, AskedAt when it was last asked; zero for never.
	FoundAt, AskedAt time.Time
	// Trouble is why it could not be read when it was last asked; empty where it could.
	Trouble string
}

// Trial is what a sign-in would have come to that was only tried.
type Trial struct {
	Provider Provider
	// Subject, Email and Name are what the provider said of the person, Verified whether it
	// checked the e-mail, Roles what it named of roles.
	Subject, Email, Name string
	Verified             bool
	Roles                []string
	// As is whom they would have been signed in as, New whether an account would have been
	// made.
	As  string
	New bool
	// Refused is what the person would have been told, empty where they would have come in;
	// Cause is what the log says of it.
	Refused, Cause string
}

// Account is how a person signs in.
type Account struct {
	// Password says that they have one, App that they have an authenticator app.
	Password, App bool
	AppSince      time.Time
	// RecoveryCodes are how many are left.
	RecoveryCodes int
	Passkeys      []Passkey
	Identities    []Identity
}

// Passkey is one of a person's passkeys; ID names it among theirs.
type Passkey struct {
	ID, Name  string
	CreatedAt time.Time
	// LastUsedAt is right to half a minute; zero for never.
	LastUsedAt time.Time
}

// Identity is a person at an identity provider, whom issuer and subject together
// name for good (OpenID Connect Core 1.0, section 5.7); an e-mail does not.
type Identity struct {
	Issuer, Subject, Email string
	// Provider is the provider's name; empty when it is no longer configured.
	Provider string
	LinkedAt time.Time
}

// Enrollment is what an authenticator app is given, this once: a secret to type,
// an address to open, and that address as a picture to scan, an SVG document.
type Enrollment struct{ Secret, URI, QR token.Secret }

// Ceremony is what a page hands to its browser so that it asks for a passkey.
type Ceremony struct {
	// Options are those of navigator.credentials, as JSON; State comes back with
	// the answer.
	Options, State string
}

// DeviceRequest is what a person is shown before a program gets a token in their
// name (RFC 8628, section 3.3): where it is.
type DeviceRequest struct {
	// Name is what its machine calls itself; nobody checked it.
	Name           string
	Address, Agent string
	StartedAt      time.Time
	// Scopes, Lasts and Workspace are what it asked for; none, zero and "" where it left
	// that open.
	Scopes    []string
	Lasts     time.Duration
	Workspace string
}

// Invitation is how an invitation went.
type Invitation struct {
	// Sent says that a mail was handed over.
	Sent bool
	// CanSignIn says that the person has a way to sign in already.
	CanSignIn bool
	// Revision is that of the change.
	Revision int64
}

// Handed is a one-time link that one person gives to another.
type Handed struct {
	Link    token.Secret
	Expires time.Time
	// Email is whom it is for.
	Email string
	// Told says that they were told of it by mail.
	Told bool
}
