package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/postgres"
)

const (
	// serverLock is what versions of this program held that took a database for
	// themselves; migrationLock is held while the schema is migrated.
	serverLock    = 1953200494 // "tkry" as a number, any would do
	migrationLock = serverLock + 1
	// lineLock and doorLock are where batches wait for their turn; see lane.
	lineLock = "1953200496"
	doorLock = "1953200497"
)

// openPostgres opens the database that an address names. Any number of processes may.
func openPostgres(ctx context.Context, o Options) (_ *engine, err error) {
	e := &engine{name: "postgres", classify: classifyPostgres, undone: postgres.Undone, commit: commitPostgres, send: sendPostgres, dead: postgres.Dead}
	g, seen, err := postgres.Find(ctx, o.URL, o.Wait, Patience)
	if err != nil {
		return nil, e.unopened(err)
	}
	if err := seen.Serves(o.ReadOnly); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = e.close() // what was opened before the error
		}
	}()
	if err := e.openSessions(ctx, g, o, postgres.Unsilent+postgres.Durable); err != nil {
		return nil, err
	}
	e.unhurried = g.Unhurried().One
	if !o.ReadOnly {
		if err := e.shared(ctx); err != nil {
			return nil, err
		}
	}
	e.nodes = newNodes(e, g.Link())
	e.closers = append(e.closers, e.nodes.close)
	return e, e.migratePostgres(ctx, g, o)
}

// unopened tells why nothing could be asked.
func (e *engine) unopened(err error) error {
	if err = e.translate(err, ""); errors.Is(err, ledger.ErrStoreUnavailable) {
		return fmt.Errorf("store: open the database: %w", err)
	}
	return err
}

// openSessions opens the pool of connections; change is what each change says first.
func (e *engine) openSessions(ctx context.Context, g *postgres.Ground, o Options, change string) error {
	db, pool, err := g.Pool(ctx, change)
	if err != nil {
		return e.translate(err, "")
	}
	e.pooled = int(g.MaxConns)
	e.reader = db
	e.closers = append(e.closers, db.Close, func() error { pool.Close(); return nil })
	if !o.ReadOnly {
		e.writer = db
	}
	return nil
}

// shared refuses a database that a server of an older version has for itself: that
// one would tell nobody of what it changes.
func (e *engine) shared(ctx context.Context) error {
	var free bool
	err := e.reader.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock_shared($1, hashtext(current_schema()))`, serverLock).Scan(&free)
	if err != nil || free {
		return e.translate(err, "")
	}
	held := new(filelock.HeldError)
	row := e.reader.QueryRowContext(ctx, `SELECT holder, since FROM server WHERE id = 1`)
	if err := row.Scan(&held.Holder, column.Instant(&held.Since)); err != nil {
		return &filelock.HeldError{} // it has not named itself yet
	}
	return held
}

// migratePostgres uses connections of its own, which may take as long as they need.
func (e *engine) migratePostgres(ctx context.Context, g *postgres.Ground, o Options) error {
	db := g.Unhurried().One()
	defer db.Close()
	m, err := e.spine(db, goose.DialectPostgres)
	if err != nil {
		return err
	}
	if o.ReadOnly || o.NoLock {
		return m.Check(ctx)
	}
	return e.alone(ctx, db, o, func() error {
		if err := e.makeCollation(ctx, db); err != nil {
			return err
		}
		return m.Run(ctx, o.Logger)
	})
}

// alone runs f while no other process migrates this database. The lock is a
// transaction's: it goes with that, however the process ends, and behind a pooler
// nothing else keeps a session.
func (e *engine) alone(ctx context.Context, db *sql.DB, o Options, f func() error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: lock the migration: %w", e.translate(err, ""))
	}
	defer func() { _ = tx.Rollback() }() // it holds a lock and nothing else
	var free bool
	err = tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock($1)`, int64(migrationLock)).Scan(&free)
	if err == nil && !free {
		o.Logger.Info("waiting for another node, which migrates the database")
		_, err = tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock))
	}
	if err != nil {
		return fmt.Errorf("store: lock the migration: %w", e.translate(err, ""))
	}
	return f()
}

// makeCollation gives the order by bytes the name that it has in SQLite, so that
// one migration serves both. It also keeps a new libc from changing an index.
func (e *engine) makeCollation(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `CREATE COLLATION IF NOT EXISTS "binary" (LOCALE = 'C')`)
	if err != nil {
		return fmt.Errorf("store: prepare the database: %w", e.translate(err, ""))
	}
	return nil
}

// classifyPostgres goes by the SQLSTATE. Texts are taken over except for data
// exceptions, which quote the data; details, which quote rows, never are.
func classifyPostgres(err error) (text string, kind error) {
	if refused, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		e, told := errors.AsType[*pgconn.PgError](err)
		_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
		if untrusted || told && (strings.HasPrefix(e.Code, "28") || e.Code == "3D000") {
			return refused.Error(), ErrNotAdmitted
		}
		return refused.Error(), ledger.ErrStoreUnavailable
	}
	switch {
	case pgconn.Timeout(err):
		return "it did not answer in time", ledger.ErrStoreUnavailable
	case errors.Is(err, pgconn.ErrConnClosed):
		return "the connection was closed before", ledger.ErrStoreUnavailable
	case pgconn.SafeToRetry(err):
		return "nothing could be sent", ledger.ErrStoreUnavailable
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return "", nil
	case e.Code == "23505":
		return e.ConstraintName + " (" + e.Code + ")", ledger.ErrDuplicate
	case postgres.Unavailable(e.Code):
		return e.Message + " (" + e.Code + ")", ledger.ErrStoreUnavailable
	case strings.HasPrefix(e.Code, "22"):
		return "a value does not fit (" + e.Code + ")", nil
	}
	return e.Message + " (" + e.Code + ")", nil
}

// sendPostgres sends statements in one go. Each is prepared, as by any other way. After
// one that fails the server runs none of the others.
func sendPostgres(ctx context.Context, conn *sql.Conn, statements []statement, row func(scan func(...any) error) error) (failed string, err error) {
	err = conn.Raw(func(c any) error {
		var b pgx.Batch
		for _, s := range statements {
			b.Queue(s.query, s.args...)
		}
		results := postgres.Native(c).SendBatch(ctx, &b)
		for i, s := range statements {
			var err error
			if last := i == len(statements)-1; last && row != nil {
				err = readPostgres(results, row)
			} else {
				_, err = results.Exec()
			}
			if err != nil {
				failed = s.query
				_ = results.Close() // it answers the same error
				return err
			}
		}
		return results.Close()
	})
	return failed, err
}

// readPostgres reads the rows of the next answer.
func readPostgres(results pgx.BatchResults, row func(scan func(...any) error) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
	return rows.Err()
}

// commitPostgres hears whether the wait for a standby was broken off, which the answer
// to the commit does not say.
func commitPostgres(conn *sql.Conn, tx *sql.Tx) error {
	hear := func(f func(*pgconn.PgConn)) error {
		return conn.Raw(func(c any) error {
			f(postgres.Native(c).PgConn())
			return nil
		})
	}
	if err := hear(func(c *pgconn.PgConn) { postgres.BrokenOff(c, false) }); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	broken := false
	if err := hear(func(c *pgconn.PgConn) { broken = postgres.WasBrokenOff(c) }); err != nil {
		return err
	}
	if broken {
		return errBrokenOff
	}
	return nil
}
