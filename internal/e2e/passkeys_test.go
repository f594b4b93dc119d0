package e2e_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// named is the server by a name: browsers make no passkeys for an address.
const named = "http://localhost:8080"

func (b *browser) visit(path string) { b.Helper(); ask(b, chromedp.Navigate(named+path)) }

func (b *browser) path() string {
	b.Helper()
	return eval[string](b, "location.pathname + location.search")
}

// is says that the page has this path and these words.
func (b *browser) is(path string, words ...string) {
	b.Helper()
	if got := b.path(); got != path {
		b.Fatalf("at %s, want %s\n%s", got, path, b.text())
	}
	b.shows(words...)
}

// device gives the browser a fingerprint reader that always knows its finger.
func (b *browser) device() {
	b.Helper()
	command(b, webauthn.Enable, webauthn.EnableParams{})
	command(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
}

// setUp begins an instance in the browser, as who starts one does.
func (b *browser) setUp(p *process) {
	b.Helper()
	p.says(b.T, "/setup?code=")
	b.visit(regexp.MustCompile(`/setup\?code=[a-z0-9-]+`).FindString(p.text()))
	b.fill("email", "ada@example.com")
	b.fill("password", ours)
	b.fill("workspace", "acme")
	b.press("Create the workspace")
	b.is("/workspace/acme/access-tokens?did=set-up")
}

const ours = "nine llamas sing at midnight"

func (b *browser) signOut() {
	b.Helper()
	b.follow("sign out", chromedp.Evaluate[chromedp.Void](`document.querySelector('form[action="/signout"]').submit()`))
	b.is("/signin?did=signed-out")
}

// TestAPasskeyFromItsCreationToItsRemoval signs in with a fingerprint, as the
// browser itself asks for one.
func TestAPasskeyFromItsCreationToItsRemoval(t *testing.T) {
	p := serve(t, t.TempDir()+"/data", "--base-url", named)
	b := chromium(t)
	b.device()
	b.setUp(p)
	b.visit("/settings/security")
	b.press("Add a passkey")
	b.fill("name", "Ada's laptop")
	b.press("Create the passkey")
	b.is("/settings/security?did=passkey-added", "Ada's laptop", "never")

	b.visit("/settings/security/passkeys/new")
	ask(b, chromedp.Click(chromedp.Search(`//button[normalize-space(.)="Create the passkey"]`), chromedp.NodeVisible))
	ask(b, chromedp.WaitVisible(chromedp.CSS("[data-trouble]")))
	b.shows("This device has a passkey for your account already.")

	b.signOut()
	b.visit("/signin?next=/settings/security")
	b.press("Sign in with a passkey")
	b.is("/settings/security", "by passkey")
	b.visit("/settings/security/confirm?next=/settings/security/password")
	b.press("Use a passkey")
	b.is("/settings/security/password")
	for _, s := range screens() {
		b.look(s)
		b.visit("/settings/security")
		b.accessible("security, " + s.name)
		b.fits("security, " + s.name)
	}
	b.click(`form[action="/settings/security/passkeys/remove"] button`)
	b.is("/settings/security?did=passkey-removed")
	b.signOut()
	b.quiet()
	b.press("Sign in with a passkey") // the browser still has it
	b.shows("This passkey was not accepted")
}

// app adds an authenticator app on its page, and answers its code at a time from now, and a
// recovery code.
func (b *browser) app() (code func(time.Duration) string, recovery string) {
	b.Helper()
	b.press("Begin")
	key := ask(b, chromedp.Text(chromedp.CSS("#totp")))
	code = func(shift time.Duration) string {
		c, err := totp.GenerateCode(key, time.Now().Add(shift))
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	b.fill("code", code(0))
	b.press("Turn it on")
	recovery = ask(b, chromedp.Text(chromedp.CSS("#codes li:first-child")))
	b.press("I have stored them")
	return code, recovery
}

// TestWhoIsAskedForASecondFactorSetsOneUpAndGoesOn: somebody joins a workspace in which a
// password is not enough, is led to an app, and arrives where they wanted to go.
func TestWhoIsAskedForASecondFactorSetsOneUpAndGoesOn(t *testing.T) {
	p := serve(t, t.TempDir()+"/data", "--base-url", named)
	b := chromium(t)
	b.setUp(p)
	b.visit("/workspace/acme/settings")
	ask(b, chromedp.Click(chromedp.CSS("[name=require_second_factor]"), chromedp.NodeVisible))
	b.press("Save the policy")
	b.shows("set up a second factor of your own first")
	b.visit("/settings/security/app")
	b.app()
	b.visit("/workspace/acme/settings")
	ask(b, chromedp.Click(chromedp.CSS("[name=require_second_factor]"), chromedp.NodeVisible))
	b.press("Save the policy")
	b.post("/workspace/acme/members/new", map[string]string{"email": "eve@example.com", "role": "Viewer", "reach": "all"})
	b.visit("/workspace/acme/members?only=invited")
	b.press("eve@example.com")
	b.press("New link to copy")
	link := regexp.MustCompile(`/signin/invitation\?code=\S+`).FindString(ask(b, chromedp.Text(chromedp.CSS("#secret"))))

	guest := b.window()
	guest.site = named
	guest.open(link)
	guest.fill("password", ours)
	guest.press("Join")
	guest.shows("A second factor is required")
	guest.press("Set up an authenticator app")
	guest.app()
	guest.is("/workspace/acme/access-tokens")
	guest.quiet()
}

// TestAnAuthenticatorAppInTheBrowser adds an app with its key as text, signs in
// with it and with a recovery code, and removes it.
func TestAnAuthenticatorAppInTheBrowser(t *testing.T) {
	p := serve(t, t.TempDir()+"/data", "--base-url", named)
	b := chromium(t)
	b.setUp(p)
	b.visit("/settings/security/app")
	code, recovery := b.app()
	first := code(0)
	b.is("/settings/security", "10 recovery codes left")
	b.signOut()

	in := func() {
		b.visit("/signin?next=/settings/security")
		b.fill("email", "ada@example.com")
		b.fill("password", ours)
		b.press("Sign in")
	}
	in()
	b.fill("code", first) // whoever saw it typed
	b.press("Continue")
	b.shows("This code is not right, or was used already.")
	b.fill("code", code(30*time.Second)) // the app's next code is taken too
	b.press("Continue")
	b.is("/settings/security", "10 recovery codes left")
	b.signOut()
	in()
	b.unfold("Use a recovery code")
	ask(b, chromedp.SendKeys(chromedp.CSS("#recovery"), recovery))
	b.accessible("second factor")
	b.press("Continue with it")
	b.is("/settings/security", "9 recovery codes left")
	b.press("Manage")
	b.fill("password", ours)
	b.press("Remove the app")
	b.is("/settings/security?did=app-removed")
	b.signOut()
	in()
	b.is("/settings/security", "Set up")
}
