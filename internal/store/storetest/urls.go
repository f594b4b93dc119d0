package storetest

import (
	"os"
	"path/filepath"
	"testing"
)

// Each runs f once for each engine, with the address of a database in which
// nothing is stored.
func Each(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t))
	})
}

// SQLite answers the address of a database file that does not exist yet, in a
// folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "tokenry.db")
}

// Postgres answers the address of a database in which nothing is stored, and
// which goes with the test. It is on a server that does not wait for the disk;
// one starts with the first test of a binary that asks.
func Postgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, quick)
}

// DurablePostgres is [Postgres] on a server that waits for the disk, for tests
// of what survives and for benchmarks.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, durable)
}

// databaseOn skips or fails when there is no server.
func databaseOn(t testing.TB, find func() (*cluster, error)) string {
	t.Helper()
	c, err := find()
	if err == nil {
		return c.database(t)
	}
	if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
		t.Fatalf("PostgreSQL is required: %v", err)
	}
	t.Skipf("without PostgreSQL: %v", err)
	return ""
}
