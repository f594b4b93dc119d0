package authority

import (
	"encoding/binary"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// MayManage is the gate of verbs that change a token without handing over its
// secret: a signed-in person manages their own personal tokens whatever their
// role, all else needs the scope.
func MayManage(ac *Actor, t ledger.Token, scope string) error {
	if ac.Owns(t) && (ac.Person() || ac.OnBehalf != "") {
		return nil
	}
	return ac.Need(scope)
}

// SecretState says what one of a token's secrets is; -1 is unknown.
func SecretState(secrets []ledger.Secret, i int, now time.Time) string {
	switch {
	case i < 0:
		return api.SecretUnknown
	case i == 0:
		return api.SecretCurrent
	case Works(secrets, i, now):
		return api.SecretOverlap
	}
	return api.SecretRetired
}

// Issued is the answer of the verbs that make a token.
type Issued struct {
	Token    api.Token
	Secret   token.Secret
	Revision int64
	// Warnings are what its maker should look at.
	Warnings []api.Warning
}

// CoverToken refuses a token that has more rights than the caller, or comes to have
// more with its owner.
func CoverToken(ac *Actor, sp *Space, t ledger.Token, o verify.Owner) error {
	f := TokenFacts(t, nil)
	return input.First(ac.Cover(sp.Effective(&f, o)), CoverLater(ac, sp, t))
}

// CoverLater refuses to let a token, by an API token of the same owner that names
// what it may do, have what that owner may get later. It comes to a token which leaves
// its scopes to its owner, and is the caller's to hand on only if it comes to the
// caller as well. A person hands on by their own power, whatever that becomes.
func CoverLater(ac *Actor, sp *Space, t ledger.Token) error {
	if ac.With == nil || ac.Instance || ac.OnBehalf != "" || OwnerKey(*ac.With) != OwnerKey(t) || !grant.Inherits(t.Grants) {
		return nil
	}
	if sp.Compile(grant.Claims(ac.With.Grants)).Covers(sp.Compile(grant.Claims(t.Grants))) {
		return nil
	}
	return api.Errorf(api.CodeGrantExceedsOwn,
		"a token that names what it may do cannot hand on what its owner may get later; name a role or scopes")
}

// Mint draws a secret of a token for an actor and stores its digest; onUse says that its
// first use shall end the secret before it.
func (w *Work) Mint(ac *Actor, t ledger.Token, number int, onUse bool) (token.Secret, error) {
	secret, err := token.Mint(w.Authority.rand, t.Prefix, t.Kind, t.Locator)
	if err != nil {
		return secret, err
	}
	digest, key := w.Authority.keys.Digest(secret.Reveal())
	row := ledger.Secret{
		Token: t.ID, Number: number, Digest: digest, Key: key, RetireOnUse: onUse,
		Tracked: onUse || w.Caller.Retry.Key != "", CreatedAt: w.Now,
	}
	if row.Holder, err = w.Person(ac.Caller); err != nil {
		return secret, err
	}
	row.Derives, _, err = w.Authority.keys.Seal(w.Authority.rand, key, sealedDerivation, token.DerivationKey(secret), SealedFor(t, number))
	if err != nil {
		return secret, err
	}
	if t.Recoverable {
		if row.Sealed, err = Seal(w.Authority, SealedSecrets, []byte(secret.Reveal()), SealedFor(t, number)); err != nil {
			return secret, err
		}
	}
	return secret, input.First(w.PutSecret(row), w.remember(t, number))
}

// LifeOf is what a policy judges of a token.
func LifeOf(t ledger.Token) policy.Life {
	return policy.Life{NotBefore: t.NotBefore, ExpiresAt: t.ExpiresAt, Lifetime: t.Lifetime, Listed: t.AllowedIPs != nil}
}

// SealedSecrets is for what [Seal] keeps the recoverable copies of secrets.
const SealedSecrets = "sealed secrets"

// sealedDerivation is for what the keys are sealed that derived tokens are checked with: a copy of
// the rows confirms none, and takes none that somebody put there.
const sealedDerivation = "derived tokens"

// SealedFor binds a sealed copy to its token, workspace and number.
func SealedFor(t ledger.Token, number int) []byte {
	ad := binary.BigEndian.AppendUint64([]byte(t.Locator.String()), uint64(t.Workspace))
	return binary.BigEndian.AppendUint64(ad, uint64(number))
}

// Seal keeps what has to be read again (see [token.Keyring.Seal]); the id of the key stands in front.
func Seal(a *Authority, purpose string, plain, boundTo []byte) ([]byte, error) {
	id := a.keys.Current()
	sealed, ok, err := a.keys.Seal(a.rand, id, purpose, plain, boundTo)
	if !ok {
		return nil, a.Lacking(id)
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(id)), sealed...), err
}

// Unseal reads back what [Seal] kept.
func Unseal(a *Authority, purpose string, sealed, boundTo []byte) ([]byte, error) {
	if len(sealed) < 4 {
		return nil, api.Errorf(api.CodeInternal, "what was sealed is cut")
	}
	id := token.KeyID(binary.BigEndian.Uint32(sealed))
	plain, ok, err := a.keys.Unseal(id, purpose, sealed[4:], boundTo)
	if !ok {
		return nil, a.Lacking(id)
	}
	return plain, err
}

// dropSealed destroys the copies of a token that was just revoked, or made not recoverable.
func (w *Work) dropSealed(ch *Change) error {
	if !ch.Was.Recoverable || ch.Token.Recoverable && ch.Token.RevokedAt.IsZero() {
		return nil
	}
	secrets, err := w.Secrets(ch.Token.ID)
	if err != nil {
		return err
	}
	for _, s := range secrets {
		s.Sealed = nil
		if err := w.PutSecret(s); err != nil {
			return err
		}
	}
	return nil
}
