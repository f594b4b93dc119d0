package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/finders"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// signer has signed what it is told.
type signer struct{ body string }

func (s *signer) Check(_ context.Context, key, signature string, body []byte) error {
	if key != "key" || signature != "signed" || string(body) != s.body {
		return api.Errorf(api.CodeForbidden, "not signed")
	}
	return nil
}

// unsigned takes whatever says nothing of a signature.
type unsigned struct{}

func (unsigned) Check(_ context.Context, key, signature string, _ []byte) error {
	if key+signature != "" {
		return api.Errorf(api.CodeForbidden, "not signed")
	}
	return nil
}

// TestGitHubReports: what is signed is acted on, and told which were secrets; what is not
// is neither, and a server that knows no keys takes none.
func TestGitHubReports(t *testing.T) {
	t.Parallel()
	s := &signer{}
	w := newWorld(t, func(o *httpapi.Options) { o.GitHub = s })
	i := w.issue("acme", object{"label": "x"})
	body := `[{"token":"` + i.Secret + `","type":"tokenry","url":"https://github.com/x/y","source":"Commit"},{"token":"tkyp_none","type":"tokenry","url":"","source":"unknown"}]`
	signed := []string{finders.GitHubKey, "key", finders.GitHubSignature, "signed"}
	s.body = body
	newWorld(t, func(o *httpapi.Options) { o.GitHub = nil }).send("POST", "/v1/leaks/github", body, signed...).is(404)
	w.send("POST", "/v1/leaks/github", body).is(403).problem(api.CodeForbidden)
	w.send("POST", "/v1/leaks/github", strings.Replace(body, "x/y", "x/z", 1), signed...).is(403)
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(200)
	var told []api.GitHubFeedback
	w.must(json.Unmarshal(w.send("POST", "/v1/leaks/github", body, signed...).is(200).body, &told))
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	want := []api.GitHubFeedback{{TokenHash: hash(i.Secret), TokenType: "tokenry", Label: "true_positive"}, {TokenHash: hash("tkyp_none"), TokenType: "tokenry", Label: "false_positive"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(401).problem(api.CodeRevoked)
	w.leaked("github-secret-scanning", "github_Commit")
	if again := w.send("POST", "/v1/leaks/github", body, signed...).is(200).body; !strings.Contains(string(again), "true_positive") {
		t.Errorf("of a token that has ended: %s", again)
	}
}

// leaked is who reported last, and what the audit says of the place.
func (w *world) leaked(actor, source string) {
	w.Helper()
	var events api.List[api.AuditEvent]
	w.as(w.root, "GET", ws+"/audit?action=token.leaked", nil).is(200).into(&events)
	if len(events.Items) == 0 || events.Items[0].Actor != actor || !strings.Contains(string(encoded(w, events.Items[0])), source) {
		w.Errorf("told by %s, want %s at %s", encoded(w, events.Items), actor, source)
	}
}

// TestGitLabReports: nothing is said of what they held; who names itself must be somebody.
func TestGitLabReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var types api.GitLabTypes
	w.send("GET", "/v1/leaks/gitlab/types", "").is(200).into(&types)
	if len(types.Types) != 1 {
		t.Fatalf("types %v", types.Types)
	}
	report := func(kind, secret string, header ...string) *reply {
		return w.send("POST", "/v1/leaks/gitlab", string(encoded(w, []object{{"type": kind, "token": secret, "location": "https://gitlab.example.com/x"}})), header...)
	}
	reporter := w.issue("acme", object{"label": "GitLab"})
	for n, header := range [][]string{nil, {"Authorization", reporter.Secret}, {"Authorization", "Bearer " + reporter.Secret}} {
		i := w.issue("acme", object{"label": "x"})
		if said := report(types.Types[0], i.Secret, header...).is(204).body; len(said) != 0 {
			t.Errorf("said %s", said)
		}
		w.as(i.Secret, "GET", "/v1/whoami", nil).is(401).problem(api.CodeRevoked)
		w.leaked([]string{"leak-report", "ada@example.com", "ada@example.com"}[n], `gitlab`)
	}
	report(types.Types[0], "tkyp_none").is(204)
	i := w.issue("acme", object{"label": "x"})
	report(types.Types[0], i.Secret, "Authorization", "nonsense").is(401)
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(200)
	report("gitleaks_rule_id_other", i.Secret).is(400).problem(api.CodeInvalidField)
	w.as(i.Secret, "GET", "/v1/whoami", nil).is(401) // it is a secret all the same
	for _, bad := range []string{``, `{}`, `[1]`} {
		w.send("POST", "/v1/leaks/gitlab", bad).is(400)
	}
	many := make([]object, api.MaxLeaks+1)
	for i := range many {
		many[i] = object{"type": types.Types[0], "token": "x"}
	}
	w.send("POST", "/v1/leaks/gitlab", string(encoded(w, many))).is(400)
	w.send("POST", "/v1/leaks/gitlab", string(encoded(w, many[1:]))).is(429).problem(api.CodeRateLimited) // strings of before count
}

// TestTruffleHogAsks: live is what opens something now or may again; nothing is changed by
// asking, and it is for who may verify.
func TestTruffleHogAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, off, gone := w.issue("acme", object{"label": "a"}), w.issue("acme", object{"label": "b"}), w.issue("acme", object{"label": "c"})
	away := w.issue("acme", object{"label": "d", "allowed_ips": []string{"192.0.2.0/24"}})
	w.as(w.root, "POST", ws+"/tokens/"+off.Token.ID+"/disable", object{}).is(200)
	w.as(w.root, "POST", ws+"/tokens/"+gone.Token.ID+"/revoke", object{}).is(200)
	verifier := w.issue("acme", object{"label": "scanner", "scopes": []string{"tokens:verify"}, "kind": "workspace"}).Secret
	blind := w.issue("acme", object{"label": "other", "scopes": []string{"tokens:read"}, "kind": "workspace"}).Secret
	ask := func(as string, strings ...string) *reply {
		return w.as(as, "POST", "/v1/leaks/trufflehog", object{"TokenryAccessToken": object{"token": strings}})
	}
	for what, c := range map[string]struct {
		status  int
		strings []string
	}{
		"one that works":          {http.StatusOK, []string{good.Secret}},
		"one that is disabled":    {http.StatusOK, []string{off.Secret}},
		"one for another network": {http.StatusOK, []string{away.Secret}},
		"one among others":        {http.StatusOK, []string{"x", gone.Secret, good.Secret}},
		"one that is revoked":     {http.StatusNotFound, []string{gone.Secret}},
		"one that is none":        {http.StatusNotFound, []string{"tkyp_none"}},
	} {
		if got := ask(verifier, c.strings...); got.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", what, got.StatusCode, c.status)
		}
	}
	ask(blind, good.Secret).is(403).problem(api.CodeInsufficientScope)
	w.send("POST", "/v1/leaks/trufflehog", `{"a":{"b":["c"]}}`).is(401)
	w.as(good.Secret, "GET", "/v1/whoami", nil).is(200)
	ask(verifier).is(400)
}
