package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const tokensPage = "/workspace/acme/access-tokens"

// create fills the form for a token of one's own and sends it; the answer is the
// secret that the page shows.
func (b *browser) createToken(label string) string {
	b.Helper()
	b.open(tokensPage + "/new?owner=me&scopes=tickets:read&resources=*")
	b.fill("label", label)
	b.press("Create token")
	return strings.TrimSpace(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
}

// unfold opens the menu of these words.
func (b *browser) unfold(words string) {
	b.Helper()
	ask(b, chromedp.Click(chromedp.Search(fmt.Sprintf(`//summary[normalize-space(.)=%q]`, words)), chromedp.NodeVisible))
}

// rows are the labels in the table.
func (b *browser) rows() []string {
	b.Helper()
	return eval[[]string](b, `[...document.querySelectorAll("tbody tr td a[href*='/access-tokens/']")].map(a => a.textContent.trim()).filter(t => t !== "")`)
}

// count says how often a label stands in the table of the tokens that match it.
func (b *browser) count(label string) (n int) {
	b.Helper()
	b.open(tokensPage + "?q=" + strings.ReplaceAll(label, " ", "+"))
	for _, row := range b.rows() {
		if row == label {
			n++
		}
	}
	return n
}

// TestASecretIsSeenOnceInTheConsole creates a token by clicking: the secret is
// shown, the page turns green when it is used, and neither reload, back nor
// another page shows it again.
func TestASecretIsSeenOnceInTheConsole(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("maria@acme.example")
	secret := b.createToken("Nightly report")
	b.shows("Nightly report", "Waiting for first use")
	if res, out := call(t, "GET", server+"/v1/forward-auth?workspace=acme&scope=tickets:read&resource=any", secret, nil); res.StatusCode != http.StatusOK {
		t.Fatalf("its first use: %s: %s", res.Status, out)
	}
	ask(b, chromedp.WaitVisible(chromedp.CSS(".pulse.on")))
	b.shows("It works.", "127.0.0.1")
	b.press("I have stored it")
	for _, step := range []chromedp.Action[chromedp.Void]{chromedp.Reload(), chromedp.NavigateBack(), chromedp.Navigate(server + tokensPage)} {
		ask(b, step)
		if html := eval[string](b, `document.documentElement.outerHTML`); strings.Contains(html, secret) {
			t.Errorf("%s shows the secret again", b.at())
		}
	}
	if n := b.count("Nightly report"); n != 1 {
		t.Errorf("the token stands %d times in the table", n)
	}
	b.stopsInPlace("Nightly report")
	b.pastes(secret, "created_with", "Nightly report")
	b.quiet()
}

// stopsInPlace disables a token in its list and takes that back by the keyboard, and never
// leaves the list.
func (b *browser) stopsInPlace(label string) {
	b.Helper()
	b.open(tokensPage + "?sort=label")
	const row = `//tr[.//td//bdi[text()=%q]]`
	ask(b, chromedp.Evaluate[chromedp.Void](`window.stayed = true`))
	ask(b, chromedp.Click(chromedp.Search(fmt.Sprintf(row+`//summary`, label)), chromedp.NodeVisible))
	ask(b, chromedp.Click(chromedp.Search(fmt.Sprintf(row+`//button[normalize-space(.)="Disable"]`, label)), chromedp.NodeVisible))
	ask(b, chromedp.WaitVisible(chromedp.CSS("#live button")))
	b.shows("The token is disabled", "Undo")
	b.picture("disabled in place")
	disabled := fmt.Sprintf(`document.evaluate(%q, document).iterateNext().innerText.includes("Disabled")`, fmt.Sprintf(row, label))
	if !eval[bool](b, disabled+` && document.activeElement === document.querySelector("#live button")`) {
		b.Error("the row is not disabled, or the way back has no focus")
	}
	ask(b, chromedp.KeyEvent(kb.Enter))
	ask(b, chromedp.Poll[chromedp.Void](`document.getElementById("live").innerText.includes("works again")`))
	if !eval[bool](b, `window.stayed === true && !`+disabled) || !strings.HasSuffix(b.at(), "?sort=label") {
		b.Errorf("it was not brought back in place: %s", b.at())
	}
}

// pastes puts a token into a field that becomes part of an address: it is looked up instead.
func (b *browser) pastes(secret, field, label string) {
	b.Helper()
	b.open(tokensPage)
	b.follow("paste", chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const box = document.querySelector("main [name=%s]");
		box.value = %q; box.dispatchEvent(new Event("input", {bubbles: true})); })()`, field, secret)))
	if b.shows(label); !strings.HasSuffix(b.at(), "/leak-desk") {
		b.Errorf("it leads to %s", b.at())
	}
}

// TestEveryFormWorksWithoutScripts creates, rotates and deletes a token in a
// browser that runs none.
func TestEveryFormWorksWithoutScripts(t *testing.T) {
	demo(t)
	b := chromium(t)
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.signIn("adam@acme.example")
	first := b.createToken("Without scripts")
	b.press("I have stored it")
	b.press("Rotate")
	b.press("Rotate")
	second := strings.TrimSpace(ask(b, chromedp.Text(chromedp.CSS("#secret"))))
	if first == second || len(second) != len(first) {
		t.Errorf("rotating showed no new secret")
	}
	b.press("I have stored it")
	b.unfold("More")
	b.click(`main a[href$="/delete"]`)
	b.press("Delete now")
	b.shows("never works again")
	for _, secret := range []string{first, second} {
		if res, _ := call(t, "GET", server+"/v1/forward-auth?workspace=acme", secret, nil); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("a secret of the deleted token answers %s", res.Status)
		}
	}
}

// TestADoubleClickMakesOneToken sends the form twice, as an impatient reader does.
func TestADoubleClickMakesOneToken(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("maria@acme.example")
	b.open(tokensPage + "/new?owner=me&scopes=tickets:read&resources=*")
	b.fill("label", "Twice")
	b.follow("two clicks", chromedp.DoubleClick(chromedp.CSS(`main form button[type=submit]`), chromedp.NodeVisible))
	if n := b.count("Twice"); n != 1 {
		t.Errorf("a double click made %d tokens", n)
	}
}

// TestTheKeyboardIsEnough signs in and creates a token without a mouse.
func TestTheKeyboardIsEnough(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.open("/signin")
	b.keys("maria@acme.example", kb.Tab)
	for range 4 { // a link may stand between the fields
		if b.focused("password") {
			break
		}
		b.keys(kb.Tab)
	}
	b.keys(demoPassword)
	b.follow("enter", chromedp.KeyEvent(kb.Enter))
	b.open(tokensPage + "/new?owner=me&scopes=tickets:read&resources=*")
	// A page gives the focus when it is drawn, which may be after it is loaded.
	ask(b, chromedp.Poll[chromedp.Void](`document.activeElement?.name === "label"`))
	b.keys("By keyboard")
	b.follow("enter", chromedp.KeyEvent(kb.Enter))
	b.shows("By keyboard", "Waiting for first use")
	b.hears("group", "The token")
	b.keys(kb.Tab)
	b.hears("button", "Copy")
	b.reach("button", "I have stored it", " ")

	b.reach("button", "Rotate", " ")
	b.reach("button", "Rotate", " ")
	b.hears("group", "The token")
	b.reach("button", "I have stored it", " ")

	b.reach("button", "Edit", " ")
	b.tabTo("textbox", "Label")
	eval[bool](b, `(document.querySelector("[name=label]").value = "") === "" && (document.querySelector("[name=label]").required = false) === false`)
	b.follow("enter", chromedp.KeyEvent(kb.Enter))
	b.hears("textbox", "Label") // it is wrong
	b.keys("By keyboard alone")
	b.follow("enter", chromedp.KeyEvent(kb.Enter))
	b.hears("", "") // what was done
	b.shows("By keyboard alone")

	b.tabTo("DisclosureTriangle", "More")
	b.keys(" ")
	b.reach("link", "Delete", kb.Enter)
	b.reach("button", "Delete now", " ")
	b.hears("", "")
	if b.count("By keyboard alone") != 0 {
		t.Error("it is there still")
	}
}

// hears says what has the focus, as Chromium tells screen readers; an empty role and name are
// the notice of what was done.
func (b *browser) hears(role, name string) {
	b.Helper()
	ask(b, chromedp.Poll[chromedp.Void](`document.activeElement !== document.body`))
	if role == "" {
		if !eval[bool](b, `document.activeElement.closest("#live") !== null`) {
			b.Errorf("at %s the focus is not on what was done: %v", b.at(), b.heard())
		}
		return
	}
	if got := b.heard(); got != [2]string{role, name} {
		b.Errorf("at %s the focus is on %q, want %s %s", b.at(), got, role, name)
	}
}

// heard is the role and name of what has the focus.
func (b *browser) heard() (out [2]string) {
	b.Helper()
	tree, err := chromedp.Call(b.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range tree.Nodes {
		for _, p := range n.Properties {
			if p.Name == accessibility.PropertyNameFocused && string(p.Value.Value) == "true" && n.Name != nil && n.Role != nil {
				out = [2]string{plain(n.Role), plain(n.Name)} // the innermost stands last
			}
		}
	}
	return out
}

func plain(v *accessibility.Value) (s string) {
	_ = json.Unmarshal(v.Value, &s) // a role and a name are texts
	return s
}

// reach goes to something by Tab, and then presses a key that leads to another page.
func (b *browser) reach(role, name, key string) {
	b.Helper()
	b.tabTo(role, name)
	b.follow(role+" "+name, chromedp.KeyEvent(key))
}

// tabTo presses Tab until something of this role and name has the focus. Everything on the
// way has a name.
func (b *browser) tabTo(role, name string) {
	b.Helper()
	for range 120 {
		b.keys(kb.Tab)
		got := b.heard()
		if got == [2]string{role, name} {
			return
		}
		if got[1] == "" && got[0] != "" && got[0] != "RootWebArea" {
			b.Errorf("at %s a %s has no name", b.at(), got[0])
		}
	}
	b.Fatalf("at %s no Tab leads to the %s %s:\n%s", b.at(), role, name, b.text())
}

func (b *browser) keys(words ...string) {
	b.Helper()
	for _, w := range words {
		ask(b, chromedp.KeyEvent(w))
	}
}

func (b *browser) focused(name string) bool {
	b.Helper()
	return eval[string](b, `document.activeElement.name ?? ""`) == name
}

// TestNothingIsShownAfterSignOut goes back after signing out.
func TestNothingIsShownAfterSignOut(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	b.open(tokensPage)
	label := b.rows()[0]
	ask(b, chromedp.Click(chromedp.CSS(".top details.menu:last-of-type > summary"), chromedp.NodeVisible))
	b.click(`form[action="/signout"] button`)
	ask(b, chromedp.NavigateBack())
	if html := eval[string](b, `document.documentElement.outerHTML`); strings.Contains(html, label) || !strings.HasPrefix(b.at(), "/signin") {
		t.Errorf("back after signing out shows %s", b.at())
	}
}

// TestControlsOneMayNotUseAreAbsent looks at somebody else's token as each role,
// and sends what has no button all the same.
func TestControlsOneMayNotUseAreAbsent(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	b.open(tokensPage + "?kind=service")
	token := eval[string](b, `document.querySelector("tbody td a[href*='/access-tokens/']").getAttribute("href").split("?")[0]`)
	for _, who := range []struct {
		email                   string
		edit, disable, settings bool
	}{
		{"olivia@acme.example", true, true, true},
		{"adam@acme.example", true, true, true},
		{"vera@acme.example", false, false, false},
	} {
		w := b.window()
		w.signIn(who.email)
		w.open(token)
		for name, want := range map[string]bool{"/edit": who.edit, "/disable": who.disable, "/delete": who.disable, "/rotate": who.edit} {
			if got := eval[bool](w, `document.querySelector("a[href$='`+name+`'], form[action$='`+name+`']") !== null`); got != want {
				t.Errorf("%s sees %s: %v, want %v", who.email, name, got, want)
			}
		}
		if who.disable {
			continue
		}
		status := eval[int](w, `fetch("`+token+`/disable", {method: "POST", body: new URLSearchParams()}).then(r => r.status)`)
		if status != http.StatusForbidden {
			t.Errorf("%s disables it all the same: %d", who.email, status)
		}
	}
}

// TestHostileLabelsAreInert creates tokens whose labels would like to be more
// than text, and looks at every place that shows them.
func TestHostileLabelsAreInert(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("olivia@acme.example")
	for _, label := range []string{
		`<img src=x onerror="document.title='owned'">`, "\u202egpj.exe\u202c and more", strings.Repeat("🔑", 100), `"><script>document.title='owned'</script>`,
	} {
		b.createToken(label)
		b.press("I have stored it")
		b.fits("the page of " + label)
		at := b.at()
		for _, path := range []string{tokensPage, at, at + "/rotate", at + "/delete", "/workspace/acme/audit", "/settings/tokens"} {
			b.open(path)
			b.fits(path)
			if title := ask(b, chromedp.Title()); title == "owned" {
				t.Fatalf("%s ran the label", path)
			}
		}
	}
	b.quiet()
}
