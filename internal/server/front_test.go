package server_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// front is the HAProxy of deploy/haproxy.cfg in front of nodes, which it asks by turns.
type front struct {
	*testing.T
	address string
	// asked counts requests by node.
	mu    sync.Mutex
	asked map[string]int
}

// newFront starts it in front of servers at these addresses.
func newFront(t *testing.T, address string, nodes ...string) *front {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy"
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
			t.Fatal("haproxy is required: scripts/deps installs it")
		}
		t.Skip("without haproxy: scripts/deps installs it")
	}
	text, err := os.ReadFile("../../deploy/haproxy.cfg")
	check(t, err)
	ours, _, _ := strings.Cut(string(text), "\nresolvers docker")
	ours = strings.Replace(ours, " resolvers docker init-addr none", "", 1)
	ours = strings.Replace(ours, "bind :8080", "bind "+address+"\n    http-response set-header Node %s", 1)
	for i, node := range nodes {
		ours = strings.Replace(ours, fmt.Sprintf("node%d:8080", i+1), node, 1)
	}
	ours = regexp.MustCompile(`(?m)^ *server node\d node\d:8080$`).ReplaceAllString(ours, "") // there are fewer
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	check(t, os.WriteFile(file, []byte(ours+"\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "-db", "-f", file)
	said := &records{}
	cmd.Stderr = said
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("HAProxy: %s", said)
		}
	})
	f := &front{T: t, address: "http://" + address, asked: map[string]int{}}
	var d net.Dialer
	clocktest.Until(t, func() bool {
		c, err := d.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return f
}

// RoundTrip counts who answers.
func (f *front) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.URL.Host == strings.TrimPrefix(f.address, "http://") {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked[resp.Header.Get("Node")]++
	}
	return resp, err
}

func (f *front) browser() browser {
	f.Helper()
	b := newBrowser(f.T, f.address)
	b.Transport = f
	return b
}

// bySeveral says that so many nodes answered, none of them much more than the others.
func (f *front) bySeveral(nodes int) {
	f.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) != nodes {
		f.Errorf("asked were %v", f.asked)
	}
	for name, n := range f.asked {
		if n < 5 {
			f.Errorf("%s answered %d requests: %v", name, n, f.asked)
		}
	}
}

// ownProcess names the settings of a node that is a process of its own.
const ownProcess = "TOKENRY_TEST_NODE"

// TestANodeOfItsOwn is no test: [process] runs this program with its settings, to be killed.
func TestANodeOfItsOwn(t *testing.T) {
	flags := os.Getenv(ownProcess)
	if flags == "" {
		t.Skip("a process of another test")
	}
	if err := server.Run(context.Background(), settings(t, strings.Split(flags, "\n")...), os.Stderr, "test"); err != nil {
		t.Fatal(err)
	}
}

// process is a node that can be killed without being asked.
func process(t *testing.T, flags ...string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestANodeOfItsOwn$")
	cmd.Env = append(os.Environ(), ownProcess+"="+strings.Join(flags, "\n"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := &records{}
	cmd.Stderr = said
	check(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(func() {
		kill()
		if t.Failed() {
			t.Logf("the process: %s", said)
		}
	})
	return kill
}

var (
	formOf   = regexp.MustCompile(`name="form" value="([^"]+)"`)
	secretOf = regexp.MustCompile(`tkyp_[0-9A-Za-z]+`)
	linkOf   = regexp.MustCompile(`/setup\?code=setup-[0-9a-f]+`)
)

func (b browser) formAt(path string) string {
	b.Helper()
	m := formOf.FindStringSubmatch(b.open(path).body)
	if m == nil {
		b.Fatalf("%s draws no form", path)
	}
	return m[1]
}

// TestAnyNodeMayAnswerAnyRequest: somebody sets up, signs in, makes a token, sees its secret,
// rotates and deletes it while each request is answered by another node, and one of them is
// killed in the middle.
func TestAnyNodeMayAnswerAnyRequest(t *testing.T) {
	t.Parallel()
	slow(t)
	address, url := free(t), storetest.Postgres(t)
	keys := filepath.Join(t.TempDir(), "keys.json")
	_, err := server.CreateKeyring(keys, rand.Reader, time.Now())
	check(t, err)
	third := free(t)
	flags := []string{"--database", url, "--keys", keys, "--data", t.TempDir(), "--base-url", "http://" + address, "--trusted-proxies", "127.0.0.1/32"}
	kill := process(t, append(flags, "--listen", third)...)
	var logs [2]*records
	var nodes []string
	for i := range logs {
		logs[i] = &records{}
		nodes = append(nodes, runs(t, settings(t, flags...), logs[i]))
	}
	f := newFront(t, address, append(nodes, third)...)
	links := map[string]bool{}
	for _, log := range logs {
		links[linkOf.FindString(log.String())] = true
	}
	if len(links) != 1 || links[""] {
		t.Fatalf("the nodes print %v", links)
	}
	b := f.browser()
	for link := range links {
		for ready := 0; ready < 6; { // each node answers twice
			if resp, err := b.Get(f.address + "/readyz"); err == nil {
				_ = resp.Body.Close()
				if ready++; resp.StatusCode != http.StatusOK {
					ready = 0
				}
			}
		}
		b.at(b.open(link), link, "You become the first Owner")
		_, code, _ := strings.Cut(link, "=")
		b.at(b.post("/setup", "code", code, "email", "ada@example.com", "password", words, "workspace", "acme"), "/workspace/acme/access-tokens?did=set-up")
	}
	b = f.browser()
	b.at(b.post("/signin", "email", "ada@example.com", "password", words, "next", "/workspaces"), "/workspaces", "acme")
	const at = "/workspace/acme/access-tokens"
	made := func() (locator, secret string) {
		t.Helper()
		form := []string{"owner", "me", "label", "Backup", "what", "inherit", "reach", "all", "expires", "30d", "form", b.formAt(at + "/new?owner=me")}
		secret = secretOf.FindString(b.post(at+"/new", form...).body)
		if secret == "" {
			t.Fatal("no secret is shown")
		}
		if again := b.post(at+"/new", form...); strings.Contains(again.body, secret) || !strings.HasSuffix(again.path, "?did=sent") {
			t.Errorf("the form made something on another node: %s", again.path)
		}
		return secret[len("tkyp_"):][:12], secret
	}
	says := func(secret string, want api.Code) {
		t.Helper()
		c, err := client.New(f.address, secret, client.WithHTTPClient(&http.Client{Transport: f}))
		check(t, err)
		for range 6 {
			_, err := c.Whoami(t.Context())
			if got := codeOf(err); got != want {
				t.Errorf("a node says %s, want %s (%v)", got, want, err)
			}
		}
	}
	for round := range 2 {
		locator, secret := made()
		says(secret, api.CodeOK)
		if round == 1 {
			kill()
		}
		rotated := b.post(at+"/"+locator+"/rotate", "form", b.formAt(at+"/"+locator+"/rotate"), "overlap", "1h")
		next := secretOf.FindString(rotated.body)
		if next == "" || next == secret {
			t.Fatalf("rotated to %q\n%s", next, mainOf(rotated.body))
		}
		says(next, api.CodeOK)
		b.at(b.post(at+"/"+locator+"/delete", "reason", "unused"), at+"?did=revoked")
		says(next, api.CodeRevoked)
	}
	f.bySeveral(3)
}

// runs starts a node as the program does, and answers its address once it listens.
func runs(t *testing.T, cfg config.Config, log *records) string {
	t.Helper()
	cfg.Listen = free(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, cfg, log, "test") }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	clocktest.Until(t, func() bool {
		if len(ended) > 0 {
			t.Fatal(<-ended)
		}
		return strings.Contains(log.String(), "listening")
	})
	return cfg.Listen
}

func codeOf(err error) api.Code {
	if err == nil {
		return api.CodeOK
	}
	return api.AsError(err).Code
}

// TestEachWayInMayMeetAnotherNodeAtEachStep: an identity provider, an authenticator app, proving
// again who one is, and a program that waits for a person.
func TestEachWayInMayMeetAnotherNodeAtEachStep(t *testing.T) {
	t.Parallel()
	slow(t)
	p := newOP(t)
	address := free(t)
	clock := &hand{at: time.Now().UTC().Truncate(time.Second)}
	dir := t.TempDir()
	keys, secret := filepath.Join(dir, "keys.json"), filepath.Join(dir, "secret")
	_, err := server.CreateKeyring(keys, rand.Reader, time.Now())
	check(t, err)
	check(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	cfg := settings(t, "--database", storetest.Postgres(t), "--keys", keys, "--data", dir, "--base-url", "http://"+address, "--trusted-proxies", "127.0.0.1/32",
		"--oidc-issuer", p.URL, "--oidc-client-id", "tokenry", "--oidc-client-secret-file", secret, "--oidc-name", "Corp", "--oidc-domains", "example.com",
		"--oidc-workspace", "acme", "--oidc-default-role", "Administrator")
	var nodes []string
	for i := range 3 {
		s := startWith(t, cfg, server.Options{Now: clock.Now})
		nodes = append(nodes, s.Addr())
		if i == 0 {
			h, err := s.Passwords.Hash(words)
			check(t, err)
			_, err = s.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme", PasswordHash: h})
			check(t, err)
		}
	}
	f := newFront(t, address, nodes...)
	for range 3 { // so that each step meets each node
		grace := f.browser()
		p.says("g-1", "grace@example.com", nil)
		grace.at(grace.through("/signin/oidc/sso", "next", "/settings/tokens"), "/settings/tokens", "My tokens")
		const delicate = "/settings/security/app"
		grace.at(grace.through("/settings/security/confirm/sso", "next", delicate), delicate, "Add an authenticator app")
		grace.at(grace.open("/settings/tokens"), "/settings/tokens")
	}
	ada := f.browser()
	ada.post("/signin", "email", "ada@example.com", "password", words)
	key := keyOf.FindStringSubmatch(ada.post("/settings/security/app").body)[1]
	d := doors{T: t, clock: clock}
	if codes := codesOf.FindAllString(ada.post("/settings/security/app/confirm", "code", d.code(key)).body, -1); len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	for _, name := range []string{"Dusk", "Night", "Dawn"} {
		clock.pass(time.Minute)
		in := f.browser()
		ticket, code := in.half(), d.code(key)
		in.at(in.factor(ticket, code), "/instance")
		other := f.browser()
		other.refusedWith(other.factor(other.half(), code), http.StatusUnprocessableEntity, "used already")
		clock.pass(16 * time.Minute)
		ask := in.post("/instance/roles", "name", name, "scopes", "tickets:read")
		in.at(ask, "/instance/roles", "Is it you?")
		waits := []string{"kept-", "1", "kept-name", name, "kept-scopes", "tickets:read", "by", "code", "next", "/instance/roles"}
		in.at(in.post("/instance/roles", append(waits, "code", d.code(key))...), "/instance/roles?did=saved", name)

		login, err := client.BeginLogin(t.Context(), f.address, "laptop")
		check(t, err)
		in.at(in.post("/device", "code", login.UserCode), "/device", "Let this terminal act for you?", "laptop")
		in.at(in.post("/device/answer", "code", login.UserCode, "workspace", "acme", "answer", "approve"), "/settings/tokens?did=approved")
		tok, err := login.Wait(t.Context())
		check(t, err)
		c, err := client.New(f.address, tok.AccessToken)
		check(t, err)
		t.Cleanup(c.CloseIdleConnections)
		if _, err := c.Whoami(t.Context()); err != nil {
			t.Error(err)
		}
	}
	f.bySeveral(3)
}
