package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// terminator is a proxy that ends TLS, as stands in front of every console that
// people reach over a network, and remembers which cookies passed it.
type terminator struct {
	*httptest.Server
	mu  sync.Mutex
	set []string
}

func newTerminator(t *testing.T) *terminator {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := &terminator{}
	p.Server = httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.set = append(p.set, r.Header["Set-Cookie"]...)
			return nil
		},
	})
	t.Cleanup(p.Close)
	return p
}

// under is its address by a name of this machine.
func (p *terminator) under(host string) string { return strings.Replace(p.URL, "127.0.0.1", host, 1) }

func (p *terminator) cookies() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.set
}

// hostCookies are the __Host- cookies that the browser keeps, of any site.
func (b *browser) hostCookies() []*network.Cookie {
	b.Helper()
	got, err := chromedp.Call(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		b.Fatal(err)
	}
	var out []*network.Cookie
	for _, c := range got.Cookies {
		if strings.HasPrefix(c.Name, "__Host-") {
			out = append(out, c)
		}
	}
	return out
}

// Weakness: a cookie of a plain name can be written by every sub-domain and by
// whoever speaks plain HTTP in the name of the host. Attack: plant one from a
// sibling. What is proved: behind TLS the browser itself keeps the session's cookie
// to this host, and the sibling's never comes along.
func TestBehindTLSTheCookieIsTheHostsAlone(t *testing.T) {
	proxy := newTerminator(t)
	const host = "tokens.acme.localhost"
	p := serve(t, t.TempDir()+"/data", "--base-url", proxy.under(host), "--trusted-proxies", "127.0.0.1/32")
	p.says(t, "/setup?code=")
	b := chromium(t, chromedp.IgnoreCertErrors)
	b.site = proxy.under(host)
	b.open(regexp.MustCompile(`/setup\?code=[a-z0-9-]+`).FindString(p.text()))
	b.fill("email", "ada@example.com")
	b.fill("password", ours)
	b.fill("workspace", "acme")
	b.press("Create the workspace")
	b.signOut()
	b.fill("email", "ada@example.com")
	b.fill("password", ours)
	b.press("Sign in")
	b.is("/workspaces")

	kept := b.hostCookies()
	if len(kept) != 1 {
		t.Fatalf("the browser keeps %+v", kept)
	}
	c := kept[0]
	if c.Name != "__Host-tokenry" || !c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || c.Path != "/" || c.Domain != host {
		t.Errorf("the cookie: %+v", c)
	}
	for _, header := range proxy.cookies() {
		if !strings.HasPrefix(header, "__Host-") || strings.Contains(strings.ToLower(header), "domain") || !strings.Contains(header, "; Secure") {
			t.Errorf("a cookie is set by %q", header)
		}
	}

	evil := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "__Host-tokenry=planted; Domain=acme.localhost; Path=/; Secure")
		w.Header().Add("Set-Cookie", "tokenry=planted; Domain=acme.localhost; Path=/")
		fmt.Fprint(w, `<!DOCTYPE html><title>x</title>`)
	}))
	t.Cleanup(evil.Close)
	ask(b, chromedp.Navigate(strings.Replace(evil.URL, "127.0.0.1", "evil.acme.localhost", 1)))
	eval[string](b, `document.cookie = "__Host-tokenry=planted; domain=acme.localhost; path=/; secure"; document.cookie = "tokenry=planted; domain=acme.localhost; path=/"`)
	if now := b.hostCookies(); len(now) != 1 || now[0].Value != c.Value {
		t.Errorf("a sibling changed the cookie: %+v", now)
	}
	b.open(tokensPage)
	b.is(tokensPage)
	b.forgive("favicon") // of the sibling's page
	b.signOut()
	if left := b.hostCookies(); len(left) != 0 {
		t.Errorf("after the sign-out the browser keeps %+v", left)
	}
	b.open(tokensPage)
	if at := b.path(); !strings.HasPrefix(at, "/signin") {
		t.Errorf("the sibling's cookie opens %s", at)
	}
}
