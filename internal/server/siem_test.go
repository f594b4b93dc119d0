package server_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/server"
)

// TestTheAuditIsStreamed by a server, goes on after a restart where it was, and proves
// itself by the keyring alone. A receiver that takes nothing is told, and holds up no other.
func TestTheAuditIsStreamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.ndjson")
	cfg := settings(t, "--data", dir, "--audit-stream", "file:"+path, "--audit-stream", "file:/nowhere/audit?name=lost")
	until := func(s running, page, want string) {
		t.Helper()
		clocktest.Until(t, func() bool {
			_, body := get(t, s.BaseURL()+page)
			return strings.Contains(body, want)
		})
	}
	s := start(t, cfg)
	own(t, s)
	until(s, "/readyz", `"audit_stream":"failing"`)
	until(s, "/metrics", `tokenry_audit_stream_failing{code="unwritable",stream="lost"} 1`)
	lines := func() int {
		b, err := os.ReadFile(path)
		if err != nil {
			return 0
		}
		return strings.Count(string(b), "\n")
	}
	kept, err := server.VerifyAudit(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, c := range kept {
		want += int(c.Rows)
	}
	clocktest.Until(t, func() bool { return lines() >= want })
	until(s, "/metrics", fmt.Sprintf(`tokenry_audit_stream_rows_total{stream="file://%s"} %d`, path, want))
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = start(t, cfg)
	until(s, "/readyz", `"audit_stream":"failing"`)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	chains, torn, err := server.VerifyStreams(cfg, nil, []string{path})
	if err != nil || len(chains) != 2 || torn != 0 || lines() != want {
		t.Errorf("%+v, %d torn of %d, %v", chains, torn, lines(), err)
	}
	_, err = server.Listen(t.Context(), settings(t, "--data", dir, "--audit-stream", "syslog://siem"), server.Options{})
	if wrong, ok := errors.AsType[*config.Error](err); !ok || wrong.Key != "audit_stream" {
		t.Errorf("an address that means nothing: %v", err)
	}
}
