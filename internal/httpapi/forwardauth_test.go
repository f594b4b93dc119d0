package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const fa = "/v1/forward-auth"

// identity are the headers that tell the application who asks.
func identity() []string {
	return []string{"Tokenry-Token-Id", "Tokenry-Principal", "Tokenry-Principal-Type", "Tokenry-External-Id",
		"Tokenry-Workspace", "Tokenry-Scopes", "Tokenry-Expires-At"}
}

func (r *reply) headers(want map[string]string) {
	r.w.Helper()
	for name, value := range want {
		if got := r.Header[name]; len(got) != 1 || got[0] != value {
			r.w.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestForwardAuthTellsWhoAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.account("ci", "tickets:read", "tickets:write")
	var i api.Whoami
	w.as(tok, "GET", "/v1/whoami", nil).is(200).into(&i)
	for _, method := range []string{"GET", "POST", "DELETE", "PROPFIND", "OPTIONS", "TRACE"} {
		r := w.as(tok, method, fa+"?workspace=acme&scope=tickets:read&scope=tickets:write", nil).is(200)
		r.headers(map[string]string{
			"Tokenry-Token-Id": i.Token.ID, "Tokenry-Principal": "ci@acme.service", "Tokenry-Principal-Type": "service_account",
			"Tokenry-External-Id": "", "Tokenry-Workspace": "acme", "Tokenry-Scopes": "tickets:read tickets:write",
			"Tokenry-Expires-At": "2027-03-14T09:26:53Z",
		})
		if len(r.body) > 0 {
			t.Errorf("%s: a body %q", method, r.body)
		}
	}
}

func TestForwardAuthSendsEveryHeaderAlsoWhenEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{{"PATCH", ws + "/policy", object{"allow_never": true}, 200, nil}})
	r := w.as(w.root, "GET", fa+"?workspace=acme", nil).is(200)
	for _, name := range identity() {
		if len(r.Header[name]) != 1 {
			t.Errorf("%s is there %d times", name, len(r.Header[name]))
		}
	}
}

func TestForwardAuthHeadersAreSafe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{
		{"PUT", ws + "/members/ext:k%C3%B6nig%25%20%221%22", object{"name": "Kö", "role": "Viewer", "resources": []string{"*"}}, 201, nil},
	})
	w.as(w.root, "PUT", ws+"/members/ext:a%0d%0aX-Admin:%20yes", object{"name": "x", "role": "Viewer"}).is(400)
	i := w.issue("acme", object{"label": "x", "owner": "ext:könig% \"1\""})
	r := w.as(i.Secret, "GET", fa+"?workspace=acme", nil).is(200)
	r.headers(map[string]string{"Tokenry-External-Id": `k%C3%B6nig%25 "1"`, "Tokenry-Principal-Type": "user"})
}

func TestForwardAuthNeedsItsWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "GET", fa, nil).is(200) // the only one there is
	w.play([]step{{"POST", "/v1/workspaces", object{"slug": "globex", "external_id": "c/1"}, 201, nil}})
	foreign := w.issue("globex", object{"label": "x", "kind": "workspace", "scopes": []string{"*"}}).Secret
	w.as(w.root, "GET", fa, nil).is(403).problem(api.CodeWorkspaceRequired)
	w.as(foreign, "GET", fa, nil).is(403).problem(api.CodeWorkspaceRequired)
	w.as(foreign, "GET", fa+"?workspace=acme", nil).is(401).challenges(invalidChallenge)
	w.as(foreign, "GET", fa+"?workspace=globex", nil).is(200)
	w.as(foreign, "GET", fa+"?workspace=ext:c%2F1", nil).is(200)
	w.as(w.root, "GET", fa+"?workspace=ext:c%2F1", nil).is(401)
	w.as(foreign, "GET", fa+"?workspace=*", nil).is(200)
	w.as(w.root, "GET", fa+"?workspace=*", nil).is(200)
	w.play([]step{
		{"PATCH", "/v1/workspaces/globex", object{"external_id": "c/2"}, 200, nil},
		{"PATCH", ws, object{"external_id": "c/1"}, 200, nil},
	})
	w.as(foreign, "GET", fa+"?workspace=ext:c%2F1", nil).is(401) // it is another's now
	w.as(w.root, "GET", fa+"?workspace=ext:c%2F1", nil).is(200)
	w.play([]step{{"DELETE", "/v1/workspaces/globex", nil, 200, nil}})
	w.as(w.root, "GET", fa, nil).is(200)
	w.as(foreign, "GET", fa, nil).is(401)
}

// TestForwardAuthBlamesTheProxyForAWorkspaceThatIsNone: with 401 the clients of a
// proxy that is set up wrong would throw good tokens away. Where there is one
// workspace, or a proxy is known, that tells nobody which workspaces exist.
func TestForwardAuthBlamesTheProxyForAWorkspaceThatIsNone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		proxies string
		path    string
		status  int
		several bool
	}{
		"the only workspace":   {"", fa + "?workspace=nowhere", 400, false},
		"an external id":       {"", fa + "?workspace=ext:nowhere", 400, false},
		"a slug never is one":  {"", fa + "?workspace=%22%3BNO", 400, false},
		"a proxy like nginx":   {"", fa + "?workspace=nowhere&deny=403", 403, false},
		"past the proxies":     {"192.0.2.0/24", fa + "?workspace=nowhere", 400, false},
		"of several":           {"", fa + "?workspace=nowhere", 401, true},
		"of several, past":     {"192.0.2.0/24", fa + "?workspace=nowhere", 401, true},
		"of several, proxied":  {"127.0.0.0/8", fa + "?workspace=nowhere", 400, true},
		"of several, by rules": {"", "/v1/ext-authz/astray/x", 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []option{rules("astray", "workspace: nowhere\nrules:\n  - match: ANY /**\n    scopes: []\n")}
			if tt.proxies != "" {
				options = append(options, behind(tt.proxies))
			}
			w := newWorld(t, options...)
			if tt.several {
				w.as(w.root, "POST", "/v1/workspaces", object{"slug": "globex"}).is(201)
			}
			r := w.as(w.root, "GET", tt.path, nil).is(tt.status)
			var p api.Problem
			if r.into(&p); tt.status != 401 && p.Code != api.CodeInvalidRequest || strings.Contains(string(r.body), "nowhere") {
				t.Errorf("the client is told %s", r.body)
			}
			if tt.status == 403 {
				r.headers(map[string]string{"Tokenry-Status": "400"})
			}
			if log := w.log.String(); !strings.Contains(log, "a workspace that does not exist") || !strings.Contains(log, r.Header.Get("Tokenry-Request-Id")) {
				t.Errorf("the log does not say it: %s", log)
			}
			counted := 0.0
			w.eachCount("tokenry_proxy_workspace_missing_total", func(_ map[string]string, n float64) { counted += n })
			if counted != 1 {
				t.Errorf("counted %v times", counted)
			}
			w.as(w.root[:len(w.root)-1]+"!", "GET", tt.path, nil).is(401)
			w.send("GET", tt.path, "").is(401)
		})
	}
}

// TestForwardAuthDoesNotTellWhichWorkspacesExist: whoever asks without a trusted
// proxy chooses the workspace, and gets one answer for those of others and for none.
func TestForwardAuthDoesNotTellWhichWorkspacesExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "POST", "/v1/workspaces", object{"slug": "globex", "external_id": "c1"}).is(201)
	said := func(workspace string) string {
		r := w.as(w.root, "GET", fa+"?workspace="+workspace, nil).is(401)
		id := r.Header.Get("Tokenry-Request-Id")
		r.Header.Del("Date")
		return strings.ReplaceAll(fmt.Sprintf("%v %s", r.Header, r.body), id, "ID")
	}
	foreign := said("globex")
	for _, none := range []string{"nowhere", "ext:nowhere", "ext:c1", "%22%3BNO"} {
		if got := said(none); got != foreign {
			t.Errorf("%s: %s\nthat of another: %s", none, got, foreign)
		}
	}
}

// TestWhatIsNoTokenAsksNothingOfTheDatabase, whatever workspace is named with it.
func TestWhatIsNoTokenAsksNothingOfTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asker := w.verifier()
	w.as(asker, "POST", "/v1/verify", object{"token": "x"}).is(200)
	w.must(w.db.(interface{ Close() error }).Close())
	for _, garbage := range []string{"x", w.root[:len(w.root)-1], w.root + "0", swapCase(w.root)} {
		w.as(garbage, "GET", fa+"?workspace=nowhere", nil).is(401).challenges(invalidChallenge)
		var v api.VerifyResult
		if w.as(asker, "POST", "/v1/verify", object{"token": garbage, "workspace": "nowhere"}).is(200).into(&v); v.Code != api.CodeMalformed {
			t.Errorf("it is %s", v.Code)
		}
	}
	w.as(w.root, "GET", fa+"?workspace=nowhere", nil).is(503)
}

// TestForwardAuthCutsAListOfScopesThatNoProxyWouldTake between two scopes.
func TestForwardAuthCutsAListOfScopesThatNoProxyWouldTake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []string
	for i := range 90 {
		all = append(all, fmt.Sprintf("%s:n%03d", strings.Repeat("a", 50), i))
	}
	few, many := w.account("few", all[:73]...), w.account("many", all...) // 73 × 56 bytes with the blank: 4087
	r := w.as(few, "GET", fa+"?workspace=acme", nil).is(200)
	if got := r.Header.Get("Tokenry-Scopes"); len(strings.Fields(got)) != 73 || r.Header["Tokenry-Scopes-Truncated"] != nil {
		t.Errorf("73 scopes became %q, truncated %q", got, r.Header["Tokenry-Scopes-Truncated"])
	}
	r = w.as(many, "GET", fa+"?workspace=acme&scope="+all[89], nil).is(200)
	r.headers(map[string]string{"Tokenry-Scopes": strings.Join(all[:73], " "), "Tokenry-Scopes-Truncated": "true"})
	for _, name := range identity() {
		if len(r.Header[name]) != 1 {
			t.Errorf("%s is there %d times", name, len(r.Header[name]))
		}
	}
}

func TestForwardAuthRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for q, field := range map[string]string{
		"workspace=acme&workspace=globex": "workspace", "workspace=acme&workspace=acme": "workspace", "workspace=": "workspace",
		"resource=a&resource=b": "resource", "deny=403&deny=403": "deny", "deny=401": "deny", "scopes=a:b": "scopes",
		"workspace=acme&limit=1": "limit", "scope=a:*": "scopes", "scope=*": "scopes", "scope=": "scope", "resource=a*": "resource",
		"scope=tokens:fly": "scopes", "deny=403&colour=red": "colour",
	} {
		want := http.StatusBadRequest
		if strings.Contains(q, "deny=403") {
			want = http.StatusForbidden
		}
		r := w.as(w.root, "GET", fa+"?"+q, nil).is(want)
		var p api.Problem
		if r.into(&p); p.Code != api.CodeInvalidParameter || p.Field != field {
			t.Errorf("%s: %+v", q, p)
		}
	}
}

func TestForwardAuthHeadersNeitherSetNorLowerWhatIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behind("127.0.0.0/8"))
	tok := w.account("ci", "tickets:read")
	w.as(tok, "GET", fa+"?workspace=acme&scope=tickets:write", nil,
		"X-Forwarded-Uri", "/?scope=tickets:read", "X-Forwarded-Method", "GET", "Tokenry-Scopes", "tickets:write",
		"X-Scope", "tickets:read", "X-Original-URL", fa+"?workspace=acme").is(403).problem(api.CodeInsufficientScope)
	r := w.as(tok, "GET", fa+"?workspace=acme", nil, "Tokenry-Principal", "ada@example.com", "Tokenry-External-Id", "root").is(200)
	r.headers(map[string]string{"Tokenry-Principal": "ci@acme.service", "Tokenry-External-Id": ""})
}

func TestForwardAuthRefusalsHaveTheirStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.play([]step{
		{"POST", ws + "/service-accounts", object{"name": "ci", "scopes": []string{"tickets:read"}, "resources": []string{"payments"}}, 201, nil},
	})
	tok := w.issue("acme", object{"label": "x", "owner": "ci", "rate_limit": object{"requests": 2, "window": "1m"}}).Secret
	path := fa + "?workspace=acme&scope=tickets:read"
	w.as(tok, "GET", path, nil).is(403).problem(api.CodeResourceDenied)
	w.as(tok, "GET", path+"&resource=shop", nil).is(403).problem(api.CodeResourceDenied)
	w.as(tok, "GET", path+"&resource=any", nil).is(200).headers(map[string]string{
		"Ratelimit-Policy": `"token";q=2;w=60`, "Ratelimit": `"token";r=1;t=30`,
	})
	w.as(tok, "GET", path+"&resource=payments", nil).is(200)
	r := w.as(tok, "GET", path+"&resource=payments", nil).is(429)
	r.problem(api.CodeRateLimited)
	r.headers(map[string]string{"Retry-After": "30", "Ratelimit-Policy": `"token";q=2;w=60`, "Ratelimit": `"token";r=0;t=30`})

	r = w.as(tok, "GET", path+"&resource=payments&deny=403", nil).is(403)
	r.headers(map[string]string{"Tokenry-Status": "429", "Retry-After": "30"})
	var p api.Problem
	if r.into(&p); p.Status != 403 || p.Code != api.CodeRateLimited {
		t.Errorf("the problem says %+v", p)
	}
	r = w.send("GET", path+"&deny=403", "").is(401)
	r.challenges(bareChallenge)
	r.headers(map[string]string{"Tokenry-Status": "401"})
	w.as(tok, "GET", path+"&deny=403", nil).is(403).headers(map[string]string{"Tokenry-Status": "403"})
}

// TestForwardAuthTellsEachLimit: the token's own and the one that all share, each with the
// time until more of it is free, on a refusal as before one.
func TestForwardAuthTellsEachLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "PATCH", ws+"/policy", object{"workspace_rate_limit": object{"requests": 7, "window": "1h"}}).is(200)
	tok := w.issue("acme", object{"label": "x", "rate_limit": object{"requests": 3, "window": "6s"}}).Secret
	for left := range 3 {
		w.as(tok, "GET", fa+"?workspace=acme", nil).is(200).headers(map[string]string{
			"Ratelimit-Policy": `"token";q=3;w=6, "workspace";q=7;w=3600`,
			"Ratelimit":        fmt.Sprintf(`"token";r=%d;t=2, "workspace";r=%d;t=%d`, 2-left, 6-left, 515),
		})
	}
	w.as(tok, "GET", fa+"?workspace=acme", nil).is(429).headers(map[string]string{
		"Retry-After": "2", "Ratelimit": `"token";r=0;t=2, "workspace";r=4;t=515`,
	})
}

func TestForwardAuthDeniesATokenInItsAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send("GET", fa+"?workspace=acme&token="+w.root, "").is(400).problem(api.CodeInvalidRequest)
	w.send("GET", fa+"?deny=403&token="+w.root, "").is(403).headers(map[string]string{"Tokenry-Status": "400"})
	w.send("GET", "/healthz?deny=403&token="+w.root, "").is(400)
}

func TestForwardAuthIgnoresTheBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "POST", fa+"?workspace=acme", strings.Repeat("x", 100_000), "Content-Type", "text/plain", "Content-Encoding", "gzip").is(200)
}
