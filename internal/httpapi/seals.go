package httpapi

import (
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
	purpose string
}

var errNoSealKey = errors.New("the keyring has no key to seal with")

func newSeals(keys *token.Keyring, rand io.Reader, purpose string) (*seals, error) {
	if _, ok := keys.Derive(purpose, keys.Current()); !ok {
		return nil, errNoSealKey
	}
	return &seals{rand, keys, purpose}, nil
}

// keyIDBytes are in front of what is sealed: the number of its key.
const keyIDBytes = 4

// seal makes a text that is only opened with the same words beside it.
func (s *seals) seal(plain, beside []byte) string {
	key := s.keys.Current()
	sealed, ok, err := s.keys.Seal(s.rand, key, s.purpose, plain, beside)
	if err != nil || !ok {
		panic("httpapi: no randomness or no key for a seal") // a nonce is never used twice
	}
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, uint32(key)), sealed...))
}

// unseal opens it, or says which key it would need that is not here; 0 is none.
func (s *seals) unseal(text string, beside []byte) (plain []byte, lacks token.KeyID, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < keyIDBytes {
		return nil, 0, false
	}
	id := token.KeyID(binary.BigEndian.Uint32(b))
	plain, known, err := s.keys.Unseal(id, s.purpose, b[keyIDBytes:], beside)
	if !known {
		return nil, id, false
	}
	return plain, 0, err == nil
}
