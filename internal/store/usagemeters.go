package store

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

func addMeters(s *session, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Meters)
	slices.SortStableFunc(rows, func(a, b ledger.Meter) int {
		return cmp.Or(byToken(a.Token, b.Token), cmp.Compare(a.Workspace, b.Workspace))
	})
	for i := range rows {
		m := &rows[i]
		err := s.queue(putMeter, m.Token.String(), m.Workspace, column.Instant(&m.Drained), m.Requests, int64(m.Step), moment(b.At.Add(m.Window())))
		if err != nil {
			return err
		}
	}
	return nil
}

// Meters answers the states of limits that have not recovered by now. It goes over
// the rows as they lie: by their keys, each would be looked for by itself.
func (u *Usage) Meters(ctx context.Context, now time.Time, f func(ledger.Meter)) error {
	return u.read(ctx, func(s *session) error {
		return each(s, func(m *ledger.Meter) []any {
			return []any{column.Locator(&m.Token), &m.Workspace, column.Instant(&m.Drained), &m.Requests, (*int64)(&m.Step)}
		}, f, `SELECT token, workspace, drained_at, requests, step FROM usage_meters WHERE drained_at > $1`, moment(now))
	})
}

// ForgetMeters forgets states of limits that have recovered. On PostgreSQL, one that
// is drawn on meanwhile is looked at again, and stays.
func (u *Usage) ForgetMeters(ctx context.Context, now time.Time, limit int) (n int, err error) {
	err = u.write(ctx, sql.LevelReadCommitted, func(s *session) error {
		forgotten, err := affected(s, `
			DELETE FROM usage_meters WHERE drained_at <= $1 AND (token, workspace) IN (
				SELECT token, workspace FROM usage_meters WHERE drained_at <= $1 LIMIT CAST($2 AS BIGINT))`, moment(now), bound(limit))
		n = int(forgotten)
		return err
	})
	return n, err
}
