package move_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/move"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestNoBytesAreNotNull on either side, and a truth is no number: the two engines and
// their drivers keep these differently.
func TestNoBytesAreNotNull(t *testing.T) {
	t.Parallel()
	open := func(url string) (*store.Store, move.Side) {
		s, err := store.Open(t.Context(), store.Options{URL: url, Fenced: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		tables := s.Tables()
		return s, move.Side{Engine: tables.Engine, Address: tables.Engine, Read: tables.Read, Write: tables.Write, Explain: tables.Explain}
	}
	_, from := open(storetest.SQLite(t))
	_, to := open(storetest.Postgres(t))
	if _, err := from.Write.ExecContext(t.Context(), `
		INSERT INTO audit (workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target, payload_digest, hash, key_id, salt, erasure)
			VALUES (0, 1, 9007199254740993, -1, 'ü', '', '', '', '', zeroblob(32), zeroblob(32), 1, zeroblob(0), NULL);
		INSERT INTO roles (workspace, name, display_name, description, locked, revision) VALUES (0, 'a', '', '', TRUE, 1), (0, 'A', '', '', FALSE, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := move.CopyTables(t.Context(), from, to, "audit", "roles"); err != nil {
		t.Fatal(err)
	}
	var same bool
	if err := to.Read.QueryRowContext(t.Context(), `SELECT revision = 9007199254740993 AND occurred_at = -1 AND action = 'ü' AND token IS NULL AND actor = ''
		AND length(salt) = 0 AND erasure IS NULL AND (SELECT locked FROM roles WHERE name = 'a') AND NOT (SELECT locked FROM roles WHERE name = 'A') FROM audit`).Scan(&same); err != nil || !same {
		t.Errorf("%v, %v", same, err)
	}
	change := func(statement string) {
		t.Helper()
		if _, err := to.Write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for statement, back := range map[string]string{
		`UPDATE audit SET salt = NULL`: `UPDATE audit SET salt = ''`, `UPDATE audit SET erasure = ''`: `UPDATE audit SET erasure = NULL`,
		`UPDATE audit SET token = ''`: `UPDATE audit SET token = NULL`, `UPDATE roles SET locked = name = 'A'`: `UPDATE roles SET locked = name = 'a'`,
	} {
		change(statement)
		if move.SameTables(t.Context(), from, to, "audit", "roles") == nil {
			t.Errorf("%s: it is the same still", statement)
		}
		change(back)
		if err := move.SameTables(t.Context(), from, to, "audit", "roles"); err != nil {
			t.Errorf("%s: %v", back, err)
		}
	}
}
