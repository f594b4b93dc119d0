package usagerows

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// batchMemory is how long the ID of a batch is remembered.
const batchMemory = 24 * time.Hour

// AddUsage adds a batch of deltas; see [ledger.UsageStore].
//
// The rows of every table are written in the order of their keys, and the tables
// in one order, so that two batches wait for each other and never in a circle.
func (r *Rows) AddUsage(ctx context.Context, b ledger.UsageBatch) error {
	if !validUsage(&b) {
		return ErrNameless
	}
	return r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		fresh, err := s.Affected(`INSERT INTO usage_batches (id, added_at) VALUES ($1, $2)
			ON CONFLICT (id) DO NOTHING`, b.ID, column.Moment(b.At))
		if err != nil || fresh == 0 {
			return err
		}
		for _, add := range []func(Tx, *ledger.UsageBatch) error{
			addMeters, r.addLast, addHours, r.addScopes, r.addActivity, addDenials, addReuses,
		} {
			if err := add(s, &b); err != nil {
				return err
			}
		}
		return nil
	})
}

// validUsage says whether a batch has a name; its texts are checked one by one.
func validUsage(b *ledger.UsageBatch) bool { return b.ID != "" && !b.At.IsZero() }

func byToken(a, b token.Locator) int { return bytes.Compare(a[:], b[:]) }

// by compares by tokens, and what is of one token by the rest: nearly all are of two, and the
// rest is never looked at.
func by(a, b token.Locator, rest func() int) int {
	if c := byToken(a, b); c != 0 {
		return c
	}
	return rest()
}

const (
	putLast = `
	INSERT INTO usage_last (token, secret, workspace, used_at, address, agent)
	VALUES ($1, $2, $3, $4, $5, $6)` + thenLast
	thenLast = `
	ON CONFLICT (token, secret) DO UPDATE SET
		workspace = excluded.workspace, used_at = excluded.used_at, address = excluded.address, agent = excluded.agent
	WHERE (excluded.used_at, excluded.address, excluded.agent) > (usage_last.used_at, usage_last.address, usage_last.agent)`
)

// addLast also adds each use for its token, as secret 0, where an older build may read it.
func (r *Rows) addLast(s Tx, b *ledger.UsageBatch) error {
	rows := make([]ledger.LastUse, 0, 2*len(b.Last))
	for _, l := range b.Last {
		rows = append(rows, l)
		if l.Secret != 0 && !r.alone {
			l.Secret = 0
			rows = append(rows, l)
		}
	}
	slices.SortFunc(rows, func(a, b ledger.LastUse) int {
		return by(a.Token, b.Token, func() int { return cmp.Or(cmp.Compare(a.Secret, b.Secret), a.At.Compare(b.At)) })
	})
	for i := range rows {
		l := &rows[i]
		if next := i + 1; next < len(rows) && rows[next].Token == l.Token && rows[next].Secret == l.Secret && rows[next].At.After(l.At) {
			continue // the later one counts
		}
		if err := s.Queue(putLast, column.Locator(&l.Token), l.Secret, l.Workspace, column.Instant(&l.At), column.Address(&l.Addr), l.Agent); err != nil {
			return err
		}
	}
	return nil
}

const putHour = `
	INSERT INTO usage_hours (workspace, token, started_at, code, number) VALUES ($1, $2, $3, $4, $5)
	ON CONFLICT (workspace, token, started_at, code) DO UPDATE SET number = usage_hours.number + excluded.number`

// addHours adds each count also to its workspace's total, whose token is empty.
func addHours(s Tx, b *ledger.UsageBatch) error {
	sums := make(map[ledger.HourCount]int64, 2*len(b.Hours))
	for _, h := range b.Hours {
		n := h.Count
		h.Count, h.Hour = 0, hourOf(h.Hour)
		if !h.Token.IsZero() {
			sums[h] += n
		}
		h.Token = token.Locator{}
		sums[h] += n
	}
	rows := make([]ledger.HourCount, 0, len(sums))
	for h, n := range sums {
		h.Count = n
		rows = append(rows, h)
	}
	slices.SortFunc(rows, func(a, b ledger.HourCount) int {
		if c := cmp.Compare(a.Workspace, b.Workspace); c != 0 {
			return c
		}
		return by(a.Token, b.Token, func() int { return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Code, b.Code)) })
	})
	for _, h := range rows {
		if err := s.Queue(putHour, h.Workspace, h.Token.String(), column.Moment(h.Hour), string(h.Code), h.Count); err != nil {
			return err
		}
	}
	return nil
}

func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }
func dayOf(t time.Time) time.Time  { return t.UTC().Truncate(24 * time.Hour) }

const (
	setScope = `
	UPDATE usage_scopes SET number = number + $6,
		first_at = CASE WHEN CAST($4 AS BIGINT) < first_at THEN $4 ELSE first_at END,
		last_at = CASE WHEN CAST($5 AS BIGINT) > last_at THEN $5 ELSE last_at END
	WHERE token = $1 AND scope = $2 AND workspace = $3`
	putScope = `
	INSERT INTO usage_scopes (token, scope, workspace, first_at, last_at, number) VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (token, scope) DO UPDATE SET number = usage_scopes.number + excluded.number,
		first_at = CASE WHEN excluded.first_at < usage_scopes.first_at THEN excluded.first_at ELSE usage_scopes.first_at END,
		last_at = CASE WHEN excluded.last_at > usage_scopes.last_at THEN excluded.last_at ELSE usage_scopes.last_at END`
	// Both count in a statement within the statement, which every engine answers
	// from the index, token by token, whatever it believes of the table's size.
	countScopes = picked + ` SELECT token, CAST($2 AS BIGINT),
		(SELECT count(*) FROM usage_scopes WHERE usage_scopes.token = picked.token) FROM picked`
)

// addScopes counts the rows of each token before it adds one, and drops what has no
// room within the bound.
func (r *Rows) addScopes(s Tx, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Scopes)
	slices.SortFunc(rows, func(a, b ledger.ScopeUse) int {
		return by(a.Token, b.Token, func() int { return strings.Compare(a.Scope, b.Scope) })
	})
	room := newRoom(ledger.ScopeBound, r.scopes)
	for _, u := range rows {
		room.expect(u.Token, time.Time{})
	}
	if err := room.count(s, countScopes); err != nil {
		return err
	}
	for i := range rows {
		u := &rows[i]
		_, err := room.put(s, place{token: u.Token}, setScope, putScope,
			column.Locator(&u.Token), u.Scope, u.Workspace, column.Instant(&u.First), column.Instant(&u.Last), u.Count)
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	setActivity = `
	UPDATE usage_activity SET number = number + $12,
		first_at = CASE WHEN CAST($10 AS BIGINT) < first_at THEN $10 ELSE first_at END,
		last_at = CASE WHEN CAST($11 AS BIGINT) > last_at THEN $11 ELSE last_at END
	WHERE token = $1 AND day = $2 AND address = $3 AND agent = $4 AND method = $5 AND path = $6 AND outcome = $7
		AND rest = $8 AND workspace = $9`
	putActivity = `
	INSERT INTO usage_activity (token, day, address, agent, method, path, outcome, rest, workspace, first_at, last_at, number)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (token, day, address, agent, method, path, outcome, rest) DO UPDATE SET
		number = usage_activity.number + excluded.number,
		first_at = CASE WHEN excluded.first_at < usage_activity.first_at THEN excluded.first_at ELSE usage_activity.first_at END,
		last_at = CASE WHEN excluded.last_at > usage_activity.last_at THEN excluded.last_at ELSE usage_activity.last_at END`
	countActivity = picked + ` SELECT token, CAST($2 AS BIGINT), (SELECT count(*) FROM usage_activity
		WHERE usage_activity.token = picked.token AND day = CAST($2 AS BIGINT) AND rest = 0) FROM picked`
)

// addActivity counts what has no room within a token's bound for the rest of its day.
func (r *Rows) addActivity(s Tx, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Activity)
	room := newRoom(ledger.ActivityBound, r.activity)
	for i := range rows {
		rows[i].Day = dayOf(rows[i].Day)
		if !rows[i].Rest {
			room.expect(rows[i].Token, rows[i].Day)
		}
	}
	if err := room.count(s, countActivity); err != nil {
		return err
	}
	slices.SortFunc(rows, compareActivity)
	rest := map[ledger.Activity]ledger.Activity{}
	for i := range rows {
		u := &rows[i]
		stored := false
		if !u.Rest {
			var err error
			if stored, err = room.put(s, place{u.Token, u.Day.UnixMicro()}, setActivity, putActivity, activityArgs(u)...); err != nil {
				return err
			}
		}
		if !stored {
			collect(rest, u)
		}
	}
	return putRest(s, rest)
}

func compareActivity(a, b ledger.Activity) int {
	return by(a.Token, b.Token, func() int {
		return cmp.Or(a.Day.Compare(b.Day), a.Addr.Compare(b.Addr), cmp.Compare(a.Agent, b.Agent),
			cmp.Compare(a.Method, b.Method), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Outcome, b.Outcome))
	})
}

// collect sums what there was no row for, for each token, day and outcome.
func collect(rest map[ledger.Activity]ledger.Activity, r *ledger.Activity) {
	key := ledger.Activity{Workspace: r.Workspace, Token: r.Token, Day: r.Day, Outcome: r.Outcome, Rest: true}
	sum, ok := rest[key]
	if !ok {
		sum = key
		sum.First, sum.Last = r.First, r.Last
	}
	if r.First.Before(sum.First) {
		sum.First = r.First
	}
	if r.Last.After(sum.Last) {
		sum.Last = r.Last
	}
	sum.Count += r.Count
	rest[key] = sum
}

func putRest(s Tx, rest map[ledger.Activity]ledger.Activity) error {
	rows := make([]ledger.Activity, 0, len(rest))
	for _, r := range rest {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, compareActivity)
	for i := range rows {
		if err := s.Queue(putActivity, activityArgs(&rows[i])...); err != nil {
			return err
		}
	}
	return nil
}

func activityArgs(r *ledger.Activity) []any {
	rest := int64(0)
	if r.Rest {
		rest = 1
	}
	return []any{
		column.Locator(&r.Token), column.Instant(&r.Day), column.Address(&r.Addr), r.Agent, r.Method, r.Path, string(r.Outcome), rest,
		r.Workspace, column.Instant(&r.First), column.Instant(&r.Last), r.Count,
	}
}

// addDenials keeps the last of each workspace. A serial that is there already is the
// same refusal, sent a second time.
func addDenials(s Tx, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Denials)
	slices.SortFunc(rows, func(a, b ledger.Denial) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Serial, b.Serial))
	})
	for i := range rows {
		d := &rows[i]
		err := s.Queue(`
			INSERT INTO usage_denials (workspace, serial, denied_at, token, code, address, agent, method, path, scopes, resource, request_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (workspace, serial) DO NOTHING`,
			d.Workspace, d.Serial, column.Instant(&d.At), d.Token.String(), string(d.Code), column.Address(&d.Addr), d.Agent, d.Method,
			d.Path, column.Document(&d.Scopes), d.Resource, d.RequestID)
		if err != nil {
			return err
		}
	}
	for i := range rows {
		if i+1 < len(rows) && rows[i+1].Workspace == rows[i].Workspace {
			continue
		}
		if err := s.Queue(`
			DELETE FROM usage_denials WHERE workspace = $1 AND serial <= (
				SELECT serial FROM usage_denials WHERE workspace = $1
				ORDER BY serial DESC LIMIT 1 OFFSET CAST($2 AS BIGINT))`, rows[i].Workspace, ledger.DenialBound); err != nil {
			return err
		}
	}
	return nil
}

// addReuses keeps the latest address, and of two at one moment the greater, so that
// it does not matter which batch comes first.
func addReuses(s Tx, b *ledger.UsageBatch) error {
	rows := slices.Clone(b.Reuses)
	slices.SortFunc(rows, func(a, b ledger.Reuse) int {
		return cmp.Or(byToken(a.Token, b.Token), cmp.Compare(a.Secret, b.Secret), a.Hour.Compare(b.Hour))
	})
	for i := range rows {
		r := &rows[i]
		err := s.Queue(`
			INSERT INTO usage_reuses (token, secret, started_at, workspace, first_at, last_at, address, number)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (token, secret, started_at) DO UPDATE SET number = usage_reuses.number + excluded.number,
				address = CASE WHEN (excluded.last_at, excluded.address) > (usage_reuses.last_at, usage_reuses.address)
					THEN excluded.address ELSE usage_reuses.address END,
				first_at = CASE WHEN excluded.first_at < usage_reuses.first_at THEN excluded.first_at ELSE usage_reuses.first_at END,
				last_at = CASE WHEN excluded.last_at > usage_reuses.last_at THEN excluded.last_at ELSE usage_reuses.last_at END`,
			column.Locator(&r.Token), r.Secret, column.Moment(hourOf(r.Hour)), r.Workspace, column.Instant(&r.First), column.Instant(&r.Last),
			column.Address(&r.Addr), r.Count)
		if err != nil {
			return err
		}
	}
	return nil
}

// RollUpUsage sums old hours up to days; see [ledger.UsageStore]. On
// PostgreSQL, an hour that is added meanwhile is not in the snapshot, so it is
// neither summed nor deleted, and one that is changed fails the call.
func (r *Rows) RollUpUsage(ctx context.Context, before, now time.Time) error {
	return r.db.Write(ctx, sql.LevelRepeatableRead, func(s Tx) error {
		if err := s.Exec(`DELETE FROM usage_batches WHERE added_at < $1`, column.Moment(now.Add(-batchMemory))); err != nil {
			return err
		}
		if err := s.Exec(`
			INSERT INTO usage_days (workspace, token, started_at, code, number)
			SELECT workspace, token, started_at - started_at % 86400000000, code, sum(number) FROM usage_hours
			WHERE started_at < $1
			GROUP BY workspace, token, started_at - started_at % 86400000000, code
			ON CONFLICT (workspace, token, started_at, code) DO UPDATE SET number = usage_days.number + excluded.number`,
			column.Moment(before)); err != nil {
			return err
		}
		return s.Exec(`DELETE FROM usage_hours WHERE started_at < $1`, column.Moment(before))
	})
}

const (
	// lastSecrets are secrets of long ago, of which a token has had many since.
	lastSecrets = `usage_last.workspace = $1 AND usage_last.used_at < $2 AND usage_last.secret > 0 AND EXISTS (
		SELECT 1 FROM usage_last AS later WHERE later.token = usage_last.token AND later.secret >= usage_last.secret + 6)`
	// keepLast keeps when the token was last used, where that was with one of them.
	keepLast = `
	INSERT INTO usage_last (token, secret, workspace, used_at, address, agent)
	SELECT token, 0, workspace, used_at, address, agent FROM usage_last WHERE ` + lastSecrets + ` AND NOT EXISTS (
		SELECT 1 FROM usage_last AS newer WHERE newer.token = usage_last.token AND
			(newer.used_at, newer.secret) > (usage_last.used_at, usage_last.secret))` + thenLast
)

// TrimUsage forgets what is older than a workspace keeps it.
func (r *Rows) TrimUsage(ctx context.Context, workspace ledger.ID, before time.Time) error {
	return r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		for _, query := range []string{
			keepLast, `DELETE FROM usage_last WHERE ` + lastSecrets,
			`DELETE FROM usage_hours WHERE workspace = $1 AND started_at < $2`,
			`DELETE FROM usage_days WHERE workspace = $1 AND started_at < $2`,
			`DELETE FROM usage_scopes WHERE workspace = $1 AND last_at < $2`,
			`DELETE FROM usage_activity WHERE workspace = $1 AND day < $2`,
			`DELETE FROM usage_denials WHERE workspace = $1 AND denied_at < $2`,
			`DELETE FROM usage_reuses WHERE workspace = $1 AND started_at < $2`,
			`DELETE FROM usage_networks WHERE workspace = $1 AND last_at < $2 AND length(network) > 0`,
		} {
			if err := s.Exec(query, workspace, column.Moment(before)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetUsage forgets everything about tokens.
func (r *Rows) ForgetUsage(ctx context.Context, tokens []token.Locator) error {
	return r.db.Write(ctx, sql.LevelReadCommitted, func(s Tx) error {
		for chunk := range slices.Chunk(tokens, pickAtOnce) {
			for _, query := range []string{
				picked + ` DELETE FROM usage_meters WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_last WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_hours WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_days WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_scopes WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_activity WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_denials WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_reuses WHERE token IN (SELECT token FROM picked)`,
				picked + ` DELETE FROM usage_networks WHERE token IN (SELECT token FROM picked)`,
			} {
				if err := s.Exec(query, joined(chunk)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
