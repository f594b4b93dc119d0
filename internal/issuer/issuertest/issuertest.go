// Package issuertest is a system that hands out ID tokens, for tests: it serves its metadata
// and keys over HTTP, signs whatever it is told to, and counts who asks.
package issuertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Issuer is one such system.
type Issuer struct {
	*httptest.Server
	// Asked counts the questions for its keys.
	Asked atomic.Int64
	// Says and Keys answer in place of the metadata and the keys, when not nil.
	Says, Keys http.HandlerFunc

	mu   sync.Mutex // guards keys
	keys []jose.JSONWebKey
}

// New starts one with a key named k1.
func New(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if i.Says != nil {
			i.Says(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		i.Asked.Add(1)
		if i.Keys != nil {
			i.Keys(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(i.Public())
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	i.NewKey(t, "k1")
	return i
}

// NewKey gives it one more key, with which it signs from now on.
func (i *Issuer) NewKey(t testing.TB, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) //nolint:forbidigo // a key that no test expects
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, jose.JSONWebKey{Key: key, KeyID: name, Algorithm: string(jose.ES256), Use: "sig"})
}

// Public are its public keys.
func (i *Issuer) Public() jose.JSONWebKeySet {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return set
}

// Sign signs claims with its newest key.
func (i *Issuer) Sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	return i.SignAs(t, claims, nil)
}

// SignAs is Sign with more headers.
func (i *Issuer) SignAs(t testing.TB, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return SignBy(t, jose.SigningKey{Algorithm: jose.ES256, Key: key}, claims, headers)
}

// SignBy signs claims by any key, with more headers.
func SignBy(t testing.TB, key jose.SigningKey, claims map[string]any, headers map[jose.HeaderKey]any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("JWT")
	for name, v := range headers {
		o = o.WithHeader(name, v)
	}
	signer, err := jose.NewSigner(key, o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signer.Sign(b)
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
