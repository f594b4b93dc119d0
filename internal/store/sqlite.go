package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/sqlite"
)

// openSQLite opens the database in a file. Writes go through one connection,
// so that waiting for a turn is Go's, which a context can end; reads have a few
// of their own that cannot write.
func openSQLite(ctx context.Context, path string, o Options) (_ *engine, err error) {
	if path, err = sqlite.Path(path); err != nil {
		return nil, err
	}
	e := &engine{name: "sqlite", classify: classifySQLite, undone: sqlite.Undone, commit: commitSQLite, detached: true}
	defer func() {
		if err != nil {
			_ = e.close() // what was opened before the error
		}
	}()
	if !o.ReadOnly {
		if path, err = sqlite.Make(path); err != nil {
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
	e.backup = func(ctx context.Context, to string) error { return e.copyTo(ctx, path, to) }
	return e, e.migrateSQLite(ctx, path, o)
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
	q := url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a commit that was answered survives a power cut
		"_txlock":       {"immediate"},
		// What is destroyed is overwritten; a log that once grew shrinks again.
		"_pragma": {"temp_store(" + sqlite.TempStore() + ")", "secure_delete(on)", "journal_size_limit(67108864)"},
	}
	if o.Bulk { // cells land all over the indexes, so their pages stay, and are written back many changes at a time
		q["_synchronous"] = []string{"OFF"}
		q["_pragma"] = append(q["_pragma"], "cache_size(-524288)", "wal_autocheckpoint(65536)")
	}
	return sqlite.Address(path, o.Wait, q)
}

// readerDSN is for those that read; of a file that somebody else may be serving,
// nothing is touched.
func readerDSN(path string, o Options) string {
	q := url.Values{"_query_only": {"1"}}
	if o.ReadOnly {
		q.Set("mode", "ro")
	}
	return sqlite.Address(path, o.Wait, q)
}

// openPool keeps its connections open, for with each goes what it has prepared.
func (e *engine) openPool(ctx context.Context, dsn string, size int) (*sql.DB, error) {
	connector, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(sqlite.Keeping(connector))
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
	connector, err := driver.NewConnector(address)
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

// copyTo copies the database on a connection of its own.
func (e *engine) copyTo(ctx context.Context, path, to string) error {
	err := sqlite.Copy(ctx, path, to)
	if text, _ := e.classify(err); text != "" {
		err = e.translate(err, "")
	}
	if err != nil {
		return fmt.Errorf("store: back up: %w", err)
	}
	return nil
}

// classifySQLite goes by the result code. SQLite's texts name tables and
// columns and no values.
func classifySQLite(err error) (text string, kind error) {
	e, ok := errors.AsType[*driver.Error](err)
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
