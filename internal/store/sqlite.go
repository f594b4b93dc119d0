package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
)

// openSQLite opens the database in a file. Writes go through one connection,
// so that waiting for a turn is Go's, which a context can end; reads have a few
// of their own that cannot write.
func openSQLite(ctx context.Context, path string, o Options) (_ *engine, err error) {
	if path, err = sqlitePath(path); err != nil {
		return nil, err
	}
	e := &engine{name: "sqlite", classify: classifySQLite, undone: undoneSQLite, commit: commitSQLite, detached: true}
	defer func() {
		if err != nil {
			_ = e.close() // what was opened before the error
		}
	}()
	if !o.ReadOnly {
		if path, err = makeFile(path); err != nil {
			return nil, err
		}
	}
	if !o.ReadOnly && !o.NoLock {
		lock, err := filelock.Take(path+".lock", o.Holder, o.Now())
		if err != nil {
			return nil, err
		}
		// The lock is given back last, so closers are put in front of it.
		e.closers = append(e.closers, lock.Release)
	}
	if err := e.openPools(ctx, path, o); err != nil {
		return nil, err
	}
	e.backup = func(ctx context.Context, to string) error { return e.vacuumInto(ctx, path, to) }
	return e, e.migrateSQLite(ctx, path, o)
}

// sqlitePath checks the path and makes it absolute.
func sqlitePath(path string) (string, error) {
	switch {
	case path == "":
		return "", errors.New(`store: the address "sqlite:" names no file`)
	case strings.HasPrefix(path, ":memory:") || strings.HasPrefix(path, "file:"):
		return "", errors.New("store: a SQLite database must be a file, given by its path alone")
	case strings.ContainsAny(path, "?\x00"):
		return "", errors.New("store: the path of a SQLite database takes no options")
	}
	return filepath.Abs(path)
}

// makeFile makes the database's file, and the folder it lies in, for the owner
// alone. SQLite gives the files beside it the same mode. It answers where the
// file really is, so that a lock beside it is beside it by every path.
func makeFile(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", failf(nil, "make the folder of the database: %v", err)
	}
	// An existing file is not opened: closing it would drop the locks that SQLite
	// holds on it in this process.
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return "", failf(nil, "make the database file: %v", err)
		}
		if err := f.Close(); err != nil {
			return "", failf(nil, "make the database file: %v", err)
		}
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", failf(nil, "find the database file: %v", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := closeToOthers(path + suffix); err != nil {
			return "", failf(nil, "keep the database file to its owner: %v", err)
		}
	}
	return path, nil
}

// closeToOthers takes the rights of everybody but the owner off a file, if
// there is one.
func closeToOthers(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Chmod(path, 0o600)
}

// openPools opens the connections and sees that they work.
func (e *engine) openPools(ctx context.Context, path string, o Options) error {
	var err error
	if !o.ReadOnly {
		if e.writer, err = e.openPool(ctx, writerDSN(path, o), 1); err != nil {
			return err
		}
		var mode string
		if err := e.writer.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
			return failf(nil, "the file system of %s cannot hold a SQLite database in WAL mode (is it a network share?)", path)
		}
	}
	e.reader, err = e.openPool(ctx, readerDSN(path, o), max(4, runtime.GOMAXPROCS(0)))
	return err
}

// writerDSN is for the one connection that writes.
func writerDSN(path string, o Options) string {
	return dsn(path, o, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a commit that was answered survives a power cut
		"_txlock":       {"immediate"},
		// What is destroyed is overwritten; a log that once grew shrinks again.
		"_pragma": {"temp_store(" + tempStore() + ")", "secure_delete(on)", "journal_size_limit(67108864)"},
	})
}

// tempStore is where the undo of savepoints goes: to a file, of which the first
// 64 KiB stay in memory, since a journal in memory is walked from its beginning at
// the end of each statement; to memory where SQLite finds no folder for one.
func tempStore() string {
	for _, dir := range []string{os.Getenv("SQLITE_TMPDIR"), os.TempDir(), "/var/tmp", "/usr/tmp", "/tmp", "."} { //nolint:forbidigo // where SQLite itself looks
		f, err := os.CreateTemp(dir, "tokenry-*")
		if err == nil {
			_, _ = f.Close(), os.Remove(f.Name()) //nolint:gosec // the file that was just made, empty
			return "file"
		}
	}
	return "memory"
}

// readerDSN is for those that read; of a file that somebody else may be serving,
// nothing is touched.
func readerDSN(path string, o Options) string {
	q := url.Values{"_query_only": {"1"}}
	if o.ReadOnly {
		q.Set("mode", "ro")
	}
	return dsn(path, o, q)
}

// dsn is an address with these options and those that every connection has.
func dsn(path string, o Options, q url.Values) string {
	q.Set("_busy_timeout", strconv.FormatInt(o.Wait.Milliseconds(), 10))
	q.Set("_foreign_keys", "1")
	q.Set("_dqs", "0")
	q.Set("_defensive", "1")
	q.Set("_error_rc", "1")
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}).String()
}

// openPool keeps its connections open, for with each goes what it has prepared.
func (e *engine) openPool(ctx context.Context, dsn string, size int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(sqliteConnector{connector})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	e.closers = append([]func() error{db.Close}, e.closers...)
	if err := db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("store: open the database: %w", e.translate(err, ""))
	}
	return db, nil
}

// migrateSQLite uses a connection of its own, which keeps no statements.
func (e *engine) migrateSQLite(ctx context.Context, path string, o Options) error {
	address := writerDSN(path, o)
	if o.ReadOnly {
		address = readerDSN(path, o)
	}
	connector, err := sqlite.NewConnector(address)
	if err != nil {
		return failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	m, err := e.spine(db, goose.DialectSQLite3)
	if err != nil {
		return err
	}
	if o.ReadOnly || o.NoLock {
		return m.Check(ctx)
	}
	return m.Run(ctx, o.Logger)
}

// vacuumInto copies the database on a connection of its own, so that neither
// the readers nor the writer wait.
func (e *engine) vacuumInto(ctx context.Context, path, to string) (err error) {
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		return errors.New("store: the backup's file exists already")
	}
	partial := to + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return failf(nil, "make the backup's file: %v", err)
	}
	defer func() {
		_ = f.Close() // synced before
		if err != nil {
			_ = os.Remove(partial)
		}
	}()
	connector, err := sqlite.NewConnector(dsn(path, Options{Wait: 5 * time.Second}, url.Values{"mode": {"ro"}}))
	if err != nil {
		return failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, partial); err != nil {
		return fmt.Errorf("store: back up: %w", e.translate(err, ""))
	}
	if err := f.Sync(); err != nil {
		return failf(nil, "write the backup's file: %v", err)
	}
	if err := os.Rename(partial, to); err != nil {
		return failf(nil, "name the backup's file: %v", err)
	}
	return nil
}

// CheckSQLite reads every page of a database file, which nobody may be writing,
// and says what is damaged.
func CheckSQLite(ctx context.Context, path string) error {
	path, err := sqlitePath(path)
	if err != nil {
		return err
	}
	connector, err := sqlite.NewConnector(dsn(path, Options{}, url.Values{"mode": {"ro"}}))
	if err != nil {
		return failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	var found string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&found); err != nil {
		return failf(nil, "the database file is damaged: %v", err)
	}
	if found != "ok" {
		return failf(nil, "the database file is damaged: %s", found)
	}
	return nil
}

// classifySQLite goes by the result code. SQLite's texts name tables and
// columns and no values.
func classifySQLite(err error) (text string, kind error) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return "", nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return e.Error(), ledger.ErrDuplicate
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_NOTADB:
		return e.Error(), ledger.ErrStoreUnavailable
	}
	return e.Error(), nil
}

// commitSQLite: a commit that is visible is on the disk.
func commitSQLite(_ *sql.Conn, tx *sql.Tx) error { return tx.Commit() }

// undoneSQLite: a commit that found no room or no lock was rolled back. After
// any other error of the disk, what is in the log may yet count.
func undoneSQLite(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_READONLY:
		return true
	}
	return false
}
