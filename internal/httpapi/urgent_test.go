package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/httpapi"
)

// waits are the routes that change something and are not answered by a server without
// room, by their ends: they give, they edit, they ask.
func waits() []string {
	return []string{
		"/members", "/activate", "/invite", "/portal-link", "/service-accounts", "/enable", "/approve", "/resources", "/tokens", "/rotate", "/transfer", "/reveal",
		"/import", "/lookup", "/explain", "/webhooks", "/trust-rules", "/ping", "/resend", "/workspaces", "/resume", "/admins", "/verify", "/verify/batch", "/replica", "/replica/uses",
		"/introspect", "/device_authorization", "/token", "/ext-authz/{ruleset}/{path...}", "/forward-auth", "/trufflehog", "/token-review/{scopes}", "/token-review/{scopes}/{resource}", "/strange-use", "/unused/confirm",
	}
}

// TestWhatTakesPowerAwayIsAnsweredWithoutRoom: of the whole table of routes, whatever
// is not said to wait is urgent. Who adds a route that changes something says which.
func TestWhatTakesPowerAwayIsAnsweredWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, rt := range httpapi.Routes() {
		if !slices.Contains([]string{http.MethodPost, http.MethodDelete}, rt.Method) {
			continue // what is put and patched may give
		}
		urgent := httpapi.Urgent(httptest.NewRequest(rt.Method, strings.NewReplacer("{", "", "}", "").Replace(rt.Path), http.NoBody))
		waiting := rt.Method == http.MethodPost && slices.ContainsFunc(waits(), func(end string) bool { return strings.HasSuffix(rt.Path, end) })
		if urgent == waiting {
			t.Errorf("%s: urgent is %t, and it is said to wait: %t", rt.Pattern(), urgent, waiting)
		}
	}
	for path, want := range map[string]bool{
		"/signout": true, "/settings/security/end-everything": true, "/workspace/acme/access-tokens/0123456789AB/disable": true,
		"/workspace/acme/members/usr_1/remove": true, "/instance/users/usr_1/deactivate": true, "/v1/leaks": true,
		"/signin": false, "/signin/reset": false, "/workspace/acme/access-tokens/new": false, "/workspace/acme/access-tokens/0123456789AB/enable": false,
	} {
		if got := httpapi.Urgent(httptest.NewRequest(http.MethodPost, path, http.NoBody)); got != want {
			t.Errorf("POST %s: urgent is %t", path, got)
		}
	}
}
