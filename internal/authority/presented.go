package authority

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// ErrNotAccepted is the cause of every refusal of the caller itself, whatever it
// asks for: its secret was retired, its token ended, its session is over. Whoever
// answers for the caller piece by piece stops there.
var ErrNotAccepted = errors.New("authority: the caller is not accepted any more")

func notAccepted(code api.Code) error {
	return api.Errorf(code, "%s", code.Info().Title).Wrap(ErrNotAccepted)
}

// InvalidToken is the refusal of a token that is not there; other errors stay what they are.
func InvalidToken(err error) error {
	if errors.Is(err, ledger.ErrNoRow) {
		return api.Errorf(api.CodeInvalidToken, "the token is not accepted").Wrap(fmt.Errorf("%w: %w", ErrNotAccepted, err))
	}
	return err
}

// SignedOut refuses a person whose session is over.
func SignedOut() error {
	return api.Errorf(api.CodeInvalidToken, "you are signed out; sign in again").Wrap(ErrNotAccepted)
}

// ErrOneFactor is the cause of the refusal of a person who signed in with a password alone
// where the policy requires more. Setting up a second factor is the way in.
var ErrOneFactor = errors.New("authority: a second factor is required")

// SecondFactor refuses a signed-in person whose session a password alone opened. Others
// count as strong: a passkey, which verifies its person; a provider, whose own rules say
// what it asks for; an app, without whose code no session of its person begins and the
// others ended when it was set up; a portal's product, which lets in to one's own alone.
func SecondFactor(r *Snapshot, c Caller) error {
	s, err := r.Session(c.Session)
	if err != nil || c.Portal != "" || strings.HasPrefix(s.Method, "oidc:") {
		return err
	}
	rows, err := r.FactorsOf(c.User)
	for _, f := range rows {
		if f.Kind == ledger.KindTOTP && !f.ConfirmedAt.IsZero() || f.Kind == ledger.KindPasskey && strings.Contains(s.Method, f.Kind) {
			return err
		}
	}
	if err == nil {
		err = api.Errorf(api.CodeForbidden, "a second factor is required here; set one up under Security").Wrap(ErrOneFactor)
	}
	return err
}

// accepted judges what a caller presented, in the order of a verification.
func accepted(f *verify.Token, o *verify.Owner, w *verify.Workspace, secrets []ledger.Secret, c Caller, now time.Time) api.Code {
	i := slices.IndexFunc(secrets, func(s ledger.Secret) bool { return s.Number == c.Secret })
	if !Works(secrets, i, now) {
		return api.CodeRetired
	}
	if code := verify.Lifecycle(f, o, w, now); code != api.CodeOK {
		return code
	}
	if !verify.AddressAllowed(f.AllowedIPs, c.Addr) {
		return api.CodeIPDenied
	}
	return api.CodeOK
}

// signedIn reads the person of a session, and refuses one whose session ended or is
// not the one it is said to be. That it was idle for too long is its door's to
// judge: a request is a use.
func (a *Authority) signedIn(r *Snapshot, c Caller) (ledger.User, error) {
	s, err := r.Session(c.Session)
	if errors.Is(err, ledger.ErrNoRow) || err == nil && (s.User != c.User || s.Portal != c.Portal || !a.now().Before(s.ExpiresAt)) {
		err = SignedOut()
	}
	if err != nil {
		return ledger.User{}, err
	}
	u, err := r.User(ledger.UserKey{ID: c.User})
	if err == nil && !u.DeactivatedAt.IsZero() {
		err = api.Errorf(api.CodeOwnerInactive, "this user is deactivated").Wrap(ErrNotAccepted)
	}
	return u, err
}
