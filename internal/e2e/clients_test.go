package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/client/clienttest"
)

// fenced are the pieces of code in a language on a page, one after the other.
func fenced(page, language string) string {
	var out strings.Builder
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		out.WriteString(m[1])
	}
	return out.String()
}

// busy stands before a server and has each of two calls wait once: the first
// creation and the first verification.
type busy struct {
	next http.Handler
	mu   sync.Mutex // guards seen
	seen map[string]int
}

func (b *busy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	b.mu.Lock()
	b.seen[name]++
	first := b.seen[name] == 1 && (name == "POST /v1/verify" || name == "POST /v1/workspaces/acme/tokens")
	b.mu.Unlock()
	if !first {
		b.next.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(`{"type":"about:blank","title":"Too many requests","status":429,"code":"rate_limited"}`))
}

// The code of each page in docs/clients does what the page says it prints, also
// when the server asks it to wait.
func TestTheClientsPages(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		language, file string
		command        []string
	}{
		"curl":       {"sh", "story.sh", []string{"sh"}},
		"go":         {"go", "story.go", []string{"go", "run"}},
		"typescript": {"ts", "story.mjs", []string{"node"}},
		"python":     {"python", "story.py", []string{"python3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := os.ReadFile(filepath.Join("../../docs/clients", name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			needs(t, how.command[0])
			if name == "curl" {
				needs(t, "curl")
				needs(t, "jq")
			}
			file := filepath.Join(t.TempDir(), how.file)
			if err := os.WriteFile(file, []byte(fenced(string(page), how.language)), 0o600); err != nil {
				t.Fatal(err)
			}
			office := clienttest.New(t)
			to, err := url.Parse(office.URL)
			if err != nil {
				t.Fatal(err)
			}
			door := &busy{next: httputil.NewSingleHostReverseProxy(to), seen: map[string]int{}}
			proxy := httptest.NewServer(door)
			t.Cleanup(proxy.Close)
			cmd := exec.CommandContext(t.Context(), how.command[0], append(how.command[1:], file)...)
			cmd.Env = append(os.Environ(), "TOKENRY_SERVER="+proxy.URL, "TOKENRY_TOKEN="+office.Token)
			var errs strings.Builder
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %s", err, errs.String())
			}
			if want := fenced(string(page), "text"); string(out) != want {
				t.Errorf("it printed (want - got +):\n%s%s", cmp.Diff(want, string(out)), errs.String())
			}
			if door.seen["POST /v1/verify"] != 6 || door.seen["POST /v1/workspaces/acme/tokens"] != 2 {
				t.Errorf("it sent %v", door.seen)
			}
		})
	}
}

// needs skips a test without a program, and fails it where nothing may be missing.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
