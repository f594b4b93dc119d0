package signin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

// secrets makes and checks what people are handed: a cookie, a code in a link.
// Each is an ID, by which its row is found, a dot, and 256 random bits. Only a
// digest keyed for its purpose is kept, so what opens one thing is nothing to
// another, and a copy of the database opens nothing.
type secrets struct {
	keys *token.Keyring
	rand io.Reader
	// lacking is the answer where a key that a row names is not here; named is it of a
	// key that whoever came names, and nil where there never was one.
	lacking func(token.KeyID) error
	named   func(context.Context, token.KeyID) error
}

const (
	secretBytes = 32
	// secretLength is that of every secret: its name, a dot, 43 of base64.
	secretLength = ident.Length + 1 + 43
)

// minted is a new secret and what is kept of it.
type minted struct {
	plain  string
	id     string
	digest token.Digest
	key    token.KeyID
}

// random is 256 bits as text.
func (s *secrets) random() (string, error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(s.rand, b[:]); err != nil {
		return "", fmt.Errorf("signin: read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func (s *secrets) mint(purpose string) (minted, error) {
	id, err := ident.New(s.rand, "")
	if err != nil {
		return minted{}, err
	}
	secret, err := s.random()
	if err != nil {
		return minted{}, err
	}
	m := minted{plain: id + "." + secret, id: id, key: s.keys.Current()}
	var ok bool
	if m.digest, ok = s.digest(purpose, m.key, m.plain); !ok {
		return minted{}, s.lacking(m.key)
	}
	return m, nil
}

// id answers the part of a secret that its row is found by, or nothing when it
// has not the shape of one: an API token, for instance.
func secretID(plain string) string {
	id, _, ok := strings.Cut(plain, ".")
	if !ok || len(plain) != secretLength || len(id) != ident.Length {
		return ""
	}
	return id
}

// matches says, in constant time, whether a secret is the one whose digest is kept
// under a key. Lacks says that this is not known, since the key is not here; without a
// row, whose key is 0, nothing matches and nothing lacks.
func (s *secrets) matches(purpose, plain string, d token.Digest, key token.KeyID) (is, lacks bool) {
	got, ok := s.digest(purpose, key, plain)
	return got.Equal(d) && ok, !ok && key != 0
}

func (s *secrets) digest(purpose string, id token.KeyID, text string) (d token.Digest, ok bool) {
	key, ok := s.keys.Derive("sign-in "+purpose, id)
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	m.Sum(d[:0])
	return d, ok
}

// name is a keyed digest as text, for rows that are found by it. It is under
// the oldest key that every node has, which rotation does not change.
func (s *secrets) name(purpose, text string) string {
	d, _ := s.digest(purpose, s.keys.Oldest(), text)
	return hex.EncodeToString(d[:])
}

var errSealed = errors.New("signin: a sealed value cannot be opened")

func (s *secrets) aead(purpose string, id token.KeyID) (cipher.AEAD, error) {
	key, ok := s.keys.Derive("sign-in seal "+purpose, id)
	if !ok {
		return nil, s.lacking(id)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts what must be read again; about is bound to it.
func (s *secrets) seal(purpose, about string, plain []byte) ([]byte, token.KeyID, error) {
	id := s.keys.Current()
	g, err := s.aead(purpose, id)
	if err != nil {
		return nil, 0, err
	}
	return g.Seal(nil, nil, plain, []byte(about)), id, nil //nolint:gosec // it draws a random nonce itself
}

func (s *secrets) unseal(purpose, about string, sealed []byte, id token.KeyID) ([]byte, error) {
	g, err := s.aead(purpose, id)
	if err != nil {
		return nil, err
	}
	plain, err := g.Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// sealJSON seals what a browser keeps for us, as one text.
func (s *secrets) sealJSON(purpose, about string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sealed, key, err := s.seal(purpose, about, b)
	return strconv.FormatUint(uint64(key), 10) + "." + base64.RawURLEncoding.EncodeToString(sealed), err
}

// openJSON reads it back into v; whatever was done to it is an error.
func (s *secrets) openJSON(ctx context.Context, purpose, about, text string, v any) error {
	number, rest, _ := strings.Cut(text, ".")
	key, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return errSealed
	}
	sealed, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return errSealed
	}
	id := token.KeyID(key)
	if _, ok := s.keys.Check(id); !ok { // the browser's word, which may be anything
		return input.First(s.named(ctx, id), errSealed)
	}
	b, err := s.unseal(purpose, about, sealed, id)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
