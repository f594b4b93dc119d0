package store

import (
	"errors"
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

const anchorColumns = `workspace, sequence, hash, occurred_at, seal, key_id`

func anchorFields(a *ledger.AuditAnchor) []any {
	return []any{&a.Workspace, &a.Sequence, column.Blob(&a.Hash), column.Instant(&a.At), column.Blob(&a.Seal), (*uint32)(&a.Key)}
}

// AuditAnchor is where a purged chain begins.
func (r retentionRows) AuditAnchor(workspace ledger.ID) (ledger.AuditAnchor, error) {
	return one(r.session, anchorFields, `SELECT `+anchorColumns+` FROM audit_anchors WHERE workspace = $1`, workspace)
}

// PurgeAudit deletes by the primary key's order.
func (t retentionChanges) PurgeAudit(a ledger.AuditAnchor) error {
	if err := t.exec(noteGaps, a.Workspace, a.Sequence); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM audit WHERE workspace = $1 AND sequence <= $2`, a.Workspace, a.Sequence); err != nil {
		return err
	}
	return t.exec(`
		INSERT INTO audit_anchors (`+anchorColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (workspace) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash,
			occurred_at = excluded.occurred_at, seal = excluded.seal, key_id = excluded.key_id`, anchorFields(&a)...)
}

// EraseAudit leaves what the chain is verified by as it was.
func (t retentionChanges) EraseAudit(a ledger.AuditRow) error {
	return t.exec(`
		UPDATE audit SET actor = $3, on_behalf = $4, target = $5, payload = NULL, salt = NULL, payload_digest = $6, erasure = $7
		WHERE workspace = $1 AND sequence = $2`,
		a.Workspace, a.Sequence, a.Actor, a.OnBehalf, a.Target, column.Blob(&a.PayloadDigest), column.Blob(&a.Erasure))
}

// AuditAbout has the collation said, since that of its columns differs.
func (r retentionRows) AuditAbout(workspace ledger.ID, after, through int64, text [3]string) ([]ledger.AuditRow, error) {
	return list(r.session, auditFields, `SELECT `+auditColumns+` FROM (SELECT `+auditColumns+`,
			lower((actor || ' ' || on_behalf || ' ' || target || ' ' || coalesce(payload, '')) COLLATE "binary") AS said
			FROM audit WHERE workspace = $1 AND sequence > $2 AND sequence <= $3) AS rows
		WHERE said LIKE $4 ESCAPE '\' OR said LIKE $5 ESCAPE '\' OR said LIKE $6 ESCAPE '\' ORDER BY sequence`,
		workspace, after, through, search.Containing(text[0]), search.Containing(text[1]), search.Containing(text[2]))
}

const (
	// The + keeps the planner off indexes that know no workspace.
	tokensHere    = `SELECT ` + tokenColumns + ` FROM tokens WHERE workspace = $1`
	tokensRevoked = tokensHere + ` AND revoked_at < $2 ORDER BY revoked_at, id LIMIT CAST($3 AS BIGINT)`
	// tokensLapsed count as revoked since their scheduled end.
	tokensLapsed = tokensHere + ` AND revoke_at < $2 AND +revoked_at IS NULL
		ORDER BY revoke_at, id LIMIT CAST($3 AS BIGINT)`
	// tokensOver are ephemeral, of which none is renewed.
	tokensOver = tokensHere + ` AND kind = 'e' AND expires_at < $2 AND revoked_at IS NULL AND (revoke_at IS NULL OR revoke_at >= $2)
		ORDER BY expires_at, id LIMIT CAST($3 AS BIGINT)`
)

const tokensLapsing = `SELECT ` + tokenColumns + ` FROM tokens
	WHERE revoked_at IS NULL AND revoke_at <= $1 AND (disabled_at IS NOT NULL OR waits)
	ORDER BY revoke_at LIMIT CAST($2 AS BIGINT)`

// LapsedTokens goes by an index of those that wait for their end.
func (r retentionRows) LapsedTokens(at time.Time, limit int) ([]ledger.Token, error) {
	return list(r.session, tokenFields, tokensLapsing, column.Moment(at), column.Limit(limit))
}

// EndedTokens asks each way in which a token ends for good.
func (r retentionRows) EndedTokens(workspace ledger.ID, before time.Time, limit int) ([]ledger.Token, error) {
	ended, err := list(r.session, tokenFields, tokensRevoked, workspace, column.Moment(before), column.Limit(limit))
	if err != nil || limit > 0 && len(ended) == limit {
		return ended, err
	}
	lapsed, err := list(r.session, tokenFields, tokensLapsed, workspace, column.Moment(before), column.Limit(max(limit-len(ended), 0)))
	if ended = append(ended, lapsed...); err != nil || limit > 0 && len(ended) == limit {
		return ended, err
	}
	over, err := list(r.session, tokenFields, tokensOver, workspace, column.Moment(before), column.Limit(max(limit-len(ended), 0)))
	return append(ended, over...), err
}

// DeleteToken deletes what refers to the row before the row.
func (t retentionChanges) DeleteToken(id ledger.ID) error {
	if err := t.recount(id, ledger.Token{}); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM secrets WHERE token = $1`,
		`DELETE FROM notices WHERE token = $1`,
		`DELETE FROM reuses_told WHERE token = $1`,
		`DELETE FROM strange WHERE token = $1`,
		`DELETE FROM tokens WHERE id = $1`,
	} {
		if err := t.exec(query, id); err != nil {
			return err
		}
	}
	return nil
}

const membersRemoved = memberSelect + `
	WHERE m.workspace = $1 AND m.removed_at < $2
		AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.workspace = m.workspace AND t.owner_member = m.id)
	ORDER BY m.removed_at, m.id LIMIT CAST($3 AS BIGINT)`

// RemovedMembers leaves out who has tokens yet.
func (r retentionRows) RemovedMembers(workspace ledger.ID, before time.Time, limit int) ([]ledger.Member, error) {
	return list(r.session, memberFields, membersRemoved, workspace, column.Moment(before), column.Limit(limit))
}

// MembershipsOf lists removed ones too, oldest first.
func (r retentionRows) MembershipsOf(user ledger.ID) ([]ledger.Member, error) {
	return list(r.session, memberFields, memberSelect+`WHERE m.user_id = $1 ORDER BY m.id`, user)
}

// DeleteMember fails while a token refers to the row.
func (t retentionChanges) DeleteMember(id ledger.ID) error {
	return t.exec(`DELETE FROM members WHERE id = $1`, id)
}

const accountsRemoved = `SELECT ` + accountColumns + ` FROM service_accounts s
	WHERE workspace = $1 AND removed_at < $2
		AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.workspace = s.workspace AND t.owner_service_account = s.id)
	ORDER BY removed_at, id LIMIT CAST($3 AS BIGINT)`

// RemovedServiceAccounts leaves out who has tokens yet.
func (r retentionRows) RemovedServiceAccounts(workspace ledger.ID, before time.Time, limit int) ([]ledger.ServiceAccount, error) {
	return list(r.session, accountFields, accountsRemoved, workspace, column.Moment(before), column.Limit(limit))
}

// DeleteServiceAccount fails while a token refers to the row.
func (t retentionChanges) DeleteServiceAccount(id ledger.ID) error {
	if err := t.exec(`DELETE FROM trust_rules WHERE service_account = $1`, id); err != nil {
		return err
	}
	return t.exec(`DELETE FROM service_accounts WHERE id = $1`, id)
}

// DeletedWorkspaces lists those that still have rows, and those that have none.
func (r retentionRows) DeletedWorkspaces(after ledger.ID, limit int) ([]ledger.Workspace, error) {
	return list(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM workspaces w
		WHERE w.id > $1 AND w.deleted_at IS NOT NULL ORDER BY w.id LIMIT CAST($2 AS BIGINT)`, after, column.Limit(limit))
}

// DeliveriesAbout reads the whole table: nothing else knows what is in a body.
func (r retentionRows) DeliveriesAbout(after ledger.ID, text [3]string, limit int) ([]ledger.Delivery, error) {
	return list(r.session, deliveryFields, `SELECT `+deliveryColumns+` FROM deliveries
		WHERE id > $1 AND (lower(payload) LIKE $2 ESCAPE '\' OR lower(payload) LIKE $3 ESCAPE '\' OR lower(payload) LIKE $4 ESCAPE '\')
		ORDER BY id LIMIT CAST($5 AS BIGINT)`, after, search.Containing(text[0]), search.Containing(text[1]), search.Containing(text[2]), column.Limit(limit))
}

// DeleteDelivery forgets one, sent or not.
func (t retentionChanges) DeleteDelivery(id ledger.ID) error {
	webhook, err := number(t.session, `SELECT webhook FROM deliveries WHERE id = $1`, id)
	if errors.Is(err, ledger.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	if err = t.exec(`DELETE FROM deliveries WHERE id = $1`, id); err != nil {
		return err
	}
	return t.exec(moveDue, webhook)
}

// MailsAbout looks at whom a mail is for and at what it tells.
func (r retentionRows) MailsAbout(after ledger.ID, text [3]string, limit int) ([]ledger.Mail, error) {
	return list(r.session, mailFields, `SELECT `+mailColumns+` FROM mails
		WHERE id > $1 AND (lower(recipient) LIKE $2 ESCAPE '\' OR lower(facts) LIKE $2 ESCAPE '\'
			OR lower(facts) LIKE $3 ESCAPE '\' OR lower(facts) LIKE $4 ESCAPE '\')
		ORDER BY id LIMIT CAST($5 AS BIGINT)`, after, search.Containing(text[0]), search.Containing(text[1]), search.Containing(text[2]), column.Limit(limit))
}

// DeleteMail forgets one, sent or not.
func (t retentionChanges) DeleteMail(id ledger.ID) error {
	return t.exec(`DELETE FROM mails WHERE id = $1`, id)
}

// EraseSignIn forgets by the indexes that each table has on its user.
func (t retentionChanges) EraseSignIn(user ledger.ID) error {
	for _, query := range []string{
		`DELETE FROM sessions WHERE user_id = $1`,
		`DELETE FROM signin_codes WHERE user_id = $1`,
		`DELETE FROM signin_addresses WHERE user_id = $1`,
		`DELETE FROM identities WHERE user_id = $1`,
		`DELETE FROM factors WHERE user_id = $1`,
	} {
		if err := t.exec(query, user); err != nil {
			return err
		}
	}
	return nil
}
