package e2e_test

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/console"
)

// view is a page that is looked at: where it is, or how it is reached where it
// follows a form. Its name is that of its pictures.
type view struct {
	name, path string
	reach      func()
}

func paths(all ...string) []view {
	var out []view
	for _, p := range all {
		out = append(out, view{name: p, path: p})
	}
	return out
}

// openViews are for everybody.
func openViews() []view {
	return paths("/signin", "/signin?error=oidc", "/signin/reset", "/signin/reset?code=x", "/signin/invitation?code=x", "/signin/portal?code=x",
		"/signin/link?code=x", "/signin/factors?code=x", "/setup?code=x", "/help", "/help/creating")
}

// consoleViews are what an Owner who administers the instance can open.
func (b *browser) consoleViews() []view {
	b.Helper()
	const acme, instance = "/workspace/acme", "/instance"
	views := paths(
		"/workspaces", "/settings/tokens", "/settings/tokens/reset?workspace=acme", "/device",
		"/settings/security", "/settings/security/confirm", "/settings/security/password", "/settings/security/app", "/settings/security/second-factor",
		instance, instance+"/people", instance+"/audit", instance+"/system", instance+"/start", instance+"/defaults", instance+"/webhooks", instance+"/workspaces/globex/suspend",
		tokensPage, tokensPage+"?q=nothing+has+this+name", tokensPage+"/new", tokensPage+"/new?owner=me", tokensPage+"/new?owner=service",
		tokensPage+"/new?owner=workspace&scopes=tickets:read", acme+"/integration-tokens",
		acme+"/service-accounts", acme+"/service-accounts/new", acme+"/service-accounts/ci", acme+"/service-accounts/ci/disable",
		acme+"/trust-rules", acme+"/trust-rules/new?system=github&account=ci",
		acme+"/members", acme+"/members/new", acme+"/members/invite", acme+"/resources", acme+"/resources/payments/delete",
		acme+"/roles", acme+"/roles/Support", acme+"/roles/Support/delete", acme+"/roles/Viewer", acme+"/scopes/tickets:read", acme+"/scopes/letters:read/delete",
		instance+"/roles", instance+"/roles/Viewer", instance+"/roles/Night/delete", instance+"/scopes/tickets:read", instance+"/scopes/tickets:read/delete",
		acme+"/audit", acme+"/approvals", acme+"/advice", acme+"/leak-desk", acme+"/developer-tools", acme+"/settings", acme+"/unused?after=90d", acme+"/settings/delete", acme+"/settings/webhooks",
	)
	at := func(name, path string, under ...string) {
		for _, u := range append([]string{""}, under...) {
			views = append(views, view{name: name + u, path: path + u})
		}
	}
	b.open(acme + "/members")
	at("member", b.link(`td.label a[href*="/members/"]`))
	b.open(acme + "/members?limit=50")
	at("another member", eval[string](b, `[...document.querySelectorAll("td.label a")].find(a => a.textContent === "Maria").pathname`), "/deactivate", "/remove", "/access-token")
	b.post(acme+"/scopes", map[string]string{"name": "letters:read", "description": "Read letters"})
	b.post(instance+"/roles", map[string]string{"name": "Night", "description": "What runs at night", "more_scopes": "tickets:read"})
	b.open(instance + "/people")
	users := eval[[]string](b, `[...document.querySelectorAll("a[href$='/deactivate']")].map(a => a.getAttribute("href").replace("/deactivate", ""))`)
	at("user", users[len(users)-1], "/deactivate")
	handed := regexp.MustCompile(`/signin/link\?code=[\w-]+`).FindString(b.post(users[len(users)-1]+"/link", map[string]string{"link": "link"}))
	if handed == "" {
		b.Fatal("no link was made to hand over")
	}
	at("handed link", handed)
	at("token", b.token("CI deploys"), "/edit", "/rotate", "/reset", "/transfer", "/delete")
	at("expired token", b.token("Tom's old laptop"))
	b.post(acme+"/trust-rules/new", map[string]string{"service_account": "ci", "label": "main of api", "issuer": "https://token.actions.githubusercontent.com",
		"audience": "https://tokens.example.com", "claims": "repository_id = 7001\nref = refs/heads/main", "expires_in": "15m", "of": "own", "what": "scopes", "scope": "tickets:read", "reach": "all"})
	b.open(acme + "/trust-rules")
	at("trust rule", b.link(`td.label a[href*="/trust-rules/"]`), "/delete")
	for name, path := range map[string]string{"webhook": acme + "/settings/webhooks", "instance webhook": "/instance/webhooks"} {
		hook := b.webhook(path)
		b.open(hook)
		at(name, hook, "/delete")
		at(name+" delivery", b.link(`a[href*="/deliveries/"]`))
	}
	return append(views, b.answers()...)
}

// token is where the page of the token with this label is.
func (b *browser) token(label string) string {
	b.Helper()
	b.open(tokensPage + "?q=" + strings.ReplaceAll(label, " ", "+"))
	page, _, _ := strings.Cut(b.link(`tbody td.label a`), "?") // without where it leads back to
	return page
}

// webhook makes an endpoint that has been sent one event.
func (b *browser) webhook(list string) string {
	b.Helper()
	b.open(list)
	page := b.post(list, map[string]string{"url": "https://hooks.example.com/tokens", "which": "all"})
	at := regexp.MustCompile(`data-secret-page="([^"]+)"`).FindStringSubmatch(page)
	if at == nil {
		b.Fatalf("no webhook was made: %s", page)
	}
	b.post(at[1]+"/ping", nil)
	return at[1]
}

// answers are the pages that follow a form.
func (b *browser) answers() []view {
	const tools = "/workspace/acme/developer-tools"
	var secret string
	return []view{
		{name: "secret", reach: func() { secret = b.createToken("Shown once") }},
		{name: "looked up", reach: func() {
			b.open(tools)
			b.fill("text", "Authorization: Bearer "+secret)
			b.press("Look up")
		}},
		{name: "leaked", reach: func() {
			b.open("/workspace/acme/leak-desk")
			b.fill("text", "{\"auth\": \""+base64.StdEncoding.EncodeToString([]byte("ci:"+secret))+"\"}")
			b.press("Find the tokens in it")
		}},
		{name: "leaked, asked", reach: func() { b.press("Revoke those ticked…") }},
		{name: "explained", reach: func() {
			b.open(tools)
			b.fill("what", secret)
			b.fill("scopes", "assets:write")
			b.click(`#explain button[type=submit]`)
		}},
		{name: "can it", reach: func() {
			b.open(b.token("CI deploys") + "?scope=assets:read&resource=website")
		}},
		{name: "refused form", reach: func() {
			b.open(tokensPage + "/new?owner=me&scopes=tickets:read&resources=*")
			b.fill("label", strings.Repeat("x", 100))
			eval[bool](b, `document.querySelectorAll("details.more").forEach(d => d.open = true) === undefined`)
			b.fill("allowed_ips", "here and there")
			b.press("Create token")
			b.forgive() // a browser tells its console of each 422
		}},
	}
}

// neverLookedAt are the addresses of the route table that are no pages.
func neverLookedAt() map[string]string {
	return map[string]string{
		"GET /{$}":                                         "leads to another page",
		"GET /workspace/{ws}":                              "leads to another page",
		"GET /workspace/{ws}/{$}":                          "leads to another page",
		"GET /signin/oidc/{provider}/callback":             "leads to another page; the tests of single sign-on have a provider",
		"GET /workspace/{ws}/access-tokens/{id}/first-use": "a part of a page",
		"GET /workspace/{ws}/access-tokens/export":         "a file",
		"GET /workspace/{ws}/access-tokens/count":          "a part of a page",
		"GET /workspace/{ws}/audit/export":                 "a file",
		"GET /instance/audit/export":                       "a file",
		"GET /settings/security/passkeys/new":              "needs a host name, and the demo has an address",
		"GET /help/images/{name}":                          "a picture",
	}
}

// wholeTable says that the views are the pages of the route table, all of them.
func wholeTable(t *testing.T, views []view) {
	t.Helper()
	mux, seen := http.NewServeMux(), map[string]bool{}
	for _, p := range console.Pages() {
		mux.Handle(p, http.NotFoundHandler())
	}
	for _, v := range views {
		if v.path == "" {
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+v.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_, pattern := mux.Handler(r)
		seen[pattern] = true
	}
	for _, p := range console.Pages() {
		if _, left := neverLookedAt()[p]; left == seen[p] {
			t.Errorf("%s: looked at %v, and in the list of exceptions %v", p, seen[p], left)
		}
	}
}

// TestEveryPageOfTheConsole looks at each page of the route table on a desktop
// and a phone, in light and dark: axe finds nothing, nothing moves, nothing is
// told to the console, and nothing is wider than the window.
func TestEveryPageOfTheConsole(t *testing.T) {
	demo(t)
	b := chromium(t)
	look := func(views []view) {
		for _, v := range views {
			b.lookAt(v)
		}
	}
	look(openViews())
	b.signIn("olivia@acme.example")
	b.prove()
	views := b.consoleViews()
	look(views)
	wholeTable(t, append(openViews(), views...))
}

// prove confirms the password, as the pages about signing in ask for.
func (b *browser) prove() {
	b.Helper()
	b.open("/settings/security/confirm")
	b.fill("password", demoPassword)
	b.press("Continue")
}

// lookAt holds one page to all of it. Axe looks at one of the four screens, at the next
// page at the next: what pages share is seen in all.
func (b *browser) lookAt(v view) {
	b.Helper()
	for i, s := range screens() {
		where, due := v.name+" on "+s.name, i == b.looked%len(screens())
		if s.dark && !due && !b.photographs() {
			continue // what is dark is as wide as what is light
		}
		b.look(s)
		if v.reach == nil && !s.dark {
			b.open(v.path)
			if status := eval[int](b, `performance.getEntriesByType("navigation")[0].responseStatus`); status != http.StatusOK {
				b.Errorf("%s answers %d", where, status)
			}
		} else if i == 0 {
			v.reach()
		}
		if !s.dark {
			b.still(where)
		}
		b.fits(where)
		if due {
			b.accessible(where)
		}
		b.picture(v.name + " " + s.name)
	}
	b.looked++
	b.quiet()
}

// TestTheFirstPageIsLight holds the sign-in page and all it loads under 100 kB.
func TestTheFirstPageIsLight(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.open("/signin")
	const size = `performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource")).reduce((n, e) => n + e.transferSize, 0)`
	if n := eval[int](b, size); n == 0 || n > 100_000 {
		t.Errorf("the first page takes %d bytes", n)
	}
	if elsewhere := eval[string](b, `performance.getEntriesByType("resource").map(e => e.name).filter(n => !n.startsWith(location.origin)).join()`); elsewhere != "" {
		t.Errorf("it fetches %s", strings.TrimSpace(elsewhere))
	}
}
