package store

import (
	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

func instanceFields(i *ledger.Instance) []any {
	return []any{column.Document(&i.Policy), column.Document(&i.Prefixes), column.Document(&i.Formats), &i.PolicyRevision, column.Blob(&i.SetupSeed), column.Instant(&i.SetupExpiresAt), column.Instant(&i.BootstrappedAt)}
}

// Instance reads the one row, which the first migration makes.
func (r headRows) Instance() (ledger.Instance, error) {
	return one(r.session, instanceFields, `
		SELECT policy, prefixes, formats, policy_revision, setup_digest, setup_expires_at, bootstrapped_at FROM instance WHERE id = 1`)
}

// PutInstance replaces the one row.
func (t headChanges) PutInstance(i ledger.Instance) error {
	return t.exec(`
		UPDATE instance SET policy = $1, prefixes = $2, formats = $3, policy_revision = $4, setup_digest = $5, setup_expires_at = $6, bootstrapped_at = $7
		WHERE id = 1`, instanceFields(&i)...)
}

const workspaceColumns = `w.id, w.slug, w.name, w.external_id, w.metadata, w.policy, w.policy_revision, w.created_at, w.suspended_at, w.suspended_by, w.deleted_at, w.purged_at, w.revision`

func workspaceFields(w *ledger.Workspace) []any {
	return []any{
		&w.ID, &w.Slug, &w.Name, column.Word(&w.ExternalID), column.Document(&w.Metadata), column.Document(&w.Policy), &w.PolicyRevision,
		column.Instant(&w.CreatedAt), column.Instant(&w.SuspendedAt), &w.SuspendedBy, column.Instant(&w.DeletedAt), column.Instant(&w.PurgedAt), &w.Revision,
	}
}

// Workspace finds a deleted tenant too, except by its external ID, which is free
// for another by then.
func (r workspaceRows) Workspace(k ledger.WorkspaceKey) (ledger.Workspace, error) {
	switch {
	case k.ID != 0:
		return one(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM workspaces w WHERE w.id = $1`, k.ID)
	case k.Slug != "":
		return one(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM workspaces w WHERE w.slug = $1`, k.Slug)
	case k.ExternalID != "":
		return one(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM workspaces w
			WHERE w.external_id = $1 AND w.deleted_at IS NULL`, k.ExternalID)
	}
	return ledger.Workspace{}, ledger.ErrNoRow
}

// Workspaces lists tenants, oldest first.
func (r workspaceRows) Workspaces(q ledger.Range) ([]ledger.Workspace, error) {
	return list(r.session, workspaceFields, search.Begin+` SELECT `+workspaceColumns+` FROM workspaces w
		WHERE w.id > $2 AND w.deleted_at IS NULL`+search.Every+`
			lower(w.slug) LIKE pattern ESCAPE '\' OR lower(w.name) LIKE pattern ESCAPE '\' OR lower(w.external_id) LIKE pattern ESCAPE '\'`+
		search.Found+` ORDER BY w.id LIMIT CAST($3 AS BIGINT)`, search.Words(q.Text), q.After, column.Limit(q.Limit))
}

// WorkspacesOf lists the tenants of a user, also where the membership is
// deactivated.
func (r workspaceRows) WorkspacesOf(user ledger.ID) ([]ledger.Workspace, error) {
	return list(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM members m JOIN workspaces w ON w.id = m.workspace
		WHERE m.user_id = $1 AND m.removed_at IS NULL AND w.deleted_at IS NULL ORDER BY w.id`, user)
}

// CountWorkspaces stops at limit, because whoever asks wants to know whether
// there is more than one.
func (r workspaceRows) CountWorkspaces(limit int) (int, error) {
	n, err := number(r.session, `SELECT count(*) FROM
		(SELECT id FROM workspaces WHERE deleted_at IS NULL LIMIT CAST($1 AS BIGINT)) AS counted`, column.Limit(limit))
	return int(n), err
}

// PutWorkspace refuses a slug that was ever used.
func (t peopleChanges) PutWorkspace(w ledger.Workspace) error {
	return t.exec(`
		INSERT INTO workspaces (id, slug, name, external_id, metadata, policy, policy_revision, created_at, suspended_at, suspended_by,
			deleted_at, purged_at, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET
			slug = excluded.slug, name = excluded.name, external_id = excluded.external_id, metadata = excluded.metadata,
			policy = excluded.policy, policy_revision = excluded.policy_revision, created_at = excluded.created_at, suspended_at = excluded.suspended_at, suspended_by = excluded.suspended_by,
			deleted_at = excluded.deleted_at, purged_at = excluded.purged_at, revision = excluded.revision`, workspaceFields(&w)...)
}
