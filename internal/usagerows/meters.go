package usagerows

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// putMeter keeps the later of two states of one limit. One that was counted by
// another limit has no part in that: its limit was changed since. Nor has one that
// drains later than a full one could ($6): the clock was set back since.
const putMeter = `
	INSERT INTO usage_meters (token, workspace, drained_at, requests, step) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (token, workspace) DO UPDATE SET
		drained_at = excluded.drained_at, requests = excluded.requests, step = excluded.step
	WHERE usage_meters.drained_at < excluded.drained_at OR usage_meters.requests <> excluded.requests
		OR usage_meters.step <> excluded.step OR usage_meters.drained_at > CAST($6 AS BIGINT)`

func addMeters(s Tx, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Meters)
	slices.SortStableFunc(rows, func(a, b ledger.Meter) int {
		return cmp.Or(byToken(a.Token, b.Token), cmp.Compare(a.Workspace, b.Workspace))
	})
	for i := range rows {
		m := &rows[i]
		err := s.Queue(putMeter, m.Token.String(), m.Workspace, column.Instant(&m.Drained), m.Requests, int64(m.Step), column.Moment(b.At.Add(m.Window())))
		if err != nil {
			return err
		}
	}
	return nil
}

// Meters answers the states of limits that have not recovered by now. It goes over
// the rows as they lie: by their keys, each would be looked for by itself.
func (r *Rows) Meters(ctx context.Context, now time.Time, f func(ledger.Meter)) error {
	return r.db.Read(ctx, func(s Tx) error {
		return each(s, func(m *ledger.Meter) []any {
			return []any{column.Locator(&m.Token), &m.Workspace, column.Instant(&m.Drained), &m.Requests, (*int64)(&m.Step)}
		}, f, `SELECT token, workspace, drained_at, requests, step FROM usage_meters WHERE drained_at > $1`, column.Moment(now))
	})
}

// ForgetMeters forgets states of limits that have recovered. On PostgreSQL, one that
// is drawn on meanwhile is looked at again, and stays.
func (r *Rows) ForgetMeters(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		forgotten, err := s.Affected(`
			DELETE FROM usage_meters WHERE drained_at <= $1 AND (token, workspace) IN (
				SELECT token, workspace FROM usage_meters WHERE drained_at <= $1 LIMIT CAST($2 AS BIGINT))`, column.Moment(now), column.Limit(limit))
		n = int(forgotten)
		return err
	})
	return n, err
}
