package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestTheWayInIsAsGoodAsThePagesBehindIt looks at the forms that a person meets
// once: where an instance begins, and where an invitation leads.
func TestTheWayInIsAsGoodAsThePagesBehindIt(t *testing.T) {
	p := serve(t, t.TempDir()+"/data", "--base-url", named)
	p.says(t, "/setup?code=")
	b := chromium(t)
	b.site = named
	setup := regexp.MustCompile(`/setup\?code=[a-z0-9-]+`).FindString(p.text())
	for _, v := range []view{{name: "setup form", path: setup}, {name: "sign-in before anybody can", path: "/signin"}} {
		b.lookAt(v)
	}
	b.shows("Nobody can sign in yet")
	b.helped(setup)
	b.setUp(p)
	b.shows("What comes next")
	b.lookAt(view{name: "first steps", path: "/instance/start"})
	b.post("/instance/start/keyring", nil)
	b.open("/instance/start")
	b.shows("A copy was noted")

	b.post("/workspace/acme/members/new", map[string]string{"email": "eve@example.com", "role": "Viewer", "reach": "all"})
	b.lookAt(view{name: "members who are invited", path: "/workspace/acme/members?only=invited"})
	b.press("eve@example.com")
	member := b.at()
	b.lookAt(view{name: "invited member", path: member})
	b.lookAt(view{name: "cancel an invitation", path: strings.Split(member, "?")[0] + "/cancel"})
	b.open(member)
	b.press("New link to copy")
	b.shows("Hand this link over")
	b.press("Done")
	b.lookAt(view{name: "member with a link", path: b.at()})
	b.lookAt(view{name: "somebody's access token", path: strings.Split(member, "?")[0] + "/access-token"})
	b.lookAt(view{name: "second factor is required", path: "/settings/security/second-factor?next=/workspaces"})
	b.lookAt(view{name: "settings say who is asked", path: "/workspace/acme/settings"})
	b.open("/instance/people")
	b.press("eve@example.com")
	b.lookAt(view{name: "person without a way in", path: b.at()})
	b.press("Invitation, a link to choose a password")
	b.shows("Hand this link over")
	b.picture("handed link")
	b.accessible("handed link")
	link := regexp.MustCompile(`/signin/invitation\?code=\S+`).FindString(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
	if link == "" {
		t.Fatal("who administers a server without mail is given no link")
	}
	guest := b.window()
	guest.site = named
	guest.lookAt(view{name: "invitation", path: link})
	guest.shows("For eve@example.com")
	guest.fill("password", ours)
	guest.press("Join")
	guest.is("/workspace/acme/access-tokens")
	guest.open(link)
	guest.shows("This link does not work any more")
	guest.quiet()
}

// helped holds a form to what it does while it is typed: what is missing is said beside its
// field, a name becomes a short name, and a password can be looked at until it is sent.
func (b *browser) helped(setup string) {
	b.Helper()
	const submit = `document.querySelector("main form button.wide").click() === undefined`
	const show = `document.querySelector(".secret-field button").click() === undefined`
	b.open(setup)
	eval[bool](b, submit)
	if got := eval[[]string](b, `[...document.querySelectorAll("small.wrong")].map(e => e.textContent)`); len(got) != 3 || got[0] != "Fill this in." {
		b.Errorf("beside the fields stands %q", got)
	}
	if on := eval[string](b, `document.activeElement.name`); on != "email" {
		b.Errorf("the first field that is wrong has no focus, but %q", on)
	}
	b.picture("what is missing")
	b.accessible("what is missing")
	b.fill("email", "ada")
	b.fill("workspace", "  Acme Größe & Co. ")
	if got := eval[string](b, `document.querySelector("[name=workspace]").value`); got != "acme-grosse-co-" {
		b.Errorf("a name became %q", got)
	}
	eval[bool](b, submit)
	if got := eval[string](b, `document.querySelector("[name=email]").closest(".field").querySelector(".wrong").textContent`); got != "This is not an e-mail address." {
		b.Errorf("of an e-mail it says %q", got)
	}
	b.fill("password", "seen by its owner alone")
	eval[bool](b, show)
	if got := eval[string](b, `document.querySelector("[name=password]").type`); got != "text" {
		b.Errorf("a password that is shown is a field of type %q", got)
	}
	b.picture("a password that is shown")
	eval[bool](b, show)
	if got := eval[string](b, `document.querySelector("[name=password]").type`); got != "password" {
		b.Errorf("a password that is hidden again is a field of type %q", got)
	}
}
