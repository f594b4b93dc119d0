package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

const trustColumns = `id, workspace, service_account, public_id, label, system, issuer, audience, claims, keys, grants, allowed_ips,
	rate_limit, lifetime, created_by, created_with, created_at, ending, deleted_at, revision`

func trustFields(r *ledger.TrustRule) []any {
	return []any{
		&r.ID, &r.Workspace, &r.ServiceAccount, &r.PublicID, &r.Label, &r.System, &r.Issuer, &r.Audience, column.Document(&r.Claims),
		column.Verbatim(&r.Keys), column.Document(&r.Grants), column.Document(&r.AllowedIPs), column.Document(&r.RateLimit),
		column.Span(&r.Lifetime), &r.CreatedBy, column.Locator(&r.CreatedWith), column.Instant(&r.CreatedAt), column.Instant(&r.Ending),
		column.Instant(&r.DeletedAt), &r.Revision,
	}
}

func (r trustRows) TrustRule(workspace ledger.ID, publicID string) (ledger.TrustRule, error) {
	return one(r.session, trustFields, `SELECT `+trustColumns+` FROM trust_rules
		WHERE public_id = $1 AND workspace = $2 AND deleted_at IS NULL`, publicID, workspace)
}

func (r trustRows) TrustRules(workspace, account ledger.ID, q ledger.Range) ([]ledger.TrustRule, error) {
	const here, page = `SELECT ` + trustColumns + ` FROM trust_rules WHERE deleted_at IS NULL AND workspace = $1 AND id > $2`,
		` ORDER BY id LIMIT CAST($3 AS BIGINT)`
	if account == 0 {
		return list(r.session, trustFields, here+page, workspace, q.After, column.Limit(q.Limit))
	}
	return list(r.session, trustFields, here+` AND service_account = $4`+page, workspace, q.After, column.Limit(q.Limit), account)
}

func (r trustRows) TrustRulesEnding(q ledger.Range) ([]ledger.TrustRule, error) {
	return list(r.session, trustFields, `SELECT `+trustColumns+` FROM trust_rules
		WHERE ending IS NOT NULL AND id > $1 ORDER BY id LIMIT CAST($2 AS BIGINT)`, q.After, column.Limit(q.Limit))
}

func (t trustChanges) PutTrustRule(r ledger.TrustRule) error {
	return t.exec(`
		INSERT INTO trust_rules (`+trustColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, service_account = excluded.service_account, public_id = excluded.public_id,
			label = excluded.label, system = excluded.system, issuer = excluded.issuer, audience = excluded.audience,
			claims = excluded.claims, keys = excluded.keys, grants = excluded.grants, allowed_ips = excluded.allowed_ips,
			rate_limit = excluded.rate_limit, lifetime = excluded.lifetime, created_by = excluded.created_by,
			created_with = excluded.created_with, created_at = excluded.created_at, ending = excluded.ending,
			deleted_at = excluded.deleted_at, revision = excluded.revision`, trustFields(&r)...)
}

func (t trustChanges) DeleteTrustRule(id ledger.ID) error {
	return t.exec(`DELETE FROM trust_rules WHERE id = $1`, id)
}

const exchangeColumns = `workspace, used, rule, token, at, ends_at, kept_until`

func exchangeFields(x *ledger.Exchange) []any {
	return []any{
		&x.Workspace, column.Blob(&x.Used), &x.Rule, column.Locator(&x.Token), column.Instant(&x.At), column.Instant(&x.EndsAt), column.Instant(&x.KeptUntil),
	}
}

func (r trustRows) Exchange(workspace ledger.ID, used []byte) (ledger.Exchange, error) {
	return one(r.session, exchangeFields, `SELECT `+exchangeColumns+` FROM exchanges WHERE workspace = $1 AND used = $2`,
		workspace, column.Blob(&used))
}

func (r trustRows) ExchangesOf(rule ledger.ID, t time.Time, limit int) ([]ledger.Exchange, error) {
	return list(r.session, exchangeFields, `SELECT `+exchangeColumns+` FROM exchanges
		WHERE rule = $1 AND ends_at > $2 ORDER BY ends_at, used LIMIT CAST($3 AS BIGINT)`, rule, column.Moment(t), column.Limit(limit))
}

func (r trustRows) CountExchanges(rule ledger.ID, t time.Time) (int64, error) {
	return number(r.session, `SELECT count(*) FROM exchanges WHERE rule = $1 AND ends_at > $2`, rule, column.Moment(t))
}

func (t trustChanges) PutExchange(x ledger.Exchange) error {
	return t.exec(`
		INSERT INTO exchanges (`+exchangeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace, used) DO UPDATE SET
			rule = excluded.rule, token = excluded.token, at = excluded.at, ends_at = excluded.ends_at, kept_until = excluded.kept_until`, exchangeFields(&x)...)
}

func (t trustChanges) DeleteExchanges(before time.Time, limit int) (int, error) {
	n, err := affected(t.session, `DELETE FROM exchanges WHERE kept_until < $1 AND kept_until <= (
		SELECT max(kept_until) FROM (SELECT kept_until FROM exchanges ORDER BY kept_until LIMIT CAST($2 AS BIGINT)) AS oldest)`,
		column.Moment(before), column.Limit(limit))
	return int(n), err
}
