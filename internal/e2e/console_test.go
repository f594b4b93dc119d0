package e2e_test

import (
	"strings"
	"testing"
)

// consolePages are what an Owner who administers the instance can open.
func consolePages(b *browser) []string {
	b.Helper()
	pages := []string{
		"/workspaces", "/settings/tokens", "/settings/security", "/help", "/help/troubleshooting", "/instance",
		"/workspace/acme/access-tokens", "/workspace/acme/access-tokens/new", "/workspace/acme/access-tokens/new?owner=me",
		"/workspace/acme/access-tokens/new?owner=service", "/workspace/acme/integration-tokens",
		"/workspace/acme/service-accounts", "/workspace/acme/service-accounts/new", "/workspace/acme/members", "/workspace/acme/members/new",
		"/workspace/acme/resources", "/workspace/acme/roles", "/workspace/acme/audit", "/workspace/acme/developer-tools", "/workspace/acme/settings",
	}
	b.open("/workspace/acme/access-tokens")
	first := eval[string](b, `[...document.querySelectorAll("td a")].map(a => a.getAttribute("href")).find(h => /access-tokens\/[^/?]+$/.test(h ?? ""))`)
	return append(pages, first, first+"/edit", first+"/rotate", first+"/delete")
}

// TestEveryPageOfTheConsole looks at each page on a desktop and a phone, in
// light and dark: axe finds nothing, nothing is told to the console, and nothing
// is wider than the window.
func TestEveryPageOfTheConsole(t *testing.T) {
	demo(t)
	b := chromium(t)
	open := []string{"/signin", "/signin/reset", "/help"}
	check := func(path string, s screen) {
		where := path + " on " + s.name
		b.look(s)
		b.open(path)
		b.fits(where)
		b.accessible(where)
		b.picture(path + " " + s.name)
		b.quiet()
	}
	for _, s := range screens() {
		for _, path := range open {
			check(path, s)
		}
	}
	b.signIn("olivia@acme.example")
	for _, path := range consolePages(b) {
		for _, s := range screens() {
			check(path, s)
		}
	}
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
