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
	name, program string
	arguments     func(configs, scratch string) []string
}

func proxies() []proxy {
	return []proxy{
		nginx("nginx.conf"),
		nginx("nginx-rules.conf"),
		{"caddy", "caddy", func(configs, _ string) []string {
			return []string{"run", "--config", filepath.Join(configs, "Caddyfile"), "--adapter", "caddyfile"}
		}},
		{"haproxy", "haproxy", func(configs, _ string) []string {
			return []string{"-db", "-C", configs, "-f", "haproxy.cfg"}
		}},
	}
}

func nginx(file string) proxy {
	return proxy{file, "nginx", func(configs, scratch string) []string {
		return []string{"-p", scratch, "-c", filepath.Join(configs, file), "-e", "stderr"}
	}}
}

// start runs the proxy until the test ends, with this besides in its environment.
func (p proxy) start(t *testing.T, environment ...string) {
	t.Helper()
	program, err := exec.LookPath(p.program)
	if err != nil {
		program = filepath.Join("/usr/sbin", p.program)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatalf("%s is required: scripts/deps installs it", p.program)
		}
		t.Skipf("without %s: scripts/deps installs it", p.program)
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
	cmd.Env = append(append(os.Environ(), "HOME="+scratch, "XDG_CONFIG_HOME="+scratch, "XDG_DATA_HOME="+scratch), environment...)
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
			s := behind(t, p)
			for _, story := range stories() {
				t.Run(story.name, func(t *testing.T) {
					s.T = t
					story.play(s)
				})
			}
		})
	}
}

// behind starts all three, with the rules of docs/proxies.
func behind(t *testing.T, p proxy) *stage {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	first := bootstrap(t, data)
	s := &stage{T: t, api: newUpstream(t), root: first.Secret}
	s.office = serve(t, data, "--trusted-proxies", "127.0.0.1/32", "--rules", "../../docs/proxies/rules")
	s.reader = create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}})
	p.start(t)
	return s
}

// TestNginxAsksByTheClientsPath: a rule takes the resource from the path, and what
// the API could read as another path than Tokenry did is refused.
func TestNginxAsksByTheClientsPath(t *testing.T) {
	s := behind(t, nginx("nginx-rules.conf"))
	payments := create(t, s.root, map[string]any{"scopes": []string{"tickets:read"}, "resources": []string{"payments"}}).Secret
	const one = "/systems/payments/tickets/7"
	for _, target := range []string{one, one + "/", one + "?workspace=*&deny=&path=/../..//", one + "?a=%2f;b", "/systems/payments/tickets/a%20b"} {
		if v := s.passes("GET", target, payments); v.Target != target {
			t.Errorf("GET %s: the API saw %s", target, v.Target)
		}
	}
	s.refused(http.StatusForbidden, "POST", one, payments)
	s.refused(http.StatusForbidden, "GET", "/systems/shop/tickets/7", payments)
	s.refused(http.StatusForbidden, "GET", "/tickets/7", payments)
	s.refused(http.StatusForbidden, "GET", "/other", s.root)
	for _, target := range []string{
		"/systems/payments/../shop/tickets/7", "/systems/payments/%2e%2e/shop/tickets/7", "/systems/payments/.%2E/shop/tickets/7", "/systems/./payments/tickets/7",
		"/systems/payments/tickets/..%2f..%2fshop", "/systems/payments%2ftickets/7", "/systems/payments%252ftickets/7", "/systems/shop%2f..%2fpayments/tickets/7",
		"//systems/payments/tickets/7", "/systems//payments/tickets/7", "/systems/payments/tickets//7", `/systems/payments\..\shop/tickets/7`, "/systems/payments%5c..%5cshop/tickets/7",
		"/systems/payments;x=y/tickets/7", "/systems/payments/tickets/7;x=/../..", "/systems/payments%3b/tickets/7", "/systems/payments/tickets/7%00", "/systems/payments/tickets/7%23",
		"/systems/payments/tickets/7#/../8", "/systems/payments%3f/tickets/7", "/Systems/payments/tickets/7", "/systems/payments/tickets.json/7", "/%73ystems/payments/tickets/%2e",
	} {
		before := s.api.requests.Load()
		status := raw(t, "GET "+target+" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer "+s.root+"\r\n\r\n")
		if !strings.HasPrefix(status, "HTTP/1.1 4") || s.api.requests.Load() != before {
			t.Errorf("GET %s: %q, the API saw %d requests", target, status, s.api.requests.Load()-before)
		}
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
