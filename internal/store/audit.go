package store

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

const auditColumns = `workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target, token,
	payload, salt, payload_digest, hash, key_id, erasure`

func auditFields(a *ledger.AuditRow) []any {
	return []any{
		&a.Workspace, &a.Sequence, &a.Revision, column.Instant(&a.At), &a.Action, &a.Actor, &a.ActorToken, &a.OnBehalf,
		&a.Target, column.Word(&a.Token), column.Verbatim(&a.Payload), column.Blob(&a.Salt), column.Blob(&a.PayloadDigest), column.Blob(&a.Hash),
		(*uint32)(&a.Key), column.Blob(&a.Erasure),
	}
}

const auditOf = `SELECT ` + auditColumns + ` FROM audit WHERE workspace = $1`

// AuditTip is what the next link is chained to.
func (r auditRows) AuditTip(workspace ledger.ID) (ledger.AuditTip, error) {
	return one(r.session, func(t *ledger.AuditTip) []any { return []any{&t.Sequence, column.Instant(&t.At), column.Blob(&t.Hash)} },
		`SELECT sequence, occurred_at, hash FROM audit WHERE workspace = $1 ORDER BY sequence DESC LIMIT 1`, workspace)
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
	const most = 1000 // that are made room for before they are read
	rows := make([]ledger.AuditRow, 0, min(max(limit, 0), most))
	err := each(r.session, auditFields, func(row ledger.AuditRow) { rows = append(rows, row) },
		auditOf+` AND sequence > $2 ORDER BY sequence LIMIT CAST($3 AS BIGINT)`, workspace, after, column.Limit(limit))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows, nil
}

// auditFilters are built like tokenFilters.
const (
	auditFilters = `
	AND (CAST($3 AS TEXT) = '' OR token = $3)
	AND (CAST($4 AS TEXT) = '' OR actor = $4)
	AND (CAST($11 AS TEXT) = '' OR actor_token = $11)
	AND (CAST($5 AS TEXT) = '' OR action = $5)
	AND (CAST($9 AS TEXT) = '' OR substr(action, 1, length(CAST($9 AS TEXT))) = $9)
	AND (CAST($6 AS BIGINT) IS NULL OR occurred_at >= $6)
	AND (CAST($7 AS BIGINT) IS NULL OR occurred_at < $7)
	ORDER BY `
	auditEnds = `sequence DESC LIMIT CAST($8 AS BIGINT)`
)

// The lists say their values as such, and not as tokens' lists do as a row: every index begins with
// the workspace here, so that nothing leads past it, and values are what PostgreSQL has counted.
const (
	listAudit       = auditOf + ` AND sequence < $2 AND sequence >= $10` + auditFilters + auditEnds
	auditPart       = ` AND sequence < $2 AND +sequence >= $10`
	listAuditToken  = auditOf + auditPart + ` AND token = $3` + auditFilters + auditEnds
	listAuditWith   = auditOf + auditPart + ` AND actor_token COLLATE "binary" = $11 AND actor_token <> ''` + auditFilters + auditEnds
	listAuditActor  = auditOf + auditPart + ` AND actor = $4` + auditFilters + auditEnds
	listAuditAction = auditOf + auditPart + ` AND action = $5` + auditFilters + auditEnds
	// The + keeps both engines off the chain's order, which they would follow down
	// to the first row for a day that has fewer rows than the limit.
	listAuditFrom = auditOf + ` AND +sequence < $2 AND +sequence >= $10 AND occurred_at >= $6` + auditFilters + `+` + auditEnds

	// The ends of a span of time, counted no further than to fewRows.
	endsAudit  = `SELECT count(*), COALESCE(max(sequence), 0) FROM (SELECT sequence FROM audit WHERE workspace = $1`
	auditSince = endsAudit + ` AND occurred_at >= $2 ORDER BY occurred_at DESC LIMIT CAST($3 AS BIGINT)) AS span`
	auditUntil = endsAudit + ` AND occurred_at < $2 ORDER BY occurred_at LIMIT CAST($3 AS BIGINT)) AS span`

	// actionsFrom steps through the actions of a chain, one look-up for each.
	actionsFrom = `SELECT action FROM audit WHERE workspace = $1 AND action >= $2 ORDER BY action LIMIT 1`
)

// fewRows is how many rows of the audit are gone through without a bound; fewBefore how many are
// counted, by their index alone, to find where a short past ends: to walk there costs more.
const fewRows, fewBefore = 5000, 30_000

// listOf picks the list by the filter that leaves the fewest rows.
func (r auditRows) listOf(workspace ledger.ID, q ledger.AuditQuery) (string, error) {
	if !q.From.IsZero() && q.Token == "" && q.With == "" {
		if n, _, err := r.ends(auditSince, workspace, q.From, fewRows); err != nil || n < fewRows {
			return listAuditFrom, err
		}
	}
	switch {
	case q.Token != "":
		return listAuditToken, nil
	case q.With != "":
		return listAuditWith, nil
	case q.Actor != "":
		return listAuditActor, nil
	case q.Action != "" && !strings.HasSuffix(q.Action, "*"):
		return listAuditAction, nil
	}
	return listAudit, nil
}

// ends counts the rows on one side of a moment and tells the last of them.
func (r auditRows) ends(query string, workspace ledger.ID, at time.Time, most int) (n, last int64, err error) {
	found, err := one(r.session, func(v *[2]int64) []any { return []any{&v[0], &v[1]} }, query, workspace, column.Moment(at), column.Limit(most))
	return found[0], found[1], err
}

// Audit reads the actions that begin with a text one by one: there are few.
func (r auditRows) Audit(workspace ledger.ID, q ledger.AuditQuery) ([]ledger.AuditRow, error) {
	begins, all := strings.CutSuffix(q.Action, "*")
	query, err := r.listOf(workspace, q)
	switch {
	case err != nil:
		return nil, err
	case !all || begins == "" || query != listAudit:
		return r.listed(query, workspace, q)
	}
	var rows []ledger.AuditRow
	for action := begins; ; action += "\x01" { // no text stands between
		if action, err = one(r.session, func(s *string) []any { return []any{s} }, actionsFrom, workspace, action); errors.Is(err, ledger.ErrNoRow) || err == nil && !strings.HasPrefix(action, begins) {
			break
		}
		if err != nil {
			return nil, err
		}
		q.Action = action
		some, err := r.listed(listAuditAction, workspace, q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	slices.SortFunc(rows, func(a, b ledger.AuditRow) int { return cmp.Compare(b.Sequence, a.Sequence) })
	return rows[:min(int64(len(rows)), column.Limit(q.Limit))], nil
}

func (r auditRows) listed(query string, workspace ledger.ID, q ledger.AuditQuery) ([]ledger.AuditRow, error) {
	action, begins := q.Action, ""
	if prefix, all := strings.CutSuffix(action, "*"); all {
		action, begins = "", prefix
	}
	return list(r.session, auditFields, query, workspace, column.Below(q.Before), q.Token, q.Actor, action,
		column.Moment(q.From), column.Moment(q.To), column.Limit(q.Limit), begins, q.Since, q.With)
}

// AuditBounds counts numbers, which have no gaps. What is wholly in a short past has
// its end looked up, so that nobody walks there from today.
func (r auditRows) AuditBounds(workspace ledger.ID, q ledger.AuditQuery, n int) (before, since int64, err error) {
	before = q.Before
	if !q.To.IsZero() {
		few, last, err := r.ends(auditUntil, workspace, q.To, fewBefore)
		if err != nil {
			return 0, 0, err
		}
		if few < fewBefore && (before == 0 || last+1 < before) {
			before = last + 1
		}
	}
	query, err := r.listOf(workspace, q)
	if err != nil || query != listAudit || q.From.IsZero() && q.To.IsZero() {
		return before, 0, err
	}
	if before == 0 {
		head, err := number(r.session, `SELECT COALESCE(max(sequence), 0) FROM audit WHERE workspace = $1`, workspace)
		if err != nil {
			return 0, 0, err
		}
		before = head + 1
	}
	return before, max(before-int64(n), 0), nil
}

// AppendAudit only ever inserts: a link that is there is never replaced.
func (t auditChanges) AppendAudit(a ledger.AuditRow) error {
	return t.exec(`
		INSERT INTO audit (`+auditColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, auditFields(&a)...)
}
