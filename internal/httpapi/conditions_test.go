package httpapi_test

import (
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
)

// filled is a route's path with something at each of its places.
func filled(path string) string {
	path = strings.NewReplacer("{ws}", "acme", "{$}", "").Replace(path)
	return regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`).ReplaceAllString(path, "x")
}

// Weakness: a condition whose variable was not set is read as no condition, and the
// call is about everything. What is proved: each parameter of each call, also one
// that somebody adds, is refused when it is there and says nothing.
func TestNoParameterMayBeEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tried := 0
	for _, rt := range httpapi.Routes() {
		method := rt.Method
		if method == "" {
			method = http.MethodGet
		}
		for _, p := range rt.Params {
			name := p.Name
			if p.Prefix {
				name += "key"
			}
			for _, empty := range []string{"", "%20", "%09", "%C2%A0"} {
				tried++
				r := w.as(w.root, method, filled(rt.Path)+"?"+url.QueryEscape(name)+"="+empty, nil)
				if r.StatusCode != http.StatusBadRequest {
					t.Errorf("%s ?%s=%s: %d, want 400", rt.Pattern(), name, empty, r.StatusCode)
					continue
				}
				if p := r.problem(api.CodeInvalidParameter); !strings.Contains(p.Detail, strings.TrimSuffix(name, ".key")) && !strings.Contains(p.Detail, "a parameter") {
					t.Errorf("%s ?%s=: it does not say which: %s", rt.Pattern(), name, p.Detail)
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("%d parameters were tried", tried)
	}
	for _, d := range []string{"0s", "0d", "0"} {
		w.as(w.root, "GET", ws+"/tokens?unused_for="+d, nil).is(400).field(api.CodeInvalidParameter, "unused_for")
		w.as(w.root, "GET", ws+"/tokens?expiring_within="+d, nil).is(400).field(api.CodeInvalidParameter, "expiring_within")
	}
}

// The first two rows revoked every token, and every active token, of a workspace.
func TestAnEmptyConditionOfABulkCallNeverMeansAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fill(3)
	refuse := func(body, field string) {
		t.Helper()
		w.as(w.root, "POST", ws+"/tokens/bulk", `{"action":"revoke",`+body+`}`).titled(body).is(400).field(api.CodeInvalidField, field)
	}
	refuse(`"filter":{"metadata":{}}`, "filter.metadata")
	refuse(`"filter":{"owner":"","status":"active"}`, "filter.owner")
	refuse(`"filter":{"metadata":null,"status":"active"}`, "filter.metadata")
	refuse(`"filter":{"metadata":{"team":""},"status":"active"}`, "filter.metadata")
	refuse(`"filter":{"unused_for":"0d"}`, "filter.unused_for")
	refuse(`"filter":{"deleted":true}`, "filter")
	refuse(`"filter":{}`, "filter")
	refuse(`"filter":null`, "filter")
	refuse(`"ids":[]`, "ids")
	refuse(`"ids":[],"filter":{"status":"active"}`, "filter")
	refuse(`"ids":[""]`, "ids")
	refuse(`"ids":["x"," "]`, "ids")
	refuse(`"ids":["x"],"filter":{}`, "filter")
	conditions := 0
	for f := range reflect.TypeFor[api.TokenFilter]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() == reflect.Bool {
			continue
		}
		conditions++
		refuse(`"filter":{"`+name+`":null,"deleted":true}`, "filter."+name)
		if f.Type == reflect.TypeFor[api.Opt[string]]() {
			refuse(`"filter":{"`+name+`":"","deleted":true}`, "filter."+name)
			refuse(`"filter":{"`+name+`":" \t","deleted":true}`, "filter."+name)
		}
	}
	if conditions < 14 {
		t.Errorf("%d conditions were tried", conditions)
	}
	if got := w.labels("status=active", 1); len(got) != 4 {
		t.Errorf("of 4 tokens %d are active", len(got))
	}
}

func TestASelectorThatIsThereAndEmptyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ path, body, field string }{
		{ws + "/tokens", `{"label":"x","owner":""}`, "owner"},
		{ws + "/tokens", `{"label":"x","kind":" "}`, "kind"},
		{ws + "/tokens", `{"label":"x","grants":[{"role":"Viewer","resources":["*"]},{"role":"","resources":["*"]}]}`, "grants.role"},
		{ws + "/tokens/self/transfer", `{"owner":""}`, "owner"},
		{ws + "/explain", `{"token":"","request_id":"req_0"}`, "token"},
		{"/v1/instance/admins", `{"user":" "}`, "user"},
		{"/v1/verify", `{"token":"x","workspace":""}`, "workspace"},
		{"/v1/verify/batch", `{"requests":[{"token":"x"},{"token":"x","workspace":""}]}`, "requests.workspace"},
	} {
		w.as(w.root, "POST", c.path, c.body).titled(c.path+" "+c.body).is(400).field(api.CodeInvalidField, c.field)
	}
	w.as(w.root, "POST", "/oauth2/introspect", "token=x&workspace=").is(400)
	w.as(w.root, "POST", "/v1/verify", `{"token":"x","workspace":null}`).is(200)
}

// False is no empty condition: it asks for those that the policy allows.
func TestAFalseConditionIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.as(w.root, "PATCH", ws+"/policy", object{"max_lifetime": "30d", "default_lifetime": "30d"}).is(200)
	w.fill(1)
	if got := strings.Join(w.labels("outside_policy=false", 1), " "); got != "t0" {
		t.Errorf("within the policy: %s", got)
	}
	if got := strings.Join(w.labels("outside_policy=true", 1), " "); got != "First token" {
		t.Errorf("outside the policy: %s", got)
	}
}
