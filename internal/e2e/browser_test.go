package e2e_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// demoPassword opens every account of the demo.
const demoPassword = "only-for-this-demo"

// demo starts the throw-away server with its sample data.
func demo(t *testing.T) {
	t.Helper()
	p := start(t, "127.0.0.1:8080", program(t, "demo", "--listen", "127.0.0.1:8080"))
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); !strings.Contains(p.text(), "runs until Ctrl-C"); {
		select {
		case <-tick.C: // it takes connections before all of its sample data is there
		case <-deadline:
			t.Fatalf("the demo has not begun: %s", p.text())
		}
	}
}

// browser is one window of a Chromium that is ended with its test.
type browser struct {
	*testing.T
	ctx context.Context
	// site is where the console is.
	site string
	// mu guards complaints, which the browser adds to while a page is open.
	mu sync.Mutex
	// complaints are what the page told the console, and what it threw.
	complaints []string
	// told are the faults that were reported: one on every page is told once.
	told map[string]bool
	// looked is how many pages were looked at.
	looked int
}

// chromium is a window of the browser that all tests share, with a profile of its own, as a private window has: no
// cookie, no cache and no permission of one test is there in another. With further options it is a browser of its own.
func chromium(t *testing.T, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	path := chromiumPath(t)
	if len(more) > 0 {
		ctx, end := launch(path, more...)
		t.Cleanup(end)
		return listening(ctx, t)
	}
	everybodys.Do(func() {
		everybodys.ctx, everybodys.end = launch(path) //nolint:fatcontext // the browser is the context, and is everybody's
		_, everybodys.err = chromedp.Run(everybodys.ctx, chromedp.Navigate("about:blank"))
	})
	if everybodys.err != nil {
		t.Fatal(everybodys.err)
	}
	ctx, end := chromedp.NewContext(everybodys.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	return listening(ctx, t)
}

// everybodys is the browser that all tests share: to start one takes as long as many a test.
var everybodys struct {
	sync.Once
	ctx context.Context
	end func()
	err error
}

// endBrowser ends the browser that was shared, and removes its files.
func endBrowser() {
	if everybodys.end != nil {
		everybodys.end()
	}
}

// launch starts a browser.
func launch(path string, more ...chromedp.ExecAllocatorOption) (context.Context, func()) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		// A page out of the browser's memory tells nobody that it was loaded.
		chromedp.Flag("disable-features", "BackForwardCache"),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }))
	at, stop := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	ctx, end := chromedp.NewContext(at)
	return ctx, func() { end(); stop() }
}

func chromiumPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("TOKENRY_TEST_REQUIRE") != "" {
		t.Fatal("there is no Chromium; scripts/deps --browser installs it")
	}
	t.Skip("there is no Chromium; scripts/deps --browser installs it")
	return ""
}

// window is another window of the same Chromium, with cookies of its own.
func (b *browser) window() *browser {
	b.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.Cleanup(end)
	return listening(ctx, b.T)
}

// tab is another tab of the same window.
func (b *browser) tab() *browser {
	b.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.Cleanup(end)
	return listening(ctx, b.T)
}

func listening(ctx context.Context, t *testing.T) *browser {
	t.Helper()
	b := &browser{T: t, ctx: ctx, site: server, told: map[string]bool{}}
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.complain(ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if ev.Entry.Level == "error" {
				b.complain(ev.Entry.Text + " " + ev.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	command(b, log.Enable, cdp.Empty{})
	return b
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

// quiet says that nothing was told to the console since the last time.
func (b *browser) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		b.Errorf("%s: the console says: %s", b.at(), c)
	}
	b.complaints = nil
}

// forgive drops what the console was told, and counts what of it has these words.
func (b *browser) forgive(words ...string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		for _, w := range words {
			if strings.Contains(c, w) {
				n++
			}
		}
	}
	b.complaints = nil
	return n
}

// command sends one command of the browser's own protocol.
func command[P, R any](b *browser, c cdp.Command[P, R], p P) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, c, p); err != nil {
		b.Fatalf("%s: %v", c.Method, err)
	}
}

// ask runs one action and answers what it gives; it has a minute, which no page needs.
func ask[T any](b *browser, a chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	for gone(err) {
		v, err = chromedp.Run(ctx, a)
	}
	if err != nil {
		b.Fatalf("at %s: %v", b.at(), err)
	}
	return v
}

// gone says that another element, or another page, came in the place of the one
// that was found, before anything was done with it.
func gone(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "No node with given id found") || strings.Contains(err.Error(), "Cannot find context"))
}

// at is the path that is shown.
func (b *browser) at() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, b.site)
}

// open goes to a path.
func (b *browser) open(path string) { b.Helper(); ask(b, chromedp.Navigate(b.site+path)) }

// follow does what leads to another page, and waits for that.
func (b *browser) follow(what string, a chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, a)
	for gone(err) {
		_, err = chromedp.RunResponse(ctx, a)
	}
	if err != nil {
		b.Fatalf("%s at %s: %v\n%s", what, b.at(), err, b.text())
	}
}

// click clicks what a selector finds and waits for the page that follows.
func (b *browser) click(selector string) {
	b.Helper()
	b.follow("click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press presses the visible button or link whose words are these, and waits for
// the page that follows.
func (b *browser) press(words string) {
	b.Helper()
	path := fmt.Sprintf(`//*[self::button or self::a][normalize-space(.)=%q]`, words)
	b.follow("press "+words, chromedp.Click(chromedp.Search(path), chromedp.NodeVisible))
}

// fill types into a field in place of what it holds.
func (b *browser) fill(name, text string) {
	b.Helper()
	field := fmt.Sprintf(`main [name=%q]`, name)
	eval[bool](b, fmt.Sprintf(`(document.querySelector(%q).value = "") === ""`, field))
	ask(b, chromedp.SendKeys(chromedp.CSS(field), text))
}

// text is all that the page shows.
func (b *browser) text() string {
	b.Helper()
	return eval[string](b, `document.body.innerText`)
}

// shows says that the page has these words.
func (b *browser) shows(words ...string) {
	b.Helper()
	text := b.text()
	for _, w := range words {
		if !strings.Contains(text, w) {
			b.Errorf("%s does not say %q:\n%s", b.at(), w, text)
		}
	}
}

// eval answers what a script says.
func eval[T any](b *browser, script string) T {
	b.Helper()
	return ask(b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// screen is a size and a theme that a page is looked at in.
type screen struct {
	name          string
	width, height int64
	dark          bool
}

func screens() []screen {
	return []screen{
		{"desktop", 1280, 800, false}, {"desktop-dark", 1280, 800, true},
		{"phone", 390, 844, false}, {"phone-dark", 390, 844, true},
	}
}

func (b *browser) look(s screen) {
	b.Helper()
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	ask(b, chromedp.EmulateViewport(s.width, s.height))
	command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// photographs says that go test -artifacts asks for pictures.
func (b *browser) photographs() bool {
	f := flag.Lookup("test.artifacts")
	return f != nil && f.Value.String() == "true"
}

// picture keeps a photograph of the page where they are asked for.
func (b *browser) picture(name string) {
	b.Helper()
	if !b.photographs() {
		return
	}
	png := ask(b, chromedp.FullScreenshot(100))
	name = strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-")
	if err := os.WriteFile(filepath.Join(b.ArtifactDir(), name+".png"), png, 0o600); err != nil {
		b.Fatal(err)
	}
}

// still says that nothing on the page has moved since it was opened.
func (b *browser) still(where string) {
	b.Helper()
	moved := eval[float64](b, `new Promise(done => { let n = 0;
		new PerformanceObserver(l => l.getEntries().forEach(e => { if (!e.hadRecentInput) n += e.value })).observe({type: "layout-shift", buffered: true});
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(n)))) })`)
	if moved > 0.05 {
		b.Errorf("%s: its layout shifts by %.3f", where, moved)
	}
}

// post sends a form as the page itself would, and answers the page that follows.
func (b *browser) post(path string, fields map[string]string) string {
	b.Helper()
	in, err := json.Marshal(fields)
	if err != nil {
		b.Fatal(err)
	}
	return eval[string](b, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%s)}).then(r => r.text())`, path, in))
}

// link is where the first link goes that a selector finds.
func (b *browser) link(selector string) string {
	b.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%q)?.getAttribute("href") ?? ""`, selector))
}

// signIn opens the console as somebody of the demo.
func (b *browser) signIn(email string) {
	b.Helper()
	b.open("/signin")
	b.fill("email", email)
	b.fill("password", demoPassword)
	b.click(`form button[type=submit]`)
}

// accessible says that axe finds nothing against WCAG 2.2 A and AA.
func (b *browser) accessible(where string) {
	b.Helper()
	if eval[bool](b, `window.axe === undefined`) {
		ask(b, chromedp.Evaluate[chromedp.Void](axe))
	}
	for _, v := range eval[[]string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
		r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html + " " + (n.any[0]?.message ?? n.all[0]?.message ?? ""))))`) {
		if !b.told[v] {
			b.told[v] = true
			b.Errorf("%s: %s", where, v)
		}
	}
}

// fits says that the page is not wider than its window.
func (b *browser) fits(where string) {
	b.Helper()
	if wide := eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		b.Errorf("%s: %d pixels wider than the window: %s", where, wide, eval[string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`))
	}
}
