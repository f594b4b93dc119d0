package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const tokenColumns = `id, locator, prefix, kind, workspace, owner_member, owner_service_account, created_by,
	created_by_user, created_with, label, description, grants, not_before, expires_at, lifetime, disabled_at,
	revoke_at, revoked_at, revoke_reason, revoke_comment, deleted_at, allowed_ips, rate_limit, recoverable,
	standing, metadata, created_at, rotated_at, disabled_by, held, held_by, revision`

func tokenFields(t *ledger.Token) []any {
	return []any{
		&t.ID, locator{&t.Locator}, (*string)(&t.Prefix), kind{&t.Kind}, &t.Workspace, ref{&t.OwnerMember},
		ref{&t.OwnerServiceAccount}, &t.CreatedBy, ref{&t.CreatedByUser}, locator{&t.CreatedWith}, &t.Label,
		&t.Description, document{&t.Grants}, instant{&t.NotBefore}, instant{&t.ExpiresAt}, span{&t.Lifetime},
		instant{&t.DisabledAt}, instant{&t.RevokeAt}, instant{&t.RevokedAt}, &t.RevokeReason, &t.RevokeComment,
		instant{&t.DeletedAt}, document{&t.AllowedIPs}, document{&t.RateLimit}, &t.Recoverable, &t.Standing,
		document{&t.Metadata}, instant{&t.CreatedAt}, instant{&t.RotatedAt}, &t.DisabledBy, (*uint16)(&t.Held),
		&t.HeldBy, &t.Revision,
	}
}

// Token finds a token whatever its state; locators are compared as they are.
func (r tokenRows) Token(l token.Locator) (ledger.Token, error) {
	t, err := one(r.session, tokenFields, `SELECT `+tokenColumns+` FROM tokens WHERE locator = $1`, locator{&l})
	if err == nil && r.seen != nil {
		r.seen[t.ID] = t
	}
	return t, err
}

// tokenFilters narrow a list of tokens; each is idle while its field is zero.
// Those that an index serves stand a second time in front of the list that uses
// it, where no OR hides them from the planner.
const tokenFilters = ` AND t.id < $3
	AND (t.deleted_at IS NULL OR CAST($4 AS BOOLEAN))
	AND (CAST($5 AS BIGINT) IS NULL OR t.owner_member = $5)
	AND (CAST($6 AS BIGINT) IS NULL OR t.owner_service_account = $6)
	AND (CAST($7 AS TEXT) = '' OR t.kind = $7)
	AND (CAST($8 AS TEXT) = '' OR t.created_by = $8)
	AND (CAST($9 AS TEXT) IS NULL OR t.created_with = $9)
	AND (CAST($10 AS BIGINT) IS NULL OR t.expires_at < $10)
	AND (CAST($11 AS BIGINT) IS NULL OR t.expires_at > $11)
	AND (CAST($12 AS BIGINT) IS NULL OR t.revoked_at IS NULL
		AND (t.revoke_at IS NULL OR t.revoke_at > $12)
		AND (t.expires_at IS NULL OR t.expires_at > $12))` + everyWord + tokenHas + isFound + `
	ORDER BY t.id DESC LIMIT CAST($13 AS BIGINT)`

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

const (
	tokensOf                 = searched + ` SELECT ` + tokenColumns + ` FROM tokens t WHERE t.workspace = $2`
	listTokens               = tokensOf + tokenFilters
	listTokensMember         = tokensOf + ` AND t.owner_member = $5` + tokenFilters
	listTokensServiceAccount = tokensOf + ` AND t.owner_service_account = $6` + tokenFilters
	listTokensCreatedWith    = tokensOf + ` AND t.created_with = $9` + tokenFilters
	listTokensCreatedBy      = tokensOf + ` AND t.created_by = $8` + tokenFilters
)

// Tokens picks the list by the filter that leaves the fewest rows.
func (r tokenRows) Tokens(workspace ledger.ID, q ledger.TokenQuery) ([]ledger.Token, error) {
	query := listTokens
	switch {
	case !q.CreatedWith.IsZero():
		query = listTokensCreatedWith
	case q.OwnerMember != 0:
		query = listTokensMember
	case q.OwnerServiceAccount != 0:
		query = listTokensServiceAccount
	case q.CreatedBy != "":
		query = listTokensCreatedBy
	}
	return list(r.session, tokenFields, query, words(q.Text), workspace, below(q.Before), q.Deleted, ref{&q.OwnerMember},
		ref{&q.OwnerServiceAccount}, kind{&q.Kind}, q.CreatedBy, locator{&q.CreatedWith},
		moment(q.ExpiresBefore), moment(q.ExpiresAfter), moment(q.Live), bound(q.Limit))
}

// PutToken refuses a locator that another token has.
func (t tokenChanges) PutToken(v ledger.Token) error {
	if err := t.recount(v.ID, v); err != nil {
		return err
	}
	return t.exec(`
		INSERT INTO tokens (`+tokenColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
			$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)
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
			revision = excluded.revision`, tokenFields(&v)...)
}

const secretColumns = `token, number, digest, key_id, retires_at, retire_on_use, tracked, first_used_at, sealed, created_at,
	ended_at`

func secretFields(s *ledger.Secret) []any {
	return []any{
		&s.Token, &s.Number, digest{&s.Digest}, (*uint32)(&s.Key), instant{&s.RetiresAt}, &s.RetireOnUse, &s.Tracked,
		instant{&s.FirstUsedAt}, blob{&s.Sealed}, instant{&s.CreatedAt}, instant{&s.EndedAt},
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
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (token, number) DO UPDATE SET
			digest = excluded.digest, key_id = excluded.key_id, retires_at = excluded.retires_at,
			retire_on_use = excluded.retire_on_use, tracked = excluded.tracked, first_used_at = excluded.first_used_at,
			sealed = excluded.sealed, created_at = excluded.created_at, ended_at = excluded.ended_at`, secretFields(&s)...)
}

// DeleteSecrets forgets those numbered below keep.
func (t tokenChanges) DeleteSecrets(token ledger.ID, keep int) error {
	return t.exec(`DELETE FROM secrets WHERE token = $1 AND number < $2`, token, keep)
}

const idempotencyColumns = `caller, route, name, body, token, secret, object, created_at`

func idempotencyFields(i *ledger.Idempotency) []any {
	return []any{&i.Caller, &i.Route, &i.Key, blob{&i.Body}, locator{&i.Token}, &i.Secret, &i.Object, instant{&i.CreatedAt}}
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
		moment(before), bound(limit))
	return int(n), err
}
