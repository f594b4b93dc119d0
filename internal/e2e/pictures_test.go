package e2e_test

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var updateImages = flag.Bool("update-images", false, "take the pictures in docs/images anew; needs pngquant")

// show keeps what the window shows as a picture of the guide, where the pictures
// are taken anew.
func (b *browser) show(name string) {
	b.Helper()
	b.fits(name)
	if !*updateImages {
		return
	}
	quantise := exec.CommandContext(b.Context(), "pngquant", "--strip", "--speed", "1", "64", "-")
	quantise.Stdin = bytes.NewReader(ask(b, chromedp.CaptureScreenshot()))
	png, err := quantise.Output()
	if err != nil {
		b.Fatalf("pngquant: %v", err)
	}
	if err := os.WriteFile(filepath.Join("../../docs/images", name+".png"), png, 0o644); err != nil {
		b.Fatal(err)
	}
}

// TestThePicturesOfTheGuide goes where the pictures in docs/images were taken:
//
//	go test ./internal/e2e -run TestThePicturesOfTheGuide -update-images
func TestThePicturesOfTheGuide(t *testing.T) {
	demo(t)
	b := chromium(t)
	b.look(screen{"guide", 1120, 700, false})
	b.signIn("olivia@acme.example")
	b.open(tokensPage)
	b.show("tokens")

	b.open(tokensPage + "/new?owner=service&label=Nightly+backup&scopes=tickets:read&resources=*&expires_in=90d&account=ci")
	b.shows("Create a token for an automation", "tickets:read")
	b.show("create")
	b.press("Create token")
	b.shows("Waiting for first use")
	b.show("secret")
	secret := ask(b, chromedp.Text(chromedp.CSS("#secret")))
	if res, out := call(t, "GET", server+"/v1/forward-auth?workspace=acme&scope=tickets:read&resource=any", secret, nil, "User-Agent", "backup/2.1"); res.StatusCode != http.StatusOK {
		t.Fatalf("its first use: %s: %s", res.Status, out)
	}
	ask(b, chromedp.WaitVisible(chromedp.CSS(".pulse.on")))
	b.press("I have stored it")
	b.shows("Nightly backup", "backup/2.1")
	b.show("token")

	token := b.at()
	b.open(token + "?scope=tickets:write&resource=payments#can")
	b.shows("It may not use tickets:write now")
	b.show("can-it")
	b.open(token + "/rotate")
	b.press("Rotate")
	b.press("I have stored it")
	b.shows("Two secrets work now", "The new secret was not used yet")
	b.show("overlap")

	b.open("/workspace/acme/developer-tools")
	b.fill("what", secret)
	b.fill("scopes", "tickets:write")
	b.click(`#explain button[type=submit]`)
	b.shows("It would be refused now")
	eval[bool](b, `document.getElementById("explain").scrollIntoView() === undefined`)
	b.show("explain")
}
