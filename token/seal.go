package token

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
)

// ErrSealed is the error of [Keyring.Unseal] for what was not sealed so: under another key,
// for another purpose, bound to something else, or cut.
var ErrSealed = errors.New("token: keyring: this was not sealed so")

// Seal encrypts what has to be read again (AES-256-GCM, the nonce in front) under a key
// that follows from the master key id, for one purpose. Without the same boundTo it cannot
// be read: that is what it belongs to. It answers false when there is no such key.
func (k *Keyring) Seal(rand io.Reader, id KeyID, purpose string, plain, boundTo []byte) ([]byte, bool, error) {
	gcm, ok := k.sealing(id, purpose)
	if !ok {
		return nil, false, nil
	}
	out := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
	if _, err := io.ReadFull(rand, out); err != nil {
		return nil, true, fmt.Errorf("token: keyring: read randomness: %w", err)
	}
	return gcm.Seal(out, out, plain, boundTo), true, nil
}

// Unseal reads back what [Keyring.Seal] sealed. The error is [ErrSealed].
func (k *Keyring) Unseal(id KeyID, purpose string, sealed, boundTo []byte) (plain []byte, ok bool, err error) {
	gcm, ok := k.sealing(id, purpose)
	if !ok {
		return nil, false, nil
	}
	if len(sealed) < gcm.NonceSize() {
		return nil, true, ErrSealed
	}
	if plain, err = gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], boundTo); err != nil {
		return nil, true, ErrSealed
	}
	return plain, true, nil
}

func (k *Keyring) sealing(id KeyID, purpose string) (cipher.AEAD, bool) {
	key, ok := k.Derive(purpose, id)
	if !ok {
		return nil, false
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("token: AES refused 32 bytes: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("token: GCM refused AES: " + err.Error())
	}
	return gcm, true
}
