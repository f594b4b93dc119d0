package server_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/internal/clock/clocktest"
)

// TestWhatNobodyUsesIsToldByWhatIsWritten: a server counts by its own record of usage, which goes
// on over a restart; what asks its API or is verified is used, and a use takes the day back.
func TestWhatNobodyUsesIsToldByWhatIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := settings(t, "--data", dir)
	s := start(t, cfg)
	c, root := own(t, s)
	in := api.CreateToken{}
	in.Label, in.Kind, in.Scopes, in.Resources = api.Some("forgotten"), "workspace", api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
	i, err := c.CreateToken(t.Context(), "acme", in)
	if err == nil {
		_, err = c.EditPolicy(t.Context(), "acme", api.PatchPolicy{DisableUnusedAfter: api.Some(60 * api.Day)})
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	const months = "100 * 86400000000"
	for file, query := range map[string]string{"usage.db": `UPDATE usage_recorded SET since_at = since_at - ` + months, "tokenry.db": `UPDATE tokens SET created_at = created_at - ` + months} {
		db, err := sql.Open("sqlite", filepath.Join(dir, file))
		if err == nil {
			_, err = db.ExecContext(t.Context(), query)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = db.Close() // it is written
	}
	s = start(t, cfg)
	if c, err = client.New(s.BaseURL(), root); err != nil {
		t.Fatal(err)
	}
	all := 0
	clocktest.Until(t, func() bool {
		did, err := s.Authority.DisableUnused(t.Context(), func(context.Context) error { return nil })
		all += did.Warned
		return err == nil && did.Warned > 0
	})
	v, err := c.GetToken(t.Context(), "acme", i.Token.ID)
	if err != nil || all != 1 || v.Unused == nil || v.Unused.DisableAt == nil {
		t.Fatalf("%d were told of, %+v, %v", all, v.Unused, err)
	}
	if got, err := c.Verify(t.Context(), i.Secret); err != nil || !got.Allowed {
		t.Fatalf("%+v, %v", got, err)
	}
	clocktest.Until(t, func() bool {
		did, err := s.Authority.DisableUnused(t.Context(), func(context.Context) error { return nil })
		return err == nil && did.TakenBack == 1
	})
}
