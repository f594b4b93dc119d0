package store

import (
	"strings"

	"github.com/tokenry/tokenry/internal/ledger"
)

const auditColumns = `workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target, token,
	payload, salt, payload_digest, hash, key_id, erasure`

func auditFields(a *ledger.AuditRow) []any {
	return []any{
		&a.Workspace, &a.Sequence, &a.Revision, instant{&a.At}, &a.Action, &a.Actor, &a.ActorToken, &a.OnBehalf,
		&a.Target, word{&a.Token}, verbatim{&a.Payload}, blob{&a.Salt}, blob{&a.PayloadDigest}, blob{&a.Hash},
		(*uint32)(&a.Key), blob{&a.Erasure},
	}
}

const auditOf = `SELECT ` + auditColumns + ` FROM audit WHERE workspace = $1`

// AuditHead is what the next link is chained to.
func (r auditRows) AuditHead(workspace ledger.ID) (ledger.AuditRow, error) {
	return one(r.session, auditFields, auditOf+` ORDER BY sequence DESC LIMIT 1`, workspace)
}

// AuditChains counts a chain also when no row of it is left: a workspace was
// created, and that stands in its chain or before its anchor.
func (r auditRows) AuditChains() ([]ledger.ID, error) {
	return list(r.session, func(id *ledger.ID) []any { return []any{id} }, `
		SELECT id FROM workspaces
		UNION SELECT workspace FROM audit_anchors
		UNION SELECT workspace FROM audit WHERE sequence = 1
		ORDER BY 1`)
}

// AuditChain lists oldest first, for whoever verifies or exports.
func (r auditRows) AuditChain(workspace ledger.ID, after int64, limit int) ([]ledger.AuditRow, error) {
	return list(r.session, auditFields, auditOf+` AND sequence > $2 ORDER BY sequence LIMIT CAST($3 AS BIGINT)`, workspace, after, bound(limit))
}

// auditFilters are built like tokenFilters.
const auditFilters = `
	AND (CAST($3 AS TEXT) = '' OR token = $3)
	AND (CAST($4 AS TEXT) = '' OR actor = $4)
	AND (CAST($5 AS TEXT) = '' OR action = $5)
	AND substr(action, 1, length(CAST($9 AS TEXT))) = $9
	AND (CAST($6 AS BIGINT) IS NULL OR occurred_at >= $6)
	AND (CAST($7 AS BIGINT) IS NULL OR occurred_at < $7)
	ORDER BY sequence DESC LIMIT CAST($8 AS BIGINT)`

const (
	listAudit      = auditOf + ` AND sequence < $2` + auditFilters
	listAuditToken = auditOf + ` AND sequence < $2 AND token = $3` + auditFilters
	listAuditActor = auditOf + ` AND sequence < $2 AND actor = $4` + auditFilters
	// The + keeps the planner off the chain's order, which it would follow down
	// to the first row for a day that has fewer rows than the limit.
	listAuditFrom = auditOf + ` AND +sequence < $2 AND occurred_at >= $6` + auditFilters
)

// Audit picks the list by the filter that leaves the fewest rows.
func (r auditRows) Audit(workspace ledger.ID, q ledger.AuditQuery) ([]ledger.AuditRow, error) {
	query := listAudit
	switch {
	case q.Token != "":
		query = listAuditToken
	case q.Actor != "":
		query = listAuditActor
	case !q.From.IsZero():
		query = listAuditFrom
	}
	action, begins := q.Action, ""
	if prefix, all := strings.CutSuffix(action, "*"); all {
		action, begins = "", prefix
	}
	return list(r.session, auditFields, query, workspace, below(q.Before), q.Token, q.Actor, action,
		moment(q.From), moment(q.To), bound(q.Limit), begins)
}

// AppendAudit only ever inserts: a link that is there is never replaced.
func (t auditChanges) AppendAudit(a ledger.AuditRow) error {
	return t.exec(`
		INSERT INTO audit (`+auditColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, auditFields(&a)...)
}
