package server_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

// TestStrangeUseIsSeenInWhatIsWritten: by a server that learned the token a while ago, and in
// the first batch after a restart.
func TestStrangeUseIsSeenInWhatIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := settings(t, "--data", dir)
	s := start(t, cfg)
	c, secret := own(t, s)
	use := func(from string) {
		t.Helper()
		if v, err := c.Verify(t.Context(), secret, client.From(api.Client{IP: from})); err != nil || !v.Allowed {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	use("203.0.113.7")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "usage.db"))
	if err != nil {
		t.Fatal(err)
	}
	const month = "30 * 86400000000"
	for _, query := range []string{`UPDATE usage_networks SET first_at = first_at - ` + month, `UPDATE usage_recorded SET since_at = since_at - ` + month} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, cfg)
	if c, err = client.New(s.BaseURL(), secret); err != nil {
		t.Fatal(err)
	}
	use("203.0.113.99")
	use("198.51.100.4")
	clocktest.Until(t, func() bool {
		v, err := c.StrangeUse(t.Context(), "acme", "self")
		return err == nil && v.Open && len(v.Networks) == 1 && v.Networks[0] == "198.51.100.0/24"
	})
}
