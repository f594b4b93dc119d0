package store_test

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/store"
)

// before migrates an empty database up to a version, and stops there.
func before(on engine, db *sql.DB, version int64) {
	on.Helper()
	dialect := goose.DialectSQLite3
	if !strings.HasPrefix(on.url, "sqlite:") {
		dialect = goose.DialectPostgres
		insert(on, db, `CREATE COLLATION IF NOT EXISTS "binary" (LOCALE = 'C')`)
	}
	p, err := goose.NewProvider(dialect, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		on.Fatal(err)
	}
	if _, err := p.UpTo(on.Context(), version); err != nil {
		on.Fatal(err)
	}
}

func insert(on engine, db *sql.DB, query string) {
	on.Helper()
	if _, err := db.ExecContext(on.Context(), query); err != nil {
		on.Fatal(err)
	}
}

// TestMigrateEnds: 00006_ended makes a state of every end that was decided, and
// leaves an overlap that has yet to run.
func TestMigrateEnds(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 5)
		insert(on, db, `INSERT INTO workspaces (id, slug, name, policy, created_at, revision) VALUES (1, 'acme', 'Acme', '{}', 1, 1)`)
		insert(on, db, `INSERT INTO tokens (id, locator, prefix, kind, workspace, created_by, label, description, lifetime,
				revoke_reason, revoke_comment, recoverable, standing, created_at, revision)
			VALUES (2, '0123456789AB', 'tky', 'w', 1, 'ada@example.com', '', '', 0, '', '', FALSE, FALSE, 1, 1)`)
		bytes := map[bool]string{true: `x'` + strings.Repeat("00", 32) + `'`, false: `decode(repeat('00', 32), 'hex')`}[strings.HasPrefix(on.url, "sqlite:")]
		insert(on, db, `INSERT INTO audit (workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target,
				payload_digest, hash, key_id)
			VALUES (1, 1, 1, 1000, 'token.reset', '', '', '', '', `+bytes+`, `+bytes+`, 1)`)
		for number, retires := range []string{"900", "1000", "2000", "NULL"} {
			insert(on, db, `INSERT INTO secrets (token, number, digest, key_id, retires_at, retire_on_use, tracked, created_at)
				VALUES (2, `+string(rune('1'+number))+`, `+bytes+`, 1, `+retires+`, FALSE, FALSE, 1)`)
		}
		open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT number || ' retires ' || coalesce(CAST(retires_at AS TEXT), '-')
			|| ', ended ' || coalesce(CAST(ended_at AS TEXT), '-') FROM secrets ORDER BY number`)
		want := []string{"1 retires -, ended 900", "2 retires -, ended 1000", "3 retires 2000, ended -", "4 retires -, ended -"}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			on.Errorf("secrets after the migration (-want +got):\n%s", diff)
		}
	})
}
