package server_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/server"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// settings are those of a server on a free port, with these besides.
func settings(t *testing.T, flags ...string) config.Config {
	t.Helper()
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(fs)
	if err := fs.Parse(append([]string{"--listen", "127.0.0.1:0"}, flags...)); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(fs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// running is a server that serves until it is stopped or the test ends.
type running struct {
	*server.Server
	stop func() error
}

func start(t *testing.T, cfg config.Config) running {
	t.Helper()
	return startWith(t, cfg, server.Options{})
}

func startWith(t *testing.T, cfg config.Config, o server.Options) running {
	t.Helper()
	s, err := server.Listen(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	var result error
	stopped := false
	stop := func() error {
		cancel()
		if !stopped {
			stopped, result = true, <-ended
		}
		return result
	}
	t.Cleanup(func() { _ = stop() }) // a test that cares has asked
	return running{s, stop}
}

// own makes the first Owner, and a client with the first token.
func own(t *testing.T, s running) (*client.Client, string) {
	t.Helper()
	first, err := s.Authority.Bootstrap(t.Context(), office.Bootstrap{Email: "ada@example.com", Workspace: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(s.BaseURL(), first.Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c, first.Secret.Reveal()
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServesAndKeeps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		keys := filepath.Join(t.TempDir(), "keys.json")
		if _, err := server.CreateKeyring(keys, rand.Reader, time.Now()); err != nil {
			t.Fatal(err)
		}
		cfg := settings(t, "--database", url, "--keys", keys, "--prefix", "acme")
		s := start(t, cfg)
		c, secret := own(t, s)
		if !strings.HasPrefix(secret, "acmep_") {
			t.Error("the prefix is another")
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		cfg = settings(t, "--database", url, "--keys", keys, "--listen", s.Addr()) // no prefix: it is kept
		again := start(t, cfg)
		who, err := c.Whoami(t.Context())
		if err != nil || who.Workspace != "acme" || !who.InstanceAdmin {
			t.Errorf("after a restart: %+v, %v", who, err)
		}
		var in api.CreateToken
		in.Label = api.Some("x")
		issued, err := c.CreateToken(t.Context(), "", in)
		if err != nil || !strings.HasPrefix(issued.Secret, "acmep_") {
			t.Errorf("the prefix is forgotten: %v", err)
		}
		if err := again.stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestSecondServerIsRefused: a SQLite database is one process's.
func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "--data", t.TempDir())
	first := start(t, cfg)
	_, err := server.Listen(t.Context(), cfg, server.Options{})
	held, ok := errors.AsType[*filelock.HeldError](err)
	if !ok || !strings.Contains(err.Error(), first.Addr()) || !strings.Contains(held.Holder, fmt.Sprint(os.Getpid())) {
		t.Fatalf("the second server: %v", err)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if err := start(t, cfg).stop(); err != nil {
		t.Errorf("once the first has gone: %v", err)
	}
}

func TestKeyringAndDatabaseBelongTogether(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "--data", filepath.Join(t.TempDir(), "data"))
	if err := start(t, cfg).stop(); err != nil {
		t.Fatal(err)
	}
	if m := mode(t, cfg.Keys); m != 0o600 {
		t.Errorf("the keyring was made with mode %o", m)
	}
	// A lost keyring is not made again in silence.
	away := cfg.Keys + ".away"
	if err := os.Rename(cfg.Keys, away); err != nil {
		t.Fatal(err)
	}
	_, err := server.Listen(t.Context(), cfg, server.Options{})
	if err == nil || !strings.Contains(err.Error(), "no keyring") {
		t.Errorf("without its keyring: %v", err)
	}
	if _, err := os.Stat(cfg.Keys); err == nil {
		t.Error("a new keyring was made for an old database")
	}
	// Another one is refused.
	if _, err := server.CreateKeyring(cfg.Keys, rand.Reader, time.Now()); err != nil {
		t.Fatal(err)
	}
	_, err = server.Listen(t.Context(), cfg, server.Options{})
	if _, ok := errors.AsType[*store.KeyringError](err); !ok {
		t.Errorf("with another keyring: %v", err)
	}
	if err := os.Rename(away, cfg.Keys); err != nil {
		t.Fatal(err)
	}
	if err := start(t, cfg).stop(); err != nil {
		t.Errorf("with its own again: %v", err)
	}
}

func TestPostgresIsGivenItsKeyring(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "--database", "postgres://nobody@127.0.0.1:1/none", "--keys", filepath.Join(t.TempDir(), "keys.json"))
	_, err := server.Listen(t.Context(), cfg, server.Options{})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a keyring was made: %v", err)
	}
}

func TestAStartThatFailsLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "--data", t.TempDir())
	first := start(t, cfg)
	cfg2 := settings(t, "--data", t.TempDir(), "--listen", first.Addr())
	if _, err := server.Listen(t.Context(), cfg2, server.Options{}); err == nil || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	cfg2.Listen = "127.0.0.1:0"
	if err := start(t, cfg2).stop(); err != nil {
		t.Errorf("the database was left held: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	if status, body := get(t, s.BaseURL()+"/metrics"); status != http.StatusOK || !strings.Contains(body, "tokenry_database_duration_seconds") {
		t.Errorf("on the main listener: %d", status)
	}
	address := free(t)
	s = start(t, settings(t, "--data", t.TempDir(), "--metrics-listen", address))
	if status, _ := get(t, s.BaseURL()+"/metrics"); status != http.StatusNotFound {
		t.Errorf("metrics have a listener of their own, and the main one answers %d", status)
	}
	if status, body := get(t, "http://"+address+"/metrics"); status != http.StatusOK || !strings.Contains(body, "tokenry_build_info") {
		t.Errorf("on their own: %d", status)
	}
	if status, _ := get(t, "http://"+address+"/v1/whoami"); status != http.StatusNotFound {
		t.Errorf("the API is on the listener for metrics: %d", status)
	}
	if status, _ := get(t, "http://"+address+"/debug/pprof/heap"); status != http.StatusNotFound {
		t.Errorf("nobody asked for profiles: %d", status)
	}
}

// TestProfilesAreOnTheMetricsListenerAlone: and the command line, which may hold a
// password, is on none.
func TestProfilesAreOnTheMetricsListenerAlone(t *testing.T) {
	t.Parallel()
	address := free(t)
	s := start(t, settings(t, "--data", t.TempDir(), "--metrics-listen", address, "--profiling"))
	for url, want := range map[string]int{
		"http://" + address + "/debug/pprof/heap?debug=1":      http.StatusOK,
		"http://" + address + "/debug/pprof/goroutine?debug=1": http.StatusOK,
		"http://" + address + "/metrics":                       http.StatusOK,
		"http://" + address + "/debug/pprof/cmdline":           http.StatusNotFound,
		"http://" + address + "/debug/pprof/":                  http.StatusNotFound,
		s.BaseURL() + "/debug/pprof/heap":                      http.StatusNotFound,
		s.BaseURL() + "/debug/pprof/profile?seconds=1":         http.StatusNotFound,
	} {
		if status, _ := get(t, url); status != want {
			t.Errorf("%s: %d, want %d", url, status, want)
		}
	}
}

// free is an address that nobody listens on now.
func free(t *testing.T) string {
	t.Helper()
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	return on.Addr().String()
}

// raw speaks HTTP by hand.
func raw(t *testing.T, s running) net.Conn {
	t.Helper()
	return rawAt(t, "tcp", s.Addr())
}

func rawAt(t *testing.T, network, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // closed once it was read
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// A request that was taken before the server was asked to stop is answered.
func TestStoppingFinishesWhatWasTaken(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir()))
	_, secret := own(t, s)
	conn := raw(t, s)
	body := `{"token":"` + secret + `"}`
	fmt.Fprintf(conn, "POST /v1/verify HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", secret, len(body))
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	refused(t, s)
	select {
	case err := <-stopped:
		t.Fatalf("the server stopped while a request was running: %v", err)
	default:
	}
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || !strings.Contains(string(b), `"allowed":true`) {
		t.Errorf("answered %s %s", resp.Status, b)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// refused returns once the server takes no more connections.
func refused(t *testing.T, s running) {
	t.Helper()
	clocktest.Until(t, func() bool {
		conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
		if err == nil {
			_ = conn.Close() // it was taken before the listener closed
		}
		return err != nil
	})
}

func TestStoppingDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	s := start(t, settings(t, "--data", t.TempDir(), "--shutdown-timeout", "50ms"))
	_, secret := own(t, s)
	conn := raw(t, s)
	fmt.Fprintf(conn, "POST /v1/verify HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", secret)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err)
	}
	if err := s.stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}
