package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const ticketRules = `
workspace: acme
rules:
  - match: GET,HEAD /systems/{system}/tickets/**
    scopes: [tickets:read]
    resource: "{system}"
  - match: ANY /systems/{system}/tickets/**
    scopes: [tickets:write]
    resource: "{system}"
  - match: GET /me
    scopes: []
  - match: GET /health
    public: true
`

func protected(t *testing.T, options ...option) (w *world, reader string) {
	t.Helper()
	w = newWorld(t, append(options, rules("tickets", ticketRules))...)
	w.as(w.root, "POST", ws+"/service-accounts", object{"name": "ci", "scopes": []string{"tickets:read"}, "resources": []string{"payments"}}).is(201)
	return w, w.issue("acme", object{"label": "x", "owner": "ci"}).Secret
}

func TestExtAuthzTakesItsNeedsFromTheRulesAlone(t *testing.T) {
	t.Parallel()
	w, reader := protected(t)
	const at = "/v1/ext-authz/tickets"
	for _, c := range []struct {
		method, path string
		want         int
		code         api.Code
	}{
		{"GET", "/systems/payments/tickets/7", 200, ""},
		{"HEAD", "/systems/payments/tickets/7/", 200, ""},
		{"GET", "/me", 200, ""},
		{"GET", "/systems/payments/tickets?scope=&workspace=*&deny=403&token=x", 200, ""},
		{"GET", "/systems/payments/tickets?" + w.root, 200, ""},
		{"GET", "/systems/shop/tickets/7", 403, api.CodeResourceDenied},
		{"POST", "/systems/payments/tickets/7", 403, api.CodeInsufficientScope},
		{"DELETE", "/systems/payments/tickets/7?scope=tickets:read", 403, api.CodeInsufficientScope},
		{"GET", "/systems/any/tickets/7", 403, api.CodeNoRule},
		{"GET", "/systems/payments", 403, api.CodeNoRule},
		{"GET", "/", 403, api.CodeNoRule},
		{"POST", "/me", 403, api.CodeNoRule},
		{"GET", "/systems/shop%2f..%2fpayments/tickets/7", 403, api.CodeNoRule},
		{"GET", "/systems/shop/../payments/tickets/7", 403, api.CodeNoRule},
		{"GET", "//systems/payments/tickets/7", 403, api.CodeNoRule},
		{"GET", "/../everyone/x", 403, api.CodeNoRule},
		{"GET", "/%2e%2e/everyone/x", 403, api.CodeNoRule},
	} {
		r := w.raw(c.method, at+c.path, "Authorization", "Bearer "+reader, "X-Forwarded-Uri", "/me", "X-Forwarded-Method", "GET")
		if r.Code != c.want || c.code != "" && !strings.Contains(r.Body.String(), `"code":"`+string(c.code)+`"`) {
			t.Errorf("%s %s: %d %s", c.method, c.path, r.Code, r.Body)
		}
		if n := len(r.Header()["Tokenry-Principal"]); (n == 1) != (c.want == 200) {
			t.Errorf("%s %s: Tokenry-Principal is there %d times", c.method, c.path, n)
		}
	}
	if strings.Contains(w.log.String(), w.root) || strings.Contains(w.log.String(), "/systems") {
		t.Error("the log repeats what was submitted")
	}
}

// raw hands the door a request as it would come over the wire, whose path no
// client would send so.
func (w *world) raw(method, target string, header ...string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.door.ServeHTTP(rec, r)
	return rec
}

func TestExtAuthzWithoutRulesRefuses(t *testing.T) {
	t.Parallel()
	w, _ := protected(t)
	for _, path := range []string{"/v1/ext-authz/", "/v1/ext-authz/nothing/me", "/v1/ext-authz/tickets", "/v1/ext-authz/../tickets/me", "/v1/ext-authz//me",
		"/v1/ext%2dauthz/tickets/me", "/v1/ext-authz%2ftickets/me", "/v1/./ext-authz/tickets/me", "/v1/ext-authz/%74ickets/me"} {
		if r := w.raw("GET", path, "Authorization", "Bearer "+w.root); r.Code != 404 {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
		}
	}
	none := newWorld(t)
	none.as(none.root, "GET", "/v1/ext-authz/tickets/me", nil).is(404).problem(api.CodeNotFound)
}

func TestExtAuthzSaysWhoAsksAsForwardAuthDoes(t *testing.T) {
	t.Parallel()
	w, reader := protected(t)
	a := w.as(reader, "GET", "/v1/ext-authz/tickets/systems/payments/tickets", nil).is(200)
	b := w.as(reader, "GET", fa+"?workspace=acme&scope=tickets:read&resource=payments", nil).is(200)
	for _, name := range identity() {
		if len(a.Header[name]) != 1 || a.Header[name][0] != b.Header[name][0] {
			t.Errorf("%s: %q, of forward-auth %q", name, a.Header[name], b.Header[name])
		}
	}
	w.send("GET", "/v1/ext-authz/tickets/me", "").is(401).challenges(bareChallenge)
	r := w.send("GET", "/v1/ext-authz/tickets/nowhere", "").is(403)
	if p := r.problem(api.CodeNoRule); p.Detail != "no rule matches" || r.Header["Www-Authenticate"] != nil {
		t.Errorf("%+v %v", p, r.Header)
	}
}

// What is public passes without a look at the token, and as nobody.
func TestExtAuthzLetsThePublicPassAsNobody(t *testing.T) {
	t.Parallel()
	w, reader := protected(t)
	for _, header := range [][]string{nil, {"Authorization", "Bearer " + reader}, {"Authorization", "Bearer x", "Tokenry-Principal", "ada@example.com"}} {
		r := w.send("GET", "/v1/ext-authz/tickets/health", "", header...).is(200)
		for _, name := range identity() {
			if got := r.Header[name]; len(got) != 1 || got[0] != "" {
				t.Errorf("%v: %s is %q", header, name, got)
			}
		}
	}
	w.send("POST", "/v1/ext-authz/tickets/health", "").is(403).problem(api.CodeNoRule)
}

func TestExtAuthzKeepsToTheWorkspaceOfItsRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rules("tickets", ticketRules), rules("nowhere", strings.Replace(ticketRules, "acme", "nowhere", 1)))
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	foreign := w.issue("globex", object{"label": "x", "kind": "workspace", "scopes": []string{"*"}, "resources": []string{"*"}}).Secret
	w.as(foreign, "GET", "/v1/ext-authz/tickets/me?workspace=*", nil).is(401).challenges(invalidChallenge)
	w.as(foreign, "GET", "/v1/ext-authz/everyone/me", nil).is(200)
	w.as(w.root, "GET", "/v1/ext-authz/tickets/me", nil).is(200)
	w.as(w.root, "GET", "/v1/ext-authz/nowhere/me", nil).is(400).problem(api.CodeInvalidRequest)
}

func TestExtAuthzDeniesInWhatItsProxyPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, rules("nginx", "workspace: acme\ndeny: 403\nrules:\n  - {match: GET /me, scopes: []}\n"))
	slow := w.issue("acme", object{"label": "x", "rate_limit": object{"requests": 1, "window": "1m"}}).Secret
	const at = "/v1/ext-authz/nginx/me"
	w.as(slow, "GET", at, nil).is(200)
	w.as(slow, "GET", at, nil).is(403).headers(map[string]string{"Tokenry-Status": "429", "Retry-After": "60"})
	w.send("GET", at, "").is(401).headers(map[string]string{"Tokenry-Status": "401"})
	w.as(slow, "GET", at+"/x", nil).is(403).headers(map[string]string{"Tokenry-Status": "403"})
}
