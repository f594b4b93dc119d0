package sqlite_test

import (
	"database/sql"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"github.com/tokenry/tokenry/internal/sqlite"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// opened is a database at an address, whose connections keep their statements.
func opened(t *testing.T, address string) *sql.DB {
	t.Helper()
	c, err := driver.NewConnector(address)
	must(t, err)
	db := sql.OpenDB(sqlite.Keeping(c))
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// ask is the one value that a query answers.
func ask(t *testing.T, db *sql.DB, query string) (s string) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), query).Scan(&s))
	return s
}

func do(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Mode().Perm()
}

// TestADatabaseIsAFileGivenByItsPathAlone: what would be kept in memory, or change how it
// is opened, is refused; the rest is the same file from wherever the program runs.
func TestADatabaseIsAFileGivenByItsPathAlone(t *testing.T) {
	t.Parallel()
	for path, says := range map[string]string{
		"": "names no file", ":memory:": "must be a file", ":memory:?cache=shared": "must be a file", "file:tokens.db": "must be a file",
		"tokens.db?mode=memory": "takes no options", "tokens\x00.db": "takes no options",
		"tokens.db": "", "/var/lib/tokenry/tokens.db": "", "a b/%41#.db": "", "memory:": "",
	} {
		got, err := sqlite.Path(path)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", path, err, says)
		}
		if err == nil && (!filepath.IsAbs(got) || !strings.HasSuffix(got, filepath.FromSlash(path))) {
			t.Errorf("%q is %q", path, got)
		}
	}
}

// TestADatabaseIsForItsOwnerAlone: its folder and its file when they are made, and the
// files that an earlier program left open to others.
func TestADatabaseIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	made := filepath.Join(t.TempDir(), "new", "folder", "tokens.db")
	_, err := sqlite.Make(made)
	must(t, err)
	if f, d := mode(t, made), mode(t, filepath.Dir(made)); f != 0o600 || d != 0o700 {
		t.Errorf("the file is %o, its folder %o", f, d)
	}
	old := filepath.Join(t.TempDir(), "tokens.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		must(t, os.WriteFile(old+suffix, []byte("kept"+suffix), 0o600))
		must(t, os.Chmod(old+suffix, 0o664))
	}
	_, err = sqlite.Make(old)
	must(t, err)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		text, err := os.ReadFile(old + suffix)
		if err != nil || string(text) != "kept"+suffix || mode(t, old+suffix) != 0o600 {
			t.Errorf("tokens.db%s holds %q and is %o: %v", suffix, text, mode(t, old+suffix), err)
		}
	}
	must(t, os.Chmod(old, 0o400))
	if _, err = sqlite.Make(old); err != nil || mode(t, old) != 0o400 {
		t.Errorf("what its owner may only read is %o: %v", mode(t, old), err)
	}
}

// TestAFileIsTheSameByEveryPath, so that a lock beside it is one lock; a link that leads
// nowhere makes no file elsewhere.
func TestAFileIsTheSameByEveryPath(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	file, link, lost := filepath.Join(dir, "tokens.db"), filepath.Join(dir, "link.db"), filepath.Join(dir, "lost.db")
	must(t, os.Symlink(file, link))
	must(t, os.Symlink(filepath.Join(dir, "elsewhere.db"), lost))
	for _, path := range []string{file, link, filepath.Join(dir, "..", filepath.Base(dir), "link.db")} {
		if got, err := sqlite.Make(path); err != nil || got != file {
			t.Errorf("%s is %s: %v", path, got, err)
		}
	}
	if _, err := sqlite.Make(lost); err == nil || !strings.Contains(err.Error(), "make the database file") {
		t.Errorf("a link that leads nowhere: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere.db")); err == nil {
		t.Error("a file was made where a link leads")
	}
	if _, err := sqlite.Make(filepath.Join(file, "tokens.db")); err == nil || !strings.Contains(err.Error(), "make the folder") {
		t.Errorf("a file for a folder: %v", err)
	}
}

// TestAFileThatExistsIsNotOpened: closing it would drop the locks of this process on it.
// A socket cannot be opened at all, so whoever tries is told.
func TestAFileThatExistsIsNotOpened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	if _, err := os.Open(path); err == nil {
		t.Fatal("a socket was opened as a file, and this test says nothing")
	}
	if _, err := sqlite.Make(path); err != nil {
		t.Errorf("it was opened: %v", err)
	}
}

// TestEveryConnectionIsAsStatementsNeedIt: whatever the path has in it, and beside the
// options of whoever opens it.
func TestEveryConnectionIsAsStatementsNeedIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%41#c&d.db")
	db := opened(t, sqlite.Address(path, 1234*time.Millisecond, url.Values{"_txlock": {"immediate"}}))
	for query, want := range map[string]string{`PRAGMA foreign_keys`: "1", `PRAGMA busy_timeout`: "1234", `SELECT 'text'`: "text"} {
		if got := ask(t, db, query); got != want {
			t.Errorf("%s answers %s", query, got)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is elsewhere: %v", err)
	}
	do(t, db, `CREATE TABLE a (id INTEGER PRIMARY KEY)`, `CREATE TABLE b (a INTEGER REFERENCES a)`)
	for statement, why := range map[string]string{
		`SELECT "a name that nothing has"`:                       "a mistyped name is no text",
		`INSERT INTO b VALUES (7)`:                               "a row refers to one that is there",
		`PRAGMA writable_schema = ON; DELETE FROM sqlite_schema`: "nobody writes into the schema's table",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: %s", why, statement)
		}
	}
}

// TestUndoGoesToAFileWhereThereIsAFolderForOne, and the file that tries it is gone.
func TestUndoGoesToAFileWhereThereIsAFolderForOne(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SQLITE_TMPDIR", dir)
	if got := sqlite.TempStore(); got != "file" {
		t.Errorf("undo goes to %s", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	t.Setenv("SQLITE_TMPDIR", filepath.Join(dir, "not there"))
	t.Setenv("TMPDIR", dir)
	if got := sqlite.TempStore(); got != "file" {
		t.Errorf("with one folder that is not there, undo goes to %s", got)
	}
}
