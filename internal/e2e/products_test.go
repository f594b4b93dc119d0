package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tokenry/tokenry/api"
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
	b.open(tokensPage + "/new?owner=service&account=ci&label=Desk&scopes=tickets:read&resources=*")
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
	b.open("/workspace/acme/leak-desk")
	b.fill("text", `curl -H "Authorization: Bearer `+secret+`"`)
	b.press("Find the tokens in it")
	b.shows("Pasted into a chat", "olivia@acme.example")
	b.press("Revoke those ticked…")
	b.lookAt(view{name: "what a revocation stops", reach: func() {}})
	b.press("Revoke now")
	b.shows("(leaked)")
	uses(t, secret, "tickets:read", http.StatusUnauthorized)
}

// TestTheCodeQualityServiceByClicking: a token inherits what its person may do,
// live; whoever has not the entire portfolio adds no system to it.
func TestTheCodeQualityServiceByClicking(t *testing.T) {
	demo(t)
	tom := chromium(t)
	tom.signIn("tom@acme.example")
	tom.open(tokensPage + "/new?owner=me&label=CI&resources=*")
	ask(tom, chromedp.Click(chromedp.CSS(`[name=what][value=inherit]`)))
	tom.press("Create token")
	secret := strings.TrimSpace(ask(tom, chromedp.Text(chromedp.CSS("#secret"))))
	reads := func(resource string, want int) {
		t.Helper()
		if res, out := call(t, "GET", server+"/v1/forward-auth?workspace=acme&scope=tickets:read&resource="+resource, secret, nil); res.StatusCode != want {
			t.Errorf("%s: %s, want %d: %s", resource, res.Status, want, out)
		}
	}
	reads("payments", http.StatusOK)
	b := tom.window()
	b.signIn("olivia@acme.example")
	b.open("/workspace/acme/members")
	b.press("Tom")
	ask(b, chromedp.Click(chromedp.CSS(`[name=reach][value=some]`)))
	b.fill("resources", "website")
	b.press("Save")
	reads("payments", http.StatusForbidden)
	reads("website", http.StatusOK)
	if res, _ := call(t, "POST", server+"/v1/workspaces/acme/resources", secret, map[string]any{"name": "search"}); res.StatusCode != http.StatusForbidden {
		t.Errorf("a system is added without the entire portfolio: %s", res.Status)
	}
}

// TestTheSaaSByClicking: a product's back end makes a customer's workspace and a
// member of it, and its link opens that member's own tokens and nothing else.
func TestTheSaaSByClicking(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	b.open(tokensPage + "/new?owner=me&label=Back+end&scopes=*,instance:admin&resources=*")
	b.press("Create token")
	backEnd := strings.TrimSpace(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
	const customer = server + "/v1/workspaces/ext:customer-7"
	call(t, "PUT", customer, backEnd, map[string]any{"slug": "customer-7"})
	call(t, "PUT", customer+"/members/ext:mia", backEnd, map[string]any{"name": "Mia", "role": "Team Member", "resources": []string{"*"}})
	res, out := call(t, "POST", customer+"/members/ext:mia/portal-link", backEnd, nil)
	var link api.PortalLink
	if err := json.Unmarshal(out, &link); err != nil || link.URL == "" {
		t.Fatalf("portal link: %s: %s", res.Status, out)
	}
	mia := b.window()
	mia.open(link.URL[strings.Index(link.URL, "/signin/"):])
	mia.press("Continue")
	mia.open("/workspace/customer-7/access-tokens/new?owner=me&label=Mine&scopes=tickets:read&resources=*")
	mia.press("Create token")
	secret := strings.TrimSpace(ask(mia, chromedp.Text(chromedp.CSS("#secret"))))
	passes := func(want int) {
		t.Helper()
		if res, out := call(t, "GET", server+"/v1/forward-auth?workspace=customer-7&scope=tickets:read&resource=any", secret, nil); res.StatusCode != want {
			t.Errorf("%s, want %d: %s", res.Status, want, out)
		}
	}
	passes(http.StatusOK)
	for _, path := range []string{"/workspace/customer-7/members", "/workspace/acme/access-tokens", "/instance", "/settings/security"} {
		if status := eval[int](mia, `fetch("`+path+`").then(r => r.status)`); status != http.StatusNotFound {
			t.Errorf("%s answers the portal %d", path, status)
		}
	}
	call(t, "POST", customer+"/suspend", backEnd, nil)
	passes(http.StatusUnauthorized)
}
