package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
)

// run runs a server and answers what it prints until it listens.
func run(t *testing.T, cfg config.Config) (said, url string) {
	t.Helper()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, cfg, w, "test") }()
	t.Cleanup(func() {
		cancel()
		go func() { _, _ = io.Copy(io.Discard, r) }() // nobody reads the rest
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		said += line
		if m := regexp.MustCompile(`listening.*url"?[=:]"?(http://[^" ]+)`).FindStringSubmatch(line); m != nil {
			return said, m[1]
		}
	}
}

func TestGreetsAnEmptyInstance(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		said, url := run(t, settings(t, "--data", t.TempDir(), "--log-format", format))
		m := regexp.MustCompile(regexp.QuoteMeta(url) + `/setup\?code=setup-[0-9a-f]{40}`).FindString(said)
		if m == "" || !strings.Contains(said, "no Owner") {
			t.Errorf("%s: no link in %s", format, said)
		}
		if status, _ := get(t, url+"/healthz"); status != http.StatusOK {
			t.Errorf("%s: /healthz answered %d", format, status)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	said, _ := run(t, settings(t, "--data", t.TempDir(), "--listen", ":0"))
	if !strings.Contains(said, "http://localhost:") {
		t.Error(said)
	}
	said, _ = run(t, settings(t, "--data", t.TempDir(), "--base-url", "http://tokens.example.com/t/"))
	if !strings.Contains(said, "http://tokens.example.com/t/setup?code=") {
		t.Error(said)
	}
}

// Weakness: somebody logs what they were given, and it held a token. What is
// proved: the log shows the mask, in messages, texts and errors.
func TestTheLogShowsNoToken(t *testing.T) {
	t.Parallel()
	const secret = "tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7"
	for _, format := range []string{"text", "json"} {
		var out strings.Builder
		cfg := settings(t, "--data", t.TempDir(), "--log-format", format)
		server.NewLogger(cfg, &out).With("a", "x"+" "+secret).Error("got "+secret, "err", fmt.Errorf("bad: %s", secret),
			slog.Group("g", "b", secret, "c", []byte("plain")))
		if strings.Contains(out.String(), "56789ABC") || strings.Count(out.String(), "tkyp_01234…") != 4 {
			t.Errorf("%s: %s", format, out.String())
		}
	}
}
