package httpapi

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"

	"github.com/tokenry/tokenry/token"
)

// seals seal what a client brings back, and must not read or make.
type seals struct {
	rand    io.Reader
	keys    *token.Keyring
	sealers map[token.KeyID]cipher.AEAD
}

var errNoSealKey = errors.New("the keyring has no key to seal with")

func newSeals(keys *token.Keyring, rand io.Reader, purpose string) (*seals, error) {
	s := &seals{rand: rand, keys: keys, sealers: map[token.KeyID]cipher.AEAD{}}
	for _, id := range keys.IDs() {
		key, ok := keys.Derive(purpose, id)
		if !ok {
			return nil, errNoSealKey
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		if s.sealers[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	if s.sealers[keys.Current()] == nil {
		return nil, errNoSealKey
	}
	return s, nil
}

// The layout of what is sealed: the key's id, the nonce, the rest.
const (
	keyIDBytes = 4
	nonceBytes = 12
)

// seal makes a text that is only opened with the same words beside it.
func (s *seals) seal(plain, beside []byte) string {
	b := make([]byte, keyIDBytes+nonceBytes, keyIDBytes+nonceBytes+len(plain)+16)
	current := s.keys.Current()
	binary.BigEndian.PutUint32(b, uint32(current))
	if _, err := io.ReadFull(s.rand, b[keyIDBytes:]); err != nil {
		panic("httpapi: no randomness for a seal") // a nonce is never used twice
	}
	b = s.sealers[current].Seal(b, b[keyIDBytes:keyIDBytes+nonceBytes], plain, beside)
	return base64.RawURLEncoding.EncodeToString(b)
}

// unseal opens it, or says which key it would need that is not here; 0 is none.
func (s *seals) unseal(text string, beside []byte) (plain []byte, lacks token.KeyID, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < keyIDBytes+nonceBytes {
		return nil, 0, false
	}
	id := token.KeyID(binary.BigEndian.Uint32(b))
	sealer := s.sealers[id]
	if sealer == nil {
		return nil, id, false
	}
	b = b[keyIDBytes:]
	plain, err = sealer.Open(nil, b[:nonceBytes], b[nonceBytes:], beside)
	return plain, 0, err == nil
}
