package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
)

// op is an OpenID provider in this process at which one person is signed in.
type op struct {
	*httptest.Server
	*testing.T
	key *ecdsa.PrivateKey

	mu     sync.Mutex // guards the rest
	visits map[string]url.Values
	claims map[string]any
	// open says that its person was signed in an hour ago and is asked nothing,
	// unless a visit asks for it; deaf, not even then.
	open, deaf bool
}

func newOP(t *testing.T) *op {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	p := &op{T: t, key: key, visits: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *op) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// says is what the provider tells of its person from now on.
func (p *op) says(subject, email string, more map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims = map[string]any{"sub": subject, "email": email, "email_verified": true, "name": "Grace"}
	maps.Copy(p.claims, more)
}

func (p *op) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := rand.Text()
	p.mu.Lock()
	p.visits[code] = q
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *op) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, ok := p.visits[r.PostFormValue("code")]
	delete(p.visits, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if !ok || base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") || q.Get("code_challenge_method") != "S256" ||
		id != "tokenry" || secret != "s3cret" || r.PostFormValue("redirect_uri") != q.Get("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		p.answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	c := map[string]any{"iss": p.URL, "aud": "tokenry", "nonce": q.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	c["auth_time"] = p.signedIn(q).Unix()
	maps.Copy(c, p.claims)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: "k"}}, nil)
	if err == nil {
		b, _ := json.Marshal(c)
		var jws *jose.JSONWebSignature
		if jws, err = signer.Sign(b); err == nil {
			raw, _ := jws.CompactSerialize()
			p.answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60, "id_token": raw})
			return
		}
	}
	p.Error(err)
}

// signedIn is when its person typed their password there.
func (p *op) signedIn(q url.Values) time.Time {
	if asked := q.Get("prompt") == "login" && q.Get("max_age") == "0"; p.deaf || p.open && !asked {
		return time.Now().Add(-time.Hour)
	}
	return time.Now()
}

// silent makes its person signed in there already.
func (p *op) silent(open, deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open, p.deaf = open, deaf
}

// browser keeps cookies and follows redirects, as a person's does.
type browser struct {
	*testing.T
	*http.Client
	base string
}

func newBrowser(t *testing.T, base string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	b := browser{t, &http.Client{Jar: jar}, base}
	t.Cleanup(b.CloseIdleConnections)
	return b
}

// page is what a browser ended up with.
type page struct {
	status     int
	path, body string
}

func (b browser) do(method, address string, form url.Values) page {
	b.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.base + address
	}
	r, err := http.NewRequestWithContext(b.Context(), method, address, strings.NewReader(form.Encode()))
	check(b.T, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := b.Do(r)
	check(b.T, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	check(b.T, err)
	return page{resp.StatusCode, resp.Request.URL.RequestURI(), string(text)}
}

func (b browser) open(path string) page { b.Helper(); return b.do(http.MethodGet, path, nil) }
func (b browser) post(path string, fields ...string) page {
	b.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do(http.MethodPost, path, form)
}

var elsewhere = regexp.MustCompile(`data-go href="([^"]+)"`)

// through presses a button that leads to the provider, and comes back.
func (b browser) through(path string, fields ...string) page {
	b.Helper()
	p := b.post(path, fields...)
	m := elsewhere.FindStringSubmatch(p.body)
	if m == nil {
		return p
	}
	return b.open(strings.ReplaceAll(m[1], "&amp;", "&"))
}

func (b browser) at(p page, path string, texts ...string) {
	b.Helper()
	if p.path != path {
		b.Fatalf("at %s (%d), want %s\n%s", p.path, p.status, path, mainOf(p.body))
	}
	for _, s := range texts {
		if !strings.Contains(p.body, s) {
			b.Errorf("%s does not say %q:\n%s", p.path, s, mainOf(p.body))
		}
	}
}

func mainOf(body string) string {
	if i := strings.Index(body, "<main"); i >= 0 {
		body = body[i:]
	}
	return body[:min(len(body), 1500)]
}

// withSSO is a server that trusts the provider, with Ada as its Owner.
func withSSO(t *testing.T, p *op, flags ...string) (running, config.Config) {
	t.Helper()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	check(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	cfg := settings(t, append([]string{"--data", filepath.Join(dir, "data"), "--oidc-issuer", p.URL, "--oidc-client-id", "tokenry",
		"--oidc-client-secret-file", secret, "--oidc-name", "Corp", "--oidc-domains", "example.com", "--oidc-workspace", "acme",
		"--oidc-default-role", "Viewer", "--oidc-role-claim", "groups", "--oidc-roles", "admins=Administrator"}, flags...)...)
	s := start(t, cfg)
	h, err := s.Passwords.Hash(words)
	check(t, err)
	_, err = s.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme", PasswordHash: h})
	check(t, err)
	return s, cfg
}

const words = "nine llamas sing at midnight"

func TestPeopleSignInThroughAnIdentityProvider(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	s, _ := withSSO(t, p)

	// Somebody new becomes a member with the role of their groups.
	grace := newBrowser(t, s.BaseURL())
	grace.at(grace.open("/settings/tokens"), "/signin?next=%2Fsettings%2Ftokens", "Continue with Corp", `type="password"`)
	p.says("g-1", "Grace@Example.com", map[string]any{"groups": []string{"staff", "admins"}})
	grace.at(grace.through("/signin/oidc/sso", "next", "/settings/tokens"), "/settings/tokens", "My tokens")
	m, err := s.Authority.GetMember(t.Context(), authority.Caller{Machine: "test"}, "acme", "grace@example.com")
	check(t, err)
	if m.Role == nil || *m.Role != "Administrator" {
		t.Errorf("the groups gave %v", m.Grants)
	}

	// Who has another way in is not taken over by an e-mail, and links while signed in.
	ada := newBrowser(t, s.BaseURL())
	p.says("a-1", "ada@example.com", nil)
	refused := ada.through("/signin/oidc/sso", "next", "/workspaces")
	if refused.status != http.StatusForbidden || !strings.Contains(refused.body, "link Corp under security") {
		t.Fatalf("an e-mail took an account over: %d %s", refused.status, mainOf(refused.body))
	}
	ada.at(ada.post("/signin", "email", "ada@example.com", "password", words, "next", "/settings/security"), "/settings/security", "Link Corp")
	ada.at(ada.through("/settings/security/identities/sso"), "/settings/security?did=linked", "ada@example.com", "Unlink", "Linked")
	again := newBrowser(t, s.BaseURL())
	again.at(again.through("/signin/oidc/sso", "next", "/instance"), "/instance")
	again.at(again.post("/settings/security/identities/remove", "issuer", p.URL, "subject", "a-1"), "/settings/security?did=unlinked", "Link Corp")

	// Another domain, and an answer that nobody asked for.
	eve := newBrowser(t, s.BaseURL())
	p.says("e-1", "eve@evil.example", nil)
	for name, got := range map[string]page{
		"another domain": eve.through("/signin/oidc/sso"), "no visit": eve.open("/signin/oidc/sso/callback?code=x&state=y"),
	} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s: %d\n%s", name, got.status, mainOf(got.body))
		}
	}
	eve.at(eve.open("/settings/tokens"), "/signin?next=%2Fsettings%2Ftokens")
}

func TestAnOpenSessionAtTheProviderDoesNotConfirm(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	s, _ := withSSO(t, p)
	grace := newBrowser(t, s.BaseURL())
	p.says("g-1", "grace@example.com", nil)
	p.silent(true, false)
	const delicate, asks = "/settings/security/app", "/settings/security/confirm?next=%2Fsettings%2Fsecurity%2Fapp"
	grace.at(grace.through("/signin/oidc/sso", "next", delicate), asks, "Sign in again with Corp")
	p.silent(true, true)
	if got := grace.through("/settings/security/confirm/sso", "next", delicate); got.status != http.StatusForbidden || !strings.Contains(got.body, "did not ask you to sign in again") {
		t.Errorf("an open session at the provider was answered with %d\n%s", got.status, mainOf(got.body))
	}
	grace.at(grace.open(delicate), asks)
	p.silent(true, false)
	grace.at(grace.through("/settings/security/confirm/sso", "next", delicate), delicate, "Add an authenticator app")
}

func TestWhereSingleSignOnIsTheOnlyWayPasswordsAreNothing(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	s, _ := withSSO(t, p, "--sign-in", "sso")
	b := newBrowser(t, s.BaseURL())
	in := b.open("/signin")
	b.at(in, "/signin", "Continue with Corp")
	for _, bad := range []string{`type="password"`, "Forgot your password", "passkey"} {
		if strings.Contains(in.body, bad) {
			t.Errorf("the page offers %s", bad)
		}
	}
	if got := b.post("/signin", "email", "ada@example.com", "password", words); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "takes no passwords") {
		t.Errorf("a password was answered with %d %s", got.status, mainOf(got.body))
	}
	b.at(b.open("/signin/reset"), "/signin/reset", "No passwords here")
	b.at(b.open("/settings/security"), "/signin?next=%2Fsettings%2Fsecurity")
	p.says("g-1", "grace@example.com", nil)
	b.at(b.through("/signin/oidc/sso", "next", "/settings/security"), "/settings/security", "Single sign-on")
	if got := b.open("/settings/security").body; strings.Contains(got, "Password") {
		t.Errorf("the settings offer a password: %s", mainOf(got))
	}
}

func TestTheFirstRunSaysWhereItBeginsAndThatItIsOver(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	code, until, err := s.Authority.SetupCode(t.Context())
	check(t, err)
	b := newBrowser(t, "http://"+s.Addr())
	b.at(b.open("/signin"), "/signin", "Nobody can sign in yet", `href="/setup"`)
	b.at(b.open("/setup?code="+code), "/setup?code="+code, "You become the first Owner")
	weak := b.post("/setup", "code", code, "email", "ada@example.com", "password", "short", "workspace", "acme")
	b.refusedWith(weak, http.StatusUnprocessableEntity, "15 characters")
	if until.IsZero() || strings.Contains(b.open("/signin").body, "set up already") {
		t.Error("it is over before it began")
	}
	b.at(b.post("/setup", "code", code, "email", "ada@example.com", "password", words, "workspace", "acme"), "/workspace/acme/access-tokens?did=set-up", "Your workspace is ready")
	other := newBrowser(t, "http://"+s.Addr())
	if p := other.open("/signin"); strings.Contains(p.body, "Nobody can sign in yet") {
		t.Error("the sign-in page still says that nobody can sign in")
	}
	other.at(other.open("/setup?code="+code), "/setup?code="+code, "This server is set up already")
	again := other.post("/setup", "code", code, "email", "eve@example.com", "password", words, "workspace", "evil")
	other.refusedWith(again, http.StatusConflict, "This server is set up already")
}

func TestTheSetupLinkWorksWithoutPasswordsToo(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	s := start(t, settings(t, "--data", filepath.Join(t.TempDir(), "data"), "--oidc-issuer", p.URL, "--oidc-client-id", "tokenry", "--sign-in", "sso",
		"--oidc-domains", "example.com"))
	code, until, err := s.Authority.SetupCode(t.Context())
	if err != nil || until.IsZero() {
		t.Fatal(err)
	}
	b := newBrowser(t, s.BaseURL())
	if got := b.open("/setup?code=" + url.QueryEscape(code)); strings.Contains(got.body, `type="password"`) {
		t.Error("the setup asks for a password that nobody takes")
	}
	b.at(b.post("/setup", "code", code, "email", "ada@example.com", "workspace", "acme"), "/workspace/acme/access-tokens?did=set-up")
}

func TestAClientSecretThatCannotBeReadStopsTheStart(t *testing.T) {
	t.Parallel()
	p := newOP(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	check(t, os.WriteFile(empty, []byte("\n"), 0o600))
	for _, file := range []string{empty, filepath.Join(dir, "missing"), dir} {
		refuses(t, settings(t, "--data", filepath.Join(dir, "data"), "--oidc-issuer", p.URL, "--oidc-client-id", "tokenry", "--oidc-client-secret-file", file), "--oidc-client-secret-file")
	}
}

// refuses wants a start that fails, and says which setting was the reason.
func refuses(t *testing.T, cfg config.Config, setting string) {
	t.Helper()
	_, err := server.Listen(t.Context(), cfg, server.Options{})
	if err == nil || !strings.Contains(err.Error(), setting) {
		t.Errorf("the start ended with %v", err)
	}
}
