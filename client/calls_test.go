package client_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/client"
)

// notForPrograms are the paths that the SDK has no method for, and why.
var notForPrograms = map[string]string{
	"/healthz":                       "orchestrators poll it",
	"/readyz":                        "orchestrators poll it",
	"/docs":                          "people read it",
	"/errors":                        "people read it",
	"/errors/{code}":                 "people read it",
	"/openapi.json":                  "generators read it",
	"/openapi-3.0.json":              "generators read it",
	"/v1/forward-auth":               "proxies ask it",
	"/v1/ext-authz/{ruleset}/{path}": "proxies ask it",
	"/.well-known/oauth-authorization-server": "OAuth clients read it",
	"/.well-known/oauth-protected-resource":   "OAuth clients read it",
	"/.well-known/openid-configuration":       "OAuth clients read it",
	"/v1/leaks/github":                        "GitHub sends it",
	"/v1/leaks/gitlab":                        "GitLab sends it",
	"/v1/leaks/gitlab/types":                  "GitLab asks it",
	"/v1/leaks/trufflehog":                    "TruffleHog asks it",
	"/v1/token-review/{scopes}":               "a Kubernetes API server asks it",
	"/v1/token-review/{scopes}/{resource}":    "a Kubernetes API server asks it",
	"/v1/replica":                             "a Replica asks it",
	"/v1/replica/verify":                      "a Replica asks it",
	"/v1/replica/uses":                        "a Replica asks it",
}

// Every call of the API has a method of the client: each method is called with
// what its types take, and what it sends is held against the document.
func TestEveryCallHasAMethod(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent [][2]string
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, [2]string{r.Method, r.URL.Path})
		answer(w, map[string]any{"workspace": "acme", "device_code": "d", "user_code": "u", "verification_uri": "v"})
	})
	c := dial(t, s.URL)
	for _, text := range []string{"x", "", client.Instance} {
		callEverything(t, c, text)
	}
	if d, err := client.BeginLogin(t.Context(), s.URL, "laptop"); err == nil {
		_, _ = d.Wait(t.Context()) // only what it sends matters
	}
	_, _ = client.TokenFormat(t.Context(), s.URL) // only what it sends matters
	raw, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	calls := 0
	for path, methods := range doc.Paths {
		for method := range methods {
			name := strings.ToUpper(method) + " " + path
			covered := slices.ContainsFunc(sent, func(one [2]string) bool { return one[0] == strings.ToUpper(method) && like(one[1], path) })
			if why := notForPrograms[path]; covered == (why != "") {
				t.Errorf("%s: sent by a method %v, exempt because %q", name, covered, why)
			}
			calls++
		}
	}
	if calls < 80 {
		t.Errorf("only %d calls in the document", calls)
	}
}

// like says whether a path is one of a template.
func like(path, template string) bool {
	have, want := strings.Split(path, "/"), strings.Split(template, "/")
	return slices.EqualFunc(have, want, func(h, w string) bool { return h == w || strings.HasPrefix(w, "{") && h != "" })
}

// callEverything calls each method that takes a context: every text is this one,
// but the last is never empty, since it names what the call is about.
func callEverything(t *testing.T, c *client.Client, text string) {
	t.Helper()
	for _, m := range reflect.ValueOf(c).Methods() {
		typ := m.Type()
		if typ.NumIn() == 0 || typ.In(0) != reflect.TypeFor[context.Context]() {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for n := 1; n < typ.NumIn() && !(typ.IsVariadic() && n == typ.NumIn()-1); n++ {
			arg := reflect.New(typ.In(n)).Elem()
			if arg.Kind() == reflect.String {
				arg.SetString("x")
				if n == 1 || text == "" {
					arg.SetString(text)
				}
			}
			args = append(args, arg)
		}
		for _, out := range m.Call(args) {
			finish(out)
		}
	}
}

// finish walks into an iterator, and closes a stream.
func finish(v reflect.Value) {
	if v.Kind() == reflect.Func && !v.IsNil() {
		stop := reflect.MakeFunc(v.Type().In(0), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(false)} })
		v.Call([]reflect.Value{stop})
	}
	if body, ok := reflect.TypeAssert[io.Closer](v); ok && !v.IsNil() {
		_ = body.Close()
	}
}
