package authority

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A node whose keyring lacks a key cannot tell what is under it from what is wrong, so
// it says neither: unavailable, and another node may know.

// Matching answers which of a token's secrets a string is, or is derived of; -1 for none. Each is
// compared, in constant time. The error is that of [Authority.Lacking]: it is none of
// those that can be compared, and may be another.
func Matching(a *Authority, t ledger.Token, text string, secrets []ledger.Secret, now time.Time) (int, error) {
	is, lacks := -1, token.KeyID(0)
	compare := a.derivedOf(t, text)
	for i, secret := range secrets {
		same, held := compare(secret)
		switch {
		case same:
			is = i
		case !held && !dropped(a.keys, t, secrets, i, now):
			lacks = secret.Key
		}
	}
	if is < 0 && lacks != 0 {
		return is, a.Lacking(lacks)
	}
	return is, nil
}

// derivedOf is what says whether a string is a secret, or derived of one, and whether its key is here.
func (a *Authority) derivedOf(t ledger.Token, text string) func(ledger.Secret) (same, held bool) {
	if !token.IsDerived(text) {
		return func(s ledger.Secret) (bool, bool) {
			digest, held := a.keys.DigestWith(s.Key, text)
			return digest.Equal(s.Digest) && held, held
		}
	}
	d, malformed := token.ParseDerived(text)
	return func(s ledger.Secret) (bool, bool) {
		if malformed != nil || d.Kind != t.Kind || s.Derives == nil {
			return false, true
		}
		key, held, err := a.keys.Unseal(s.Key, sealedDerivation, s.Derives, SealedFor(t, s.Number))
		return err == nil && d.SignedBy(key), held
	}
}

// dropped says whether the key of a secret was taken out of use: it is older than all
// that there are, and the secret opens nothing any more. That is for good, and on
// every node, so there is nothing to wait for.
func dropped(keys *token.Keyring, t ledger.Token, secrets []ledger.Secret, i int, now time.Time) bool {
	f := TokenFacts(t, secrets)
	over := !Works(secrets, i, now) || slices.Contains([]string{api.StatusRevoked, api.StatusExpired}, Status(&f, now))
	return over && Dropped(keys, secrets[i].Key)
}

// Dropped says whether a key that is not here was taken out of use, as far as it shows:
// it is older than all that there are.
func Dropped(keys *token.Keyring, id token.KeyID) bool {
	ids := keys.IDs()
	return len(ids) == 0 || id < ids[0]
}

// Lacking is the answer to what only a key that is not here decides, and tells the
// operator. The key is one that a row names.
func (a *Authority) Lacking(id token.KeyID) error {
	a.lacks(id)
	return api.Errorf(api.CodeUnavailable, "this server cannot tell now whether that is right; try again").Wrap(&ledger.KeyError{ID: id})
}

// LackingNamed is [Authority.Lacking] of a key that a stranger names: nil when the
// database was never used with such a key, so that nobody made anything under it.
func LackingNamed(ctx context.Context, a *Authority, id token.KeyID) error {
	known, err := a.recorded(ctx, id)
	if err != nil {
		return Public(err)
	}
	if !known {
		return nil
	}
	return a.Lacking(id)
}
