package signin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/signin"
	"github.com/tokenry/tokenry/token"
)

// op is an OpenID provider in this process. What it says can be bent.
type op struct {
	*httptest.Server
	t     *testing.T
	clock *clocktest.Clock

	mu   sync.Mutex
	key  *ecdsa.PrivateKey
	kid  string
	code map[string]visit
	// fetched counts how often its keys were read.
	fetched atomic.Int64
	// bend changes the claims before they are signed.
	bend func(c map[string]any)
	// sign replaces the signing.
	sign func(c map[string]any) string
	// issuer is what its discovery says; empty is its address.
	issuer string
}

// visit is one person who was sent to the provider.
type visit struct{ challenge, nonce string }

func newOP(t *testing.T, c *clocktest.Clock) *op {
	t.Helper()
	p := &op{t: t, clock: c, code: map[string]visit{}}
	p.newKey("k1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Server.Close)
	return p
}

func (p *op) newKey(kid string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(p.t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.kid = key, kid
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (p *op) discovery(w http.ResponseWriter, _ *http.Request) {
	issuer := p.issuer
	if issuer == "" {
		issuer = p.URL
	}
	answer(w, map[string]any{
		"issuer": issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
	})
}

func (p *op) keys(w http.ResponseWriter, _ *http.Request) {
	p.fetched.Add(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	answer(w, map[string]any{"keys": []any{
		map[string]string{"kty": "of the future"},
		jose.JSONWebKey{Key: &p.key.PublicKey, KeyID: p.kid, Algorithm: "ES256", Use: "sig"},
	}})
}

// token takes a code once, with its PKCE verifier and the client's secret.
func (p *op) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	v, ok := p.code[r.PostFormValue("code")]
	delete(p.code, r.PostFormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != v.challenge || id != "tokenry" || secret != "s3cret" ||
		r.PostFormValue("redirect_uri") != "https://tokens.example.com/signin/oidc/corp/callback" {
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	access := sha256.Sum256([]byte("access-1"))
	now := p.clock.Now()
	c := map[string]any{
		"iss": p.URL, "aud": "tokenry", "sub": "u-1", "nonce": v.nonce, "iat": now.Unix(), "auth_time": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"email": "new@example.com", "email_verified": true, "name": "New Comer",
		"at_hash": base64.RawURLEncoding.EncodeToString(access[:16]),
	}
	if p.bend != nil {
		p.bend(c)
	}
	sign := p.sign
	if sign == nil {
		sign = p.signed
	}
	answer(w, map[string]any{"access_token": "access-1", "token_type": "Bearer", "expires_in": 60, "id_token": sign(c)})
}

func (p *op) signed(c map[string]any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return signWith(p.t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: p.kid}}, c)
}

func signWith(t *testing.T, key jose.SigningKey, c map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(key, nil)
	must(t, err)
	b, err := json.Marshal(c)
	must(t, err)
	jws, err := s.Sign(b)
	must(t, err)
	raw, err := jws.CompactSerialize()
	must(t, err)
	return raw
}

// says bends claims: a nil value removes one.
func (p *op) says(changes map[string]any) {
	p.bend = func(c map[string]any) {
		maps.Copy(c, changes)
		maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	}
}

// authorize is the person's visit at the provider: what comes back in the
// address of the callback.
func (p *op) authorize(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	q := u.Query()
	if !strings.HasPrefix(address, p.URL+"/authorize?") || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" ||
		len(q.Get("state")) != 43 || len(q.Get("nonce")) != 43 || q.Get("scope") != "openid profile email" {
		t.Errorf("sent to %s", address)
	}
	code := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code[code] = visit{challenge: q.Get("code_challenge"), nonce: q.Get("nonce")}
	return url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
}

// sso is a world with a provider, of which example.com is allowed.
func (w *world) sso(change func(*signin.OIDCConfig)) (*world, *op) {
	w.Helper()
	p := newOP(w.T, w.clock)
	c := signin.OIDCConfig{
		ID: "corp", Name: "Corp", Issuer: p.URL, ClientID: "tokenry", ClientSecret: token.NewSecret("s3cret"),
		Domains: []string{"example.com"}, Workspace: "acme", DefaultRole: "Viewer",
	}
	if change != nil {
		change(&c)
	}
	return w.again(func(o *signin.Options) { o.OIDC, o.HTTP = []signin.OIDCConfig{c}, p.Client() }), p
}

// through signs in through the provider.
func (w *world) through(p *op) (door.Entry, error) {
	w.Helper()
	address, cookie, err := w.OIDCStart(w.ctx, "corp", "/workspace/acme/members?x=1")
	must(w.T, err)
	r, returnTo, err := w.OIDCFinish(w.ctx, "corp", cookie, p.authorize(w.T, address), home())
	if err == nil && returnTo != "/workspace/acme/members?x=1" {
		w.Errorf("returned to %q", returnTo)
	}
	return r, err
}
