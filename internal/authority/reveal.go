package authority

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// A recoverable secret is sealed with AES-256-GCM under a key derived from the
// keyring; workspace, locator and secret number are associated data, so that a
// copy moved to another row does not open. The key's id stands in front.

// sealing is the cipher under one key of the keyring.
func sealing(keys *token.Keyring, id token.KeyID) (cipher.AEAD, error) {
	key, ok := keys.Derive("sealed secrets", id)
	if !ok {
		return nil, audit.ErrNoKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealedFor(t ledger.Token, number int) []byte {
	ad := binary.BigEndian.AppendUint64([]byte(t.Locator.String()), uint64(t.Workspace))
	return binary.BigEndian.AppendUint64(ad, uint64(number))
}

// seal makes the recoverable copy of a secret.
func seal(keys *token.Keyring, t ledger.Token, number int, secret token.Secret) ([]byte, error) {
	id := keys.Current()
	gcm, err := sealing(keys, id)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(nil, uint32(id))
	return gcm.Seal(out, nil, []byte(secret.Reveal()), sealedFor(t, number)), nil //nolint:gosec // this cipher draws its nonce itself
}

// open reads a recoverable copy back.
func open(keys *token.Keyring, t ledger.Token, s ledger.Secret) (token.Secret, error) {
	if len(s.Sealed) < 4 {
		return token.Secret{}, notRecoverable()
	}
	gcm, err := sealing(keys, token.KeyID(binary.BigEndian.Uint32(s.Sealed)))
	if err != nil {
		return token.Secret{}, err
	}
	plain, err := gcm.Open(nil, nil, s.Sealed[4:], sealedFor(t, s.Number))
	if err != nil {
		return token.Secret{}, err
	}
	return token.NewSecret(string(plain)), nil
}

func notRecoverable() error {
	return api.Errorf(api.CodeNotRecoverable, "this token's secret was shown once and is not kept; rotate the token for one that you can see")
}

// RevealToken answers the secret of an active token again, when the policy let
// it be kept: to the signed-in owner of a personal token, or with
// tokens:reveal (and tokens:impersonate for somebody else's personal token),
// within the caller's own rights. Each reveal is audited.
func (a *Authority) RevealToken(ctx context.Context, c Caller, ref, id string) (out Issued, err error) {
	out.Revision, err = a.mutateToken(ctx, gives, c, &out.Token, func(w *work) error {
		ch, err := w.beginToken(ref, id, "tokens:reveal")
		if err != nil {
			return err
		}
		if err := ch.mayReveal(); err != nil {
			return err
		}
		secrets, err := w.Secrets(ch.t.ID)
		if err != nil {
			return err
		}
		if out.Secret, err = open(a.keys, ch.t, secrets[0]); err != nil {
			return err
		}
		out.Token = ch.before
		return w.audit(ch.ac, ch.sp.ws, event{action: "token.revealed", target: ch.before.ID, token: ch.t.Locator, after: out.Token})
	})
	return out, err
}

// dropSealed destroys the recoverable copies of a token that was just revoked,
// or made not recoverable.
func (w *work) dropSealed(ch *change) error {
	if !ch.was.Recoverable || ch.t.Recoverable && ch.t.RevokedAt.IsZero() {
		return nil
	}
	secrets, err := w.Secrets(ch.t.ID)
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

func (ch *change) mayReveal() error {
	if ch.t.OwnerMember != 0 && !ch.ac.owns(ch.t) {
		if err := ch.ac.need("tokens:impersonate"); err != nil {
			return err
		}
	}
	if err := coverToken(ch.ac, ch.sp, ch.t, ch.owner); err != nil {
		return err
	}
	if !ch.sp.policy().Recoverable {
		return notRecoverable()
	}
	if ch.before.Status != api.StatusActive {
		return api.Errorf(api.CodeNotRecoverable, "only an active token's secret is shown again")
	}
	return nil
}
