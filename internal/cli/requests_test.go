package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wire is a server that notes the last change it was asked for, and finds nothing
// that is read.
type wire struct {
	mu                 sync.Mutex
	method, path, body string
	key, match         string
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method == http.MethodGet {
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(out, `{"status":404,"code":"not_found"}`) // the program reads it or not
		return
	}
	b, _ := io.ReadAll(r.Body) // what is missing is seen below
	w.method, w.path, w.body = r.Method, r.URL.RequestURI(), string(b)
	w.key, w.match = r.Header.Get("Idempotency-Key"), r.Header.Get("If-Match")
	if r.Header.Get("Accept") == "application/x-ndjson" {
		return // no token was found
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(out, "{}") // nor here
}

// A request says what the flags said, and nothing else: what nobody said must not be
// set by a change, and null is said by --clear alone.
func TestARequestSaysWhatTheFlagsSaid(t *testing.T) {
	t.Parallel()
	w := &wire{}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x", "TOKENRY_WORKSPACE": "acme"}
	const acme = "/v1/workspaces/acme"
	for line, want := range map[string][3]string{
		"token edit x --label y":                                        {"PATCH", acme + "/tokens/x", `{"label":"y"}`},
		"token edit x --description ''":                                 {"PATCH", acme + "/tokens/x", `{"description":""}`},
		"token edit x --clear rate-limit,metadata":                      {"PATCH", acme + "/tokens/x", `{"rate_limit":null,"metadata":null}`},
		"token edit x --never":                                          {"PATCH", acme + "/tokens/x", `{"never":true}`},
		"token edit x --expires-at 2026-12-31":                          {"PATCH", acme + "/tokens/x", `{"expires_at":"2026-12-31T00:00:00Z"}`},
		"token edit x --expires-at 2026-12-31T23:00:00+01:00":           {"PATCH", acme + "/tokens/x", `{"expires_at":"2026-12-31T23:00:00+01:00"}`},
		"token edit x --scope a:b --scope c:d":                          {"PATCH", acme + "/tokens/x", `{"scopes":["a:b","c:d"]}`},
		"token edit x --rate-limit 5/90s":                               {"PATCH", acme + "/tokens/x", `{"rate_limit":{"requests":5,"window":"90s"}}`},
		"token rotate x":                                                {"POST", acme + "/tokens/x/rotate", `{}`},
		"token rotate x --overlap 0s --retire-on-first-use":             {"POST", acme + "/tokens/x/rotate", `{"overlap":"0","retire_on_first_use":true}`},
		"token rotate x --renew --expires-in 90d":                       {"POST", acme + "/tokens/x/rotate", `{"renew":true,"expires_in":"90d"}`},
		"token disable x":                                               {"POST", acme + "/tokens/x/disable", `{}`},
		"token disable x --revoke-after 7d":                             {"POST", acme + "/tokens/x/disable", `{"revoke_after":"7d"}`},
		"approval refuse x --comment no":                                {"POST", acme + "/tokens/x/refuse", `{"comment":"no"}`},
		"token revoke x --reason leaked --comment ''":                   {"POST", acme + "/tokens/x/revoke", `{"reason":"leaked"}`},
		"token transfer x --owner bot":                                  {"POST", acme + "/tokens/x/transfer", `{"owner":"bot"}`},
		"token delete x":                                                {"DELETE", acme + "/tokens/x", ``},
		"member edit a@b.c --name N":                                    {"PATCH", acme + "/members/a@b.c", `{"name":"N"}`},
		"member edit me --clear external_id --clear name":               {"PATCH", acme + "/members/me", `{"external_id":null,"name":null}`},
		"member put ext:7 --role Viewer":                                {"PUT", acme + "/members/ext:7", `{"role":"Viewer"}`},
		"member create a@b.c --role Viewer --resource '*'":              {"POST", acme + "/members", `{"email":"a@b.c","role":"Viewer","resources":["*"]}`},
		"service-account create bot --contact a@b.c":                    {"POST", acme + "/service-accounts", `{"name":"bot","contacts":["a@b.c"]}`},
		"service-account edit bot --clear contacts":                     {"PATCH", acme + "/service-accounts/bot", `{"contacts":null}`},
		"workspace create globex":                                       {"POST", "/v1/workspaces", `{"slug":"globex"}`},
		"workspace edit --name N":                                       {"PATCH", acme, `{"name":"N"}`},
		"workspace edit globex --metadata a=b --metadata c=":            {"PATCH", "/v1/workspaces/globex", `{"metadata":{"a":"b","c":""}}`},
		"role put Support --scope 'tickets:*'":                          {"PUT", acme + "/roles/Support", `{"scopes":["tickets:*"]}`},
		"role put Support --instance --scope a:b --locked":              {"PUT", "/v1/instance/roles/Support", `{"scopes":["a:b"],"locked":true}`},
		"role delete 'Team Member' --replacement Viewer":                {"DELETE", acme + "/roles/Team%20Member?replacement=Viewer", ``},
		"scope put a:b --implies a:c --description d":                   {"PUT", acme + "/scopes/a:b", `{"description":"d","implies":["a:c"]}`},
		"resource create x --description d":                             {"POST", acme + "/resources", `{"name":"x","description":"d"}`},
		"policy edit allow_never=true max_lifetime=null":                {"PATCH", acme + "/policy", `{"allow_never":true,"max_lifetime":null}`},
		"policy edit --instance overlap=1h":                             {"PATCH", "/v1/instance/policy", `{"overlap":"1h"}`},
		"webhook edit w --enabled=false":                                {"PATCH", acme + "/webhooks/w", `{"enabled":false}`},
		"webhook create --instance --url https://h --event workspace.*": {"POST", "/v1/instance/webhooks", `{"url":"https://h","events":["workspace.*"]}`},
		"admin add a@b.c":                                               {"POST", "/v1/instance/admins", `{"user":"a@b.c"}`},
		"user erase a@b.c --dry-run":                                    {"POST", "/v1/users/a@b.c/erase", `{"dry_run":true}`},
		"token bulk revoke x y --comment c":                             {"POST", acme + "/tokens/bulk", `{"action":"revoke","ids":["x","y"],"comment":"c"}`},
		"token bulk disable --owner bot --unused-for 90d":               {"POST", acme + "/tokens/bulk", `{"action":"disable","filter":{"owner":"bot","unused_for":"90d"}}`},
		"explain x --scope a:b --from 192.0.2.1":                        {"POST", acme + "/explain", `{"token":"x","scopes":["a:b"],"client":{"ip":"192.0.2.1"}}`},
		"explain req_1":                                                 {"POST", acme + "/explain", `{"request_id":"req_1"}`},
		"-w 'ext:c/7' token enable x":                                   {"POST", "/v1/workspaces/ext:c%2F7/tokens/x/enable", ``},
	} {
		*w = wire{}
		r := run(t, env, "", false, words(line)...)
		if r.code != 0 || w.method != want[0] || w.path != want[1] {
			t.Errorf("tokenry %s sends %s %s: %+v", line, w.method, w.path, r)
		}
		var got, body any
		if w.body != "" && json.Unmarshal([]byte(w.body), &got) != nil || want[2] != "" && json.Unmarshal([]byte(want[2]), &body) != nil {
			t.Errorf("tokenry %s sends %q", line, w.body)
		}
		if d := cmp.Diff(body, got); d != "" {
			t.Errorf("tokenry %s: %s", line, d)
		}
		if w.key != "" || w.match != "" {
			t.Errorf("tokenry %s sends the key %q and the condition %q", line, w.key, w.match)
		}
	}
}

// A script that names its request or what it read has both sent as they are.
func TestAScriptNamesItsRequestAndWhatItRead(t *testing.T) {
	t.Parallel()
	w := &wire{}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	env := map[string]string{"TOKENRY_SERVER": s.URL, "TOKENRY_TOKEN": "tkyp_x", "TOKENRY_WORKSPACE": "acme"}
	for line, want := range map[string][2]string{
		"token create --label x --idempotency-key k-1": {"k-1", ""}, "token rotate x --idempotency-key k-2": {"k-2", ""}, "token edit x --label y --if-revision 7": {"", `"7"`},
		"policy edit overlap=1h --if-revision 0": {"", `"0"`}, "role put R --scope a:b --if-revision 9007199254740993": {"", `"9007199254740993"`},
	} {
		*w = wire{}
		if r := run(t, env, "", false, words(line)...); r.code != 0 || w.key != want[0] || w.match != want[1] {
			t.Errorf("tokenry %s sends %q and %q: %+v", line, w.key, w.match, r)
		}
	}
	if r := run(t, env, "", false, "token", "edit", "x", "--label", "y", "--if-revision", "99999999999999999999"); r.code != 2 || !strings.Contains(r.err, "if-revision") {
		t.Errorf("%+v", r)
	}
}
