package assets_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/assets"
)

func get(a assets.Assets, path, takes string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept-Encoding", takes)
	out := httptest.NewRecorder()
	a.ServeHTTP(out, r)
	return out
}

// TestAFileIsKeptForGoodByANameThatFollowsFromIt: with and without compression it is the
// same, and of its kind; two builds of one program agree on the name.
func TestAFileIsKeptForGoodByANameThatFollowsFromIt(t *testing.T) {
	t.Parallel()
	a, err := assets.New()
	if err != nil {
		t.Fatal(err)
	}
	b, err := assets.New()
	if err != nil || a.CSS != b.CSS || a.JS != b.JS {
		t.Errorf("another build has %s and %s, %v", b.CSS, b.JS, err)
	}
	name, seen := regexp.MustCompile(`^/assets/[0-9a-f]{12}/[a-z]+\.(css|js|svg)$`), map[string]bool{}
	for path, kind := range map[string]string{a.CSS: "text/css", a.HTMX: "text/javascript", a.JS: "text/javascript", a.Passkey: "text/javascript", a.Logo: "image/svg+xml"} {
		sum := strings.Split(path, "/")[2]
		if !name.MatchString(path) || seen[sum] {
			t.Errorf("%s is no name of its own", path)
		}
		seen[sum] = true
		plain, small := get(a, path, "br"), get(a, path, "br, gzip")
		for _, got := range []*httptest.ResponseRecorder{plain, small} {
			h := got.Header()
			if got.Code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), kind) || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: %d %v", path, got.Code, h)
			}
		}
		unpacked, err := gzip.NewReader(small.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if text, err := io.ReadAll(unpacked); err != nil || string(text) != plain.Body.String() || small.Header().Get("Content-Encoding") != "gzip" || plain.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s is another file when it is compressed: %v", path, err)
		}
		if other := strings.Replace(path, sum, "0123456789ab", 1); get(a, other, "").Code != http.StatusNotFound {
			t.Errorf("%s, of another build, was answered with this one's", other)
		}
	}
}

// TestNothingComesFromElsewhere: no sheet and no script names another host, and our own
// sheet stands above Pico's.
func TestNothingComesFromElsewhere(t *testing.T) {
	t.Parallel()
	a, err := assets.New()
	if err != nil {
		t.Fatal(err)
	}
	for path, from := range map[string]string{a.CSS: `(?:url\(|@import)["' ]*(?:https?:)?//`, a.JS: `["'\x60](?:https?:)?//`, a.Passkey: `["'\x60](?:https?:)?//`, a.Logo: `(?:href|src)=["'](?:https?:)?//`} {
		if found := regexp.MustCompile(from).FindString(get(a, path, "").Body.String()); found != "" {
			t.Errorf("%s fetches from elsewhere: %s", path, found)
		}
	}
	css := get(a, a.CSS, "").Body.String()
	if !strings.HasPrefix(css, "@layer pico,app;@layer pico{") || strings.Contains(css, "@charset") || !strings.Contains(css, "@layer app") {
		t.Errorf("the sheets are not layered: %.60s", css)
	}
}
