package ledger

import (
	"encoding/json"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Session is one signing-in of a person that has not ended. The cookie is kept
// as a keyed digest.
type Session struct {
	// ID names it where it is listed; it is half of the cookie and no secret.
	ID     string
	User   ID
	Digest token.Digest
	Key    token.KeyID
	// Method is how the person signed in: "password", "oidc:NAME" and so on.
	Method string
	// Portal is the slug of the only workspace it opens; empty for all.
	Portal                 string
	CreatedAt, LastSeenAt  time.Time
	ExpiresAt, ConfirmedAt time.Time
	Address, Agent         string
}

// Attempts counts tries that failed, or may yet fail, under one name.
type Attempts struct {
	// Name is what is counted: an account, an address, a pair of both, as a
	// keyed digest.
	Name   string
	Count  int
	LastAt time.Time
	// ExpiresAt is when the count is forgotten.
	ExpiresAt time.Time
}

// OneTimeCode is a secret that opens one thing once: a link in a mail, a step
// of a sign-in.
type OneTimeCode struct {
	// ID is half of the secret; the other half is kept as a keyed digest.
	ID      string
	Purpose string
	// User is whom it is for; 0 while nobody is known.
	User ID
	// Alias is a second, unique name, as a keyed digest; empty for none.
	Alias  string
	Digest token.Digest
	Key    token.KeyID
	// Data is what the purpose keeps with it, as JSON; nil for nothing.
	Data                 json.RawMessage
	CreatedAt, ExpiresAt time.Time
}

// PurposeInvitation is that of the codes by which people choose their first password.
const PurposeInvitation = "invitation"

// Invited is what such a code keeps with it.
type Invited struct {
	// Workspace is where the person was invited to; 0 is where nobody noted it.
	Workspace ID `json:"workspace,omitempty"`
	// By is who did, as Token.DisabledBy.
	By string `json:"by,omitempty"`
	// Vouched says that an Owner of the workspace gave the link to them, and no mail.
	Vouched bool `json:"vouched,omitempty"`
}

// Outsider is somebody who has an e-mail and no way to sign in, and the code of their
// invitation, the zero one for none. Its time may have passed.
type Outsider struct {
	User ID
	Code OneTimeCode
}

// Identity is a person as an identity provider knows them. The two names
// together are the identity; the e-mail is a remark.
type Identity struct {
	Issuer, Subject string
	User            ID
	Email           string
	CreatedAt       time.Time
}

// The kinds of factors that make a session more than a password's.
const (
	KindTOTP    = "totp"
	KindPasskey = "passkey"
)

// Factor is a second factor of a person, one of their recovery codes, or a passkey.
type Factor struct {
	ID   ID
	User ID
	// Kind is KindTOTP, KindPasskey or "recovery".
	Kind string
	Name string
	// Digest is a recovery code's; Sealed a secret that must be read again.
	Digest token.Digest
	Key    token.KeyID
	Sealed []byte
	// LastStep is the last time step that a code was accepted for.
	LastStep int64
	// ConfirmedAt is when it was first used; until then it counts for nothing.
	CreatedAt, ConfirmedAt time.Time
}

// SignInReader reads what package signin keeps. Rows whose time has passed are
// answered until they are swept; whoever asks compares their times.
type SignInReader interface {
	Session(id string) (Session, error)
	// SignedIn finds a session and its person.
	SignedIn(session string) (Session, User, error)
	// SessionsOf lists a user's sessions, newest first.
	SessionsOf(user ID) ([]Session, error)
	Attempts(name string) (Attempts, error)
	Code(id string) (OneTimeCode, error)
	CodeByAlias(alias string) (OneTimeCode, error)
	// CountCodes counts the codes of a purpose that live at t, up to limit.
	CountCodes(purpose string, t time.Time, limit int) (int, error)
	Identity(issuer, subject string) (Identity, error)
	IdentitiesOf(user ID) ([]Identity, error)
	FactorsOf(user ID) ([]Factor, error)
	// KnownAddress says whether the user signed in from there before.
	KnownAddress(user ID, address string) (bool, error)
}

// SignInWriter changes what package signin keeps. Deleting what is not there
// is no error.
type SignInWriter interface {
	PutSession(Session) error
	DeleteSession(id string) error
	// DeleteSessionsOf ends a user's sessions but one; "" keeps none.
	DeleteSessionsOf(user ID, except string) error
	PutAttempts(Attempts) error
	DeleteAttempts(name string) error
	PutCode(OneTimeCode) error
	DeleteCode(id string) error
	// DeleteCodesOf forgets a user's codes of a purpose.
	DeleteCodesOf(user ID, purpose string) error
	// AddIdentity answers ErrDuplicate when the identity is somebody's.
	AddIdentity(Identity) error
	DeleteIdentity(issuer, subject string) error
	PutFactor(Factor) error
	DeleteFactor(id ID) error
	DeleteFactorsOf(user ID, kind string) error
	// RememberAddress notes that the user signed in from there at t, and keeps
	// the 20 latest.
	RememberAddress(user ID, address string, t time.Time) error
	// SweepSignIn forgets sessions, counts and codes whose time has passed at t, but for
	// invitations: that one was not accepted in time is told.
	SweepSignIn(t time.Time) error
}
