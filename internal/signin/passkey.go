package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// A passkey proves two things at once, having the device and being its person,
// so it signs in alone. It names its person itself: nobody types an e-mail first,
// and nobody learns by one who has an account. The browser's visit is sealed into
// the page, so that asking for one writes nothing.

const (
	kindPasskey = ledger.KindPasskey
	// maxPasskeys is how many a person has at the most.
	maxPasskeys    = 20
	maxPasskeyName = 64
	// ceremonyFor is how long a page with a passkey's button may stay open.
	ceremonyFor = 10 * time.Minute
)

// What a ceremony is for; none counts for another.
const (
	ceremonySignIn  = "passkey sign-in"
	ceremonyConfirm = "passkey confirmation"
	ceremonyAdd     = "passkey registration"
)

// newWebAuthn is the relying party of a base URL; nil where browsers make no
// passkeys, as over plain HTTP or for an address in place of a name.
func newWebAuthn(base string) *webauthn.WebAuthn {
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Tokenry " + u.Host, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil
	}
	return w
}

// Passkeys says whether people can sign in with passkeys here.
func (s *Service) Passkeys() bool { return s.webauthn != nil && s.policy.Methods != "sso" }

func noPasskeys() error {
	return api.Errorf(api.CodeForbidden, "this server takes no passkeys: they need HTTPS and a name, not an address")
}

// ceremony is a visit at an authenticator, sealed into the page.
type ceremony struct {
	Data    webauthn.SessionData `json:"d"`
	User    int64                `json:"u,omitempty"`
	Expires int64                `json:"e"`
}

// offer seals a ceremony into a page.
func (s *Service) offer(about string, user int64, options any, data *webauthn.SessionData) (out door.Ceremony, err error) {
	b, err := json.Marshal(options)
	if err != nil {
		return out, fmt.Errorf("signin: write the options of a passkey: %w", err)
	}
	out.Options = string(b)
	out.State, err = s.secrets.sealJSON("passkey", about, ceremony{Data: *data, User: user, Expires: s.now().Add(ceremonyFor).Unix()})
	return out, err
}

// resumed reads a ceremony back. Whatever is wrong with it is one refusal.
func (s *Service) resumed(ctx context.Context, about, state string) (c ceremony, err error) {
	if !s.Passkeys() {
		return c, noPasskeys()
	}
	err = s.secrets.openJSON(ctx, "passkey", about, state, &c)
	if ledger.LacksKey(err) {
		return c, err
	}
	if err != nil || s.now().Unix() >= c.Expires {
		return c, api.Errorf(api.CodeInvalidRequest, "this page was open for too long; load it again").Wrap(err)
	}
	return c, nil
}

func badPasskey(cause error) error {
	return api.Errorf(api.CodeForbidden, "this passkey was not accepted; try again, or sign in another way").Wrap(cause)
}

// holder is a person as an authenticator knows them.
type holder struct {
	user ledger.User
	keys []heldKey
	// lacks is a key that others of theirs are under and that is not here; 0 is none.
	lacks token.KeyID
}

// heldKey is a passkey with the row it is kept in.
type heldKey struct {
	webauthn.Credential
	row ledger.Factor
}

// WebAuthnID is the person's public id, which says nothing of who they are.
func (h *holder) WebAuthnID() []byte { return []byte(h.user.PublicID) }

// WebAuthnName is what the browser lists the passkey under.
func (h *holder) WebAuthnName() string { return accountName(h.user) }

// WebAuthnDisplayName is the person's name.
func (h *holder) WebAuthnDisplayName() string {
	if h.user.Name == "" {
		return accountName(h.user)
	}
	return h.user.Name
}

// WebAuthnCredentials are all their passkeys.
func (h *holder) WebAuthnCredentials() []webauthn.Credential {
	out := make([]webauthn.Credential, len(h.keys))
	for i, k := range h.keys {
		out[i] = k.Credential
	}
	return out
}

func (s *Service) holder(r office.SignInRows, u ledger.User) (*holder, error) {
	h := &holder{user: u}
	rows, err := r.FactorsOf(u.ID)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.Kind != kindPasskey {
			continue
		}
		if _, ok := s.secrets.keys.Check(row.Key); !ok {
			h.lacks = row.Key
			continue
		}
		b, err := s.secrets.unseal(kindPasskey, u.PublicID, row.Sealed, row.Key)
		if err != nil {
			return nil, err
		}
		k := heldKey{row: row}
		if err := json.Unmarshal(b, &k.Credential); err != nil {
			return nil, fmt.Errorf("signin: read a passkey: %w", err)
		}
		h.keys = append(h.keys, k)
	}
	return h, nil
}

// wholeHolder is holder for what has to know all of their passkeys.
func (s *Service) wholeHolder(r office.SignInRows, u ledger.User) (*holder, error) {
	h, err := s.holder(r, u)
	if err == nil && h.lacks != 0 {
		err = s.secrets.lacking(h.lacks)
	}
	return h, err
}

// keep seals a passkey into its row, all of it: an authenticator whose flags
// changed must show.
func (s *Service) keep(u ledger.User, row ledger.Factor, c webauthn.Credential) (ledger.Factor, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return row, fmt.Errorf("signin: write a passkey: %w", err)
	}
	row.Sealed, row.Key, err = s.secrets.seal(kindPasskey, u.PublicID, b)
	return row, err
}

// PasskeyOffer begins a sign-in with a passkey.
func (s *Service) PasskeyOffer() (door.Ceremony, error) { return s.ask(ceremonySignIn) }

// PasskeyConfirmOffer begins a proof by who is signed in.
func (s *Service) PasskeyConfirmOffer() (door.Ceremony, error) { return s.ask(ceremonyConfirm) }

func (s *Service) ask(about string) (door.Ceremony, error) {
	if !s.Passkeys() {
		return door.Ceremony{}, noPasskeys()
	}
	options, data, err := s.webauthn.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return door.Ceremony{}, fmt.Errorf("signin: begin with a passkey: %w", err)
	}
	return s.offer(about, 0, options, data)
}

// PasskeySignIn signs in whom a passkey names. Answer is the browser's, as JSON.
func (s *Service) PasskeySignIn(ctx context.Context, state, answer string, from door.Client) (out door.Entry, err error) {
	c, err := s.resumed(ctx, ceremonySignIn, state)
	if err != nil {
		return out, err
	}
	t := s.newTry("passkey from "+from.Place(), from) // nobody can name an account, so the place is all that counts
	if _, err := s.countFor(ctx, t, from, noUser); err != nil {
		return out, s.turnedAway(ctx, kindPasskey, reasonRefused, "", ledger.User{}, err, from)
	}
	err = s.authority.SignIn(ctx, callerAt(from), func(tx *office.SignInTx) error {
		u, err := s.assert(tx, c, answer)
		if err != nil {
			return err
		}
		if err := right(tx, t); err != nil {
			return err
		}
		out, err = s.begin(tx, u, kindPasskey, "", from)
		return err
	})
	return out, s.passkeyFailed(ctx, ledger.User{}, s.unjudged(ctx, t, err, from), from)
}

func noUser(office.SignInRows) (ledger.User, error) { return ledger.User{}, nil }

// passkeyFailed audits a passkey that was refused, and tells the log why.
func (s *Service) passkeyFailed(ctx context.Context, u ledger.User, err error, from door.Client) error {
	if !errors.Is(err, api.CodeForbidden) {
		return err
	}
	s.log.Warn("a passkey was refused", "error", errors.Unwrap(err))
	return input.First(s.noteRefused(ctx, kindPasskey, reasonWrong, u.PublicID, u, from), err)
}

// PasskeyConfirm notes that a person proved to be the one by a passkey of theirs.
func (s *Service) PasskeyConfirm(ctx context.Context, session door.Session, state, answer string, from door.Client) error {
	if err := whole(session); err != nil {
		return err
	}
	c, err := s.resumed(ctx, ceremonyConfirm, state)
	if err != nil {
		return err
	}
	err = s.change(ctx, session, from, func(tx *office.SignInTx, u ledger.User) error {
		who, err := s.assert(tx, c, answer)
		if err == nil && who.ID != u.ID {
			err = badPasskey(errors.New("signin: the passkey is somebody else's"))
		}
		if err != nil {
			return err
		}
		return s.confirmed(tx, u, session, kindPasskey)
	})
	return s.passkeyFailed(ctx, ledger.User{ID: session.User, PublicID: session.UserPublicID}, err, from)
}

// assert checks a passkey's answer and writes down that it was used.
func (s *Service) assert(tx *office.SignInTx, c ceremony, answer string) (ledger.User, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return ledger.User{}, badPasskey(err)
	}
	if err := s.once(tx, c.Data.Challenge); err != nil {
		return ledger.User{}, err
	}
	var h *holder
	_, got, err := s.webauthn.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		u, err := tx.User(ledger.UserKey{PublicID: string(handle)})
		if err == nil {
			h, err = s.holder(tx.SignInRows, u)
		}
		return h, err
	}, c.Data, parsed)
	if err != nil && h != nil && h.lacks != 0 { // it may be one of those that cannot be read here
		return ledger.User{}, s.secrets.lacking(h.lacks)
	}
	if err != nil {
		return ledger.User{}, badPasskey(err)
	}
	if got.Authenticator.CloneWarning {
		return h.user, badPasskey(errors.New("signin: its counter went back, so there may be a copy of it"))
	}
	return h.user, s.used(tx, h, *got)
}

// used writes down what an authenticator said of itself this time.
func (s *Service) used(tx *office.SignInTx, h *holder, got webauthn.Credential) error {
	i := slices.IndexFunc(h.keys, func(k heldKey) bool { return string(k.ID) == string(got.ID) })
	row, err := s.keep(h.user, h.keys[i].row, got)
	row.LastStep = tx.Now().Unix() / stepSeconds
	return input.First(err, tx.PutFactor(row))
}

// PasskeyNew begins the making of a passkey for who is signed in.
func (s *Service) PasskeyNew(ctx context.Context, session door.Session) (out door.Ceremony, err error) {
	if err := s.delicate(ctx, session); err != nil {
		return out, err
	}
	if !s.Passkeys() {
		return out, noPasskeys()
	}
	var h *holder
	err = s.authority.ReadSignIn(ctx, func(r office.SignInRows) error {
		u, err := r.User(ledger.UserKey{ID: session.User})
		if err == nil {
			h, err = s.wholeHolder(r, u)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	have := webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()
	options, data, err := s.webauthn.BeginRegistration(h, webauthn.WithExclusions(have))
	if err != nil {
		return out, fmt.Errorf("signin: begin a passkey: %w", err)
	}
	return s.offer(ceremonyAdd, session.User, options, data)
}

// PasskeyAdd keeps a passkey that the browser made, under a name.
func (s *Service) PasskeyAdd(ctx context.Context, session door.Session, state, answer, name string) error {
	if err := s.delicate(ctx, session); err != nil {
		return err
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	c, err := s.resumed(ctx, ceremonyAdd, state)
	if err == nil && c.User != session.User {
		err = badPasskey(errors.New("signin: the page was somebody else's"))
	}
	if err != nil {
		return err
	}
	err = s.gain(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		row, err := tx.Session(session.ID)
		row.Method = withPasskey(row.Method)
		return input.First(err, s.addPasskey(tx, u, c, answer, name), tx.PutSession(row))
	})
	if err == nil {
		s.tellSession(ctx, session, "A passkey was added to your account")
	}
	return err
}

// passkeyName is what a person calls a passkey, in one line.
func passkeyName(name string) (string, error) {
	name = input.Clip(strings.TrimSpace(name), door.MaxAgent)
	if name == "" {
		name = "Passkey"
	}
	if utf8.RuneCountInString(name) > maxPasskeyName {
		return "", api.FieldError("name", "must have at most "+strconv.Itoa(maxPasskeyName)+" characters")
	}
	return name, nil
}

func (s *Service) addPasskey(tx *office.SignInTx, u ledger.User, c ceremony, answer, name string) error {
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return badPasskey(err)
	}
	if err := s.once(tx, c.Data.Challenge); err != nil {
		return err
	}
	h, err := s.wholeHolder(tx.SignInRows, u)
	if err != nil {
		return err
	}
	if len(h.keys) >= maxPasskeys {
		return api.Errorf(api.CodeForbidden, "there are %d passkeys already; remove one first", maxPasskeys)
	}
	got, err := s.webauthn.CreateCredential(h, c.Data, parsed)
	if err != nil {
		return badPasskey(err)
	}
	if slices.ContainsFunc(h.keys, func(k heldKey) bool { return string(k.ID) == string(got.ID) }) {
		return api.Errorf(api.CodeAlreadyExists, "this passkey is registered already")
	}
	row, err := s.keep(u, ledger.Factor{
		ID: tx.NewID(), User: u.ID, Kind: kindPasskey, Name: name, CreatedAt: tx.Now(), ConfirmedAt: tx.Now(),
	}, *got)
	return input.First(err, tx.PutFactor(row), tx.Note("factor.added", u, u, map[string]string{"kind": kindPasskey, "name": name}))
}

// PasskeyRemove forgets a passkey, unless it is the person's only way to sign in.
func (s *Service) PasskeyRemove(ctx context.Context, session door.Session, id string) error {
	if err := s.delicate(ctx, session); err != nil {
		return err
	}
	err := s.change(ctx, session, session.Client(), func(tx *office.SignInTx, u ledger.User) error {
		rows, err := tx.FactorsOf(u.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(rows, func(f ledger.Factor) bool { return f.Kind == kindPasskey && passkeyID(f) == id })
		if i < 0 {
			return ledger.ErrNoRow
		}
		if err := s.keepsOne(tx.SignInRows, u); err != nil {
			return err
		}
		return input.First(tx.DeleteFactor(rows[i].ID), tx.Note("factor.removed", u, u, map[string]string{"kind": kindPasskey, "name": rows[i].Name}))
	})
	if err == nil {
		s.tellSession(ctx, session, "A passkey was removed from your account")
	}
	return err
}

func passkeyID(f ledger.Factor) string { return strconv.FormatInt(f.ID, 10) }
