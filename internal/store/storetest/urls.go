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

// SQLite answers the address of a database file in which nothing is stored, in a
// folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	migrated, err := file()
	if err != nil {
		t.Fatalf("storetest: make a database file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "tokenry.db")
	if err := os.WriteFile(path, migrated, 0o600); err != nil {
		t.Fatalf("storetest: copy the database file: %v", err)
	}
	return "sqlite:" + path
}

// EmptySQLite is [SQLite] with a file that does not exist yet.
func EmptySQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "tokenry.db")
}

// Postgres answers the address of a database in which nothing is stored, and
// which goes with the test. It is on a server that does not wait for the disk;
// one starts with the first test of a binary that asks.
func Postgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, quick, copied)
}

// EmptyPostgres is [Postgres] with a database in which there is no schema yet.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, quick, func(t testing.TB, c *cluster) string { t.Helper(); return c.database(t, "template0") })
}

// Standby answers the address of a server that takes no changes. All tests share
// its one database, in which there is no schema.
func Standby(t testing.TB) string {
	t.Helper()
	return databaseOn(t, standby, func(_ testing.TB, c *cluster) string { return c.admin.String() })
}

func copied(t testing.TB, c *cluster) string {
	t.Helper()
	return c.database(t, c.template)
}

// DurablePostgres is [Postgres] on a server that waits for the disk, for tests
// of what survives and for benchmarks.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	return databaseOn(t, durable, copied)
}

// databaseOn skips or fails when there is no server.
func databaseOn(t testing.TB, find func() (*cluster, error), pick func(testing.TB, *cluster) string) string {
	t.Helper()
	c, err := find()
	if err == nil {
		return pick(t, c)
	}
	if os.Getenv("TOKENRY_TEST_REQUIRE") == "1" {
		t.Fatalf("PostgreSQL is required: %v", err)
	}
	t.Skipf("without PostgreSQL: %v", err)
	return ""
}
