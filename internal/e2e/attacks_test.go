package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// foreign serves one page, which anybody may have written, under a host of its
// own, and answers where it is.
func foreign(t *testing.T, host, page string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><title>Win a prize</title>"+page)
	}))
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", host, 1)
}

// TestAnotherSiteChangesNothing signs in, then opens pages of another site, of
// another port of this machine (to which the browser sends the cookie) and of a
// sibling sub-domain (likewise): the forms they send, the frames they draw and
// the scripts they run come to nothing.
func TestAnotherSiteChangesNothing(t *testing.T) {
	demo(t)
	b := chromium(t)
	for name, c := range map[string]struct{ console, evil string }{
		"another site":         {"http://127.0.0.1:8080", "localhost"},
		"another port":         {"http://127.0.0.1:8080", "127.0.0.1"},
		"a sibling sub-domain": {"http://tokens.acme.localhost:8080", "evil.acme.localhost"},
	} {
		w := b.window()
		w.site = c.console
		w.signIn("olivia@acme.example")
		token := w.token("Help desk integration")
		for _, f := range []struct {
			action string
			fields url.Values
		}{
			{token + "/disable", nil},
			{token + "/delete", url.Values{"reason": {"unused"}}},
			{tokensPage + "/new", url.Values{"owner": {"me"}, "label": {"Planted"}, "what": {"inherit"}, "reach": {"all"}}},
			{"/workspace/acme/members/new", url.Values{"email": {"mallory@evil.example"}, "role": {"Owner"}, "reach": {"all"}}},
			{"/settings/security/end-all", nil},
			{"/signin", url.Values{"email": {"vera@acme.example"}, "password": {demoPassword}}},
			{"/signout", nil},
		} {
			form := `<form method="post" action="` + c.console + f.action + `">`
			for k := range f.fields {
				form += `<input name="` + k + `" value="` + f.fields.Get(k) + `">`
			}
			ask(w, chromedp.Navigate(foreign(t, c.evil, form+"<button>Claim it</button></form>")))
			w.press("Claim it")
			w.shows("This form came from another site", "Nothing was changed")
		}
		w.open(token)
		w.shows("Help desk integration", "Active")
		if n := w.count("Planted"); n != 0 {
			t.Errorf("%s planted a token", name)
		}
		w.open("/workspace/acme/members")
		if strings.Contains(w.text(), "mallory") {
			t.Errorf("%s planted a member", name)
		}
		if !eval[bool](w, `document.querySelector(".who").textContent.includes("olivia@acme.example")`) {
			t.Errorf("%s changed who is signed in", name)
		}
		w.forgive()

		ask(w, chromedp.Navigate(foreign(t, c.evil, `<iframe src="`+c.console+token+`"></iframe>`)))
		if n := w.forgive("frame-ancestors"); n != 1 {
			t.Errorf("%s frames the console: %d refusals", name, n)
		}
		const reads = `Promise.all(["cors", "no-cors"].map(mode => fetch(%q, {credentials: "include", mode}).then(r => r.text()).catch(() => ""))).then(all => all.join(""))`
		if got := eval[string](w, fmt.Sprintf(reads, c.console+token)); got != "" {
			t.Errorf("%s reads a page: %.200s", name, got)
		}
		w.forgive()
	}
}

// TestSignInLeadsNowhereElse asks to be led to other sites after signing in.
func TestSignInLeadsNowhereElse(t *testing.T) {
	demo(t)
	b := chromium(t)
	elsewhere := []string{
		"https://evil.example/", "//evil.example/", `/\evil.example/`, `\\evil.example`, "/\t/evil.example/", "javascript:alert(1)", "data:text/html,x",
		"http:evil.example", "/%2f/evil.example/..//", "https://127.0.0.1:8080@evil.example/", "/signin/..//evil.example/", "/signout",
	}
	b.open("/signin?next=" + url.QueryEscape(elsewhere[0]))
	b.fill("email", "vera@acme.example")
	b.fill("password", demoPassword)
	b.click(`form button[type=submit]`)
	for i, next := range elsewhere {
		if i > 0 { // somebody who is signed in is led on at once
			b.open("/signin?next=" + url.QueryEscape(next))
		}
		if b.at() != "/workspaces" && b.at() != tokensPage {
			t.Errorf("next=%q leads to %s", next, b.at())
		}
	}
	b.open("/signin?next=" + url.QueryEscape("/workspace/acme/members?limit=5"))
	if b.at() != "/workspace/acme/members?limit=5" {
		t.Errorf("a page of the console is not reached: %s", b.at())
	}
}

// session is the cookie of the sign-in.
func (b *browser) session() *network.Cookie {
	b.Helper()
	got, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range got.Cookies {
		if c.Name == "tokenry" {
			return c
		}
	}
	return &network.Cookie{}
}

// TestTheSessionIsItsOwn plants a session of the attacker's choice before the
// sign-in, looks at the cookie that follows, and uses it after signing out.
func TestTheSessionIsItsOwn(t *testing.T) {
	demo(t)
	b := chromium(t)
	other := b.window()
	other.signIn("vera@acme.example")
	for _, planted := range []string{strings.Repeat("x", 43), other.session().Value} {
		command(b, network.SetCookie, network.SetCookieParams{Name: "tokenry", Value: planted, URL: server})
		b.open("/help")
		b.post("/signin", map[string]string{"email": "olivia@acme.example", "password": demoPassword})
		b.open("/settings/security")
		if who := eval[string](b, `document.querySelector(".who").textContent`); !strings.Contains(who, "olivia@acme.example") {
			t.Errorf("the planted session stays: %s", who)
		}
		c := b.session()
		if c.Value == planted || len(c.Value) < 32 {
			t.Errorf("the session was chosen before it began: %q", c.Value)
		}
		if !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || strings.HasPrefix(c.Domain, ".") {
			t.Errorf("the cookie: %+v", c)
		}
		if seen := eval[string](b, `document.cookie`); strings.Contains(seen, c.Value) {
			t.Errorf("a script reads the session: %s", seen)
		}
		b.post("/signout", nil)
		command(b, network.SetCookie, network.SetCookieParams{Name: "tokenry", Value: c.Value, URL: server})
		b.open("/settings/tokens")
		if !strings.HasPrefix(b.at(), "/signin") {
			t.Errorf("the session lives on after signing out, at %s", b.at())
		}
	}
}

// TestTwoTabsLoseNothing edits one token in two tabs: the one that saves last is
// told, and what it typed is kept.
func TestTwoTabsLoseNothing(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	token := b.token("Maria's laptop")
	tab := b.tab()
	for _, w := range []*browser{b, tab} {
		w.open(token + "/edit")
	}
	tab.fill("label", "Maria's desktop")
	tab.press("Save")
	b.fill("description", "On the third floor")
	b.press("Save")
	b.shows("This was changed after you opened it", "Nothing was saved")
	if kept := eval[string](b, `document.querySelector("[name=description]").value`); kept != "On the third floor" {
		t.Errorf("what was typed is lost: %q", kept)
	}
	b.forgive()
	b.press("Save")
	b.shows("Maria's desktop", "On the third floor")
}
