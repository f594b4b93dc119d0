package issuer

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/internal/authority"
)

const (
	// maxKeys is how many keys of a set are looked at.
	maxKeys = 100
	// leastRSA is the shortest modulus that is taken, in bits.
	leastRSA = 2048
)

// algorithms are those whose keys are public: a token under HS256 or none is nothing,
// whatever anybody says it is signed with.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

var (
	errNoKeys  = errors.New("issuer: the keys are no JSON Web Key Set")
	errPrivate = errors.New("issuer: the set holds a private or a symmetric key; give the public ones")
	errEmpty   = errors.New("issuer: the set holds no public key that signs: RSA from 2048 bits, P-256, P-384, P-521 or Ed25519")
)

// publicKeys reads a set, one key at a time, so that one of a new kind does not hide the
// others. What is not public, or not for signing, is left out, or refused when strict.
func publicKeys(b []byte, strict bool) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil || set.Keys == nil || len(set.Keys) > maxKeys {
		return nil, errNoKeys
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil {
			if strict && strings.Contains(string(raw), `"oct"`) {
				return nil, errPrivate
			}
			continue
		}
		switch k := key.Key.(type) {
		case *rsa.PublicKey:
			if k.N.BitLen() < leastRSA {
				continue
			}
		case *ecdsa.PublicKey, ed25519.PublicKey:
		default:
			if strict {
				return nil, errPrivate
			}
			continue
		}
		if key.Use == "" || key.Use == "sig" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errEmpty
	}
	return keys, nil
}

// signed is a token that was taken apart.
type signed struct {
	*jose.JSONWebSignature
	key, algorithm string
}

// parse takes a token apart. One that says it is something else than an ID token, such as
// an access token, is none: whoever it was made for may have handed it on.
func parse(token string) (signed, error) {
	s, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil || len(s.Signatures) != 1 {
		return signed{}, authority.ErrNotSigned // the cause may repeat the token
	}
	h := s.Signatures[0].Protected
	typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
	if _, says := h.ExtraHeaders[jose.HeaderType]; says && !strings.EqualFold(typ, "JWT") {
		return signed{}, authority.ErrNotSigned
	}
	return signed{s, h.KeyID, h.Algorithm}, nil
}

// known says whether a set has a key of the token's name.
func (s signed) known(keys []jose.JSONWebKey) bool {
	for _, k := range keys {
		if k.KeyID == s.key {
			return true
		}
	}
	return false
}

// by answers what the token says if one of the keys signed it. A key that has a name, or an
// algorithm, signs under that one alone.
func (s signed) by(keys []jose.JSONWebKey) ([]byte, error) {
	for _, k := range keys {
		if s.key != "" && k.KeyID != "" && k.KeyID != s.key || k.Algorithm != "" && k.Algorithm != s.algorithm {
			continue
		}
		if payload, err := s.Verify(k.Key); err == nil {
			return payload, nil
		}
	}
	return nil, authority.ErrNotSigned
}

// statusError is an answer that is none.
func statusError(what string, status int) error {
	return fmt.Errorf("issuer: the %s were answered with status %d", what, status)
}
