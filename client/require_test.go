package client_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
)

// deciding answers about tokens as f says, and notes what it was asked.
func deciding(t *testing.T, asked *api.VerifyRequest, f func(api.VerifyRequest) api.VerifyResult) *client.Client {
	t.Helper()
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		*asked = api.VerifyRequest{}
		if err := json.Unmarshal(b, asked); err != nil {
			t.Error(err)
		}
		answer(w, f(*asked))
	})
	return dial(t, s.URL)
}

func decide(v api.VerifyResult) func(api.VerifyRequest) api.VerifyResult {
	return func(api.VerifyRequest) api.VerifyResult { return v }
}

// serve sends a request through the middleware.
func serve(t *testing.T, c *client.Client, authorization []string, target string, need ...client.Need) (rec *httptest.ResponseRecorder, reached bool) {
	t.Helper()
	h := c.Require(need...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		result, ok := client.FromContext(r.Context())
		reached = ok && result.Allowed
		w.WriteHeader(http.StatusTeapot)
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPut, target, nil)
	r.Header["Authorization"] = authorization
	r.Header.Set("User-Agent", "curl/8")
	r.RemoteAddr = "203.0.113.7:4711"
	rec = httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec, reached
}

func TestRequireLetsPass(t *testing.T) {
	t.Parallel()
	var asked api.VerifyRequest
	c := deciding(t, &asked, decide(api.VerifyResult{Allowed: true, Code: api.CodeOK, RateLimit: &api.RateState{Limit: 10, Remaining: 4, Reset: 30}}))
	rec, reached := serve(t, c, []string{"bearer " + theirs}, "/systems/payments?secret=1",
		client.Scope("tickets:read"), client.Scope("tickets:write"), client.Workspace("acme"), client.Cost(3),
		client.ResourceFrom(func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/systems/") }))
	if !reached || rec.Code != http.StatusTeapot {
		t.Fatalf("answered %d", rec.Code)
	}
	three := 3
	want := api.VerifyRequest{
		Token: theirs, Scopes: []string{"tickets:read", "tickets:write"}, Resource: "payments", Workspace: "acme", Cost: &three,
		Client: &api.Client{IP: "203.0.113.7", Method: "PUT", Path: "/systems/payments", UserAgent: "curl/8"},
	}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
	if got := rec.Header().Get("RateLimit"); got != `"token";r=4` {
		t.Errorf("RateLimit: %s", got)
	}
}

func TestRequireRefuses(t *testing.T) {
	t.Parallel()
	matched := &api.VerifiedToken{ID: "ada@example.com_7hQ2aB9cXk1Z"}
	good := []string{"Bearer " + theirs}
	for _, tt := range []struct {
		name          string
		authorization []string
		result        api.VerifyResult
		status        int
		code          api.Code
		challenge     string
	}{
		{"without credentials", nil, api.VerifyResult{}, 401, api.CodeMissingToken, `Bearer realm="api"`},
		{"with other credentials", []string{"Basic dTpw"}, api.VerifyResult{}, 401, api.CodeMissingToken, `Bearer realm="api"`},
		{"with two headers", []string{"Bearer a", "Bearer b"}, api.VerifyResult{}, 400, api.CodeInvalidRequest,
			`Bearer realm="api", error="invalid_request", error_description="there is more than one Authorization header"`},
		{"what is no token", []string{"Bearer a b"}, api.VerifyResult{}, 401, api.CodeInvalidToken,
			`Bearer realm="api", error="invalid_token", error_description="Token is not accepted"`},
		{"an unknown token", good, api.VerifyResult{Code: api.CodeUnknown}, 401, api.CodeInvalidToken,
			`Bearer realm="api", error="invalid_token", error_description="Token is not accepted"`},
		{"a malformed token", good, api.VerifyResult{Code: api.CodeMalformed, Detail: "its checksum is wrong"}, 401, api.CodeInvalidToken,
			`Bearer realm="api", error="invalid_token", error_description="Token is not accepted"`},
		{"an expired token", good, api.VerifyResult{Code: api.CodeExpired, Token: matched, Detail: "Token has expired; contact help@example.com"}, 401, api.CodeExpired,
			`Bearer realm="api", error="invalid_token", error_description="Token has expired; contact help@example.com"`},
		{"a text that would end the quotes", good, api.VerifyResult{Code: api.CodeRevoked, Token: matched, Detail: "a\"b\\c\r\nX: ü"}, 401, api.CodeRevoked,
			`Bearer realm="api", error="invalid_token", error_description="a?b?c??X: ?"`},
		{"a missing scope", good, api.VerifyResult{Code: api.CodeInsufficientScope, Token: matched, Missing: []string{"tickets:write"}}, 403, api.CodeInsufficientScope,
			`Bearer realm="api", error="insufficient_scope", error_description="Missing scope", scope="tickets:read tickets:write"`},
		{"another resource", good, api.VerifyResult{Code: api.CodeResourceDenied, Token: matched}, 403, api.CodeResourceDenied,
			`Bearer realm="api", error="insufficient_scope", error_description="Resource is not granted"`},
		{"too many requests", good, api.VerifyResult{Code: api.CodeRateLimited, Token: matched, RetryAfter: 7}, 429, api.CodeRateLimited, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked api.VerifyRequest
			rec, reached := serve(t, deciding(t, &asked, decide(tt.result)), tt.authorization, "/", client.Scope("tickets:read", "tickets:write"), client.Realm("api"))
			var p api.Problem
			if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if reached || rec.Code != tt.status || p.Code != tt.code || p.Status != tt.status {
				t.Errorf("answered %d with %+v", rec.Code, p)
			}
			if got := rec.Header().Get("WWW-Authenticate"); got != tt.challenge {
				t.Errorf("challenge\n%s, want\n%s", got, tt.challenge)
			}
			if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("headers %v", rec.Header())
			}
			if tt.result.RetryAfter > 0 && rec.Header().Get("Retry-After") != "7" {
				t.Errorf("Retry-After: %s", rec.Header().Get("Retry-After"))
			}
		})
	}
}

// Weakness: the resource comes out of the address, which the client chooses, and
// one word means every resource. Attack: ask for that word, and for patterns.
func TestRequireTakesResourcesAsNames(t *testing.T) {
	t.Parallel()
	var asked api.VerifyRequest
	c := deciding(t, &asked, decide(api.VerifyResult{Allowed: true, Code: api.CodeOK}))
	from := client.ResourceFrom(func(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, "/") })
	for _, name := range []string{"any", "*", "pay*", "a/b", "_a", "ü", strings.Repeat("a", 129)} {
		rec, reached := serve(t, c, []string{"Bearer " + theirs}, "/"+name, client.Scope("tickets:read"), from)
		if reached || rec.Code != http.StatusForbidden || asked.Token != "" {
			t.Errorf("%q: answered %d, asked about %q", name, rec.Code, asked.Resource)
		}
	}
	for _, name := range []string{"a", "Payments.v2:eu-1_x", strings.Repeat("a", 128)} {
		if _, reached := serve(t, c, []string{"Bearer " + theirs}, "/"+name, client.Scope("tickets:read"), from); !reached || asked.Resource != name {
			t.Errorf("%q was refused", name)
		}
	}
}

// A resource that cannot be told is no reason to let everything pass.
func TestRequireWithoutAResource(t *testing.T) {
	t.Parallel()
	var asked api.VerifyRequest
	c := deciding(t, &asked, decide(api.VerifyResult{Allowed: true, Code: api.CodeOK}))
	serve(t, c, []string{"Bearer " + theirs}, "/", client.ResourceFrom(func(*http.Request) string { return "" }), client.AnyResource())
	if asked.Resource != "" {
		t.Errorf("asked about %q, not about the entire portfolio", asked.Resource)
	}
}

// Weakness: a guard that cannot ask lets pass, or tells a good client that its
// token is bad. Attack: take the office away, in every way.
func TestRequireFailsClosed(t *testing.T) {
	t.Parallel()
	gone := fake(t, nil)
	gone.Close()
	for name, s := range map[string]*httptest.Server{
		"a server that is away": gone,
		"a server that refuses this client": fake(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, api.Problem{Status: 401, Code: api.CodeRevoked, Detail: "Token was revoked"})
		}),
		"a server that is not fresh": fake(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, api.Problem{Status: 503, Code: api.CodeUnavailable, RetryAfter: 3})
		}),
		"a portal":                fake(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"allowed": true}) }),
		"an empty answer":         fake(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{}) }),
		"an answer with no JSON":  fake(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
		"an answer that is empty": fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
	} {
		var told error
		c := dial(t, s.URL, client.WithAttempts(1))
		rec, reached := serve(t, c, []string{"Bearer " + theirs}, "/", client.OnFailure(func(_ *http.Request, err error) { told = err }))
		if reached || rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" || rec.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("%s: answered %d with %v", name, rec.Code, rec.Header())
		}
		if _, ok := errors.AsType[*api.Error](told); !ok {
			t.Errorf("%s: the program was told %v", name, told)
		}
		if strings.Contains(rec.Body.String(), "revoked") {
			t.Errorf("%s: the client is told about our own token: %s", name, rec.Body)
		}
	}
}

func TestResultErr(t *testing.T) {
	t.Parallel()
	var asked api.VerifyRequest
	c := deciding(t, &asked, decide(api.VerifyResult{Code: api.CodeInsufficientScope, Missing: []string{"a:b"}, RequestID: "req_1"}))
	r, err := c.Verify(t.Context(), theirs, client.Scope("a:b"), client.Resource("x"), client.Peek(), client.FromRequest(httptest.NewRequest(http.MethodGet, "/p?q", nil)))
	if err != nil || r.Allowed || !errors.Is(r.Err(), api.CodeInsufficientScope) {
		t.Errorf("%v, %v", r.Err(), err)
	}
	if !asked.Peek || asked.Resource != "x" || asked.Client.Path != "/p" {
		t.Errorf("asked %+v", asked)
	}
	if (client.Result{VerifyResult: api.VerifyResult{Allowed: true, Code: api.CodeOK}}).Err() != nil {
		t.Error("what is allowed is no error")
	}
}

func TestVerifyBatch(t *testing.T) {
	t.Parallel()
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, api.VerifyBatchResult{Results: []api.VerifyResult{{Allowed: true, Code: api.CodeOK}, {Code: api.CodeUnknown}}})
	})
	c := dial(t, s.URL)
	rs, err := c.VerifyBatch(t.Context(), make([]api.VerifyRequest, 2))
	if err != nil || len(rs) != 2 || !rs[0].Allowed || rs[1].Allowed {
		t.Errorf("%+v, %v", rs, err)
	}
	if _, err := c.VerifyBatch(t.Context(), make([]api.VerifyRequest, 3)); !errors.Is(err, api.CodeInternal) {
		t.Errorf("three questions and two answers: %v", err)
	}
}
