package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ground is what transactions stand on: a session of their own, which has the settings
// that they rely on, or, behind a pooler, nothing but what each says at its begin.
type ground struct {
	*pgxpool.Config
	// pooled says that somebody stands between, who may give each transaction another
	// session: none is asked to remember anything, neither settings nor statements.
	pooled bool
	// local are the settings of a transaction where no session has them.
	local map[string]string
}

// sight is what is seen of the server before anything is asked of it.
type sight struct {
	version  int
	encoding string
	standby  bool
}

// findGround reads the address and looks at who answers there.
func findGround(ctx context.Context, o Options) (*ground, sight, error) {
	g := &ground{}
	var seen sight
	var err error
	if g.Config, err = postgresConfig(o); err != nil {
		return nil, seen, err
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
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
func (g *ground) look(ctx context.Context, seen *sight) (pooled bool, err error) {
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
func (g *ground) leaveSession() error {
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
			return failf(nil, "a connection pooler answers at the database's address, and behind it the address cannot set %s; "+
				"ALTER ROLE … SET or ALTER DATABASE … SET can", name)
		}
		delete(params, name)
	}
	// A description is of the statement's text and is the same in any session; a
	// prepared statement is one session's.
	g.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	return nil
}

// with is the same ground with other settings.
func (g *ground) with(settings map[string]string) *ground {
	other := &ground{Config: g.Copy(), pooled: g.pooled, local: maps.Clone(g.local)}
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

// unhurried is the same ground for what may take long.
func (g *ground) unhurried() *ground {
	none := map[string]string{}
	for _, name := range timeouts() {
		none[name] = "0" // said, or the role's would count
	}
	return g.with(none)
}

// settled is what is said after the begin of each transaction.
func (g *ground) settled() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(g.local)) {
		fmt.Fprintf(&b, `; SET LOCAL %s = '%s'`, name, strings.ReplaceAll(g.local[name], `'`, `''`))
	}
	return b.String()
}

// durable is said after the begin of each change: whatever the role, the database or
// somebody with the same session before wants, a commit is not answered before it is
// on the disk, and on a standby's where one is waited for. What asks for more stays.
const durable = `; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')`

// unsilent is said by each batch: a node that falls silent in the middle gives the lock
// back within a second, since everybody's changes wait for it.
const unsilent = `; SET LOCAL idle_in_transaction_session_timeout = 1000`
