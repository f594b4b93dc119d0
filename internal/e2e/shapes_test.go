package e2e_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Traefik and Envoy are in no Debian. What they send Tokenry by the files in
// docs/proxies is sent here as it comes over the wire: Traefik's was recorded from
// Traefik 3.6.12, which also went through the stories, Envoy's is known from its
// source. What they make of the answer is held against the files.

// configuration reads a YAML file of docs/proxies.
func configuration(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../docs/proxies", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// wire sends a request to Tokenry as it is written, headers one a line.
func wire(t *testing.T, line string, headers ...string) (status int, header http.Header) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(server, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	request := line + " HTTP/1.1\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(line, " ")
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header
}

// asked is what came back, as far as a proxy looks at it.
func asked(t *testing.T, want int, line string, headers ...string) http.Header {
	t.Helper()
	status, header := wire(t, line, headers...)
	if status != want {
		t.Errorf("%s: %d, want %d", line, status, want)
	}
	for _, name := range identity() {
		if n := len(header[name]); n != 1 && status == http.StatusOK {
			t.Errorf("%s: %s is there %d times", line, name, n)
		}
	}
	return header
}

// cast is an instance and the tokens that the stories need.
type cast struct {
	office             *process
	reader, slow, away string
}

// shapes begins an instance with these settings, and makes its tokens.
func shapes(t *testing.T, args ...string) (c cast) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	root := bootstrap(t, data).Secret
	c.office = serve(t, data, args...)
	reads := map[string]any{"scopes": []string{"tickets:read"}}
	c.reader = create(t, root, reads).Secret
	reads["rate_limit"] = map[string]any{"requests": 1, "window": "1h"}
	c.slow = create(t, root, reads).Secret
	delete(reads, "rate_limit")
	reads["allowed_ips"] = []string{"192.0.2.0/24"}
	c.away = create(t, root, reads).Secret
	return c
}

// forwardAuth is a middleware of Traefik.
type forwardAuth struct {
	Address  string
	Trust    *bool    `yaml:"trustForwardHeader"`
	Request  []string `yaml:"authRequestHeaders"`
	Response []string `yaml:"authResponseHeaders"`
	// Removed matches what of the client's headers goes no further.
	Removed string `yaml:"authResponseHeadersRegex"`
}

// ask is what Traefik sends: always GET, the query of its own address, and what
// it knows of the request in X-Forwarded-….
func (f *forwardAuth) ask(t *testing.T, want int, method, token, from string) http.Header {
	t.Helper()
	_, path, _ := strings.Cut(strings.TrimPrefix(f.Address, "http://"), "/")
	headers := []string{"Host: 127.0.0.1:8080", "User-Agent: app", "X-Forwarded-For: " + from, "X-Forwarded-Host: api.example.com",
		"X-Forwarded-Method: " + method, "X-Forwarded-Proto: http", "X-Forwarded-Uri: /tickets/1?workspace=*&scope=", "Accept-Encoding: gzip"}
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	return asked(t, want, "GET /"+path, headers...)
}

func TestBehindTraefik(t *testing.T) {
	var file struct {
		HTTP struct {
			Routers     map[string]struct{ Middlewares []string }
			Middlewares map[string]struct {
				ForwardAuth *forwardAuth `yaml:"forwardAuth"`
				Headers     struct {
					Set map[string]string `yaml:"customRequestHeaders"`
				}
			}
		}
	}
	configuration(t, "traefik.yml", &file)
	for name, r := range file.HTTP.Routers {
		if len(r.Middlewares) != 2 || file.HTTP.Middlewares[r.Middlewares[0]].ForwardAuth == nil || r.Middlewares[1] != "without-token" {
			t.Errorf("the router %s goes through %v", name, r.Middlewares)
		}
	}
	for _, name := range append(others(), "Authorization") {
		if set, ok := file.HTTP.Middlewares["without-token"].Headers.Set[name]; !ok || set != "" {
			t.Errorf("the API is given the client's %s", name)
		}
	}
	read, write := file.HTTP.Middlewares["tokenry-read"].ForwardAuth, file.HTTP.Middlewares["tokenry-write"].ForwardAuth
	for _, f := range []*forwardAuth{read, write} {
		if f.Trust == nil || *f.Trust || !slices.Equal(f.Response, identity()) || !slices.Contains(f.Request, "Authorization") {
			t.Errorf("%+v", f)
		}
		removed := regexp.MustCompile(f.Removed)
		for _, name := range identity() {
			for _, other := range mistaken(name) {
				if removed.MatchString(name) || !removed.MatchString(http.CanonicalHeaderKey(other)) {
					t.Errorf("%s: of %s and %s the first goes to the API alone", f.Removed, name, other)
				}
			}
		}
	}
	c := shapes(t, "--trusted-proxies", "127.0.0.1")
	if h := read.ask(t, 401, "GET", "", "192.0.2.7"); h.Get("WWW-Authenticate") == "" {
		t.Error("no challenge")
	}
	if h := read.ask(t, 200, "GET", c.reader, "192.0.2.7"); h.Get("Tokenry-Principal") != "ada@example.com" {
		t.Errorf("%v", h)
	}
	write.ask(t, 403, "POST", c.reader, "192.0.2.7")
	read.ask(t, 200, "GET", c.away, "192.0.2.7")
	read.ask(t, 403, "GET", c.away, "198.51.100.7")
	read.ask(t, 200, "GET", c.slow, "192.0.2.7")
	if h := read.ask(t, 429, "GET", c.slow, "192.0.2.7"); h.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// envoyAsks is what Envoy sends: the client's method and host, its path behind
// the prefix, no body, the headers that the file allows, and its own address
// behind the client's.
func envoyAsks(t *testing.T, want int, request, token, from string) http.Header {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	headers := []string{"Host: api.example.com", "Content-Length: 0", "User-Agent: app", "X-Forwarded-For: " + from + ", 10.0.0.5", "X-Envoy-Expected-Rq-Timeout-Ms: 3000"}
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	return asked(t, want, method+" /v1/ext-authz/tickets"+path, headers...)
}

// values are all texts under a key of a YAML file, wherever it stands.
func values(n *yaml.Node, key string) (out []string) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == key {
			if c.Kind == yaml.ScalarNode {
				out = append(out, c.Value)
			} else {
				out = append(append(out, values(c, "exact")...), texts(c)...)
			}
		}
		out = append(out, values(c, key)...)
	}
	return out
}

func texts(n *yaml.Node) (out []string) {
	for _, c := range n.Content {
		if n.Kind == yaml.SequenceNode && c.Kind == yaml.ScalarNode {
			out = append(out, c.Value)
		}
	}
	return out
}

func TestBehindEnvoy(t *testing.T) {
	var file yaml.Node
	configuration(t, "envoy.yaml", &file)
	removed := append([]string{"Authorization"}, others()...)
	for _, name := range append(identity(), others()...) { // those with underscores are refused
		removed = append(removed, slices.DeleteFunc(mistaken(name), func(other string) bool { return strings.Contains(other, "_") })...)
	}
	for key, want := range map[string][]string{
		"path_prefix": {"/v1/ext-authz/tickets"}, "failure_mode_allow": {"false"}, "use_remote_address": {"true"},
		"path_with_escaped_slashes_action": {"REJECT_REQUEST"}, "headers_with_underscores_action": {"REJECT_REQUEST"},
		"allowed_headers":           {"authorization", "x-forwarded-for", "user-agent"},
		"allowed_upstream_headers":  strings.Fields(strings.ToLower(strings.Join(identity(), " "))),
		"request_headers_to_remove": strings.Fields(strings.ToLower(strings.Join(removed, " "))),
	} {
		if got := values(&file, key); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
	rules := t.TempDir()
	if err := os.CopyFS(rules, os.DirFS("../../docs/proxies/rules")); err != nil {
		t.Fatal(err)
	}
	c := shapes(t, "--trusted-proxies", "127.0.0.1,10.0.0.5", "--rules", rules)
	const one = "/systems/payments/tickets/7"
	if h := envoyAsks(t, 401, "GET "+one, "", "192.0.2.7"); h.Get("WWW-Authenticate") == "" {
		t.Error("no challenge")
	}
	for request, want := range map[string]int{
		"GET " + one: 200, "HEAD " + one: 200, "GET " + one + "?workspace=*&scope=&deny=403&access_token=x": 200, "GET /tickets": 200, "GET /me": 200,
		"POST " + one: 403, "PATCH " + one: 403, "OPTIONS " + one: 403, "GET /": 403, "GET /systems": 403, "GET /systems/any/tickets/7": 403,
		"GET //systems/payments/tickets/7": 403, "GET /systems/payments/../shop/tickets": 403, "GET /systems/payments%2ftickets/7": 403, "GET /Me": 403,
	} {
		envoyAsks(t, want, request, c.reader, "192.0.2.7")
	}
	envoyAsks(t, 200, "GET /health", "", "192.0.2.7")
	envoyAsks(t, 200, "GET "+one, c.away, "192.0.2.7")
	envoyAsks(t, 403, "GET "+one, c.away, "192.0.2.7, 198.51.100.7")
	envoyAsks(t, 200, "GET "+one, c.slow, "192.0.2.7")
	if h := envoyAsks(t, 429, "GET "+one, c.slow, "192.0.2.7"); h.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	reload(t, c.office, filepath.Join(rules, "tickets.yaml"), c.reader)
}

// reload changes a file of rules: a wrong one changes nothing, another holds once
// it was read.
func reload(t *testing.T, office *process, file, reader string) {
	t.Helper()
	for _, step := range []struct{ rules, said, path string }{
		{"workspace: acme\nrules: nonsense\n", "the rules stay as they were", "GET /me"},
		{"workspace: acme\nrules:\n  - {match: GET /new, scopes: []}\n", "the rules were read again", "GET /new"},
	} {
		if err := os.WriteFile(file, []byte(step.rules), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := office.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		office.says(t, step.said)
		envoyAsks(t, 200, step.path, reader, "192.0.2.7")
	}
	envoyAsks(t, 403, "GET /me", reader, "192.0.2.7")
}

// TestEveryConfigurationNamesItsWorkspace reads the files of docs/proxies: what
// they ask by a query names the workspace, what they ask by rules has these.
func TestEveryConfigurationNamesItsWorkspace(t *testing.T) {
	files, err := filepath.Glob("../../docs/proxies/*")
	if err != nil {
		t.Fatal(err)
	}
	ask := regexp.MustCompile(`/v1/(forward-auth\S*|ext-authz/[\w-]+)`)
	asking := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || strings.HasSuffix(file, ".md") {
			continue // the folder of rules, and the page for people
		}
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, m := range ask.FindAllStringSubmatch(line, -1) {
				asking++
				name, byRules := strings.CutPrefix(m[1], "ext-authz/")
				if !byRules && !strings.HasPrefix(m[1], "forward-auth?workspace=acme&scope=") {
					t.Errorf("%s asks %s", filepath.Base(file), m[0])
				}
				if byRules {
					tokenry(t, "rules", "test", filepath.Join("../../docs/proxies/rules", name+".yaml"))
				}
			}
		}
	}
	if asking != 10 { // nginx 1 and by rules 1, Caddy 1, HAProxy 2, Traefik 2, Skipper 2, Envoy 1
		t.Errorf("the files ask %d times", asking)
	}
}
