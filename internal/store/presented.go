package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// presented is a snapshot by being one statement; tokenFields and secretFields read it. There
// is a row also when no token has the locator.
const presented = `SELECT h.revision, h.digest, t.id, t.locator, t.prefix, t.kind, t.workspace, t.owner_member, t.owner_service_account, t.created_by,
	t.created_by_user, t.created_with, t.label, t.description, t.grants, t.not_before, t.expires_at, t.lifetime, t.disabled_at,
	t.revoke_at, t.revoked_at, t.revoke_reason, t.revoke_comment, t.deleted_at, t.allowed_ips, t.rate_limit, t.recoverable,
	t.standing, t.metadata, t.created_at, t.rotated_at, t.disabled_by, t.held, t.held_by, t.waits, t.approval, t.enabled_at, t.unused_due, t.unused, t.revision,
	s.token, s.number, s.digest, s.key_id, s.retires_at, s.retire_on_use, s.tracked, s.first_used_at, s.sealed, s.created_at,
	s.ended_at, s.origin, s.derives, s.holder
	FROM head h LEFT JOIN tokens t ON t.locator = $1 LEFT JOIN secrets s ON s.token = t.id
	WHERE h.id = 1 ORDER BY s.number DESC LIMIT 6`

// Presented reads a token and its secrets; see [ledger.Store].
func (s *Store) Presented(ctx context.Context, l token.Locator) (p ledger.Presented, err error) {
	defer s.timed("read", &err)()
	if err := s.door.enter(); err != nil {
		return p, err
	}
	defer s.door.leave()
	if p, err = s.eng.presented(ctx, l); err != nil {
		return p, s.eng.translate(cause(ctx, err), presented)
	}
	if p.Token.ID == 0 {
		return p, ledger.ErrNoRow
	}
	return p, nil
}

// presented asks on a connection that is free; one that died while nobody used it is dropped,
// and the next one is asked, as in [engine.begun].
func (e *engine) presented(ctx context.Context, l token.Locator) (p ledger.Presented, err error) {
	e.told(presented)
	for tries := 0; ; tries++ {
		conn, err := e.reader.Conn(ctx)
		if err != nil {
			return p, err
		}
		e.tripped()
		p, err = presentedOn(e.short(ctx), conn, l)
		dead := err != nil && e.dead != nil && e.dead(conn)
		_ = conn.Close() // the pool drops it if it is broken
		if !dead || ctx.Err() != nil || tries == e.reader.Stats().MaxOpenConnections+e.pooled {
			return p, err
		}
	}
}

// short is the context of a statement that ends soon: where those are not interrupted, nobody
// stands by to do it.
func (e *engine) short(ctx context.Context) context.Context {
	if e.detached {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func presentedOn(ctx context.Context, conn *sql.Conn, l token.Locator) (p ledger.Presented, err error) {
	rows, err := conn.QueryContext(ctx, presented, column.Locator(&l))
	if err != nil {
		return p, err
	}
	defer rows.Close()
	var digest []byte
	var secret ledger.Secret
	head := []any{&p.At.Revision, column.Blob(&digest)}
	row, own := tokenFields(&p.Token), secretFields(&secret)
	into := slices.Concat(head, row, own)
	for rows.Next() {
		secret = ledger.Secret{}
		if err = rows.Scan(into...); err == nil {
			p.Secrets = append(p.Secrets, secret)
			continue
		}
		var id, of int64 // what is missing is NULL, which no field of a row may be
		if rows.Scan(slices.Concat(head, []any{column.Ref(&id)}, skipped(len(row)-1), []any{column.Ref(&of)}, skipped(len(own)-1))...) != nil || of != 0 {
			return p, err
		}
		if p.Token = (ledger.Token{}); id == 0 {
			continue
		}
		if err := rows.Scan(slices.Concat(head, row, skipped(len(own)))...); err != nil {
			return p, err
		}
	}
	copy(p.At.Digest[:], digest)
	return p, rows.Err()
}

// skipped takes so many columns for nothing.
func skipped(n int) []any {
	into := make([]any, n)
	for i := range into {
		into[i] = nothing{}
	}
	return into
}

type nothing struct{}

// Scan reads nothing.
func (nothing) Scan(any) error { return nil }
