package store

import (
	"errors"
	"time"

	"github.com/tokenry/tokenry/internal/column"
)

// longestWait is longer than anything waits for its next attempt.
const longestWait = 48 * time.Hour

// Settle sets the latest moment, back too, and brings what waits for a moment that a
// wrong clock made to where it would be waiting: it goes on from now. What was proved
// or begun by that clock ends, since nobody knows how long it had: sessions, codes,
// links. Tokens keep the life of then, which their list tells.
func (t headChanges) Settle(at time.Time) error {
	was := t.moment.Latest
	t.moment.Latest, t.decreed = at, true
	t.moment.Settlements++
	if !was.After(at) {
		return nil
	}
	now := column.Moment(at)
	var errs []error
	for _, query := range []string{
		`UPDATE deliveries SET next_attempt_at = $1, leased_until = NULL WHERE next_attempt_at > $2`,
		`UPDATE mails SET next_attempt_at = $1, leased_until = NULL WHERE next_attempt_at > $2`,
	} {
		errs = append(errs, t.exec(query, now, column.Moment(at.Add(longestWait))))
	}
	errs = append(errs, t.exec(`UPDATE webhook_secrets SET ends_at = $1 WHERE ends_at > $1`, column.Moment(at.Add(longestWait))))
	for _, query := range []string{
		`UPDATE webhooks SET due_at = ` + dueAt + ` WHERE due_at > $1`,
		`UPDATE webhooks SET failing_since = $1 WHERE failing_since > $1`,
		`UPDATE reuses_told SET told_at = $1 WHERE told_at > $1`,
		`UPDATE strange SET told_at = $1 WHERE told_at > $1`,
		`UPDATE tokens SET enabled_at = $1 WHERE enabled_at > $1`,
		`UPDATE idempotency SET created_at = $1 WHERE created_at > $1`,
		`UPDATE signin_attempts SET expires_at = $1 + (expires_at - last_at), last_at = $1 WHERE last_at > $1`,
		`UPDATE signin_addresses SET seen_at = $1 WHERE seen_at > $1`,
		`UPDATE instance SET setup_digest = NULL, setup_expires_at = NULL WHERE setup_expires_at > $1 + 3600000000`,
		`DELETE FROM signin_codes WHERE created_at > $1`,
		`DELETE FROM sessions WHERE created_at > $1`,
		`UPDATE sessions SET confirmed_at = NULL WHERE confirmed_at > $1`,
		`UPDATE sessions SET last_seen_at = $1 WHERE last_seen_at > $1`,
	} {
		errs = append(errs, t.exec(query, now))
	}
	return errors.Join(append(errs, t.settleOverlaps(was, at), t.settleCounts(at))...)
}

// begunLater are old secrets whose overlap began by a clock that was ahead.
const begunLater = ` WHERE retires_at > $1 AND ended_at IS NULL AND EXISTS (
	SELECT 1 FROM secrets AS fresh WHERE fresh.token = secrets.token AND fresh.number > secrets.number AND fresh.created_at > $1)`

// settleOverlaps ends the overlaps that were over by the clock that was ahead, and
// gives the others what was left of them.
func (t *tx) settleOverlaps(was, at time.Time) error {
	return errors.Join(
		t.exec(`UPDATE secrets SET ended_at = $1`+begunLater+` AND retires_at <= $2`, column.Moment(at), column.Moment(was)),
		t.exec(`UPDATE secrets SET retires_at = retires_at - CAST($2 AS BIGINT)`+begunLater, column.Moment(at), was.Sub(at).Microseconds()))
}

// settleCounts adds to the counts of tokens what had come to its end by a clock that
// was ahead, and lives.
func (t *tx) settleCounts(at time.Time) error {
	return t.exec(`UPDATE token_counts SET counted_at = $1, n = n + (SELECT count(*) FROM tokens
			WHERE tokens.workspace = token_counts.workspace AND revoked_at IS NULL AND deleted_at IS NULL
				AND (token_counts.owner = 0 OR coalesce(owner_member, owner_service_account) = token_counts.owner)
				AND (expires_at IS NULL OR expires_at > $1) AND (revoke_at IS NULL OR revoke_at > $1)
				AND (expires_at <= token_counts.counted_at OR revoke_at <= token_counts.counted_at))
		WHERE counted_at > $1`, column.Moment(at))
}
