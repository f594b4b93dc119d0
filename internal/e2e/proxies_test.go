package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

const proxied = "http://127.0.0.1:8000"

// proxy is a program that stands in front of an API with a configuration of
// docs/proxies, exactly as it stands there. Its arguments come from the folder
// of the configurations and one that it may write to.
type proxy struct {
	name      string
	arguments func(configs, scratch string) []string
}

func proxies() []proxy {
	return []proxy{
		{"nginx", func(configs, scratch string) []string {
			return []string{"-p", scratch, "-c", filepath.Join(configs, "nginx.conf"), "-e", "stderr"}
		}},
		{"caddy", func(configs, _ string) []string {
			return []string{"run", "--config", filepath.Join(configs, "Caddyfile"), "--adapter", "caddyfile"}
		}},
		{"haproxy", func(configs, _ string) []string {
			return []string{"-db", "-C", configs, "-f", "haproxy.cfg"}
		}},
	}
}

// start runs the proxy until the test ends.
func (p proxy) start(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath(p.name)
	if err != nil {
		program = filepath.Join("/usr/sbin", p.name)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatalf("%s is required: scripts/deps installs it", p.name)
		}
		t.Skipf("without %s: scripts/deps installs it", p.name)
	}
	configs, err := filepath.Abs("../../docs/proxies")
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	for _, dir := range []string{scratch, filepath.Dir(scratch)} { // the worker of nginx is another user
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, p.arguments(configs, scratch)...)
	cmd.Env = append(os.Environ(), "HOME="+scratch, "XDG_CONFIG_HOME="+scratch, "XDG_DATA_HOME="+scratch)
	start(t, "127.0.0.1:8000", cmd)
}

// stage is a proxy with Tokenry and an API behind it.
type stage struct {
	*testing.T
	api    *upstream
	office *process
	// root may do everything; reader reads tickets.
	root   string
	reader api.Issued
}

// TestBehindRealProxies plays the same stories behind each proxy.
func TestBehindRealProxies(t *testing.T) {
	for _, p := range proxies() {
		t.Run(p.name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			first := bootstrap(t, data)
			office := serve(t, data, "--trusted-proxies", "127.0.0.1/32")
			s := stage{T: t, api: newUpstream(t), office: office, root: first.Secret}
			s.reader = create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}})
			p.start(t)
			for _, story := range stories() {
				t.Run(story.name, func(t *testing.T) {
					s.T = t
					story.play(&s)
				})
			}
		})
	}
}

// refused sends a request that must not reach the API.
func (s *stage) refused(status int, method, target, token string, header ...string) answer {
	s.Helper()
	before := s.api.requests.Load()
	res, out := call(s.T, method, proxied+target, token, nil, header...)
	if res.StatusCode != status {
		s.Errorf("%s %s: %s: %s, want %d", method, target, res.Status, out, status)
	}
	if n := s.api.requests.Load() - before; n != 0 {
		s.Errorf("%s %s: the API saw %d requests", method, target, n)
	}
	return res
}

// passes sends a request that must reach the API, and returns what that saw.
func (s *stage) passes(method, target, token string, header ...string) seen {
	s.Helper()
	res, out := call(s.T, method, proxied+target, token, nil, header...)
	if res.StatusCode != http.StatusOK {
		s.Fatalf("%s %s: %s: %s", method, target, res.Status, out)
	}
	var v seen
	if err := json.Unmarshal(out, &v); err != nil {
		s.Fatalf("%v: %s", err, out)
	}
	return v
}

// challenged looks for a text in the challenge of a refusal.
func (s *stage) challenged(res answer, with string) {
	s.Helper()
	if got := res.Header.Values("WWW-Authenticate"); len(got) != 1 || !strings.HasPrefix(got[0], "Bearer ") || !strings.Contains(got[0], with) {
		s.Errorf("WWW-Authenticate %q, want a Bearer challenge with %q", got, with)
	}
}
