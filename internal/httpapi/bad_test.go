package httpapi_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// canary is what no answer to a bad request may repeat.
const canary = "cAnArY7713"

// bad is a request that is refused with a code, and the field it names.
type bad struct {
	name, method, path, body string
	code                     api.Code
	field                    string
	headers                  []string
}

func post(name, path, body string, code api.Code, field string) bad {
	return bad{name, "POST", path, body, code, field, nil}
}

func query(name, path string, code api.Code, field string) bad {
	return bad{name, "GET", path, "", code, field, nil}
}

// tries sends every bad request and looks that nothing came of it.
func tries(t *testing.T, w *world, all []bad) {
	t.Helper()
	before := w.state()
	for _, b := range all {
		r := w.as(w.root, b.method, b.path, b.body, b.headers...)
		r.titled(b.name).field(b.code, b.field)
		if bytes.Contains(r.body, []byte(canary)) || strings.Contains(headerDump(r.Header), canary) {
			t.Errorf("%s: the answer repeats what was submitted:\n%s\n%s", b.name, headerDump(r.Header), r.body)
		}
	}
	if after := w.state(); after != before {
		t.Errorf("a bad request changed something:\n%s\n%s", before, after)
	}
	if strings.Contains(w.log.String(), canary) {
		t.Error("the log repeats what was submitted")
	}
}

func headerDump(h http.Header) string {
	var b strings.Builder
	_ = h.Write(&b) // a builder takes all
	return b.String()
}

// state is all that the bad requests could have changed.
func (w *world) state() string {
	w.Helper()
	var b strings.Builder
	for _, path := range []string{"/tokens?deleted=true", "/members", "/roles", "/scopes", "/policy", "/audit", "/service-accounts", "/resources"} {
		b.Write(w.as(w.root, "GET", ws+path, nil).is(200).body)
	}
	return b.String()
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := ws + "/tokens"
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	tries(t, w, []bad{
		post("malformed", tokens, `{"label":"`+canary, api.CodeInvalidJSON, ""),
		post("empty", tokens, ` `, api.CodeInvalidJSON, ""),
		post("no body", tokens, ``, api.CodeInvalidJSON, ""),
		post("a list", tokens, `["`+canary+`"]`, api.CodeInvalidJSON, ""),
		post("null", tokens, `null`, api.CodeInvalidJSON, ""),
		post("trailing data", tokens, `{"label":"x"} "`+canary+`"`, api.CodeInvalidJSON, ""),
		post("two objects", tokens, `{"label":"x"}{}`, api.CodeInvalidJSON, ""),
		post("a BOM", tokens, "\xef\xbb\xbf{\"label\":\"x\"}", api.CodeInvalidJSON, ""),
		post("UTF-16", tokens, "{\x00}\x00", api.CodeInvalidJSON, ""),
		post("invalid UTF-8", tokens, "{\"label\":\"\xff\xfe"+canary+"\"}", api.CodeInvalidJSON, ""),
		post("a lone surrogate", tokens, `{"label":"\ud800"}`, api.CodeInvalidJSON, ""),
		post("NaN", tokens, `{"label":NaN}`, api.CodeInvalidJSON, ""),
		post("too deep", tokens, `{"label":"x","metadata":`+deep+`}`, api.CodeInvalidJSON, ""),
		post("a name twice", tokens, `{"label":"x","label":"`+canary+`"}`, api.CodeInvalidJSON, "label"),
		post("a nested name twice", tokens, `{"label":"x","rate_limit":{"requests":1,"requests":2,"window":"1m"}}`, api.CodeInvalidJSON, "rate_limit.requests"),
		post("a secret name twice", tokens, `{"label":"x","metadata":{"`+canary+`":1,"`+canary+`":2}}`, api.CodeInvalidJSON, "metadata"),
		post("an unknown field", tokens, `{"label":"x","is_admin":true}`, api.CodeUnknownField, "is_admin"),
		post("an unknown field that is a secret", tokens, `{"label":"x","`+canary+`":true}`, api.CodeUnknownField, ""),
		post("an unknown field of long name", tokens, `{"label":"x","`+strings.Repeat("a", 41)+`":true}`, api.CodeUnknownField, ""),
		post("a nested unknown field", tokens, `{"label":"x","rate_limit":{"requests":1,"window":"1m","burst":9}}`, api.CodeUnknownField, "rate_limit.burst"),
		post("another case", tokens, `{"Label":"x"}`, api.CodeUnknownField, ""),
		post("another case within", tokens, `{"label":"x","rate_limit":{"Requests":1,"window":"1m"}}`, api.CodeUnknownField, ""),
		post("__proto__", tokens, `{"label":"x","__proto__":{}}`, api.CodeUnknownField, "__proto__"),
		post("the owner's workspace", tokens, `{"label":"x","workspace":"globex"}`, api.CodeUnknownField, "workspace"),
		post("a field of the answer", tokens, `{"label":"x","created_by":"me"}`, api.CodeUnknownField, "created_by"),
		post("a number for a text", tokens, `{"label":7713}`, api.CodeInvalidField, "label"),
		post("a text for a number", tokens, `{"label":"x","rate_limit":{"requests":"`+canary+`","window":"1m"}}`, api.CodeInvalidField, "rate_limit.requests"),
		post("a fraction", tokens, `{"label":"x","rate_limit":{"requests":1.5,"window":"1m"}}`, api.CodeInvalidField, "rate_limit.requests"),
		post("an overflow", tokens, `{"label":"x","rate_limit":{"requests":1e400,"window":"1m"}}`, api.CodeInvalidField, "rate_limit.requests"),
		post("a text for a list", tokens, `{"label":"x","scopes":"`+canary+`"}`, api.CodeInvalidField, "scopes"),
		post("a number in a list", tokens, `{"label":"x","scopes":["a:b",7]}`, api.CodeInvalidField, "scopes"),
		post("a text for an object", tokens, `{"label":"x","rate_limit":"`+canary+`"}`, api.CodeInvalidField, "rate_limit"),
		post("a text for a bool", tokens, `{"label":"x","never":"`+canary+`"}`, api.CodeInvalidField, "never"),
		post("no duration", tokens, `{"label":"x","expires_in":"`+canary+`"}`, api.CodeInvalidField, "expires_in"),
		post("a field where none is taken", "/v1/workspaces/acme/suspend", `{"reason":"x"}`, api.CodeUnknownField, "reason"),
		{"a body for DELETE", "DELETE", tokens + "/self", `{"x":1}`, api.CodeInvalidRequest, "", nil},
		{"a form", "POST", tokens, `label=x`, api.CodeUnsupportedMediaType, "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"text", "POST", tokens, `{"label":"x"}`, api.CodeUnsupportedMediaType, "", []string{"Content-Type", "text/plain"}},
		{"no content type", "POST", tokens, `{"label":"x"}`, api.CodeUnsupportedMediaType, "", []string{"Content-Type", ""}},
		{"another charset", "POST", tokens, `{"label":"x"}`, api.CodeUnsupportedMediaType, "", []string{"Content-Type", "application/json; charset=utf-16"}},
		{"compressed", "POST", tokens, `{"label":"x"}`, api.CodeUnsupportedMediaType, "", []string{"Content-Encoding", "gzip"}},
	})
}

func TestBadFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tokens := ws + "/tokens"
	w.play([]step{
		{"POST", "/v1/workspaces", object{"slug": "strict"}, 201, nil},
		{"PATCH", "/v1/workspaces/strict/policy", object{"require_ip_allow_list": true}, 200, nil},
	})
	label := func(s string) string { return `{"label":` + s + `}` }
	with := func(s string) string { return `{"label":"x",` + s + `}` }
	tries(t, w, []bad{
		post("no label", tokens, `{}`, api.CodeInvalidField, "label"),
		post("an empty label", tokens, label(`""`), api.CodeInvalidField, "label"),
		post("a blank label", tokens, label(`"  "`), api.CodeInvalidField, "label"),
		post("a null label", tokens, label(`null`), api.CodeInvalidField, "label"),
		post("a label of 101 characters", tokens, label(`"`+canary+strings.Repeat("ä", 91)+`"`), api.CodeInvalidField, "label"),
		post("a label with a control character", tokens, label(`"`+canary+`\u0000"`), api.CodeInvalidField, "label"),
		post("a label with a line end", tokens, label(`"`+canary+`\r\nX: y"`), api.CodeInvalidField, "label"),
		post("a past expiry", tokens, with(`"expires_at":"2020-01-01T00:00:00Z"`), api.CodeInvalidField, "expires_at"),
		post("an expiry of now", tokens, with(`"expires_at":"2026-03-14T09:26:53Z"`), api.CodeInvalidField, "expires_at"),
		post("an expiry beyond the policy's", tokens, with(`"expires_at":"2099-01-01T00:00:00Z"`), api.CodeOutsidePolicy, "expires_at"),
		post("an absurd expiry", tokens, with(`"expires_at":"9999-12-31T23:59:59Z"`), api.CodeInvalidField, "expires_at"),
		post("an expiry of five digits", tokens, with(`"expires_at":"10000-01-01T00:00:00Z"`), api.CodeInvalidField, "expires_at"),
		post("an expiry without a zone", tokens, with(`"expires_at":"2026-06-01T00:00:00"`), api.CodeInvalidField, "expires_at"),
		post("a leap second", tokens, with(`"expires_at":"2026-12-31T23:59:60Z"`), api.CodeInvalidField, "expires_at"),
		post("an expiry in seconds", tokens, with(`"expires_at":1799999999`), api.CodeInvalidField, "expires_at"),
		post("an expiry that is a word", tokens, with(`"expires_at":"`+canary+`"`), api.CodeInvalidField, "expires_at"),
		post("an empty expiry", tokens, with(`"expires_at":""`), api.CodeInvalidField, "expires_at"),
		post("a lifetime of nothing", tokens, with(`"expires_in":"0"`), api.CodeInvalidField, "expires_at"),
		post("a negative lifetime", tokens, with(`"expires_in":"-1d"`), api.CodeInvalidField, "expires_in"),
		post("a lifetime beyond all", tokens, with(`"expires_in":"99999999999d"`), api.CodeInvalidField, "expires_in"),
		post("never", tokens, with(`"never":true`), api.CodeOutsidePolicy, "never"),
		post("no allow-list where the policy wants one", "/v1/workspaces/strict/tokens", with(`"kind":"workspace","scopes":["a:b"],"resources":["*"]`), api.CodeOutsidePolicy, "allowed_ips"),
		post("two expiries", tokens, with(`"never":true,"expires_in":"1d"`), api.CodeInvalidField, "expires_at"),
		post("an unknown owner", tokens, with(`"owner":"`+canary+`@example.com"`), api.CodeInvalidField, "owner"),
		post("an unknown role", tokens, with(`"role":"`+canary+`"`), api.CodeInvalidField, "role"),
		post("an unknown kind", tokens, with(`"kind":"`+canary+`"`), api.CodeInvalidField, "kind"),
		post("a bad scope", tokens, with(`"scopes":["`+canary+`"]`), api.CodeInvalidField, "scopes"),
		post("a bad resource", tokens, with(`"scopes":["a:b"],"resources":["/`+canary+`"]`), api.CodeInvalidField, "resources"),
		post("a bad address", tokens, with(`"allowed_ips":["`+canary+`"]`), api.CodeInvalidField, "allowed_ips"),
		post("a negative limit", tokens, with(`"rate_limit":{"requests":-1,"window":"1m"}`), api.CodeInvalidField, "rate_limit.requests"),
		post("nested metadata", tokens, with(`"metadata":{"a":{"b":"`+canary+`"}}`), api.CodeInvalidField, "metadata"),
		post("a number out of range in metadata", tokens, with(`"metadata":{"a":1e400}`), api.CodeInvalidField, "metadata"),
		post("metadata that is no object", tokens, with(`"metadata":["`+canary+`"]`), api.CodeInvalidField, "metadata"),
		post("metadata that is too long", tokens, with(`"metadata":{"a":"`+canary+strings.Repeat("x", 5000)+`"}`), api.CodeInvalidField, "metadata"),
		post("a bad e-mail", ws+"/members", `{"email":"`+canary+`","role":"Viewer"}`, api.CodeInvalidField, "email"),
		post("an e-mail of ours", ws+"/members", `{"email":"x@acme.service","role":"Viewer"}`, api.CodeInvalidField, "email"),
		post("an account's bad name", ws+"/service-accounts", `{"name":"`+canary+`!"}`, api.CodeInvalidField, "name"),
		post("a bad slug", "/v1/workspaces", `{"slug":"`+canary+`"}`, api.CodeInvalidField, "slug"),
		post("a bad resource name", ws+"/resources", `{"name":"../`+canary+`"}`, api.CodeInvalidField, "name"),
		post("an unknown reason", ws+"/tokens/self/revoke", `{"reason":"`+canary+`"}`, api.CodeInvalidField, "reason"),
		{"a reserved scope", "PUT", ws + "/scopes/tokens:fly", `{}`, api.CodeInvalidField, "name", nil},
		{"a built-in scope", "PUT", ws + "/scopes/tokens:read", `{}`, api.CodeBuiltIn, "", nil},
		{"the role Owner", "PUT", ws + "/roles/Owner", `{}`, api.CodeBuiltIn, "", nil},
		{"no policy", "PATCH", ws + "/policy", `{"onboarding":"` + canary + `"}`, api.CodeInvalidField, "onboarding", nil},
	})
}

func TestBadPathsAndQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex"}, 201, nil}})
	foreign := w.issue("globex", object{"label": "x", "kind": "workspace", "scopes": []string{"*"}}).Token
	tokens := ws + "/tokens"
	tries(t, w, []bad{
		query("an unknown workspace", "/v1/workspaces/"+canary, api.CodeNotFound, ""),
		query("an unknown external id", "/v1/workspaces/ext:"+canary+"/tokens", api.CodeNotFound, ""),
		query("a foreign token", tokens+"/"+foreign.ID, api.CodeNotFound, ""),
		query("a foreign locator", tokens+"/"+foreign.Locator, api.CodeNotFound, ""),
		post("a foreign token to rotate", tokens+"/"+foreign.Locator+"/rotate", `{}`, api.CodeNotFound, ""),
		post("a foreign token to revoke", tokens+"/"+foreign.Locator+"/revoke", `{}`, api.CodeNotFound, ""),
		query("no such token", tokens+"/"+canary, api.CodeNotFound, ""),
		query("a SQL token", tokens+"/'%20OR%201=1--", api.CodeNotFound, ""),
		query("a NUL in the path", "/v1/workspaces/a%00"+canary, api.CodeNotFound, ""),
		query("dots in the path", "/v1/workspaces/%2e%2e/tokens", api.CodeNotFound, ""),
		query("a slash too many", "/v1//whoami", api.CodeNotFound, ""),
		query("a slash at the end", "/v1/whoami/", api.CodeNotFound, ""),
		query("a dot", "/v1/./whoami", api.CodeNotFound, ""),
		query("another case of the path", "/V1/whoami", api.CodeNotFound, ""),
		query("a limit of 0", tokens+"?limit=0", api.CodeInvalidParameter, "limit"),
		query("a limit of 201", tokens+"?limit=201", api.CodeInvalidParameter, "limit"),
		query("a limit with a sign", tokens+"?limit=%2B5", api.CodeInvalidParameter, "limit"),
		query("a limit that is a word", tokens+"?limit="+canary, api.CodeInvalidParameter, "limit"),
		query("a limit twice", tokens+"?limit=5&limit=6", api.CodeInvalidParameter, "limit"),
		query("an unknown parameter", tokens+"?colour="+canary, api.CodeInvalidParameter, "colour"),
		query("an unknown parameter that is a secret", tokens+"?"+canary+"=1", api.CodeInvalidParameter, ""),
		query("a parameter where none is taken", "/v1/whoami?limit=1", api.CodeInvalidParameter, "limit"),
		query("a metadata key twice", tokens+"?metadata.a=1&metadata.a=2", api.CodeInvalidParameter, ""),
		query("metadata without a key", tokens+"?metadata.=1", api.CodeInvalidParameter, ""),
		query("a broken escape", tokens+"?q=%zz", api.CodeInvalidParameter, ""),
		query("a semicolon", tokens+"?q=a;b", api.CodeInvalidParameter, ""),
		query("a control character", tokens+"?q=a%0a"+canary, api.CodeInvalidParameter, "q"),
		query("an unknown status", tokens+"?status="+canary, api.CodeInvalidParameter, "status"),
		query("no duration", tokens+"?unused_for="+canary, api.CodeInvalidParameter, "unused_for"),
		query("no flag", tokens+"?outside_policy=1", api.CodeInvalidParameter, "outside_policy"),
		query("no time", ws+"/audit?from=yesterday", api.CodeInvalidParameter, "from"),
		query("a page of a table", tokens+"?format=csv&limit=5", api.CodeInvalidParameter, "limit"),
		query("a made-up cursor", tokens+"?cursor="+canary, api.CodeInvalidCursor, "cursor"),
		query("a SQL cursor", tokens+"?cursor=1'%20OR%20'1'='1", api.CodeInvalidCursor, "cursor"),
		{"a bad dry run", "DELETE", ws + "/members/me?dry_run=yes", "", api.CodeInvalidParameter, "dry_run", nil},
		{"two members to act as", "GET", ws, "", api.CodeInvalidRequest, "tokenry_act_as", []string{"Tokenry-Act-As", "a@b.c", "Tokenry-Act-As", "d@e.f"}},
		{"an unknown member to act as", "GET", ws, "", api.CodeNotFound, "", []string{"Tokenry-Act-As", canary + "@example.com"}},
		{"an empty key", "POST", tokens, `{"label":"x"}`, api.CodeInvalidRequest, "idempotency_key", []string{"Idempotency-Key", `""`}},
		{"a key with blanks", "POST", tokens, `{"label":"x"}`, api.CodeInvalidRequest, "idempotency_key", []string{"Idempotency-Key", canary + " b"}},
		{"a key that is too long", "POST", tokens, `{"label":"x"}`, api.CodeInvalidRequest, "idempotency_key", []string{"Idempotency-Key", strings.Repeat("k", 256)}},
		{"two keys", "POST", tokens, `{"label":"x"}`, api.CodeInvalidRequest, "idempotency_key", []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}},
	})
}

func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.state()
	huge := `{"label":"` + strings.Repeat(canary, 1<<20) + `"}` // 10 MB
	for _, path := range []string{ws + "/tokens", ws + "/members", "/v1/verify", "/v1/verify/batch", ws + "/suspend"} {
		r := w.as(w.root, "POST", path, huge)
		r.problem(api.CodeBodyTooLarge)
		if bytes.Contains(r.body, []byte(canary)) {
			t.Errorf("%s repeats the body", path)
		}
	}
	// Without a length said before, too.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+ws+"/tokens", struct{ *strings.Reader }{strings.NewReader(huge)})
	w.must(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.root)
	r.ContentLength = -1
	resp, err := w.server.Client().Do(r)
	w.must(err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body in chunks: %d", resp.StatusCode)
	}
	if w.state() != before {
		t.Error("a large body changed something")
	}
}

func TestWhatTheMultiplexerRefusesIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", "/", "").is(404).problem(api.CodeNotFound)
	w.send("GET", "/v1/nothing/"+canary, "").is(404).problem(api.CodeNotFound)
	r := w.send("DELETE", "/v1/whoami", "").is(405)
	r.problem(api.CodeMethodNotAllowed)
	if got := r.Header.Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow is %q", got)
	}
	r = w.send("TRACE", ws+"/tokens", "").is(405)
	if got := r.Header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", got)
	}
	w.send("POST", ws+"/tokens", "", "X-HTTP-Method-Override", "DELETE").is(401)
	w.send("OPTIONS", ws+"/tokens", "").is(405).problem(api.CodeMethodNotAllowed)
	r = w.as(w.root, "GET", "//v1/whoami", nil).is(404)
	if r.Header.Get("Location") != "" {
		t.Error("a path that is not clean is redirected")
	}
	for _, rt := range []string{"/healthz", "/v1/whoami"} {
		if head := w.as(w.root, "HEAD", rt, nil).is(200); len(head.body) > 0 {
			t.Errorf("HEAD %s has a body", rt)
		}
	}
}
