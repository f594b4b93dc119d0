package store

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
	"github.com/tokenry/tokenry/token"
)

const tokenColumns = `id, locator, prefix, kind, workspace, owner_member, owner_service_account, created_by,
	created_by_user, created_with, label, description, grants, not_before, expires_at, lifetime, disabled_at,
	revoke_at, revoked_at, revoke_reason, revoke_comment, deleted_at, allowed_ips, rate_limit, recoverable,
	standing, metadata, created_at, rotated_at, disabled_by, held, held_by, waits, approval, enabled_at, unused_due, unused, revision`

func tokenFields(t *ledger.Token) []any {
	return []any{
		&t.ID, column.Locator(&t.Locator), (*string)(&t.Prefix), column.Kind(&t.Kind), &t.Workspace, column.Ref(&t.OwnerMember),
		column.Ref(&t.OwnerServiceAccount), &t.CreatedBy, column.Ref(&t.CreatedByUser), column.Locator(&t.CreatedWith), &t.Label,
		&t.Description, column.Document(&t.Grants), column.Instant(&t.NotBefore), column.Instant(&t.ExpiresAt), column.Span(&t.Lifetime),
		column.Instant(&t.DisabledAt), column.Instant(&t.RevokeAt), column.Instant(&t.RevokedAt), &t.RevokeReason, &t.RevokeComment,
		column.Instant(&t.DeletedAt), column.Document(&t.AllowedIPs), column.Document(&t.RateLimit), &t.Recoverable, &t.Standing,
		column.Document(&t.Metadata), column.Instant(&t.CreatedAt), column.Instant(&t.RotatedAt), &t.DisabledBy, (*uint16)(&t.Held),
		&t.HeldBy, &t.Waits, column.Document(&t.Approval), column.Instant(&t.EnabledAt), column.Instant(&t.UnusedDue),
		column.Document(&t.Unused), &t.Revision,
	}
}

// Token finds a token whatever its state; locators are compared as they are.
func (r tokenRows) Token(l token.Locator) (ledger.Token, error) {
	t, err := one(r.session, tokenFields, `SELECT `+tokenColumns+` FROM tokens WHERE locator = $1`, column.Locator(&l))
	if err == nil && r.seen != nil {
		r.seen[t.ID] = t
	}
	return t, err
}

// tokenWhere narrows a list of tokens; each condition is idle while its field is zero.
const tokenWhere = `
	AND (t.deleted_at IS NULL OR CAST($4 AS BOOLEAN))
	AND (CAST($10 AS BIGINT) IS NULL OR t.expires_at < $10)
	AND (CAST($11 AS BIGINT) IS NULL OR t.expires_at > $11)
	AND (CAST($12 AS BIGINT) IS NULL OR t.revoked_at IS NULL
		AND (t.revoke_at IS NULL OR t.revoke_at > $12)
		AND (t.expires_at IS NULL OR t.expires_at > $12))
	AND (CAST($15 AS TEXT) = '' OR t.grants LIKE $15 ESCAPE '\')
	AND (CAST($16 AS TEXT) = '' OR t.metadata LIKE $16 ESCAPE '\')
	AND (CAST($17 AS TEXT) = '' OR $17 = CASE WHEN t.revoked_at IS NOT NULL OR t.revoke_at <= CAST($18 AS BIGINT) THEN 'revoked'
		WHEN t.expires_at <= CAST($18 AS BIGINT) THEN 'expired' WHEN t.disabled_at IS NOT NULL THEN 'disabled' WHEN t.waits THEN 'pending' ELSE 'active' END)` + search.Every + tokenHas + search.Found

// The conditions that a list has its order by, for all the other lists.
const (
	ifMember   = ` AND (CAST($5 AS BIGINT) IS NULL OR t.owner_member = $5)`
	ifAccount  = ` AND (CAST($6 AS BIGINT) IS NULL OR t.owner_service_account = $6)`
	ifKind     = ` AND (CAST($7 AS TEXT) = '' OR t.kind = $7)`
	ifMadeBy   = ` AND (CAST($8 AS TEXT) = '' OR t.created_by = $8)`
	ifMadeWith = ` AND (CAST($9 AS TEXT) IS NULL OR t.created_with = $9)`
)

// A page goes by the order of an index: by what the index begins with, compared as a row
// and in no other way, so that no engine can follow the numbers of all tokens instead. Where few
// rows are left by something else, the + keeps both off any order, and the page is sorted.
const (
	byWorkspace     = ` ORDER BY t.workspace DESC, `
	tokenFilters    = tokenWhere + ifMember + ifAccount + ifKind + ifMadeBy + ifMadeWith
	tokenEnds       = `t.id DESC LIMIT CAST($13 AS BIGINT)`
	tokenFiltersFew = ` AND +t.id < $3 AND +t.id >= $14` + tokenFilters + `
		ORDER BY +t.id DESC LIMIT CAST($13 AS BIGINT)`
)

// tokenHas is what a token is searched in: what is shown of it and of its owner,
// also of one that was removed.
const tokenHas = `
	located <> '' AND substr(t.locator, 1, length(located)) = located
	OR lower(t.label) LIKE pattern ESCAPE '\' OR lower(t.description) LIKE pattern ESCAPE '\'
	OR EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id WHERE m.id = t.owner_member AND (` + memberHas + `))
	OR EXISTS (SELECT 1 FROM service_accounts a JOIN workspaces w ON w.id = a.workspace WHERE a.id = t.owner_service_account AND (
		lower(a.name || '@' || w.slug || '.service') LIKE pattern ESCAPE '\' OR lower(a.public_id) LIKE pattern ESCAPE '\'))
	OR t.owner_member IS NULL AND t.owner_service_account IS NULL
		AND EXISTS (SELECT 1 FROM workspaces w WHERE w.id = t.workspace AND lower(w.slug || '@workspace') LIKE pattern ESCAPE '\')`

// The lists, each by the filter that leaves the fewest rows, and where a part of them ends.
const (
	tokensOf    = search.Begin + ` SELECT ` + tokenColumns + ` FROM tokens t WHERE `
	inAll       = `(t.workspace, t.id) < ($2, $3) AND (t.workspace, t.id) >= ($2, $14)`
	isRevoked   = ` AND t.revoked_at IS NOT NULL`
	isDisabled  = ` AND t.disabled_at IS NOT NULL AND t.revoked_at IS NULL`
	isWaiting   = ` AND t.waits AND t.revoked_at IS NULL`
	inWorkspace = `t.workspace = $2`
	fewExpire   = ` AND t.expires_at < $10 AND t.expires_at > $11`
	hasLapsed   = ` AND +t.revoked_at IS NULL AND t.revoke_at <= $18`

	listTokens         = tokensOf + inAll + tokenFilters + byWorkspace + tokenEnds
	listTokensEnded    = tokensOf + inAll + isRevoked + tokenFilters + byWorkspace + tokenEnds
	listTokensDisabled = tokensOf + inAll + isDisabled + tokenFilters + byWorkspace + tokenEnds
	listTokensWaiting  = tokensOf + inAll + isWaiting + tokenFilters + byWorkspace + tokenEnds
	listTokensFew      = tokensOf + inWorkspace + fewExpire + tokenFiltersFew
	listLapsed         = tokensOf + inWorkspace + hasLapsed + tokenFiltersFew

	listTokensMember = tokensOf + `t.owner_member IS NOT NULL AND (t.workspace, t.owner_member, t.id) < ($2, $5, $3)
		AND (t.workspace, t.owner_member, t.id) >= ($2, $5, $14)` + tokenWhere + ifAccount + ifKind + ifMadeBy + ifMadeWith + byWorkspace + `t.owner_member DESC, ` + tokenEnds
	listTokensServiceAccount = tokensOf + `t.owner_service_account IS NOT NULL AND (t.workspace, t.owner_service_account, t.id) < ($2, $6, $3)
		AND (t.workspace, t.owner_service_account, t.id) >= ($2, $6, $14)` + tokenWhere + ifMember + ifKind + ifMadeBy + ifMadeWith + byWorkspace + `t.owner_service_account DESC, ` + tokenEnds
	listTokensCreatedWith = tokensOf + `t.created_with IS NOT NULL AND (t.workspace, t.created_with, t.id) < ($2, $9, $3)
		AND (t.workspace, t.created_with, t.id) >= ($2, $9, $14)` + tokenWhere + ifMember + ifAccount + ifKind + ifMadeBy + byWorkspace + `t.created_with DESC, ` + tokenEnds
	listTokensCreatedBy = tokensOf + `(t.workspace, t.created_by, t.id) < ($2, $8, $3)
		AND (t.workspace, t.created_by, t.id) >= ($2, $8, $14)` + tokenWhere + ifMember + ifAccount + ifKind + ifMadeWith + byWorkspace + `t.created_by DESC, ` + tokenEnds
	listTokensKind = tokensOf + `(t.workspace, t.kind, t.id) < ($2, $7, $3)
		AND (t.workspace, t.kind, t.id) >= ($2, $7, $14)` + tokenWhere + ifMember + ifAccount + ifMadeBy + ifMadeWith + byWorkspace + `t.kind DESC, ` + tokenEnds

	partOf    = `SELECT t.id FROM tokens t WHERE `
	partOfAll = partOf + `(t.workspace, t.id) < ($1, $2) AND t.workspace >= $1`
	partEnds  = ` ORDER BY t.workspace DESC, t.id DESC LIMIT 1 OFFSET CAST($3 AS BIGINT)`

	partOfMember = partOf + `t.owner_member IS NOT NULL AND (t.workspace, t.owner_member, t.id) < ($1, $4, $2)
		AND (t.workspace, t.owner_member) >= ($1, $4) ORDER BY t.workspace DESC, t.owner_member DESC` + partEndsOf
	partOfAccount = partOf + `t.owner_service_account IS NOT NULL AND (t.workspace, t.owner_service_account, t.id) < ($1, $4, $2)
		AND (t.workspace, t.owner_service_account) >= ($1, $4) ORDER BY t.workspace DESC, t.owner_service_account DESC` + partEndsOf
	partOfMadeWith = partOf + `t.created_with IS NOT NULL AND (t.workspace, t.created_with, t.id) < ($1, $4, $2)
		AND (t.workspace, t.created_with) >= ($1, $4) ORDER BY t.workspace DESC, t.created_with DESC` + partEndsOf
	partOfMadeBy = partOf + `(t.workspace, t.created_by, t.id) < ($1, $4, $2)
		AND (t.workspace, t.created_by) >= ($1, $4) ORDER BY t.workspace DESC, t.created_by DESC` + partEndsOf
	partOfKind = partOf + `(t.workspace, t.kind, t.id) < ($1, $4, $2)
		AND (t.workspace, t.kind) >= ($1, $4) ORDER BY t.workspace DESC, t.kind DESC` + partEndsOf
	partEndsOf = `, t.id DESC LIMIT 1 OFFSET CAST($3 AS BIGINT)`

	// countFew stops counting where there are many.
	countFew = `SELECT count(*) FROM (SELECT 1 FROM tokens t WHERE t.workspace = $1
		AND t.expires_at < $2 AND t.expires_at > $3 LIMIT ` + fewTokens + `) AS few`
	fewTokens = "2000"
)

// tokenList is how a list is read: its statement, where a part of it ends, and the one
// value that is asked for there.
type tokenList struct {
	query, part string
	value       []any
}

// tokenListOf picks the list by the filter that leaves the fewest rows.
func tokenListOf(q *ledger.TokenQuery) tokenList {
	switch {
	case !q.CreatedWith.IsZero():
		return tokenList{listTokensCreatedWith, partOfMadeWith, []any{column.Locator(&q.CreatedWith)}}
	case q.OwnerMember != 0:
		return tokenList{listTokensMember, partOfMember, []any{q.OwnerMember}}
	case q.OwnerServiceAccount != 0:
		return tokenList{listTokensServiceAccount, partOfAccount, []any{q.OwnerServiceAccount}}
	case q.CreatedBy != "":
		return tokenList{listTokensCreatedBy, partOfMadeBy, []any{q.CreatedBy}}
	case q.State == ledger.TokenDisabled:
		return tokenList{query: listTokensDisabled, part: partOfAll + isDisabled + partEnds}
	case q.State == ledger.TokenPending:
		return tokenList{query: listTokensWaiting, part: partOfAll + isWaiting + partEnds}
	case q.State == ledger.TokenRevoked:
		return tokenList{query: listTokensEnded, part: partOfAll + isRevoked + partEnds}
	case q.Kind != 0:
		return tokenList{listTokensKind, partOfKind, []any{column.Kind(&q.Kind)}}
	}
	return tokenList{query: listTokens, part: partOfAll + partEnds}
}

// few says whether so few tokens expire in the span that is asked for that they are
// read by that, however many others there are.
func (r tokenRows) few(workspace ledger.ID, q *ledger.TokenQuery) (bool, error) {
	if q.State == ledger.TokenExpired && (q.ExpiresBefore.IsZero() || q.ExpiresBefore.After(q.StateAt)) {
		q.ExpiresBefore = q.StateAt.Add(time.Microsecond)
	}
	if q.ExpiresBefore.IsZero() && q.ExpiresAfter.IsZero() {
		return false, nil
	}
	q.ExpiresAfter = cmp.Or(q.ExpiresAfter, time.UnixMicro(math.MinInt64))
	q.ExpiresBefore = cmp.Or(q.ExpiresBefore, time.UnixMicro(math.MaxInt64))
	n, err := number(r.session, countFew, workspace, column.Moment(q.ExpiresBefore), column.Moment(q.ExpiresAfter))
	return n < 2000, err
}

// Tokens reads revoked ones in two ways, for a set end is not always written yet.
func (r tokenRows) Tokens(workspace ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	few, err := r.few(workspace, &q)
	if err != nil {
		return nil, err
	}
	l := tokenListOf(&q)
	if few && l.query == listTokens {
		l.query = listTokensFew
	}
	rows, err := r.listed(l.query, workspace, &q)
	if err != nil || l.query != listTokensEnded {
		return rows, err
	}
	lapsed, err := r.listed(listLapsed, workspace, &q)
	if err != nil || len(lapsed) == 0 {
		return rows, err
	}
	rows = append(rows, lapsed...)
	slices.SortFunc(rows, func(a, b ledger.Token) int { return cmp.Compare(b.ID, a.ID) })
	return rows[:min(int64(len(rows)), column.Limit(q.Limit))], nil
}

func (r tokenRows) listed(query string, workspace ledger.ID, q *ledger.TokenQuery) ([]ledger.Token, error) {
	named, err := search.InJSON(q.Named)
	if err != nil {
		return nil, err
	}
	noted, err := search.InJSON(q.Noted)
	if err != nil {
		return nil, err
	}
	return list(r.session, tokenFields, query, search.Words(q.Text), workspace, column.Below(q.Before), q.Deleted, column.Ref(&q.OwnerMember),
		column.Ref(&q.OwnerServiceAccount), column.Kind(&q.Kind), q.CreatedBy, column.Locator(&q.CreatedWith),
		column.Moment(q.ExpiresBefore), column.Moment(q.ExpiresAfter), column.Moment(q.Live), column.Limit(q.Limit), q.From, named, noted, string(q.State), column.Moment(q.StateAt))
}

// TokensFrom counts along the index that the list goes by.
func (r tokenRows) TokensFrom(workspace ledger.ID, q ledger.TokenQuery, n int) (ledger.ID, error) {
	few, err := r.few(workspace, &q)
	l := tokenListOf(&q)
	if err != nil || few && l.query == listTokens {
		return 0, err
	}
	from, err := number(r.session, l.part, append([]any{workspace, column.Below(q.Before), n}, l.value...)...)
	if errors.Is(err, ledger.ErrNoRow) {
		return 0, nil
	}
	return from, err
}

// PutToken refuses a locator that another token has. What this mutation gave its number to
// has no row yet: to say so spares SQLite a journal of the statement, which an upsert of a
// row with references has.
func (t tokenChanges) PutToken(v ledger.Token) error {
	is, known := t.seen[v.ID]
	if err := t.recount(v.ID, v); err != nil {
		return err
	}
	if known && is.ID == 0 {
		return t.exec(insertToken, tokenFields(&v)...)
	}
	return t.exec(insertToken+`
		ON CONFLICT (id) DO UPDATE SET
			locator = excluded.locator, prefix = excluded.prefix, kind = excluded.kind, workspace = excluded.workspace,
			owner_member = excluded.owner_member, owner_service_account = excluded.owner_service_account,
			created_by = excluded.created_by, created_by_user = excluded.created_by_user,
			created_with = excluded.created_with, label = excluded.label, description = excluded.description,
			grants = excluded.grants, not_before = excluded.not_before, expires_at = excluded.expires_at,
			lifetime = excluded.lifetime, disabled_at = excluded.disabled_at, revoke_at = excluded.revoke_at,
			revoked_at = excluded.revoked_at, revoke_reason = excluded.revoke_reason,
			revoke_comment = excluded.revoke_comment, deleted_at = excluded.deleted_at,
			allowed_ips = excluded.allowed_ips, rate_limit = excluded.rate_limit,
			recoverable = excluded.recoverable, standing = excluded.standing, metadata = excluded.metadata,
			created_at = excluded.created_at, rotated_at = excluded.rotated_at,
			disabled_by = excluded.disabled_by, held = excluded.held, held_by = excluded.held_by,
			waits = excluded.waits, approval = excluded.approval, enabled_at = excluded.enabled_at,
			unused_due = excluded.unused_due, unused = excluded.unused, revision = excluded.revision`, tokenFields(&v)...)
}

const insertToken = `
		INSERT INTO tokens (` + tokenColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
			$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38)`

const secretColumns = `token, number, digest, key_id, retires_at, retire_on_use, tracked, first_used_at, sealed, created_at,
	ended_at, origin, derives, holder`

func secretFields(s *ledger.Secret) []any {
	return []any{
		&s.Token, &s.Number, column.Digest(&s.Digest), (*uint32)(&s.Key), column.Instant(&s.RetiresAt), &s.RetireOnUse, &s.Tracked,
		column.Instant(&s.FirstUsedAt), column.Blob(&s.Sealed), column.Instant(&s.CreatedAt), column.Instant(&s.EndedAt), column.Document(&s.Origin), column.Blob(&s.Derives),
		column.Ref(&s.Holder),
	}
}

// Secrets lists what a verification may meet: the current secret, the one in
// overlap, and four retired ones that are remembered.
func (r tokenRows) Secrets(t ledger.ID) ([]ledger.Secret, error) {
	return list(r.session, secretFields, `SELECT `+secretColumns+` FROM secrets
		WHERE token = $1 ORDER BY number DESC LIMIT 6`, t)
}

// PutSecret stores a secret under its number.
func (t tokenChanges) PutSecret(s ledger.Secret) error {
	return t.exec(`
		INSERT INTO secrets (`+secretColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (token, number) DO UPDATE SET
			digest = excluded.digest, key_id = excluded.key_id, retires_at = excluded.retires_at,
			retire_on_use = excluded.retire_on_use, tracked = excluded.tracked, first_used_at = excluded.first_used_at,
			sealed = excluded.sealed, created_at = excluded.created_at, ended_at = excluded.ended_at, origin = excluded.origin,
			derives = excluded.derives, holder = excluded.holder`, secretFields(&s)...)
}

// DeleteSecrets forgets those numbered below keep.
func (t tokenChanges) DeleteSecrets(token ledger.ID, keep int) error {
	return t.exec(`DELETE FROM secrets WHERE token = $1 AND number < $2`, token, keep)
}

const idempotencyColumns = `caller, route, name, body, token, secret, object, created_at`

func idempotencyFields(i *ledger.Idempotency) []any {
	return []any{&i.Caller, &i.Route, &i.Key, column.Blob(&i.Body), column.Locator(&i.Token), &i.Secret, &i.Object, column.Instant(&i.CreatedAt)}
}

// Idempotency finds what a key of a caller made at a route.
func (r tokenRows) Idempotency(caller, route, key string) (ledger.Idempotency, error) {
	return one(r.session, idempotencyFields, `SELECT `+idempotencyColumns+` FROM idempotency
		WHERE caller = $1 AND route = $2 AND name = $3`, caller, route, key)
}

// PutIdempotency remembers, in place of what the key made before.
func (t tokenChanges) PutIdempotency(i ledger.Idempotency) error {
	return t.exec(`
		INSERT INTO idempotency (`+idempotencyColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (caller, route, name) DO UPDATE SET
			body = excluded.body, token = excluded.token, secret = excluded.secret, object = excluded.object,
			created_at = excluded.created_at`, idempotencyFields(&i)...)
}

// DeleteIdempotency also forgets those of the same moment as the last one, since
// neither engine's DELETE has a portable limit.
func (t tokenChanges) DeleteIdempotency(before time.Time, limit int) (int, error) {
	n, err := affected(t.session, `DELETE FROM idempotency WHERE created_at < $1 AND created_at <= (
		SELECT max(created_at) FROM (SELECT created_at FROM idempotency ORDER BY created_at LIMIT CAST($2 AS BIGINT)) AS oldest)`,
		column.Moment(before), column.Limit(limit))
	return int(n), err
}
