package signin

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// keysEvery bounds how often a provider's keys are read anew: whoever sends
	// tokens that fail makes no more requests than this.
	keysEvery   = time.Minute
	maxKeysSize = 1 << 20
)

// keySet is a provider's public keys. They are read when a token is under none
// of those that are known.
type keySet struct {
	address string
	http    *http.Client
	now     func() time.Time

	mu    sync.Mutex // guards known and read, and is held while reading
	known oidc.StaticKeySet
	// read is when they were last asked for, with or without an answer.
	read time.Time
}

// VerifySignature answers the payload of a token that one of the keys signed.
func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	payload, err := k.known.VerifySignature(ctx, jwt)
	if err == nil {
		return payload, nil
	}
	if now := k.now(); k.read.IsZero() || now.Sub(k.read) >= keysEvery {
		k.read = now
		keys, err := k.fetch(ctx)
		if err != nil {
			return nil, err
		}
		k.known = oidc.StaticKeySet{PublicKeys: keys}
	}
	return k.known.VerifySignature(ctx, jwt)
}

func (k *keySet) fetch(ctx context.Context) ([]crypto.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.address, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysSize))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("signin: the keys were answered with status %d", resp.StatusCode)
	}
	return publicKeys(b)
}

// publicKeys reads a JWKS, one key at a time, so that one of a new kind does not
// hide the others. What is not public, or not for signing, is left out.
func publicKeys(b []byte) ([]crypto.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, errors.New("signin: the keys are no JSON")
	}
	var keys []crypto.PublicKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.Use == "enc" {
			continue
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			keys = append(keys, key.Key)
		}
	}
	return keys, nil
}
