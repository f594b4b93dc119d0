package store_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// migratedTo is a database as an older program left it.
func migratedTo(on engine, version int64) *sql.DB {
	on.Helper()
	dialect := goose.DialectSQLite3
	if !strings.HasPrefix(on.url, "sqlite:") {
		dialect = goose.DialectPostgres
		postgres(on.T, on.url, `CREATE COLLATION "binary" (LOCALE = 'C')`)
	}
	db := beside(on.T, on.url)
	p, err := goose.NewProvider(dialect, db, os.DirFS("migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		on.Fatal(err)
	}
	if _, err := p.UpTo(on.Context(), version); err != nil {
		on.Fatal(err)
	}
	return db
}

// TestMigrateRetention: 00004_retention leaves the rows of before as they were,
// and no time in them that never was.
func TestMigrateRetention(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := migratedTo(on, 3)
		digest := []byte(strings.Repeat("d", 32))
		for _, insert := range []struct {
			query string
			args  []any
		}{
			{`INSERT INTO workspaces (id, slug, name, policy, created_at, deleted_at, revision) VALUES (1, 'acme', 'Acme', '{}', 10, 20, 1)`, nil},
			{`INSERT INTO users (id, public_id, email, name, password_hash, instance_admin, created_at, revision)
				VALUES (2, 'usr_1', 'ada@example.com', 'Ada', '', FALSE, 10, 1)`, nil},
			{`INSERT INTO audit (workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target, payload,
				payload_digest, hash, key_id) VALUES (1, 1, 1, 10, 'workspace.created', 'ada@example.com', '', '', 'acme', '{}', $1, $1, 1)`, []any{digest}},
		} {
			if _, err := db.ExecContext(on.Context(), insert.query, insert.args...); err != nil {
				on.Fatal(err)
			}
		}
		s := open(on.T, store.Options{URL: on.url})
		micro := func(n int64) time.Time { return time.UnixMicro(n).UTC() }
		row := ledger.AuditRow{
			Workspace: 1, Sequence: 1, Revision: 1, At: micro(10), Action: "workspace.created", Actor: "ada@example.com", Target: "acme",
			Payload: []byte(`{}`), PayloadDigest: digest, Hash: digest, Key: 1,
		}
		if err := s.Read(on.Context(), func(r ledger.Reader) error {
			ws, err := r.Workspace(ledger.WorkspaceKey{ID: 1})
			same(on.T, ledger.Workspace{ID: 1, Slug: "acme", Name: "Acme", CreatedAt: micro(10), DeletedAt: micro(20), PolicyRevision: 1, Revision: 1}, ws, err)
			u, err := r.User(ledger.UserKey{ID: 2})
			same(on.T, ledger.User{ID: 2, PublicID: "usr_1", Email: "ada@example.com", Name: "Ada", CreatedAt: micro(10), Revision: 1}, u, err)
			rows, err := r.AuditChain(1, 0, 0)
			same(on.T, []ledger.AuditRow{row}, rows, err)
			return nil
		}); err != nil {
			on.Fatal(err)
		}
	})
}

func same[T any](t *testing.T, want, got T, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("want - got +: %s (%v)", diff, err)
	}
}
