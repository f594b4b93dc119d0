package console

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Proofs are the means by which a person shows who they are, as they manage them
// under Security. What changes one is refused (forbidden) unless Fresh.
type Proofs interface {
	// Account answers how a person signs in.
	Account(ctx context.Context, user int64) (Account, error)
	// Fresh says whether the person proved to be the one a short while ago.
	Fresh(ctx context.Context, s Session) (bool, error)
	// Confirm makes the session fresh by the password, ConfirmCode by a code of
	// the authenticator app or a recovery code.
	Confirm(ctx context.Context, s Session, password string, by Client) error
	ConfirmCode(ctx context.Context, s Session, code string, by Client) error

	// OIDCLink is OIDCStart for somebody who adds an identity to their account.
	OIDCLink(ctx context.Context, s Session, provider, next string) (address, stateCookie string, err error)
	// OIDCConfirm is OIDCStart for somebody who proves there once more who they are.
	OIDCConfirm(ctx context.Context, s Session, provider, next string) (address, stateCookie string, err error)
	// Unlink removes an identity, unless it is the only way to sign in.
	Unlink(ctx context.Context, s Session, issuer, subject string) error

	// EnrollTOTP makes the secret of an authenticator app; ConfirmTOTP takes its
	// first code and answers the recovery codes, this once.
	EnrollTOTP(ctx context.Context, s Session) (Enrollment, error)
	ConfirmTOTP(ctx context.Context, s Session, code string) ([]token.Secret, error)
	// DisableTOTP removes the app, with the password where there is one.
	DisableTOTP(ctx context.Context, s Session, password string) error
	// RecoveryCodes makes new ones; the old ones are dead.
	RecoveryCodes(ctx context.Context, s Session) ([]token.Secret, error)

	// Passkeys says whether this server takes passkeys.
	Passkeys() bool
	// PasskeyOffer, PasskeyConfirmOffer and PasskeyNew begin what the calls below
	// them finish with the browser's answer.
	PasskeyOffer() (Ceremony, error)
	PasskeySignIn(ctx context.Context, state, answer string, by Client) (Result, error)
	PasskeyConfirmOffer() (Ceremony, error)
	PasskeyConfirm(ctx context.Context, s Session, state, answer string, by Client) error
	PasskeyNew(ctx context.Context, s Session) (Ceremony, error)
	PasskeyAdd(ctx context.Context, s Session, state, answer, name string) error
	// PasskeyRemove forgets one, unless it is the only way to sign in.
	PasskeyRemove(ctx context.Context, s Session, id string) error
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

// Passkey is one of a person's passkeys; LastUsedAt is zero for never.
type Passkey struct {
	ID, Name              string
	CreatedAt, LastUsedAt time.Time
}

// Identity is a person at an identity provider. Provider is its name; empty when
// it is no longer configured.
type Identity struct {
	Issuer, Subject, Email, Provider string
	LinkedAt                         time.Time
}

// Enrollment is what an authenticator app is given: a secret to type, an address
// to open, and that as a picture, an SVG document.
type Enrollment struct{ Secret, URI, QR token.Secret }

// Ceremony is what a page hands to the browser so that it asks for a passkey.
type Ceremony struct {
	// Options are those of navigator.credentials, as JSON; State comes back.
	Options, State string
}
