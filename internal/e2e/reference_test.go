package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tries opens "Try it" of a call, fills in what is given by name, sends it and waits for an answer.
func (b *browser) tries(call string, fields map[string]string) string {
	b.Helper()
	method, path, _ := strings.Cut(call, " ")
	section := fmt.Sprintf(`document.querySelector('section[data-method="%s"][data-path="%s"]')`, method, path)
	eval[bool](b, section+`.querySelector("details.try").open = true`)
	ask(b, chromedp.Poll[chromedp.Void](section+`.querySelector("form") !== null`)) // it is made as it is opened
	const answered = `new Promise(done => {
		const s = %s, form = s.querySelector("form"), status = form.querySelector("[role=status]");
		for (const [name, value] of Object.entries(%s || {})) {
			form.elements[[...form.querySelectorAll("label")].find(l => l.textContent === name).htmlFor].value = value;
		}
		new MutationObserver(() => { if (!form.querySelector("button").disabled) done(form.innerText); })
			.observe(form, {childList: true, subtree: true, attributes: true, characterData: true});
		form.requestSubmit();
	})`
	given, err := json.Marshal(fields)
	if err != nil {
		b.Fatal(err)
	}
	return eval[string](b, fmt.Sprintf(answered, section, given))
}

// TestTheReferenceIsSearchedAndTried: words find calls, a call is sent from the page with a
// token that is typed in, and the token is nowhere once the page was left.
func TestTheReferenceIsSearchedAndTried(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.signIn("maria@acme.example")
	secret := b.createToken("For the reference")
	b.press("API")
	b.still("reference")
	b.look(screens()[2])
	b.fits("reference on a phone")
	b.look(screens()[0])

	ask(b, chromedp.KeyEvent("/"))
	ask(b, chromedp.KeyEvent("revoke toke"))
	const shown = `[...document.querySelectorAll("nav li")].filter(l => !l.hidden).length`
	if n := eval[int](b, shown); n == 0 || n > 40 {
		t.Errorf("%d calls and types are found", n)
	}
	b.shows(" found")
	ask(b, chromedp.KeyEvent(kb.Enter))
	if hash := eval[string](b, `location.hash`); len(hash) < 2 {
		t.Errorf("Enter leads to %q", hash)
	}
	ask(b, chromedp.KeyEvent("/"))
	ask(b, chromedp.KeyEvent("xyzzy"))
	b.shows("Nothing has all of these words.")
	ask(b, chromedp.KeyEvent(kb.Escape))
	if all, listed := eval[int](b, `document.querySelectorAll("nav li").length`), eval[int](b, shown); all != listed {
		t.Errorf("%d of %d are listed when nothing is searched", listed, all)
	}

	if said := b.tries("GET /v1/whoami", nil); !strings.Contains(said, "needs a token") {
		t.Errorf("without a token: %s", said)
	}
	ask(b, chromedp.SendKeys(chromedp.CSS("input.token"), secret))
	if said := b.tries("GET /v1/whoami", nil); !strings.Contains(said, "200") || !strings.Contains(said, "maria@acme.example") {
		t.Errorf("whoami: %s", said)
	}
	if said := b.tries("GET /v1/workspaces/{ws}/tokens", map[string]string{"ws": "a/../b", "limit": "1"}); !strings.Contains(said, "404") {
		t.Errorf("a workspace that there cannot be: %s", said)
	}
	if said := b.tries("POST /v1/verify", map[string]string{"Body": `{"token": "` + secret + `", "workspace": "acme", "scope": "tickets:read", "resource": "x"}`}); !strings.Contains(said, "insufficient_scope") {
		t.Errorf("it may not verify: %s", said)
	}
	if said := b.tries("GET /healthz", nil); !strings.Contains(said, `"status": "ok"`) {
		t.Errorf("a call for everybody: %s", said)
	}
	if n := b.forgive("404", "403"); n < 2 {
		t.Errorf("%d refusals", n)
	}
	if eval[bool](b, `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href]).includes(`+"`"+secret+"`"+`)`) {
		t.Error("the token is kept")
	}
	// Axe takes minutes for all calls; each is like the others.
	eval[bool](b, `["[data-method]:not([data-path='/healthz'])", ":not([data-method]):not(.card)"].flatMap(s => [...document.querySelectorAll("main section" + s)].slice(2)).forEach(s => s.remove()) === undefined`)
	for _, s := range screens() {
		b.look(s)
		b.picture("reference " + s.name)
	}
	b.accessible("reference")
	b.open("/help")
	b.look(screens()[2])
	ask(b, chromedp.NavigateBack())
	if top := eval[float64](b, `document.querySelector("h1").getBoundingClientRect().top / innerHeight`); top > 0.6 {
		t.Errorf("on a phone the text begins at %.0f %% of the screen", 100*top)
	}
	if kept := eval[string](b, `document.querySelector("input.token").value`); kept != "" || strings.Contains(b.text(), secret) {
		t.Error("the page knows the token when one comes back to it")
	}
	b.quiet()
}
