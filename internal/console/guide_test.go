package console_test

import (
	"net/http"
	"strings"
	"testing"
)

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
