package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/postgres"
	"github.com/tokenry/tokenry/internal/sqlite"
	"github.com/tokenry/tokenry/internal/usagerows"
)

// usagePool is how many connections to PostgreSQL usage takes at most, besides
// those of the spine: writing behind must never make a change wait for one.
const usagePool = 4

// Usage is an [ledger.UsageStore] over one database. It may be used by any
// number of goroutines.
type Usage struct {
	*usagerows.Rows
	eng       *engine
	closeOnce sync.Once
	closed    error
}

var _ ledger.UsageStore = (*Usage)(nil)

// OpenUsage opens what is kept of usage beside the database that the options
// name, and migrates its schema. On SQLite it is a file of its own in the same
// folder, see [UsagePath]; on PostgreSQL it is in the same database, which must
// have been opened before. It takes no server lock; whoever serves holds that of
// the [Store].
func OpenUsage(ctx context.Context, o Options) (*Usage, error) {
	o = o.withDefaults()
	scheme, rest, _ := strings.Cut(o.URL, ":")
	e := &engine{}
	var err error
	switch scheme {
	case "sqlite":
		err = e.openUsageSQLite(ctx, rest, o)
	case "postgres", "postgresql":
		err = e.openUsagePostgres(ctx, o)
	default:
		err = errors.New(`store: the database address begins with neither "sqlite:" nor "postgres://"`)
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	e.trace = o.Trace
	return &Usage{Rows: usagerows.Over(usageDatabase{e, o.ReadOnly}, scheme == "sqlite" && !o.NoLock), eng: e}, nil
}

// Close waits for what runs and closes the database.
func (u *Usage) Close() error {
	u.closeOnce.Do(func() { u.closed = u.eng.close() })
	return u.closed
}

// BackupTo is [Store.BackupTo] for what is kept of usage.
func (u *Usage) BackupTo(ctx context.Context, path string) error {
	if u.eng.backup == nil {
		return fmt.Errorf("store: a %s database is backed up with its own tools, such as pg_dump", u.eng.name)
	}
	return u.eng.backup(ctx, path)
}

// UsagePath is the file beside a SQLite database that usage is kept in: usage.db
// beside tokenry.db, and x-usage.db beside any other x.db, so that two databases
// in one folder do not share it.
func UsagePath(database string) string {
	dir, base := filepath.Split(database)
	if name := strings.TrimSuffix(base, ".db"); name != "tokenry" {
		return filepath.Join(dir, name+"-usage.db")
	}
	return filepath.Join(dir, "usage.db")
}

// openUsageSQLite opens the file beside the database, wherever a link to that leads:
// one connection that writes, since SQLite has one writer, and some that read. What
// is opened to be read alone has no writer, and no file is made for it.
func (e *engine) openUsageSQLite(ctx context.Context, path string, o Options) error {
	e.name, e.classify, e.undone, e.detached = "sqlite", classifySQLite, sqlite.Undone, true
	path, err := sqlite.Path(path)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // beside the file itself, by every path
	}
	path = UsagePath(path)
	address := readerDSN(path, o)
	if !o.ReadOnly {
		if path, err = sqlite.Make(path); err != nil {
			return err
		}
		address = usageDSN(path, o)
		if e.writer, err = e.openPool(ctx, address, 1); err != nil {
			return err
		}
	}
	if e.reader, err = e.openPool(ctx, readerDSN(path, o), max(2, runtime.GOMAXPROCS(0)/2)); err != nil {
		return err
	}
	e.backup = func(ctx context.Context, to string) error { return e.copyTo(ctx, path, to) }
	connector, err := driver.NewConnector(address)
	if err != nil {
		return failf(nil, "the database address cannot be read")
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	return e.migrateUsage(ctx, db, goose.DialectSQLite3, o)
}

// usageDSN differs from the spine's: a power cut may take the last seconds.
func usageDSN(path string, o Options) string {
	return sqlite.Address(path, o.Wait, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"NORMAL"},
		"_txlock":       {"immediate"},
		"_pragma":       {"temp_store(memory)", "journal_size_limit(67108864)"},
	})
}

// openUsagePostgres opens connections of its own to the same database, so that usage
// never takes one from a change. Of several nodes one migrates, under a lock, and on
// a connection without the time limits of statements.
func (e *engine) openUsagePostgres(ctx context.Context, o Options) error {
	e.name, e.classify, e.undone, e.send = "postgres", classifyPostgres, postgres.Undone, sendPostgres
	e.dead = postgres.Dead
	g, _, err := postgres.Find(ctx, o.URL, o.Wait, Patience)
	if err != nil {
		return e.unopened(err)
	}
	// What a crash takes is no more than what was not written yet.
	g = g.With(map[string]string{"synchronous_commit": "off"})
	g.MaxConns, g.MinConns = usagePool, 0
	g.ConnConfig.RuntimeParams["application_name"] = "tokenry usage"
	if err := e.openSessions(ctx, g, o, ""); err != nil {
		return err
	}
	migrating := g.Unhurried().One()
	defer migrating.Close()
	if o.ReadOnly {
		return e.migrateUsage(ctx, migrating, goose.DialectPostgres, o)
	}
	return e.alone(ctx, migrating, o, func() error {
		if err := e.makeCollation(ctx, migrating); err != nil {
			return err
		}
		return e.migrateUsage(ctx, migrating, goose.DialectPostgres, o)
	})
}

// migrateUsage brings the usage schema to this program's version, or, when it
// may not be changed, checks that it is.
func (e *engine) migrateUsage(ctx context.Context, db *sql.DB, dialect goose.Dialect, o Options) error {
	m, err := e.usage(db, dialect)
	if err != nil {
		return err
	}
	if o.ReadOnly {
		return m.Check(ctx)
	}
	return m.Run(ctx, o.Logger)
}

// usageDatabase begins the transactions of what is kept of usage.
type usageDatabase struct {
	eng      *engine
	readOnly bool
}

// usageTx is a session in the words of the rows.
type usageTx struct{ *session }

func (t usageTx) Exec(query string, args ...any) error  { return t.exec(query, args...) }
func (t usageTx) Queue(query string, args ...any) error { return t.queue(query, args...) }
func (t usageTx) Affected(query string, args ...any) (int64, error) {
	return affected(t.session, query, args...)
}

func (t usageTx) Ask(row func(scan func(...any) error) error, query string, args ...any) error {
	return t.ask(row, query, args...)
}

// Read runs f in a transaction that changes nothing.
func (u usageDatabase) Read(ctx context.Context, f func(usagerows.Tx) error) error {
	conn, tx, err := u.eng.begun(ctx, ctx, u.eng.reader, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return u.eng.translate(err, "")
	}
	defer conn.Close() // the pool drops it if it is broken
	s := &session{eng: u.eng, tx: tx, caller: ctx, ctx: ctx}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return f(usageTx{s})
}

// Write runs f in a transaction and commits it.
func (u usageDatabase) Write(ctx context.Context, isolation sql.IsolationLevel, f func(usagerows.Tx) error) error {
	if u.readOnly {
		return ErrReadOnly
	}
	life, keep, cancel := u.eng.life(ctx)
	defer cancel()
	conn, tx, err := u.eng.begun(ctx, life, u.eng.writer, &sql.TxOptions{Isolation: isolation})
	if err != nil {
		return u.eng.translate(err, "")
	}
	defer conn.Close()                   // the pool drops it if it is broken
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back
	s := &session{eng: u.eng, tx: tx, caller: ctx, ctx: life, conn: conn}
	if err := f(usageTx{s}); err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		return err
	}
	if !keep() {
		return u.eng.translate(ctx.Err(), "")
	}
	if err = tx.Commit(); err == nil || u.eng.undone(err) {
		return u.eng.translate(err, "")
	}
	return failf(ledger.ErrOutcomeUnknown, "%v", u.eng.translate(err, ""))
}
