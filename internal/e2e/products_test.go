package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// uses presents a secret at a route that needs a scope on any resource.
func uses(t *testing.T, secret, scope string, want int) {
	t.Helper()
	if res, out := call(t, "GET", server+"/v1/forward-auth?workspace=acme&resource=any&scope="+scope, secret, nil); res.StatusCode != want {
		t.Errorf("%s: %s, want %d: %s", scope, res.Status, want, out)
	}
}

// TestTheIncidentDeskByClicking makes a token for an automation, rotates it with
// an overlap, sees the old secret fall silent and retires it.
func TestTheIncidentDeskByClicking(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	b.open(tokensPage + "/new?owner=service&account=ci&label=Desk&scopes=tickets:read")
	b.press("Create token")
	first := strings.TrimSpace(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
	uses(t, first, "tickets:read", http.StatusOK)
	uses(t, first, "assets:read", http.StatusForbidden)
	b.press("I have stored it")
	b.press("Rotate")
	b.press("Rotate")
	second := strings.TrimSpace(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
	uses(t, first, "tickets:read", http.StatusOK)
	uses(t, second, "tickets:read", http.StatusOK)
	b.press("I have stored it")
	b.shows("Two secrets work now")
	b.press("Retire the old secret now")
	uses(t, first, "tickets:read", http.StatusUnauthorized)
	uses(t, second, "tickets:read", http.StatusOK)
}

// TestTheWorkspacePlatformByClicking deactivates a member: the page names the
// token that will stop, and it stops, until the member is back.
func TestTheWorkspacePlatformByClicking(t *testing.T) {
	demo(t)
	maria := chromium(t)
	maria.signIn("maria@acme.example")
	secret := maria.createToken("Maria's report")
	b := maria.window()
	b.signIn("olivia@acme.example")
	b.open("/workspace/acme/members")
	b.press("Maria")
	b.press("Deactivate")
	b.shows("will stop", "Maria's report")
	b.press("Deactivate")
	uses(t, secret, "tickets:read", http.StatusUnauthorized)
	b.open(b.token("Maria's report"))
	b.shows("Help: my token does not work")
	b.open("/workspace/acme/members")
	b.press("Maria")
	b.press("Activate")
	uses(t, secret, "tickets:read", http.StatusOK)
}

// TestTheSecurityScannerByClicking finds a token in a log line and revokes it.
func TestTheSecurityScannerByClicking(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	secret := b.createToken("Pasted into a chat")
	b.open("/workspace/acme/developer-tools")
	b.fill("text", `curl -H "Authorization: Bearer `+secret+`"`)
	b.press("Look up")
	b.shows("Pasted into a chat", "olivia@acme.example")
	b.press("Revoke as leaked")
	uses(t, secret, "tickets:read", http.StatusUnauthorized)
}
