package migrate_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // what migrates is an engine

	"github.com/tokenry/tokenry/internal/migrate"
)

// schema has so many migrations; one of them ends builds before itself.
func schema(n, ends int) fs.FS {
	files := fstest.MapFS{}
	for i := 1; i <= n; i++ {
		text := fmt.Sprintf("-- +goose Up\nCREATE TABLE t%d (x BIGINT);\n", i)
		if i == 1 {
			text += "CREATE TABLE builds (id BIGINT, lowest BIGINT);\nINSERT INTO builds VALUES (1, 0);\n"
		}
		if i == ends {
			text += fmt.Sprintf("UPDATE builds SET lowest = %d WHERE id = 1;\n", i)
		}
		files[fmt.Sprintf("%05d_more.sql", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

var errAway = errors.New("nobody answers")

// program is one that knows so many migrations, on a database.
func program(t *testing.T, db *sql.DB, n, ends int, older func(context.Context, int64) ([]migrate.Node, error)) *migrate.Migrator {
	t.Helper()
	m, err := migrate.New(migrate.Database{DB: db, Dialect: goose.DialectSQLite3, Translate: func(err error) error { return err }, Unreachable: errAway, Older: older},
		migrate.Schema{Migrations: schema(n, ends), Versions: "versions", Builds: "builds"})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func memory(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// refused wants a schema error that tells both versions and what to do.
func refused(t *testing.T, err error, have, want int64, says string) {
	t.Helper()
	e, is := errors.AsType[*migrate.SchemaError](err)
	if !is || e.Have != have || e.Want != want || !strings.Contains(e.Error(), says) {
		t.Errorf("%v, want that %d is there and %d is needed", err, have, want)
	}
}

// TestBuildsSideBySide: an older program goes on with a schema that says it may, and is
// refused by one that says it may not; nobody migrates back.
func TestBuildsSideBySide(t *testing.T) {
	t.Parallel()
	db := memory(t)
	first, adds, ends := program(t, db, 2, 0, nil), program(t, db, 3, 0, nil), program(t, db, 4, 4, nil)
	refused(t, first.Check(t.Context()), 0, 2, "was not set up by tokenry yet")
	for range 2 { // the second finds it done
		if err := first.Run(t.Context(), silent()); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, adds.Check(t.Context()), 2, 3, "start the server on it once to migrate it")
	if err := adds.Run(t.Context(), silent()); err != nil {
		t.Fatal(err)
	}
	refused(t, first.Check(t.Context()), 3, 2, "a newer tokenry has migrated it")
	if _, err := db.ExecContext(t.Context(), `UPDATE builds SET lowest = 2`); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(first.Check(t.Context()), first.Run(t.Context(), silent())); err != nil {
		t.Errorf("the schema says that it may: %v", err)
	}
	if err := ends.Run(t.Context(), silent()); err != nil {
		t.Fatal(err)
	}
	refused(t, first.Run(t.Context(), silent()), 4, 2, "run that one")
	refused(t, adds.Check(t.Context()), 4, 3, "run that one")
	if err := ends.Check(t.Context()); err != nil || ends.Want() != 4 {
		t.Errorf("%d, %v", ends.Want(), err)
	}
}

// TestADatabaseThatIsAwayIsNotTakenForAnEmptyOne: or a first start would set up another.
func TestADatabaseThatIsAwayIsNotTakenForAnEmptyOne(t *testing.T) {
	t.Parallel()
	db := memory(t)
	m, err := migrate.New(migrate.Database{DB: db, Dialect: goose.DialectSQLite3, Translate: func(err error) error { return fmt.Errorf("%w: %w", errAway, err) }, Unreachable: errAway},
		migrate.Schema{Migrations: schema(1, 0), Versions: "versions", Builds: "builds"})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Run(t.Context(), silent()); !errors.Is(err, errAway) {
		t.Error(err)
	}
	if err := m.Check(t.Context()); !errors.Is(err, errAway) {
		t.Error(err)
	}
	if _, err := db.ExecContext(t.Context(), `SELECT x FROM t1`); err == nil {
		t.Error("it was migrated")
	}
}

// TestWhatIsTakenAwayWaitsForWhoMindsIt: a node that goes on stops the migration, one that
// stands still for as long as it may go on without does not.
func TestWhatIsTakenAwayWaitsForWhoMindsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked, beats := 0, true
		older := func(_ context.Context, than int64) ([]migrate.Node, error) {
			if asked++; than != 3 {
				t.Errorf("asked for builds before %d", than)
			}
			stand := "1"
			if beats {
				stand = fmt.Sprint(asked)
			}
			return []migrate.Node{{Holder: "web-1", Stand: stand, Length: 10_000_000}}, nil
		}
		db := memory(t)
		if err := program(t, db, 2, 0, older).Run(t.Context(), silent()); err != nil || asked > 0 {
			t.Fatalf("asked %d times where nothing was there: %v", asked, err)
		}
		err := program(t, db, 3, 3, older).Run(t.Context(), silent())
		e, is := errors.AsType[*migrate.BuildsError](err)
		if !is || e.Holder != "web-1" || e.Lowest != 3 || !strings.Contains(e.Error(), "web-1 is of a version that does not know schema 3") {
			t.Fatalf("%v", err)
		}
		if beats = false; program(t, db, 3, 3, older).Run(t.Context(), silent()) != nil {
			t.Error("a node that is gone is waited for")
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := migrate.AwaitOlder(ended, older, 3, silent()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		away := func(context.Context, int64) ([]migrate.Node, error) { return nil, errAway }
		if err := migrate.AwaitOlder(t.Context(), away, 3, silent()); !errors.Is(err, errAway) {
			t.Error(err)
		}
	})
}
