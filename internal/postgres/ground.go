package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// oldestPostgres is the first version that is tested.
const oldestPostgres = 15

// Ground is what transactions stand on: a session of their own, which has the settings
// that they rely on, or, behind a pooler, nothing but what each says at its begin.
type Ground struct {
	*pgxpool.Config
	// pooled says that somebody stands between, who may give each transaction another
	// session: none is asked to remember anything, neither settings nor statements.
	pooled bool
	// local are the settings of a transaction where no session has them.
	local map[string]string
}

// Sight is what is seen of the server before anything is asked of it.
type Sight struct {
	version  int
	encoding string
	standby  bool
}

// Serves refuses what was never tested, what would change texts, and a server that
// takes no changes from whoever wants to make some.
func (s Sight) Serves(readOnly bool) error {
	switch {
	case s.version < oldestPostgres*10000:
		return fmt.Errorf("PostgreSQL %d is too old; tokenry needs %d or newer", s.version/10000, oldestPostgres)
	case s.encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s; tokenry needs one made with ENCODING 'UTF8'", s.encoding)
	case s.standby && !readOnly:
		return errors.New("this server is a standby, which takes no changes; name the primary, " +
			"or all of them: postgres://HOST1,HOST2/NAME?target_session_attrs=read-write")
	}
	return nil
}

// Find reads the address and looks at who answers there. wait is how long a statement
// waits for a lock that somebody else has, patience how long the look may take. What is
// wrong with the address is an [*AddressError], the rest an error of pgx.
func Find(ctx context.Context, address string, wait, patience time.Duration) (*Ground, Sight, error) {
	g := &Ground{}
	var seen Sight
	var err error
	if g.Config, err = configOf(address, wait); err != nil {
		return nil, seen, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pooled, err := g.look(ctx, &seen)
	if unsupported(err) {
		pooled = true
	} else if err != nil {
		return nil, seen, err
	}
	if !pooled {
		return g, seen, nil
	}
	if err := g.leaveSession(); err != nil {
		return nil, seen, err
	}
	if _, err = g.look(ctx, &seen); err != nil {
		return nil, seen, err
	}
	return g, seen, nil
}

// unsupported says that settings of a session were refused, as PgBouncer does.
func unsupported(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "08P01"
}

// look connects once. A server tells each connection its process; a pooler has to tell
// one of its own making, since a connection has no process there.
func (g *Ground) look(ctx context.Context, seen *Sight) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, g.ConnConfig)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it was for one question
	var process uint32
	err = conn.QueryRow(ctx, `SELECT CAST(current_setting('server_version_num') AS INTEGER), current_setting('server_encoding'),
		pg_is_in_recovery(), pg_backend_pid()`, pgx.QueryExecModeExec).Scan(&seen.version, &seen.encoding, &seen.standby, &process)
	return process != conn.PgConn().PID(), err
}

// followed are the settings that a pooler keeps for each of its clients, because the
// server tells of every change of them.
func followed() []string {
	return []string{"application_name", "client_encoding", "datestyle", "standard_conforming_strings", "timezone"}
}

// leaveSession takes from the address what a session would have to remember. Of what
// statements are written for, this is left to each transaction: the rest says the
// begin itself, or the format of what is read.
func (g *Ground) leaveSession() error {
	params := g.ConnConfig.RuntimeParams
	g.pooled, g.local = true, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if slices.Contains(followed(), name) {
			continue
		}
		switch _, ours := relied()[name]; {
		case slices.Contains(timeouts(), name), name == "client_min_messages", name == "transform_null_equals", name == "extra_float_digits":
			g.local[name] = params[name]
		case ours, name == "synchronous_commit":
		default:
			return refusedf("a connection pooler answers at the database's address, and behind it the address cannot set %s; "+
				"ALTER ROLE … SET or ALTER DATABASE … SET can", name)
		}
		delete(params, name)
	}
	// A description is of the statement's text and is the same in any session; a
	// prepared statement is one session's.
	g.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	return nil
}

// With is the same ground with other settings.
func (g *Ground) With(settings map[string]string) *Ground {
	other := &Ground{Config: g.Copy(), pooled: g.pooled, local: maps.Clone(g.local)}
	if g.pooled {
		maps.Copy(other.local, settings)
	} else {
		maps.Copy(other.ConnConfig.RuntimeParams, settings)
	}
	return other
}

// timeouts are the settings that bound what a statement may take.
func timeouts() []string {
	return []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"}
}

// Unhurried is the same ground for what may take long.
func (g *Ground) Unhurried() *Ground {
	none := map[string]string{}
	for _, name := range timeouts() {
		none[name] = "0" // said, or the role's would count
	}
	return g.With(none)
}

// Pool makes connections out of a pool, and the pool to close after them; change is what
// each change says first.
func (g *Ground) Pool(ctx context.Context, change string) (*sql.DB, *pgxpool.Pool, error) {
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
		return nil, nil, err
	}
	pool.Store(p)
	db := sql.OpenDB(connector{stdlib.GetPoolConnector(p), g.settled(), change})
	db.SetMaxIdleConns(0) // the pool keeps them
	return db, p, nil
}

// One makes connections of their own, not out of the pool.
func (g *Ground) One() *sql.DB {
	return sql.OpenDB(connector{stdlib.GetConnector(*g.ConnConfig), g.settled(), Durable})
}

// Link is the address for connections of their own: statements are not
// prepared, so that a pooler may hand each to another session, and a host that went
// silent is noticed within seconds.
func (g *Ground) Link() *pgx.ConnConfig {
	config := g.ConnConfig.Copy()
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.DialFunc = dialWatched
	return config
}

// settled is what is said after the begin of each transaction.
func (g *Ground) settled() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(g.local)) {
		fmt.Fprintf(&b, `; SET LOCAL %s = '%s'`, name, strings.ReplaceAll(g.local[name], `'`, `''`))
	}
	return b.String()
}

// Durable is said after the begin of each change: whatever the role, the database or
// somebody with the same session before wants, a commit is not answered before it is
// on the disk, and on a standby's where one is waited for. What asks for more stays.
const Durable = `; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`

// Unsilent is said by each batch: a node that falls silent in the middle gives the lock
// back within a second, since everybody's changes wait for it.
const Unsilent = `; SET LOCAL idle_in_transaction_session_timeout = 1000`
