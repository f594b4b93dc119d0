package console_test

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/docs"
)

// TestThePicturesOfTheGuideAreShown finds every picture in a page, served as a
// small PNG with words for who cannot see it.
func TestThePicturesOfTheGuideAreShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var shown strings.Builder
	for _, page := range []string{"creating", "managing", "rotating", "troubleshooting"} {
		shown.WriteString(w.status(w.as("", "/help/"+page), http.StatusOK).body)
	}
	pictures, err := fs.Glob(docs.Files(), "images/*.png")
	if err != nil || len(pictures) < 6 {
		t.Fatalf("%d pictures: %v", len(pictures), err)
	}
	for _, p := range pictures {
		if tag := regexp.MustCompile(`<img src="/help/` + p + `" alt="[^"]{30,}" [^>]*width="\d+"`); !tag.MatchString(shown.String()) {
			t.Errorf("no page shows %s", p)
		}
		a := w.status(w.as("", "/help/"+p), http.StatusOK)
		if kind := a.Header.Get("Content-Type"); kind != "image/png" || len(a.body) > 120_000 || !strings.Contains(a.Header.Get("Cache-Control"), "max-age") {
			t.Errorf("%s: %s of %d bytes, %s", p, kind, len(a.body), a.Header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{"/help/images/none.png", "/help/images/..%2fguide%2findex.md", "/help/images/%2e%2e"} {
		w.status(w.as("", path), http.StatusNotFound)
	}
}

func TestTheGuideIsForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.status(w.as("", "/help"), http.StatusOK)
	for _, page := range []string{"creating", "using", "managing", "rotating", "troubleshooting", "security", "members", "service-accounts", "policy", "incident"} {
		w.shows(start, `href="/help/`+page+`"`)
		a := w.status(w.as("", "/help/"+page), http.StatusOK)
		w.inert(a)
		w.shows(a, `<h2 id="`)
		w.hides(a, "tokens.example.com", ".md", "```")
		if strings.Count(a.body, "<h1>") != 1 {
			t.Errorf("%s has not one title", page)
		}
	}
	for _, path := range []string{"/help/none", "/help/index", "/help/..%2f..%2fREADME"} {
		w.status(w.as("", path), http.StatusNotFound)
	}
}
