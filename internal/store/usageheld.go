package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// SharedMeters is the chapter of what several nodes count together; nil where one
// process alone has the database.
func (s *Store) SharedMeters() ledger.SharedMeters {
	if s.eng.nodes == nil {
		return nil
	}
	return s.eng.nodes
}

// HoldMeters is one transaction of two exchanges; see [ledger.SharedMeters]. Its rows are
// locked in their order, and whoever was waited for is seen by the second statement.
func (n *nodes) HoldMeters(ctx context.Context, names []ledger.Meter, f func(now time.Time, held []ledger.Meter) []ledger.Meter) error {
	tokens, workspaces := make([]string, len(names)), make([]int64, len(names))
	for i := range names {
		tokens[i], workspaces[i] = names[i].Token.String(), names[i].Workspace
	}
	return n.failed(ctx, n.counting.Do(ctx, func(c *pgx.Conn) error {
		var now time.Time
		held := make([]ledger.Meter, 0, len(names))
		hold := &pgx.Batch{}
		hold.Queue(`BEGIN`)
		hold.Queue(`SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '1000', true)`)
		hold.Queue(`INSERT INTO usage_meters (token, workspace, drained_at, requests, step) SELECT token, workspace, 0, 1, 1
			FROM unnest(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[])) AS named (token, workspace) ON CONFLICT (token, workspace) DO NOTHING`, tokens, workspaces)
		hold.Queue(`SELECT token, workspace, drained_at, requests, step FROM usage_meters
			JOIN unnest(CAST($1 AS TEXT[]), CAST($2 AS BIGINT[])) AS named (token, workspace) USING (token, workspace)
			ORDER BY token, workspace FOR UPDATE OF usage_meters`, tokens, workspaces).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var m ledger.Meter
				if err := rows.Scan(column.Locator(&m.Token), &m.Workspace, column.Instant(&m.Drained), &m.Requests, (*int64)(&m.Step)); err != nil {
					return err
				}
				held = append(held, m)
			}
			return rows.Err()
		})
		hold.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(&now) })
		if err := c.SendBatch(ctx, hold).Close(); err != nil {
			return err
		}
		if len(held) != len(names) {
			return failf(ledger.ErrStoreUnavailable, "a meter was forgotten while it was asked for")
		}
		return c.SendBatch(ctx, keep(f(now, held))).Close()
	}))
}

// keep writes meters that are held, and lets go of all.
func keep(changed []ledger.Meter) *pgx.Batch {
	b := &pgx.Batch{}
	for i := range changed {
		m := &changed[i]
		b.Queue(`UPDATE usage_meters SET drained_at = $3, requests = $4, step = $5 WHERE token = $1 AND workspace = $2`,
			m.Token.String(), m.Workspace, m.Drained.UnixMicro(), m.Requests, int64(m.Step))
	}
	b.Queue(`COMMIT`)
	return b
}
