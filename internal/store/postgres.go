package store

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
)

const (
	// oldestPostgres is the first version that is tested.
	oldestPostgres = 15
	// serverLock is what versions of this program held that took a database for
	// themselves; migrationLock is held while the schema is migrated.
	serverLock    = 1953200494 // "tkry" as a number, any would do
	migrationLock = serverLock + 1
)

// openPostgres opens the database that an address names. Any number of processes may.
func openPostgres(ctx context.Context, o Options) (_ *engine, err error) {
	e := &engine{name: "postgres", classify: classifyPostgres, undone: undonePostgres, commit: commitPostgres, dead: deadPostgres}
	g, seen, err := findGround(ctx, o)
	if err != nil {
		return nil, e.unopened(err)
	}
	if err := seen.serves(o.ReadOnly); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = e.close() // what was opened before the error
		}
	}()
	if err := e.openSessions(ctx, g, o, unsilent+durable); err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := e.shared(ctx); err != nil {
			return nil, err
		}
		e.nodes = newNodes(e, g.ConnConfig)
		e.closers = append(e.closers, e.nodes.close)
	}
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
func (e *engine) openSessions(ctx context.Context, g *ground, o Options, change string) error {
	var pool atomic.Pointer[pgxpool.Pool]
	closes := g.ConnConfig.OnPgError
	g.ConnConfig.OnPgError = func(c *pgconn.PgConn, err *pgconn.PgError) bool {
		// The server takes no changes any more. Connections stay with it until they are
		// closed, and only then is another host of the address asked.
		if err.Code == "25006" {
			if p := pool.Load(); p != nil {
				p.Reset()
			}
			return false
		}
		return closes(c, err)
	}
	p, err := pgxpool.NewWithConfig(ctx, g.Config)
	if err != nil {
		return e.translate(err, "")
	}
	pool.Store(p)
	e.pooled = int(g.MaxConns)
	db := sql.OpenDB(connector{stdlib.GetPoolConnector(p), g.settled(), change})
	db.SetMaxIdleConns(0) // the pool keeps them
	e.reader = db
	e.closers = append(e.closers, db.Close, func() error { p.Close(); return nil })
	if !o.ReadOnly {
		e.writer = db
	}
	return nil
}

// severalHosts says whether there is another host to try; one host may be tried twice,
// with TLS and without.
func severalHosts(c *pgx.ConnConfig) bool {
	return slices.ContainsFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != c.Host || f.Port != c.Port })
}

// postgresConfig reads the address. What it sets itself is left alone.
func postgresConfig(o Options) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		// pgx's error may show the password.
		return nil, failf(nil, "the database address cannot be read; it is postgres://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE")
	}
	mode := config.ConnConfig.DefaultQueryExecMode
	if mode == pgx.QueryExecModeSimpleProtocol {
		return nil, failf(nil, "default_query_exec_mode=simple_protocol writes values into statements and is not supported")
	}
	if mode == pgx.QueryExecModeDescribeExec {
		return nil, failf(nil, "default_query_exec_mode=describe_exec runs other clients' statements behind a pooler and is not supported")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectAlone
		if severalHosts(config.ConnConfig) {
			config.ConnConfig.ConnectTimeout = connectIn
		}
	}
	params := config.ConnConfig.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "tokenry",
		"statement_timeout":                   "30s",
		"lock_timeout":                        strconv.FormatInt(o.Wait.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "60s",
	} {
		if _, ok := params[name]; !ok {
			params[name] = value
		}
	}
	maps.Copy(params, relied())
	config.ConnConfig.OnNotice = hearNotices
	return config, nil
}

// relied are the settings of a session that the statements of this package, the
// migrations and the drivers' formats are written for. They are set whatever the
// server, the database, the role or the address says. That a database may only be
// read is somebody's wish and stays.
func relied() map[string]string {
	return map[string]string{
		"standard_conforming_strings":    "on", // LIKE … ESCAPE '\'
		"client_encoding":                "UTF8",
		"bytea_output":                   "hex",
		"datestyle":                      "ISO, YMD", // goose keeps timestamps
		"intervalstyle":                  "postgres",
		"timezone":                       "UTC",
		"extra_float_digits":             "1",
		"transform_null_equals":          "off",
		"default_transaction_isolation":  "read committed",
		"default_transaction_deferrable": "off",
		"client_min_messages":            "notice", // a wait for a standby that was broken off is told so
		"idle_session_timeout":           "0",
	}
}

// serves refuses what was never tested, what would change texts, and a server that
// takes no changes from whoever wants to make some.
func (s sight) serves(readOnly bool) error {
	switch {
	case s.version < oldestPostgres*10000:
		return fmt.Errorf("store: PostgreSQL %d is too old; tokenry needs %d or newer", s.version/10000, oldestPostgres)
	case s.encoding != "UTF8":
		return fmt.Errorf("store: the database's encoding is %s; tokenry needs one made with ENCODING 'UTF8'", s.encoding)
	case s.standby && !readOnly:
		return errors.New("store: this server is a standby, which takes no changes; name the primary, " +
			"or all of them: postgres://HOST1,HOST2/NAME?target_session_attrs=read-write")
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
	if err := row.Scan(&held.Holder, instant{&held.Since}); err != nil {
		return &filelock.HeldError{} // it has not named itself yet
	}
	return held
}

// migratePostgres uses connections of its own, which may take as long as they need.
func (e *engine) migratePostgres(ctx context.Context, g *ground, o Options) error {
	db := g.unhurried().one()
	defer db.Close()
	m, err := newMigrator(e, db, goose.DialectPostgres)
	if err != nil {
		return err
	}
	if o.ReadOnly || o.NoLock {
		return m.check(ctx)
	}
	return e.alone(ctx, db, o, func() error {
		if err := e.makeCollation(ctx, db); err != nil {
			return err
		}
		return m.run(ctx, o.Logger)
	})
}

// one makes connections of their own, not out of the pool.
func (g *ground) one() *sql.DB {
	return sql.OpenDB(connector{stdlib.GetConnector(*g.ConnConfig), g.settled(), durable})
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
	if pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) || pgconn.SafeToRetry(err) {
		return "the connection is gone", ledger.ErrStoreUnavailable
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return "", nil
	case e.Code == "23505":
		return e.ConstraintName + " (" + e.Code + ")", ledger.ErrDuplicate
	case unavailable(e.Code):
		return e.Message + " (" + e.Code + ")", ledger.ErrStoreUnavailable
	case strings.HasPrefix(e.Code, "22"):
		return "a value does not fit (" + e.Code + ")", nil
	}
	return e.Message + " (" + e.Code + ")", nil
}

// unavailable says whether a SQLSTATE is about the database and not about the
// statement: connection, resources, operator, system, lock, standby, damage.
func unavailable(code string) bool {
	switch code[:2] {
	case "08", "28", "40", "53", "57", "58", "F0", "XX":
		return true
	}
	switch code {
	case "25006", "25P03", "3D000", "55P03", "55006":
		return true
	}
	return false
}

// sendPostgres sends statements in one go. Each is prepared, as by any other way.
func sendPostgres(ctx context.Context, conn *sql.Conn, statements []statement) (failed string, err error) {
	err = conn.Raw(func(c any) error {
		var b pgx.Batch
		for _, s := range statements {
			b.Queue(s.query, s.args...)
		}
		results := native(c).SendBatch(ctx, &b)
		for _, s := range statements {
			if _, err := results.Exec(); err != nil {
				failed = s.query
				_ = results.Close() // it answers the same error
				return err
			}
		}
		return results.Close()
	})
	return failed, err
}

// deadPostgres asks the driver, which has seen the connection end.
func deadPostgres(conn *sql.Conn) bool {
	closed := true // database/sql itself may have given it up
	_ = conn.Raw(func(c any) error {
		closed = native(c).IsClosed()
		return nil
	})
	return closed
}

// commitPostgres hears whether the wait for a standby was broken off, which the answer
// to the commit does not say.
func commitPostgres(conn *sql.Conn, tx *sql.Tx) error {
	hear := func(f func(*pgconn.PgConn)) error {
		return conn.Raw(func(c any) error {
			f(native(c).PgConn())
			return nil
		})
	}
	if err := hear(func(c *pgconn.PgConn) { brokenOff(c, false) }); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	broken := false
	if err := hear(func(c *pgconn.PgConn) { broken = wasBrokenOff(c) }); err != nil {
		return err
	}
	if broken {
		return errBrokenOff
	}
	return nil
}

// undonePostgres: the server refused the commit. What it says while it shuts a
// session down proves nothing, and neither does pgx's SafeToRetry: in v5.12 a
// commit whose answer was lost is "conn closed", as if it had never been sent.
func undonePostgres(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.SeverityUnlocalized == "ERROR"
	}
	return errors.Is(err, pgx.ErrTxCommitRollback)
}
