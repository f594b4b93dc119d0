package httpapi_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// RFC 9457, section 3.1: status is the real one, type leads to a page about the
// code, and neither detail nor instance repeats what was sent.
func TestAProblemSaysWhatItIsAndLeadsToItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, try := range []struct {
		method, path, body string
		want               api.Code
	}{
		{"GET", "/v1/workspaces/acme/tokens?limit=" + canary, "", api.CodeInvalidParameter},
		{"GET", "/v1/workspaces/" + canary, "", api.CodeNotFound},
		{"POST", ws + "/tokens", `{"label":"` + canary, api.CodeInvalidJSON},
		{"POST", ws + "/tokens", `{"` + canary + `":1}`, api.CodeUnknownField},
		{"POST", ws + "/tokens", `{"label":"x","kind":"` + canary + `"}`, api.CodeInvalidField},
	} {
		r := w.send(try.method, try.path, try.body, "Authorization", "Bearer "+w.root, "Content-Type", "application/json")
		p := r.problem(try.want) // its type, its status, its id
		if strings.Contains(string(r.body), canary) {
			t.Errorf("%s repeats what was sent: %s", try.want, r.body)
		}
		w.send("GET", strings.TrimPrefix(p.Type, baseURL), "").is(200)
	}
	for _, c := range api.Codes() {
		if page := w.send("GET", "/errors/"+string(c.Code), "").is(200); !strings.Contains(string(page.body), c.Title) {
			t.Errorf("the page about %s does not say %q", c.Code, c.Title)
		}
	}
}

// RFC 6585, section 4, and the RateLimit fields: a refusal names the limits as
// lists of strings with integers, is not kept by a cache, and Retry-After is
// never earlier than the reset that it belongs to.
func TestARateLimitIsToldInItsFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tok := w.issue("acme", object{"label": "x", "rate_limit": object{"requests": 1, "window": "90s"}}).Secret
	w.as(tok, "GET", fa+"?workspace=acme", nil).is(200)
	r := w.as(tok, "GET", fa+"?workspace=acme", nil).is(http.StatusTooManyRequests)
	item := regexp.MustCompile(`^"[a-z]+"(;[a-z]+=\d+)+$`)
	for _, field := range []string{"Ratelimit-Policy", "Ratelimit"} {
		for part := range strings.SplitSeq(r.Header.Get(field), ", ") {
			if !item.MatchString(part) {
				t.Errorf("%s: %q is no string with integers", field, part)
			}
		}
		if strings.Contains(r.Header.Get(field), tok[5:17]) {
			t.Errorf("%s names the token", field)
		}
	}
	r.headers(map[string]string{"Ratelimit-Policy": `"token";q=1;w=90`, "Ratelimit": `"token";r=0;t=90`, "Retry-After": "90", "Cache-Control": "no-store"})
	for _, old := range []string{"X-Ratelimit-Limit", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset"} {
		if r.Header.Get(old) != "" {
			t.Errorf("%s is sent, which the drafts gave up", old)
		}
	}
}

// TestTheStandardsPageNamesItsTests holds docs/standards.md: every test that it
// names is there, and every clause names one.
func TestTheStandardsPageNamesItsTests(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/standards.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources strings.Builder
	for _, pattern := range []string{"*_test.go", "../e2e/*_test.go", "../notify/*_test.go", "../server/*_test.go", "../../token/*_test.go", "../signin/*_test.go", "../scim/*_test.go", "../../client/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(b)
		}
	}
	rows := regexp.MustCompile(`(?m)^\| [^|]+ \| [^|]+ \| (.+) \|$`).FindAllStringSubmatch(string(page), -1)
	named := 0
	for _, row := range rows[1:] {
		tests := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(row[1], -1)
		if len(tests) == 0 && !strings.HasPrefix(row[1], "-") && row[1] != "test" {
			t.Errorf("no test stands for %q", row[0])
		}
		for _, name := range tests {
			named++
			if !strings.Contains(sources.String(), "func "+name[1]+"(") {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
	if named < 60 {
		t.Errorf("the page names only %d tests", named)
	}
}
