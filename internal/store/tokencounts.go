package store

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// A row of token_counts says how many of an owner's tokens had at a moment no end
// behind them. Each change of a token moves it by what the change is at that
// moment, so it is exact for then; later it can only be too high, by what came to
// its end since. That is counted when it matters, and once.

// tokenEnd is what the counts know of a token: whose it is, and the microsecond of
// its end; 0 when it was revoked or deleted or is none.
type tokenEnd struct {
	workspace, owner ledger.ID
	end              int64
}

func endOf(t ledger.Token) tokenEnd {
	e := tokenEnd{workspace: t.Workspace, owner: cmp.Or(t.OwnerMember, t.OwnerServiceAccount)}
	if !t.RevokedAt.IsZero() || !t.DeletedAt.IsZero() || t.ID == 0 {
		return e
	}
	e.end = math.MaxInt64
	if !t.ExpiresAt.IsZero() {
		e.end = t.ExpiresAt.UnixMicro()
	}
	if !t.RevokeAt.IsZero() {
		e.end = min(e.end, t.RevokeAt.UnixMicro())
	}
	return e
}

func tokenEndFields(t *ledger.Token) []any {
	return []any{
		&t.ID, &t.Workspace, column.Ref(&t.OwnerMember), column.Ref(&t.OwnerServiceAccount), column.Instant(&t.ExpiresAt), column.Instant(&t.RevokeAt),
		column.Instant(&t.RevokedAt), column.Instant(&t.DeletedAt), column.Instant(&t.CreatedAt),
	}
}

// recount moves the counts by what a change makes of a token; after is none when
// it is purged.
func (t *tx) recount(id ledger.ID, after ledger.Token) error {
	before, err := t.standing(id)
	if err != nil {
		return err
	}
	t.seen[id] = after
	was, is := endOf(before), endOf(after)
	past := cmp.Or(after.CreatedAt, before.CreatedAt)
	switch {
	case was == is:
		return nil
	case was.workspace != is.workspace || was.owner != is.owner:
		return errors.Join(t.move(was, was.end, 0, past), t.move(is, 0, is.end, past))
	}
	return t.move(is, was.end, is.end, past)
}

// standing is a token as it stands, the zero one where there is none: as it was read
// or written last, or as it is read now.
func (t *tx) standing(id ledger.ID) (ledger.Token, error) {
	if v, ok := t.seen[id]; ok {
		return v, nil
	}
	v, err := one(t.session, tokenEndFields, `SELECT id, workspace, owner_member, owner_service_account, expires_at, revoke_at,
		revoked_at, deleted_at, created_at FROM tokens WHERE id = $1`, id)
	if errors.Is(err, ledger.ErrNoRow) {
		err = nil
	}
	return v, err
}

// move moves the counts of a workspace and of an owner. Where there is none, there
// is no other token, so it may be of any moment that is past.
func (t *tx) move(of tokenEnd, was, is int64, past time.Time) error {
	if was == is {
		return nil
	}
	for _, owner := range slices.Compact([]ledger.ID{0, of.owner}) {
		if err := t.exec(`
			INSERT INTO token_counts (workspace, owner, n, counted_at)
			VALUES ($1, $2, CASE WHEN CAST($4 AS BIGINT) > CAST($5 AS BIGINT) THEN 1 ELSE 0 END, $5)
			ON CONFLICT (workspace, owner) DO UPDATE SET n = token_counts.n
				+ CASE WHEN CAST($4 AS BIGINT) > token_counts.counted_at THEN 1 ELSE 0 END
				- CASE WHEN CAST($3 AS BIGINT) > token_counts.counted_at THEN 1 ELSE 0 END`,
			of.workspace, owner, was, is, max(past.UnixMicro(), 0)); err != nil {
			return err
		}
	}
	return nil
}

// What came to its end after a moment, and before or at another: by its expiry, or
// by a scheduled end that is before it. An owner's are found among the workspace's
// by the time, and not among all that the owner ever had.
const (
	notRevoked = `SELECT count(*) FROM tokens WHERE workspace = $1 AND +revoked_at IS NULL AND deleted_at IS NULL` // as in retention.go
	ofCounted  = ` AND (CAST($4 AS BIGINT) = 0 OR coalesce(owner_member, owner_service_account) = $4)`

	countExpired = notRevoked + ` AND expires_at > $2 AND expires_at <= $3 AND (revoke_at IS NULL OR revoke_at > $2)` + ofCounted
	countLapsed  = notRevoked + ` AND revoke_at > $2 AND revoke_at <= $3 AND (expires_at IS NULL OR expires_at > $3)` + ofCounted
)

// CountTokens counts what came to its end since it counted last, and only where
// that may bring the number below enough.
func (t tokenChanges) CountTokens(workspace, owner ledger.ID, now time.Time, enough int) (int, error) {
	type counted struct {
		n  int64
		at time.Time
	}
	c, err := one(t.session, func(c *counted) []any { return []any{&c.n, column.Instant(&c.at)} },
		`SELECT n, counted_at FROM token_counts WHERE workspace = $1 AND owner = $2`, workspace, owner)
	if errors.Is(err, ledger.ErrNoRow) {
		return 0, nil
	}
	if err != nil || c.n < int64(enough) || !c.at.Before(now) {
		return int(c.n), err
	}
	for _, query := range []string{countExpired, countLapsed} {
		ended, err := number(t.session, query, workspace, column.Moment(c.at), column.Moment(now), owner)
		if err != nil {
			return 0, err
		}
		c.n -= ended
	}
	return int(c.n), t.exec(`UPDATE token_counts SET n = $3, counted_at = $4 WHERE workspace = $1 AND owner = $2`,
		workspace, owner, c.n, column.Moment(now))
}

const standingToken = `SELECT ` + tokenColumns + ` FROM tokens
	WHERE workspace = $1 AND owner_member = $2 AND standing AND revoked_at IS NULL AND deleted_at IS NULL
	ORDER BY id DESC LIMIT 1`

// StandingToken has an index of its own.
func (r tokenRows) StandingToken(workspace, member ledger.ID) (ledger.Token, error) {
	return one(r.session, tokenFields, standingToken, workspace, member)
}
