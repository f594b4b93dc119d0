package store

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/migrate"
	"github.com/tokenry/tokenry/internal/postgres"
)

// Nodes is the chapter by which nodes agree; nil where one process alone has the
// database, as on SQLite.
func (s *Store) Nodes() ledger.Nodes {
	if s.eng.nodes == nil {
		return nil
	}
	return s.eng.nodes
}

// nodes implements [ledger.Nodes] on PostgreSQL. Nothing in it rests on a session, so
// that a pooler may stand between; only Listen needs one, and is not needed.
type nodes struct {
	eng *engine
	// renewing is for renewals alone: a statement that waits for a standby must not
	// stand in front of them, and none of the pool's.
	renewing, reading, writing postgres.Link
	// counting is for meters, of which a batch is held at a time.
	counting postgres.Link
	config   *pgx.ConnConfig
}

// changesAtOnce is how many changes one statement brings.
const changesAtOnce = 256

func newNodes(eng *engine, config *pgx.ConnConfig) *nodes {
	n := &nodes{eng: eng, config: config}
	for _, l := range n.links() {
		l.Config, l.Broken, l.Answer = config, errBrokenOff, ledger.ErrLeaseLost
	}
	return n
}

func (n *nodes) links() []*postgres.Link {
	return []*postgres.Link{&n.renewing, &n.reading, &n.writing, &n.counting}
}

func (n *nodes) close() error {
	for _, l := range n.links() {
		l.Close()
	}
	return nil
}

// exec runs one statement that changes something, as its own transaction.
func (n *nodes) exec(ctx context.Context, query string, args ...any) error {
	return n.failed(ctx, n.writing.Do(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, query, args...)
		return err
	}))
}

func (n *nodes) failed(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ledger.ErrLeaseLost) {
		return err
	}
	return n.eng.translate(cause(ctx, err), "")
}

// settings are put in front of a statement that must be as durable as a change, and
// must not wait long for a row: a part of the statement, since behind a pooler the
// session may be anybody's. It counts only where its rows are used.
const settings = `WITH settings AS MATERIALIZED (SELECT set_config('lock_timeout', '300', true),
	set_config('client_min_messages', 'notice', true), set_config('synchronous_commit',
		CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true))`

// Join says that nothing is applied: only a renewal knows whether the database has the
// history of which the node speaks. See [ledger.Nodes].
func (n *nodes) Join(ctx context.Context, l ledger.Lease) error {
	var found int64
	err := n.writing.Do(ctx, func(c *pgx.Conn) error {
		tag, err := c.Exec(ctx, settings+`,
			arrived AS (UPDATE runner SET arrivals = arrivals + 1 FROM settings WHERE id = 1 RETURNING arrivals)
			INSERT INTO leases (node, incarnation, renewal, applied, due, length, holder, schema, arrival, made_room, told)
			SELECT $1, $2, 0, 0, 0, CAST($3 AS BIGINT), $4, CAST($5 AS BIGINT), arrivals, arrivals, CAST($7 AS TEXT) FROM arrived, builds, head
			WHERE builds.id = 1 AND lowest <= $5 AND head.id = 1 AND fence IS NULL
			ON CONFLICT (node) DO UPDATE SET incarnation = excluded.incarnation, renewal = 0, applied = 0, due = 0, behind = NULL,
				length = excluded.length, holder = excluded.holder, schema = excluded.schema, told = excluded.told,
				arrival = CASE WHEN leases.incarnation = $6 THEN leases.arrival ELSE excluded.arrival END`,
			l.Node, l.Incarnation, l.Length.Microseconds(), l.Holder, n.eng.version, l.Was, column.Document(l.Told))
		found = tag.RowsAffected()
		return err
	})
	if err == nil && found == 0 {
		return failf(ledger.ErrStoreUnavailable, "the database takes this node no more: it was moved away, or a newer version has migrated it")
	}
	return n.failed(ctx, err)
}

// older lists the nodes whose build knows less of the schema. Who knows no more than the
// version that brought leases does not say so; before that one, a server was alone.
func (n *nodes) older(ctx context.Context, than int64) (found []migrate.Node, err error) {
	err = n.reading.Do(ctx, func(c *pgx.Conn) error {
		var leases bool
		if err := c.QueryRow(ctx, `SELECT to_regclass('leases') IS NOT NULL`).Scan(&leases); err != nil || !leases {
			return err
		}
		rows, _ := c.Query(ctx, `SELECT holder, incarnation || '/' || renewal, length FROM leases
			WHERE coalesce(CAST(to_jsonb(leases) ->> 'schema' AS BIGINT), 17) < $1`, than) // its error is that of its rows
		found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[migrate.Node])
		return err
	})
	return found, n.failed(ctx, err)
}

// Renew is one statement; see [ledger.Nodes]. Its rows may arrive before its commit
// is confirmed, so they count when the last one was read.
func (n *nodes) Renew(ctx context.Context, l ledger.Lease) (r ledger.Renewed, err error) {
	err = n.renewing.Do(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, settings+`,
			renewed AS (UPDATE leases SET renewal = renewal + 1, due = head.revision, behind = $8, made_room = $9, told = $10,
				applied = CASE WHEN head.revision = $1 AND COALESCE(head.digest, CAST($7 AS BYTEA)) = $6
					OR EXISTS (SELECT FROM changes WHERE revision = $1 AND digest = $6) THEN $1 ELSE 0 END
				FROM settings, head
				WHERE node = $2 AND incarnation = $3 AND renewal = $4 AND due <= $1 AND head.id = 1 AND head.fence IS NULL RETURNING renewal, arrival)
			SELECT renewed.renewal, clock_timestamp(), renewed.arrival, (SELECT arrivals FROM runner WHERE id = 1), (SELECT count(*) FROM leases),
				(SELECT coalesce(min(made_room), 9223372036854775807) FROM leases WHERE node <> $2), head.revision, COALESCE(head.digest, $7),
				CASE WHEN head.revision = $1 THEN COALESCE(head.digest, $7) ELSE at.digest END,
				later.base, later.revision, later.digest, later.touched
			FROM renewed CROSS JOIN head LEFT JOIN changes AS at ON at.revision = $1
				LEFT JOIN LATERAL (SELECT base, revision, digest, touched FROM changes WHERE revision > $1 ORDER BY revision LIMIT $5) AS later ON TRUE
			WHERE head.id = 1 ORDER BY later.revision`, l.Applied, l.Node, l.Incarnation, l.Renewal, changesAtOnce,
			l.Digest[:], make([]byte, len(l.Digest)), column.Document(l.Behind), l.MadeRoom, column.Document(l.Told))
		if err != nil {
			return err
		}
		r = ledger.Renewed{}
		for rows.Next() {
			if err := scanRenewed(rows, &r); err != nil {
				rows.Close()
				return err
			}
		}
		if err := rows.Err(); err != nil || r.Renewal != 0 {
			return err
		}
		return ledger.ErrLeaseLost
	})
	if err != nil {
		return ledger.Renewed{}, n.failed(ctx, err)
	}
	return r, nil
}

func scanRenewed(rows pgx.Rows, r *ledger.Renewed) error {
	var head, at, change []byte
	var base, revision *int64
	var touched *string
	if err := rows.Scan(&r.Renewal, &r.Shown, &r.Crowd.Mine, &r.Crowd.Newest, &r.Crowd.Nodes, &r.Crowd.Room, &r.Head.Revision, &head, &at, &base, &revision, &change, &touched); err != nil {
		return err
	}
	copy(r.Head.Digest[:], head)
	r.Known = at != nil || r.Head.Revision == 0
	copy(r.At[:], at)
	if revision == nil {
		return nil
	}
	c := ledger.Change{Base: *base, Point: ledger.Point{Revision: *revision}}
	copy(c.Digest[:], change)
	err := (column.Document(&c.Touched)).Scan(*touched)
	r.Changes = append(r.Changes, c)
	return err
}

// Time asks; see [ledger.Nodes].
func (n *nodes) Time(ctx context.Context) (shown time.Time, err error) {
	err = n.reading.Do(ctx, func(c *pgx.Conn) error { return c.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&shown) })
	return shown, n.failed(ctx, err)
}

// Changes reads them; see [ledger.Nodes]. A database of before has a point without a digest.
func (n *nodes) Changes(ctx context.Context, after ledger.Point) (changes []ledger.Change, err error) {
	err = n.reading.Do(ctx, func(c *pgx.Conn) error {
		rows, err := c.Query(ctx, `SELECT base, revision, digest, touched FROM changes WHERE revision > $1
			AND (CAST($3 AS BYTEA) = CAST($4 AS BYTEA) OR EXISTS (SELECT FROM changes WHERE revision = $1 AND digest = $3)) ORDER BY revision LIMIT $2`,
			after.Revision, changesAtOnce, after.Digest[:], make([]byte, len(after.Digest)))
		if err != nil {
			return err
		}
		changes, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ledger.Change, err error) {
			var sum []byte
			var touched string
			if err := row.Scan(&c.Base, &c.Revision, &sum, &touched); err != nil {
				return c, err
			}
			copy(c.Digest[:], sum)
			return c, (column.Document(&c.Touched)).Scan(touched)
		})
		return err
	})
	return changes, n.failed(ctx, err)
}

// barrier is a commit that waits for a standby where one is waited for. Of two servers
// that both think that they are the primary, the one that was replaced never answers.
const barrier = settings + ` SELECT pg_logical_emit_message(true, 'tokenry', '') FROM settings
	WHERE current_setting('synchronous_standby_names') <> ''`

// Leases reads every row; see [ledger.Nodes].
func (n *nodes) Leases(ctx context.Context) ([]ledger.Lease, error) {
	return n.Lacking(ctx, math.MaxInt64, false)
}

// Lacking reads what who waits has to look at: of a thousand nodes few, and late; see [ledger.Nodes].
func (n *nodes) Lacking(ctx context.Context, revision int64, sure bool) (leases []ledger.Lease, err error) {
	err = n.reading.Do(ctx, func(c *pgx.Conn) error {
		var b pgx.Batch // one transaction: its commit, which is what is waited for, comes after the list was read
		if sure {
			b.Queue(barrier)
		}
		b.Queue(`SELECT node, incarnation, renewal, applied, behind, length, holder, told FROM leases
			WHERE applied < $1 OR behind IS NOT NULL ORDER BY node`, revision).Query(func(rows pgx.Rows) error {
			leases, err = pgx.CollectRows(rows, scanLease)
			return err
		})
		return c.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return nil, n.failed(ctx, err)
	}
	return leases, nil
}

func scanLease(row pgx.CollectableRow) (l ledger.Lease, err error) {
	var length int64
	err = row.Scan(&l.Node, &l.Incarnation, &l.Renewal, &l.Applied, column.Document(&l.Behind), &length, &l.Holder, column.Document(&l.Told))
	l.Length = time.Duration(length) * time.Microsecond
	return l, err
}

// Sweep compares and deletes; see [ledger.Nodes].
func (n *nodes) Sweep(ctx context.Context, l ledger.Lease) error {
	return n.exec(ctx, settings+` DELETE FROM leases USING settings WHERE node = $1 AND incarnation = $2 AND renewal = $3`,
		l.Node, l.Incarnation, l.Renewal)
}

// Leave deletes; see [ledger.Nodes].
func (n *nodes) Leave(ctx context.Context, node string) error {
	return n.exec(ctx, settings+` DELETE FROM leases USING settings WHERE node = $1`, node)
}

// Run compares and sets; see [ledger.Nodes].
func (n *nodes) Run(ctx context.Context, node string) (number int64, err error) {
	err = n.writing.Do(ctx, func(c *pgx.Conn) error {
		return c.QueryRow(ctx, settings+`,
			taken AS (UPDATE runner SET node = $1, number = number + 1 FROM settings
				WHERE id = 1 AND node <> $1 AND EXISTS (SELECT 1 FROM leases WHERE leases.node = $1)
					AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.node = runner.node) RETURNING number)
			SELECT coalesce((SELECT number FROM taken), (SELECT number FROM runner WHERE id = 1 AND node = $1), 0)`, node).Scan(&number)
	})
	return number, n.failed(ctx, err)
}

// Forget keeps the newest changes, and those that a row has not applied.
func (n *nodes) Forget(ctx context.Context, keep int64) error {
	return n.exec(ctx, `DELETE FROM changes WHERE revision < LEAST((SELECT revision FROM head WHERE id = 1) - CAST($1 AS BIGINT),
		(SELECT min(applied) FROM leases))`, keep)
}

// channel is what nodes listen to.
const channel = "tokenry"

// Notify is a statement of its own: its lock is one for all databases of the server,
// and would be held while a batch waits for a standby.
func (n *nodes) Notify(ctx context.Context, node string) error {
	return n.exec(ctx, `SELECT pg_notify('`+channel+`', $1)`, node)
}

// Listen needs a session; behind a pooler it may hear nothing.
func (n *nodes) Listen(ctx context.Context, ready func(), heard func(node string)) error {
	conn, err := pgx.ConnectConfig(ctx, n.config)
	if err != nil {
		return n.failed(ctx, err)
	}
	defer postgres.Goodbye(conn)
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return n.failed(ctx, err)
	}
	ready()
	for {
		told, err := conn.WaitForNotification(ctx)
		if err != nil {
			return n.failed(ctx, err)
		}
		heard(told.Payload)
	}
}

// errBrokenOff is a commit whose wait for a standby was broken off: it is visible to
// all, and a new primary may not have it.
var errBrokenOff = failf(ledger.ErrOutcomeUnknown, "the wait for a standby was broken off")
