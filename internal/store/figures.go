package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Each count is read from an index: of what does not count, no row is looked at.
const (
	countExpiring = `
		SELECT COALESCE(sum(CASE WHEN expires_at <= $1 THEN 1 ELSE 0 END), 0),
			COALESCE(sum(CASE WHEN expires_at > $1 AND expires_at <= $2 THEN 1 ELSE 0 END), 0),
			COALESCE(sum(CASE WHEN expires_at > $1 AND expires_at <= $3 THEN 1 ELSE 0 END), 0),
			COALESCE(sum(CASE WHEN expires_at > $1 THEN 1 ELSE 0 END), 0)
		FROM tokens WHERE revoked_at IS NULL AND deleted_at IS NULL AND expires_at <= $4`
	countMails      = countWaiting + `mails WHERE next_attempt_at IS NOT NULL`
	countDeliveries = countWaiting + `deliveries WHERE next_attempt_at IS NOT NULL`
	countWaiting    = `SELECT count(*), count(CASE WHEN attempts > 0 THEN 1 END), min(created_at),
		min(CASE WHEN attempts > 0 THEN created_at END) FROM `
	countNotices = `SELECT count(sent_at), count(*) - count(sent_at) FROM notices WHERE expires_at > $1`
)

func (r figureRows) Figures(now time.Time) (f ledger.Figures, err error) {
	const day = 24 * time.Hour
	f, err = one(r.session, func(f *ledger.Figures) []any {
		return []any{&f.Expired, &f.ExpiringDay, &f.ExpiringWeek, &f.ExpiringMonth}
	}, countExpiring, column.Moment(now), column.Moment(now.Add(day)), column.Moment(now.Add(7*day)), column.Moment(now.Add(30*day)))
	if err == nil {
		f.Mails, err = one(r.session, backlogFields, countMails)
	}
	if err == nil {
		f.Deliveries, err = one(r.session, backlogFields, countDeliveries)
	}
	if err == nil {
		var n [2]int64
		n, err = one(r.session, func(n *[2]int64) []any { return []any{&n[0], &n[1]} }, countNotices, column.Moment(now))
		f.NoticesSent, f.NoticesUnsent = n[0], n[1]
	}
	return f, err
}

func backlogFields(b *ledger.Backlog) []any {
	return []any{&b.Waiting, &b.Retrying, column.Instant(&b.Oldest), column.Instant(&b.OldestRetrying)}
}

// The states are decided in the order of a token's status and of
// [verify.Lifecycle]; $2 is now, $3 a week and $4 the end of the last one.
const (
	stateColumns = `SELECT
		CASE
			WHEN t.revoked_at IS NOT NULL OR t.revoke_at <= $2 OR m.removed_at IS NOT NULL OR a.removed_at IS NOT NULL THEN 'revoked'
			WHEN t.expires_at <= $2 THEN 'expired'
			WHEN t.disabled_at IS NOT NULL THEN 'disabled'
			WHEN t.waits OR t.not_before > $2 OR m.deactivated_at IS NOT NULL OR u.deactivated_at IS NOT NULL OR a.disabled_at IS NOT NULL THEN 'blocked'
			ELSE 'active'
		END AS state,
		CASE WHEN t.expires_at > $2 AND t.expires_at < $4 THEN (t.expires_at - $2) / CAST($3 AS BIGINT) ELSE -1 END AS week
		FROM tokens t
			LEFT JOIN members m ON m.id = t.owner_member
			LEFT JOIN users u ON u.id = m.user_id
			LEFT JOIN service_accounts a ON a.id = t.owner_service_account
		WHERE t.workspace = $1 AND t.deleted_at IS NULL`
	countStates       = `SELECT state, week, count(*) FROM (` + stateColumns + `) AS states GROUP BY state, week ORDER BY state, week`
	countStatesMember = `SELECT state, week, count(*) FROM (` + stateColumns + ` AND t.owner_member = $5) AS states GROUP BY state, week ORDER BY state, week`
)

func (r figureRows) TokenStates(workspace, member ledger.ID, now time.Time) ([]ledger.TokenState, error) {
	const week = 7 * 24 * time.Hour
	query, args := countStates, []any{workspace, column.Moment(now), week.Microseconds(), column.Moment(now.Add(ledger.TokenWeeks * week))}
	if member != 0 {
		query, args = countStatesMember, append(args, member)
	}
	return list(r.session, func(s *ledger.TokenState) []any { return []any{&s.State, &s.Week, &s.Count} }, query, args...)
}

const (
	expireFirst = `SELECT ` + tokenColumns + ` FROM tokens
		WHERE workspace = $1 AND expires_at > $2 AND expires_at < $3 AND +revoked_at IS NULL AND deleted_at IS NULL
			AND disabled_at IS NULL AND (revoke_at IS NULL OR revoke_at > $2)
			AND NOT EXISTS (SELECT 1 FROM members m WHERE m.id = owner_member AND m.removed_at IS NOT NULL)
			AND NOT EXISTS (SELECT 1 FROM service_accounts a WHERE a.id = owner_service_account AND a.removed_at IS NOT NULL)`
	listExpireFirst       = expireFirst + ` ORDER BY expires_at, id LIMIT CAST($4 AS BIGINT)`
	listExpireFirstMember = expireFirst + ` AND owner_member = $5 ORDER BY expires_at, id LIMIT CAST($4 AS BIGINT)`
)

func (r figureRows) FirstToExpire(workspace, member ledger.ID, now, until time.Time, limit int) ([]ledger.Token, error) {
	query, args := listExpireFirst, []any{workspace, column.Moment(now), column.Moment(until), column.Limit(limit)}
	if member != 0 {
		query, args = listExpireFirstMember, append(args, member)
	}
	return list(r.session, tokenFields, query, args...)
}
