package issuer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/issuer"
	"github.com/tokenry/tokenry/internal/issuer/issuertest"
	"github.com/tokenry/tokenry/internal/notify"
)

type world struct {
	*testing.T
	*issuertest.Issuer
	all *issuer.Issuers
	now time.Time
}

// newWorld lists its issuer, which is in the private network.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, Issuer: issuertest.New(t), now: time.Unix(1_800_000_000, 0)}
	w.all = issuer.New(issuer.Config{
		Public: notify.Egress{}.Client(5 * time.Second), Private: w.following(), Listed: []string{w.URL}, CheckURL: notify.Egress{}.Check,
		Now: func() time.Time { return w.now },
	})
	return w
}

// following is a client that reaches this machine, and follows no redirection.
func (w *world) following() *http.Client {
	c := *w.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

func (w *world) verify(token string) error {
	_, err := w.all.Verify(w.Context(), 1, w.URL, nil, token)
	return err
}

func (w *world) good(token string) {
	w.Helper()
	if err := w.verify(token); err != nil {
		w.Errorf("refused: %v", err)
	}
}

func (w *world) bad(what, token string) {
	w.Helper()
	if err := w.verify(token); !errors.Is(err, authority.ErrNotSigned) {
		w.Errorf("%s: %v", what, err)
	} else if strings.Contains(err.Error(), token) {
		w.Errorf("%s: the error holds the token", what)
	}
}

var claims = map[string]any{"sub": "x"}

// TestOnlyThePublicKeysSign: forged keys, no algorithm, a public key used as a secret, a
// key that came in the header, and tokens that say they are something else.
func TestOnlyThePublicKeysSign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(w.Sign(t, claims))
	forged, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mine := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: forged, KeyID: "k1"}}
	w.bad("another's key under the name", issuertest.SignBy(t, mine, claims, nil))
	w.bad("a key in the header", issuertest.SignBy(t, jose.SigningKey{Algorithm: jose.ES256, Key: forged}, claims,
		map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: forged.Public()}, "kid": "k1", "jku": "https://evil.example/keys"}))
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, alg := range []string{"none", "None", "nOnE", ""} {
		w.bad("alg "+alg, part(fmt.Sprintf(`{"alg":%q,"kid":"k1"}`, alg))+"."+part(`{"sub":"x"}`)+".")
		w.bad("alg "+alg+" with something", part(fmt.Sprintf(`{"alg":%q,"kid":"k1"}`, alg))+"."+part(`{"sub":"x"}`)+".eA")
	}
	public, err := json.Marshal(w.Public().Keys[0])
	if err != nil {
		t.Fatal(err)
	}
	w.bad("the public key as a secret", issuertest.SignBy(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: public, KeyID: "k1"}}, claims, nil))
	token := w.Sign(t, claims)
	head, rest, _ := strings.Cut(token, ".")
	body, signature, _ := strings.Cut(rest, ".")
	w.bad("other claims", head+"."+part(`{"sub":"y"}`)+"."+signature)
	w.bad("another header", part(`{"alg":"ES384","kid":"k1"}`)+"."+body+"."+signature)
	w.bad("no token", "x")
	w.bad("JSON", `{"payload":"x","signatures":[]}`)
	for _, typ := range []string{"at+jwt", "logout+jwt", "secevent+jwt", ""} {
		w.bad("typ "+typ, w.SignAs(t, claims, map[jose.HeaderKey]any{jose.HeaderType: typ}))
	}
	w.bad("what must be understood", w.SignAs(t, claims, map[jose.HeaderKey]any{"crit": []string{"x"}, "x": 1}))
}

// TestAnIssuerIsAskedOnceAMinute: whatever names of keys are presented, by however many.
func TestAnIssuerIsAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forged, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 50 {
		token := issuertest.SignBy(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: forged, KeyID: fmt.Sprint(i)}}, claims, nil)
		all.Go(func() { w.bad("a key nobody knows", token) })
	}
	all.Wait()
	if n := w.Asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.NewKey(t, "k2")
	rotated := w.Sign(t, claims)
	w.bad("a new key within the minute", rotated)
	w.now = w.now.Add(time.Minute)
	w.good(rotated)
	if n := w.Asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
	// An issuer that is down is not asked either, and its keys are good for an hour.
	w.Keys = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) }
	for range 59 {
		w.now = w.now.Add(time.Minute)
		w.good(rotated)
	}
	w.now = w.now.Add(time.Minute)
	if err := w.verify(rotated); err == nil || errors.Is(err, authority.ErrNotSigned) {
		t.Errorf("keys that could not be read for an hour: %v", err)
	}
	if n := w.Asked.Load(); n > 60 {
		t.Errorf("asked %d times in an hour", n)
	}
}

// TestNobodyIsFollowed: redirections, what is too large, and metadata of another issuer.
func TestNobodyIsFollowed(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(w *world){
		"metadata that lead elsewhere": func(w *world) {
			w.Says = func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, w.URL+"/elsewhere", http.StatusFound)
			}
		},
		"keys that lead elsewhere": func(w *world) {
			w.Keys = func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, w.URL+"/elsewhere", http.StatusFound)
			}
		},
		"giant keys": func(w *world) {
			w.Keys = func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = rw.Write([]byte(`{"keys":[],"x":"` + strings.Repeat("x", 300<<10) + `"}`))
			}
		},
		"too many keys": func(w *world) {
			w.Keys = func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = rw.Write([]byte(`{"keys":[` + strings.Repeat(`{},`, 200) + `{}]}`))
			}
		},
		"no keys": func(w *world) {
			w.Keys = func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`<html>`)) }
		},
		"metadata of another issuer": func(w *world) {
			w.Says = func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = rw.Write([]byte(`{"issuer":"https://token.example.com","jwks_uri":"` + w.URL + `/keys"}`))
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			change(w)
			if err := w.verify(w.Sign(t, claims)); err == nil || errors.Is(err, authority.ErrNotSigned) {
				t.Errorf("%v, want an answer that is none", err)
			}
		})
	}
}

// TestThePrivateNetworkIsTheOperators: a workspace names no address in it, nor a name that
// leads there, nor keys there.
func TestThePrivateNetworkIsTheOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, address := range []string{
		w.URL + "/other", "https://127.0.0.1", "https://10.0.0.1", "https://[::1]", "https://169.254.169.254", "http://token.example.com", "https://2130706433", "https://token.example.com:22",
	} {
		if err := w.all.Check(address); err == nil || !strings.Contains(err.Error(), "trust_issuers") {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := w.all.Verify(t.Context(), 1, address, nil, w.Sign(t, claims)); err == nil {
			t.Errorf("%s was asked", address)
		}
	}
	if err := w.all.Check(w.URL); err != nil {
		t.Errorf("a listed issuer: %v", err)
	}
	// A name is judged where it leads.
	led := issuer.New(issuer.Config{
		Public: notify.Egress{Ports: []int{443, 1}}.Client(time.Second), Private: w.following(), Now: time.Now, CheckURL: func(*url.URL) error { return nil },
	})
	if _, err := led.Verify(t.Context(), 1, "https://localhost", nil, w.Sign(t, claims)); err == nil || !strings.Contains(err.Error(), "leads to no public address") {
		t.Errorf("a name that leads to this machine: %v", err)
	}
}

// TestUploadedKeys: they are asked of nobody, have to be public, and sign for their rule.
func TestUploadedKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set, err := json.Marshal(w.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.all.CheckKeys(set); err != nil {
		t.Error(err)
	}
	if _, err := w.all.Verify(t.Context(), 1, "https://kubernetes.default.svc", set, w.Sign(t, claims)); err != nil || w.Asked.Load() != 0 {
		t.Errorf("%v, and the issuer was asked %d times", err, w.Asked.Load())
	}
	other := issuertest.New(t)
	if _, err := w.all.Verify(t.Context(), 1, w.URL, set, other.Sign(t, claims)); !errors.Is(err, authority.ErrNotSigned) {
		t.Errorf("another's token: %v", err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for what, key := range map[string]any{"a private key": private, "a secret": []byte("0123456789abcdef0123456789abcdef"), "a short key": small.Public()} {
		b, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.all.CheckKeys(b); err == nil || strings.Contains(err.Error(), string(b)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, text := range []string{``, `[]`, `{}`, `{"keys":[]}`, `{"keys":{}}`, `{"keys":[{"kty":"EC"}]}`} {
		if w.all.CheckKeys([]byte(text)) == nil {
			t.Errorf("%q is a set", text)
		}
	}
}

// TestASetOfKeysIsBounded: and holds at least one that signs; a key for encryption is none.
func TestASetOfKeysIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, taken := range map[int]bool{1: true, 100: true, 101: false} {
		b, err := json.Marshal(jose.JSONWebKeySet{Keys: slices.Repeat(w.Public().Keys[:1], n)})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.all.CheckKeys(b); (err == nil) != taken {
			t.Errorf("%d keys: %v", n, err)
		}
	}
	other := w.Public().Keys[0]
	other.Use = "enc"
	if b, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{other}}); err != nil || w.all.CheckKeys(b) == nil {
		t.Errorf("a key that does not sign is taken, %v", err)
	}
}
