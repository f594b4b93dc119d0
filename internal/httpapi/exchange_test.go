package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/issuer"
	"github.com/tokenry/tokenry/internal/issuer/issuertest"
	"github.com/tokenry/tokenry/internal/notify"
)

const trustPath = ws + "/trust-rules"

// trusted asks the issuers that are listed, which are on this machine.
func (w *world) trusted() authority.Issuers {
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return issuer.New(issuer.Config{Public: stay, Private: stay, Listed: w.listed, CheckURL: notify.Egress{}.Check, Now: w.clock.Now})
}

// jobs is a system whose jobs have ID tokens, and an account that trusts one of them.
type jobs struct {
	*world
	*issuertest.Issuer
	rule api.TrustRule
}

const deployAccount = "deploy@acme.service"

func newJobs(t *testing.T) *jobs {
	t.Helper()
	i := issuertest.New(t)
	j := &jobs{world: newWorldTrusting(t, i.URL), Issuer: i}
	j.as(j.root, "POST", ws+"/service-accounts", object{"name": "deploy", "scopes": []string{"tickets:*", "pages:read"}, "resources": []string{"*"}}).is(201)
	j.rule = j.trust(object{})
	return j
}

// trust makes a rule; what is said replaces what it says by itself.
func (j *jobs) trust(said object) (r api.TrustRule) {
	j.Helper()
	in := object{"service_account": "deploy", "label": "main of api", "issuer": j.Issuer.URL, "audience": baseURL,
		"claims": object{"repository_id": []string{"7001"}, "ref": []string{"refs/heads/*"}}, "scopes": []string{"tickets:write"}, "resources": []string{"api"}}
	maps.Copy(in, said)
	j.as(j.root, "POST", trustPath, in).is(201).into(&r)
	return r
}

// idToken is that of a job on main, signed; what is said replaces what it says.
func (j *jobs) idToken(said object) string {
	j.Helper()
	now := j.clock.Now().Unix()
	claims := object{"iss": j.Issuer.URL, "aud": baseURL, "sub": "repo:octo-example/api:ref:refs/heads/main", "repository_id": "7001",
		"ref": "refs/heads/main", "iat": now, "exp": now + 300}
	for k, v := range said {
		if claims[k] = v; v == nil {
			delete(claims, k)
		}
	}
	return j.Sign(j.TB, claims)
}

func (j *jobs) exchange(idToken string, headers ...string) *reply {
	j.Helper()
	return j.send("POST", grantPath, form("grant_type", api.ExchangeGrantType, "client_id", deployAccount, "subject_token", idToken, "subject_token_type", api.TypeIDToken), headers...)
}

func (j *jobs) given(r *reply) (g api.GrantedToken) {
	j.Helper()
	r.is(200).into(&g)
	return g
}

func (j *jobs) refused(what string, r *reply, code api.Code) {
	j.Helper()
	if e := r.titled(what).is(400).oauth("invalid_request"); e.Code != code {
		j.Errorf("%s: %s, want %s", what, e.Code, code)
	}
}

// works says whether a token is accepted for what the rule gives.
func (j *jobs) works(secret string) api.VerifyResult {
	j.Helper()
	return j.verify(j.root, api.VerifyRequest{Token: secret, Scopes: []string{"tickets:write"}, Resource: "api"})
}

// TestExternalSecretsFillsASecret: the body of the manifest in docs/kubernetes.md, with the
// token that Kubernetes signs in its place, is answered with one object.
func TestExternalSecretsFillsASecret(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/kubernetes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(page), "body: >-\n")
	body, _, found := strings.Cut(body, "\n")
	if !found || strings.Count(body, "{{ .auth.token }}") != 1 {
		t.Fatalf("the manifest sends %q", body)
	}
	j := newJobs(t)
	r := j.send("POST", grantPath, strings.Replace(strings.TrimSpace(body), "{{ .auth.token }}", j.idToken(nil), 1), "Content-Type", "application/x-www-form-urlencoded")
	if got := j.works(j.given(r).AccessToken); !got.Allowed {
		t.Errorf("%+v", got)
	}
}

// TestAnIDTokenIsExchanged: RFC 8693, section 2.2, for an ephemeral token within the rule,
// which is an ordinary token otherwise, and ends with its account and its rule.
func TestAnIDTokenIsExchanged(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	r := j.exchange(j.idToken(nil))
	g := j.given(r)
	if !strings.HasPrefix(g.AccessToken, "tkye_") || g.TokenType != "Bearer" || g.IssuedTokenType != api.TypeAccessToken || *g.ExpiresIn != 900 ||
		g.Scope != "tickets:write" || g.Workspace != "acme" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%+v %v", g, r.Header)
	}
	got := j.works(g.AccessToken)
	if !got.Allowed || got.Token.Kind != "ephemeral" || got.Principal.Address != deployAccount {
		t.Errorf("%+v", got)
	}
	if j.verify(j.root, api.VerifyRequest{Token: g.AccessToken, Scopes: []string{"tickets:read"}, Resource: "api"}).Allowed ||
		j.verify(j.root, api.VerifyRequest{Token: g.AccessToken, Scopes: []string{"tickets:write"}, Resource: "web"}).Allowed {
		t.Error("the token may do more than its rule")
	}
	var made api.Token
	j.as(j.root, "GET", ws+"/tokens/"+g.Locator, nil).is(200).into(&made)
	if made.CreatedBy != j.rule.ID || !strings.Contains(made.Description, "repo:octo-example/api") {
		t.Errorf("made by %s for %s", made.CreatedBy, made.Description)
	}
	one := ws + "/tokens/" + g.Locator
	j.as(j.root, "PATCH", one, object{"expires_in": "2h"}).is(403)
	j.clock.Pass(time.Minute)
	j.as(j.root, "POST", one+"/rotate", object{"renew": true}).is(403)
	j.as(j.root, "POST", ws+"/service-accounts", object{"name": "other", "scopes": []string{"*"}, "resources": []string{"*"}}).is(201)
	j.as(j.root, "POST", one+"/transfer", object{"owner": "other"}).is(403)

	j.as(j.root, "POST", ws+"/service-accounts/deploy/disable", nil).is(200)
	if j.works(g.AccessToken).Code != api.CodeOwnerInactive {
		t.Error("the token lives on without its account")
	}
	if e := j.exchange(j.idToken(object{"jti": "2"})).is(409).oauth("invalid_request"); e.Code != api.CodeInactive {
		t.Errorf("%+v", e)
	}
	j.as(j.root, "POST", ws+"/service-accounts/deploy/enable", nil).is(200)
	j.as(j.root, "PATCH", ws+"/service-accounts/deploy", object{"scopes": []string{"pages:read"}}).is(200)
	if j.works(g.AccessToken).Code != api.CodeInsufficientScope {
		t.Error("the token may do what its account may not")
	}
	j.as(j.root, "PATCH", ws+"/service-accounts/deploy", object{"scopes": []string{"tickets:*"}}).is(200)
	j.as(j.root, "PATCH", trustPath+"/"+j.rule.ID, object{"label": "renamed"}).is(200)
	if !j.works(g.AccessToken).Allowed {
		t.Error("a new label ended the token")
	}
	j.as(j.root, "PATCH", trustPath+"/"+j.rule.ID, object{"claims": object{"repository_id": []string{"7001"}}}).is(200)
	if j.works(g.AccessToken).Code != api.CodeRevoked {
		t.Error("a token lives on when its rule asks for something else")
	}
	g = j.given(j.exchange(j.idToken(object{"jti": "3"})))
	j.as(j.root, "DELETE", trustPath+"/"+j.rule.ID, nil).is(200)
	if j.works(g.AccessToken).Code != api.CodeRevoked {
		t.Error("a token lives on without its rule")
	}
	j.refused("without a rule", j.exchange(j.idToken(object{"jti": "4"})), api.CodeIDTokenRefused)
	j.as(j.root, "GET", trustPath+"/"+j.rule.ID, nil).is(404)
}

// TestAnAssertionSaysWhoAnAccountIs: RFC 7523, section 2.2, and RFC 7521, section 4.2.1.
func TestAnAssertionSaysWhoAnAccountIs(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	assert := func(idToken string) *reply {
		return j.send("POST", grantPath, form("grant_type", "client_credentials", "client_id", deployAccount, "client_assertion", idToken, "client_assertion_type", api.AssertionType))
	}
	if g := j.given(assert(j.idToken(nil))); !j.works(g.AccessToken).Allowed {
		t.Error("it does not work")
	}
	if e := assert(j.idToken(object{"ref": "refs/tags/v1"})).is(400).oauth("invalid_client"); e.Code != api.CodeIDTokenRefused {
		t.Errorf("%+v", e)
	}
}

// TestStrangersAreToldOneThing: whatever is wrong with what they present.
func TestStrangersAreToldOneThing(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	other := issuertest.New(t)
	forged := func(said object) string {
		now := j.clock.Now().Unix()
		claims := object{"iss": j.Issuer.URL, "aud": baseURL, "sub": "x", "repository_id": "7001", "ref": "refs/heads/main", "iat": now, "exp": now + 300}
		maps.Copy(claims, said)
		return other.Sign(t, claims)
	}
	said := map[string]bool{}
	for what, idToken := range map[string]string{
		"another's key": forged(nil), "another issuer": forged(object{"iss": other.URL}), "no token": "x", "an ephemeral token": "tkye_x",
		"a fork": j.idToken(object{"repository_id": "7002"}), "a tag": j.idToken(object{"ref": "refs/tags/x"}), "another audience": j.idToken(object{"aud": "https://x.example"}),
		"a branch that crosses": j.idToken(object{"ref": "refs/heads/a/b"}), "a number for a text": j.idToken(object{"repository_id": 7001.5}),
		"expired, and a fork": j.idToken(object{"repository_id": "7002", "exp": j.clock.Now().Unix() - 1}), "nobody": j.idToken(object{"sub": nil}),
	} {
		r := j.exchange(idToken)
		j.refused(what, r, api.CodeIDTokenRefused)
		var e api.OAuthError
		r.into(&e)
		said[e.Description] = true
	}
	for _, account := range []string{"deploy@globex.service", "nobody@acme.service", "deploy", "@.service", "ada@example.com"} {
		r := j.send("POST", grantPath, form("grant_type", api.ExchangeGrantType, "client_id", account, "subject_token", j.idToken(nil), "subject_token_type", api.TypeJWT))
		j.refused(account, r, api.CodeIDTokenRefused)
		var e api.OAuthError
		r.into(&e)
		said[e.Description] = true
	}
	if len(said) != 1 {
		t.Errorf("they are told %d things: %v", len(said), said)
	}
	// Whoever holds one that a rule takes is told.
	for what, claims := range map[string]object{
		"is over": {"exp": j.clock.Now().Unix() - 1}, "in the future": {"iat": j.clock.Now().Unix() + 100}, "24 hours": {"exp": j.clock.Now().Unix() + 100_000},
	} {
		r := j.exchange(j.idToken(claims))
		if j.refused(what, r, api.CodeIDTokenRefused); !strings.Contains(string(r.body), what) {
			t.Errorf("%s: %s", what, r.body)
		}
	}
	if strings.Contains(j.log.String(), "eyJ") {
		t.Error("the log has an ID token")
	}
	j.given(j.exchange(j.idToken(nil)))
}

// TestAnIDTokenIsExchangedOnce: also with another signature, and for another account; a
// retry by its name mints again while nobody used the secret.
func TestAnIDTokenIsExchangedOnce(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	for _, jti := range []any{nil, "one"} {
		idToken := j.idToken(object{"jti": jti, "n": jti})
		first := j.given(j.exchange(idToken, "Idempotency-Key", "job-1"))
		j.refused("again", j.exchange(idToken), api.CodeIDTokenUsed)
		j.refused("by another name", j.exchange(idToken, "Idempotency-Key", "job-2"), api.CodeIDTokenUsed)
		second := j.given(j.exchange(idToken, "Idempotency-Key", "job-1"))
		if second.Locator != first.Locator || second.AccessToken == first.AccessToken {
			t.Errorf("%v and %v", first.Locator, second.Locator)
		}
		if j.works(first.AccessToken).Allowed || !j.works(second.AccessToken).Allowed {
			t.Error("the lost secret works, or the new one does not")
		}
		if e := j.exchange(idToken, "Idempotency-Key", "job-1").is(409).oauth("invalid_request"); e.Code != api.CodeIdempotencyKeyUsed {
			t.Errorf("after its use: %+v", e)
		}
	}
	same := object{"jti": "two"}
	j.given(j.exchange(j.idToken(same)))
	j.refused("the same jti", j.exchange(j.idToken(object{"jti": "two", "x": 1})), api.CodeIDTokenUsed)
	j.clock.Pass(10 * time.Minute)
	j.must(j.EndGiven(t.Context()))
	j.refused("ended since", j.exchange(j.idToken(same)), api.CodeIDTokenUsed) // what it was exchanged for lives
	j.clock.Pass(10 * time.Minute)
	j.must(j.EndGiven(t.Context()))
	j.given(j.exchange(j.idToken(same)))
}

// TestAnExchangeNamesLess: scope narrows; nothing widens.
func TestAnExchangeNamesLess(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	j.as(j.root, "PATCH", trustPath+"/"+j.rule.ID, object{"grants": []object{
		{"scopes": []string{"tickets:write"}, "resources": []string{"api"}}, {"scopes": []string{"pages:read"}, "resources": []string{"web"}},
	}}).is(200)
	ask := func(jti, scope string) *reply {
		return j.send("POST", grantPath, form("grant_type", api.ExchangeGrantType, "client_id", deployAccount, "subject_token", j.idToken(object{"jti": jti}),
			"subject_token_type", api.TypeIDToken, "scope", scope, "audience", deployAccount, "requested_token_type", api.TypeAccessToken))
	}
	for i, scope := range []string{"tickets:read", "tickets:*", "tokens:create", "*", "x"} {
		ask(string(rune('a'+i)), scope).titled(scope).is(400).oauth("invalid_scope")
	}
	both := j.given(ask("1", "tickets:write pages:read")).AccessToken
	for need, want := range map[[2]string]bool{{"tickets:write", "api"}: true, {"pages:read", "web"}: true, {"tickets:write", "web"}: false, {"pages:read", "api"}: false} {
		if got := j.verify(j.root, api.VerifyRequest{Token: both, Scopes: []string{need[0]}, Resource: need[1]}); got.Allowed != want {
			t.Errorf("%v: %s", need, got.Code)
		}
	}
	if g := j.given(ask("2", "pages:read")); g.Scope != "pages:read" || j.works(g.AccessToken).Allowed {
		t.Errorf("%+v", g)
	}
}

// TestRequestsOfAnExchange: what RFC 8693, section 2.1, lets one ask wrongly.
func TestRequestsOfAnExchange(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	good := []string{"grant_type", api.ExchangeGrantType, "client_id", deployAccount, "subject_token", j.idToken(nil), "subject_token_type", api.TypeIDToken}
	for _, c := range []struct{ name, value, word string }{
		{"subject_token", "", "invalid_request"}, {"subject_token_type", "", "invalid_request"}, {"subject_token_type", api.TypeAccessToken, "invalid_request"},
		{"client_id", "", "invalid_request"}, {"audience", "https://x.example", "invalid_target"}, {"resource", "https://x.example", "invalid_target"},
		{"requested_token_type", "urn:ietf:params:oauth:token-type:saml2", "invalid_request"}, {"actor_token", "x", "invalid_request"},
		{"grant_type", "password", "unsupported_grant_type"}, {"grant_type", "", "invalid_request"}, {"subject_token", strings.Repeat("x", 17<<10), "invalid_request"},
	} {
		pairs := append([]string{}, good...)
		replaced := false
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == c.name {
				pairs[i+1], replaced = c.value, true
			}
		}
		if !replaced {
			pairs = append(pairs, c.name, c.value)
		}
		j.send("POST", grantPath, form(pairs...)).titled(c.name).is(400).oauth(c.word)
	}
	j.send("POST", grantPath, form(good...), "Origin", "https://evil.example").is(400).oauth("invalid_request")
	j.send("POST", grantPath, form(good...), "Idempotency-Key", "a b").is(400).oauth("invalid_request")
	j.given(j.send("POST", grantPath, form(append(good, "audience", baseURL, "resource", baseURL)...)))
}

// TestAFloodOfIDTokensIsHeldUp: before anybody is asked.
func TestAFloodOfIDTokensIsHeldUp(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	for range 60 {
		j.exchange("a.b.c").is(400)
	}
	if r := j.exchange(j.idToken(nil)).is(429); r.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come back")
	}
}

// TestWhoMayTrust: a rule is judged as the token that it would make.
func TestWhoMayTrust(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	in := func(said object) object {
		out := object{"service_account": "deploy", "label": "x", "issuer": j.Issuer.URL, "audience": baseURL, "claims": object{"repository_id": []string{"1"}}}
		maps.Copy(out, said)
		return out
	}
	few := j.issue("acme", object{"label": "few", "scopes": []string{"service-accounts:write", "tokens:create", "tickets:read"}, "resources": []string{"*"}, "expires_in": "30m"})
	no := j.issue("acme", object{"label": "no", "scopes": []string{"service-accounts:write", "tickets:*"}, "resources": []string{"*"}})
	j.as(few.Secret, "POST", trustPath, in(object{"scopes": []string{"tickets:write"}, "resources": []string{"*"}})).problem(api.CodeGrantExceedsOwn)
	j.as(few.Secret, "POST", trustPath, in(nil)).problem(api.CodeGrantExceedsOwn)
	j.as(no.Secret, "POST", trustPath, in(nil)).problem(api.CodeInsufficientScope)
	j.as(j.root, "POST", trustPath, in(object{"scopes": []string{"invoices:read"}, "resources": []string{"*"}})).problem(api.CodeInvalidField)
	for field, said := range map[string]object{
		"expires_in": {"expires_in": "61m"}, "issuer": {"issuer": "https://127.0.0.1/x"}, "claims": {"claims": object{}}, "audience": {"audience": ""},
		"keys": {"keys": object{"keys": []object{{"kty": "oct", "k": "AAAA"}}}}, "system": {"system": "jenkins"}, "service_account": {"service_account": ""}, "label": {"label": nil},
	} {
		var p api.Problem
		j.as(j.root, "POST", trustPath, in(said)).titled(field).is(400).into(&p)
		if p.Field != field {
			t.Errorf("%s: %+v", field, p)
		}
	}
	// What an API token makes ends with it, and no later.
	var made api.TrustRule
	j.as(few.Secret, "POST", trustPath, in(object{"claims": object{"repository_id": []string{"7"}}, "scopes": []string{"tickets:read"}, "resources": []string{"*"}, "expires_in": "1h"})).is(201).into(&made)
	if made.CreatedWith == nil || *made.CreatedWith != few.Token.Locator {
		t.Errorf("%+v", made)
	}
	g := j.given(j.exchange(j.idToken(object{"repository_id": "7"})))
	if *g.ExpiresIn > 1800 {
		t.Errorf("it lives %d seconds, longer than what made its rule", *g.ExpiresIn)
	}
	j.as(j.root, "POST", ws+"/tokens/"+few.Token.ID+"/revoke", nil).is(200)
	if e := j.exchange(j.idToken(object{"repository_id": "7", "jti": "2"})).is(409).oauth("invalid_request"); e.Code != api.CodeInactive {
		t.Errorf("%+v", e)
	}
	j.as(j.root, "GET", trustPath+"/"+made.ID, nil).is(200).into(&made)
	if made.BlockedBy == nil || *made.BlockedBy != "creator_ended" {
		t.Errorf("%+v", made)
	}
}

// TestADeletedRoleIsNotGiven: what named it follows, and nobody gets more.
func TestADeletedRoleIsNotGiven(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	j.as(j.root, "PUT", ws+"/roles/Deployer", object{"scopes": []string{"tickets:write"}}).is(201)
	r := j.trust(object{"role": "Deployer", "scopes": nil, "claims": object{"repository_id": []string{"5"}}})
	j.as(j.root, "DELETE", ws+"/roles/Deployer", nil).problem(api.CodeRoleInUse)
	j.as(j.root, "PUT", ws+"/scopes/tickets:close", object{}).is(201)
	s := j.trust(object{"scopes": []string{"tickets:close"}, "claims": object{"repository_id": []string{"6"}}})
	j.as(j.root, "DELETE", ws+"/scopes/tickets:close", nil).is(200)
	var now api.TrustRule
	if j.as(j.root, "GET", trustPath+"/"+s.ID, nil).is(200).into(&now); now.Scopes == nil || len(now.Scopes) != 0 {
		t.Errorf("%+v", now.Scopes)
	}
	j.as(j.root, "DELETE", trustPath+"/"+r.ID, nil).is(200)
	j.as(j.root, "DELETE", ws+"/roles/Deployer", nil).is(200)
}

// TestATrustIsExplained: which rule takes a token, described or presented, and why not.
func TestATrustIsExplained(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	other := j.trust(object{"label": "tags", "claims": object{"repository_id": []string{"7001"}, "ref": []string{"refs/tags/*"}}})
	explain := func(in object) (out api.TrustExplanation) {
		j.as(j.root, "POST", trustPath+"/explain", in).is(200).into(&out)
		return out
	}
	idToken := j.idToken(nil)
	out := explain(object{"token": idToken})
	if !out.Accepted || len(out.Rules) != 2 || !out.Rules[0].Fits || out.Rules[0].Signature != api.SignatureGood || out.Rules[1].Rule != other.ID || out.Rules[1].Fits ||
		len(out.Rules[1].Problems) != 1 || out.Rules[1].Problems[0].Claim != "ref" {
		t.Errorf("%+v", out)
	}
	j.given(j.exchange(idToken)) // it was not used up
	if out = explain(object{"token": idToken}); out.Accepted || len(out.Times) != 1 || out.Times[0].Claim != "jti" {
		t.Errorf("%+v", out)
	}
	if out = explain(object{"token": idToken[:len(idToken)-4] + "AAAA"}); out.Accepted || out.Rules[0].Signature != api.SignatureBad {
		t.Errorf("%+v", out)
	}
	out = explain(object{"claims": object{"iss": j.Issuer.URL, "aud": baseURL, "sub": "x", "repository_id": "7001", "ref": "refs/tags/v1"}, "service_account": "deploy"})
	if !out.Accepted || out.Rules[0].Fits || !out.Rules[1].Fits || out.Rules[1].Signature != api.SignatureNotChecked {
		t.Errorf("%+v", out)
	}
	j.as(j.root, "POST", trustPath+"/explain", object{}).is(400)
	j.as(j.root, "POST", trustPath+"/explain", object{"token": "x"}).is(400)
}

// TestKeysThatCameWithTheRule: of a cluster whose discovery is closed.
func TestKeysThatCameWithTheRule(t *testing.T) {
	t.Parallel()
	j := newJobs(t)
	b, err := json.Marshal(j.Public())
	j.must(err)
	cluster := "https://kubernetes.default.svc.cluster.local"
	r := j.trust(object{"system": "kubernetes", "issuer": cluster, "keys": json.RawMessage(b), "claims": object{"/kubernetes.io/serviceaccount/uid": []string{"u-1"}}})
	if r.Keys == nil || len(r.Keys.Keys) != 1 {
		t.Errorf("%+v", r)
	}
	before := j.Asked.Load()
	j.given(j.exchange(j.idToken(object{"iss": cluster, "aud": []string{baseURL}, "kubernetes.io": object{"serviceaccount": object{"uid": "u-1"}}, "repository_id": nil})))
	j.refused("a new account of the name", j.exchange(j.idToken(object{"iss": cluster, "kubernetes.io": object{"serviceaccount": object{"uid": "u-2"}}})), api.CodeIDTokenRefused)
	if j.Asked.Load() != before {
		t.Error("somebody was asked for keys that came with the rule")
	}
}
