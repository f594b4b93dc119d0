package console_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
)

// asked is a page as a browser asks for it that takes it compressed; site is who, as the
// browser says, led to it.
func (w *world) asked(path, site string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+path, http.NoBody)
	must(w.T, err)
	r.Header.Set("Accept-Encoding", "gzip, br")
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	r.AddCookie(&http.Cookie{Name: "tokenry", Value: "ada@example.com"})
	return w.status(w.do(r), http.StatusOK)
}

// TestListsAreCompressedForWhoeverOpensThem, and hold the same; for another site that leads
// there they are not: it would learn from their lengths what is in them (BREACH).
func TestListsAreCompressedForWhoeverOpensThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 60 {
		w.issue("workspace", "", fmt.Sprintf("Job %d", i))
	}
	const acme = "/workspace/acme"
	for _, path := range []string{list, list + "?q=job&sort=label", acme + "/integration-tokens", "/settings/tokens", acme + "/audit", list + "/export", acme + "/audit/export", acme + "/audit/export?format=csv", "/instance/people"} {
		plain := w.status(w.as("ada@example.com", path), http.StatusOK)
		for _, site := range []string{"same-origin", "none"} {
			a := w.asked(path, site)
			if a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Vary") != "Accept-Encoding" || len(a.body) > len(plain.body)*2/3 {
				t.Errorf("%s, %s: %d bytes of %d, %v", path, site, len(a.body), len(plain.body), a.Header)
				continue
			}
			z, err := gzip.NewReader(bytes.NewBufferString(a.body))
			must(t, err)
			b, err := io.ReadAll(z)
			if must(t, err); string(b) != plain.body {
				t.Errorf("%s is another one compressed", path)
			}
		}
		for _, site := range []string{"cross-site", "same-site", ""} {
			if a := w.asked(path, site); a.Header.Get("Content-Encoding") != "" || a.body != plain.body {
				t.Errorf("%s, %q: %v", path, site, a.Header)
			}
		}
	}
}

// TestWhatHoldsAFormOrASecretIsNotCompressed.
func TestWhatHoldsAFormOrASecretIsNotCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.issue("personal", "", "Mine")
	at := list + "/" + made.Token.Locator
	for _, path := range []string{list + "/new?owner=me", at + "/rotate", at + "/delete", at, "/settings/security", "/workspace/acme/trust-rules/new?system=github", "/workspace/acme/settings/webhooks"} {
		if a := w.asked(path, "same-origin"); a.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is compressed", path)
		}
	}
	r, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+at+"/rotate", bytes.NewBufferString(url.Values{"overlap": {"0"}}.Encode()))
	must(t, err)
	for name, value := range map[string]string{"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded", "Cookie": "tokenry=ada@example.com"} {
		r.Header.Set(name, value)
	}
	a := w.status(w.do(r), http.StatusOK)
	if w.shows(a, `id="secret"`); a.Header.Get("Content-Encoding") != "" {
		t.Error("a page with a secret is compressed")
	}
}
