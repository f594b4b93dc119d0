// Package entrance is what the pages ask of whoever establishes who a person is, in the
// chapters in which they ask it. For all of them: an error is an *api.Error where a person
// can do something about it; a call may be made by many goroutines; and whatever a page
// holds of a session is read anew before something changes by it.
package entrance

import (
	"context"
	"net/url"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/token"
)

// Sessions are what keeps a person signed in.
type Sessions interface {
	// Authenticate finds the session of a cookie; any error means there is none.
	Authenticate(ctx context.Context, cookie string, by door.Client) (door.Session, error)
	// SignOut ends the session of a cookie; one that opens nothing is no error.
	SignOut(ctx context.Context, cookie string) error
	// Sessions lists a person's live sessions, newest first.
	Sessions(ctx context.Context, user int64) ([]door.Session, error)
	// EndSession ends one of the sessions of the person of s; not_found when it is
	// somebody else's.
	EndSession(ctx context.Context, s door.Session, id string) error
	// EndOthers ends every session of the person but s.
	EndOthers(ctx context.Context, s door.Session) error
}

// SignIn is the way in for who has one already. A wrong password and an unknown
// person read and take the same.
type SignIn interface {
	// Methods says which ways of signing in are open besides links.
	Methods() (password, sso bool)
	// Password signs in.
	Password(ctx context.Context, email, password string, by door.Client) (door.Entry, error)
	// SecondFactor finishes a sign-in that was answered a ticket.
	SecondFactor(ctx context.Context, ticket, code string, by door.Client) (door.Entry, error)

	// Passkeys says whether this server takes passkeys.
	Passkeys() bool
	// PasskeyOffer begins what PasskeySignIn finishes with the browser's answer.
	PasskeyOffer() (door.Ceremony, error)
	PasskeySignIn(ctx context.Context, state, answer string, by door.Client) (door.Entry, error)

	// OIDCProviders lists the identity providers.
	OIDCProviders() []door.Provider
	// OIDCStart answers the provider's address and the state to keep in a cookie.
	OIDCStart(ctx context.Context, provider, next string) (address, stateCookie string, err error)
	// OIDCFinish reads the provider's answer, whatever it was started for; next is
	// what it was started with.
	OIDCFinish(ctx context.Context, provider, stateCookie string, query url.Values, by door.Client) (e door.Entry, next string, err error)
}

// Links are the ways in that work once, by a code that was mailed or handed over.
type Links interface {
	// Setup makes the first Owner with the one-time code.
	Setup(ctx context.Context, code, email, password, workspace string, by door.Client) (door.Entry, error)
	// MailsLinks says whether anything can be mailed: without it RequestReset does nothing.
	MailsLinks() bool
	// RequestReset mails a link; whether anybody has this e-mail is not told.
	RequestReset(ctx context.Context, email string, by door.Client) error
	// FinishReset sets a password with the code of a mailed link.
	FinishReset(ctx context.Context, code, password string, by door.Client) (door.Entry, error)
	// Invite mails a member a link to choose their first password.
	Invite(ctx context.Context, c authority.Caller, workspace, member string) (door.Invitation, error)
	// AcceptInvitation sets the first password with the code of that link.
	AcceptInvitation(ctx context.Context, code, password string, by door.Client) (door.Entry, error)
	// Addressee is the e-mail that a link is for, by what it is for ("reset",
	// "invitation", "link", "factors"), as long as it works. It uses nothing up.
	Addressee(ctx context.Context, kind, code string) (email string, err error)
}

// Handouts are links that work once and that one person gives to another.
type Handouts interface {
	// HandOut makes a link that an administrator of the instance, who proved a short
	// while ago who they are, gives to a person: "invitation" or "link" to choose the first
	// or a new password, "factors" to be rid of second factors.
	HandOut(ctx context.Context, s door.Session, user, what string) (door.Handed, error)
	// HandInvitation makes such a link for a member of a workspace who has no way to sign
	// in yet, for whoever may act as them there.
	HandInvitation(ctx context.Context, s door.Session, workspace, member string) (door.Handed, error)
	// ChoosePassword sets a password with the code of such a link, and RemoveFactors
	// takes the password and removes the second factors.
	ChoosePassword(ctx context.Context, code, password string, by door.Client) (door.Entry, error)
	RemoveFactors(ctx context.Context, code, password string, by door.Client) (door.Entry, error)
}

// Providers are the identity providers, as whoever sets them up sees them.
type Providers interface {
	// States tells of each what its settings are and how it was last found; it asks nobody.
	States() []door.ProviderState
	// Check asks one now, at most every few seconds, and tells how it was found.
	Check(ctx context.Context, provider string) (door.ProviderState, error)
	// Try is OIDCStart for an administrator of the instance who wants to see what a
	// sign-in comes to; [SignIn.OIDCFinish] answers it, and nothing changes.
	Try(ctx context.Context, s door.Session, provider, next string) (address, stateCookie string, err error)
}

// Portals let in by the link of a product that vouches for its people.
type Portals interface {
	// OpenPortal signs in with a one-time portal link, to the person's own tokens in
	// one workspace.
	OpenPortal(ctx context.Context, code string, by door.Client) (door.Entry, error)
}

// Proofs are how somebody who is signed in shows once more who they are, which
// makes their session fresh for a while.
type Proofs interface {
	// Fresh says whether the person proved to be the one a short while ago.
	Fresh(ctx context.Context, s door.Session) (bool, error)
	// Confirm takes the password, ConfirmCode a code of the authenticator app or a
	// recovery code.
	Confirm(ctx context.Context, s door.Session, password string, by door.Client) error
	ConfirmCode(ctx context.Context, s door.Session, code string, by door.Client) error
	// PasskeyConfirmOffer begins what PasskeyConfirm finishes.
	PasskeyConfirmOffer() (door.Ceremony, error)
	PasskeyConfirm(ctx context.Context, s door.Session, state, answer string, by door.Client) error
	// OIDCConfirm is OIDCStart for somebody who proves at a provider who they are.
	OIDCConfirm(ctx context.Context, s door.Session, provider, next string) (address, stateCookie string, err error)
}

// Authenticators are the means by which a person signs in, as they manage them
// under Security. What changes one is refused (forbidden) unless the session is
// fresh, and what would take the last one away always.
type Authenticators interface {
	// Account answers how a person signs in.
	Account(ctx context.Context, user int64) (door.Account, error)
	// ChangePassword replaces the password and ends the other sessions.
	ChangePassword(ctx context.Context, s door.Session, old, password string) error
	// OIDCLink is OIDCStart for somebody who adds an identity to their account.
	OIDCLink(ctx context.Context, s door.Session, provider, next string) (address, stateCookie string, err error)
	// Unlink removes an identity.
	Unlink(ctx context.Context, s door.Session, issuer, subject string) error
	// EnrollTOTP makes the secret of an authenticator app; ConfirmTOTP takes its
	// first code and answers the recovery codes, this once.
	EnrollTOTP(ctx context.Context, s door.Session) (door.Enrollment, error)
	ConfirmTOTP(ctx context.Context, s door.Session, code string) ([]token.Secret, error)
	// DisableTOTP removes the app, with the password where there is one.
	DisableTOTP(ctx context.Context, s door.Session, password string) error
	// RecoveryCodes makes new ones; the old ones are dead.
	RecoveryCodes(ctx context.Context, s door.Session) ([]token.Secret, error)
	// PasskeyNew begins what PasskeyAdd finishes with the browser's answer.
	PasskeyNew(ctx context.Context, s door.Session) (door.Ceremony, error)
	PasskeyAdd(ctx context.Context, s door.Session, state, answer, name string) error
	// PasskeyRemove forgets one.
	PasskeyRemove(ctx context.Context, s door.Session, id string) error
	// ResetFactors removes the second factors of somebody else, who lost them. It needs
	// instance:admin.
	ResetFactors(ctx context.Context, c authority.Caller, user string) error
}

// Devices are the programs that wait for a person to let them have a token
// (RFC 8628). Wrong codes are slowed down like wrong passwords.
type Devices interface {
	// DeviceLook answers which program waits behind a code.
	DeviceLook(ctx context.Context, s door.Session, code string) (door.DeviceRequest, error)
	// DeviceApprove lets it have a personal token of the person.
	DeviceApprove(ctx context.Context, s door.Session, code, workspace string) error
	// DeviceDeny tells it that it may not.
	DeviceDeny(ctx context.Context, s door.Session, code string) error
}

// People is whoever signs persons in, by what the pages ask of them. Every chapter
// is required.
type People struct {
	Sessions       Sessions
	SignIn         SignIn
	Links          Links
	Proofs         Proofs
	Authenticators Authenticators
	Handouts       Handouts
	Portals        Portals
	Providers      Providers
	Devices        Devices
}

// Complete says that no chapter is missing.
func (p People) Complete() bool {
	return p.Sessions != nil && p.SignIn != nil && p.Links != nil && p.Proofs != nil && p.Authenticators != nil && p.Handouts != nil && p.Portals != nil && p.Providers != nil && p.Devices != nil
}
