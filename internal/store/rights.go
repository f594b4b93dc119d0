package store

import (
	"fmt"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

const roleColumns = `workspace, name, display_name, description, scopes, rate_limit, locked, revision`

func roleFields(r *ledger.Role) []any {
	return []any{
		&r.Workspace, &r.Name, &r.DisplayName, &r.Description, column.Document(&r.Scopes), column.Document(&r.RateLimit), &r.Locked,
		&r.Revision,
	}
}

// Roles lists by name, in the order of bytes.
func (r rightsRows) Roles(workspace ledger.ID) ([]ledger.Role, error) {
	return list(r.session, roleFields, `SELECT `+roleColumns+` FROM roles WHERE workspace = $1 ORDER BY name`, workspace)
}

// PutRole stores a role under its name.
func (t rightsChanges) PutRole(r ledger.Role) error {
	if err := t.stamp(r.Workspace); err != nil {
		return err
	}
	return t.exec(`
		INSERT INTO roles (`+roleColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (workspace, name) DO UPDATE SET
			display_name = excluded.display_name, description = excluded.description, scopes = excluded.scopes,
			rate_limit = excluded.rate_limit, locked = excluded.locked, revision = excluded.revision`, roleFields(&r)...)
}

// DeleteRole does nothing when there is none of that name.
func (t rightsChanges) DeleteRole(workspace ledger.ID, name string) error {
	if err := t.stamp(workspace); err != nil {
		return err
	}
	return t.exec(`DELETE FROM roles WHERE workspace = $1 AND name = $2`, workspace, name)
}

// stamp notes that the roles or scopes of a workspace change. The moment stands beside
// the revision because a database that fell back gives revisions out again.
func (t *tx) stamp(workspace ledger.ID) error {
	return t.exec(`
		INSERT INTO catalogue_stamps (workspace, revision, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision, changed_at = excluded.changed_at`,
		workspace, t.revision, t.moment.Latest.UnixMicro())
}

// CatalogueStamp names the last changes, the instance's first.
func (r rightsRows) CatalogueStamp(workspace ledger.ID) (string, error) {
	stamps, err := list(r.session, func(s *[3]int64) []any { return []any{&s[0], &s[1], &s[2]} },
		`SELECT workspace, revision, changed_at FROM catalogue_stamps WHERE workspace IN (0, $1) ORDER BY workspace`, workspace)
	return stamp(stamps), err
}

// stamp is a text of the last changes of catalogues: of which, the revision, when.
func stamp(changes [][3]int64) string { return fmt.Sprint(changes) }

const scopeColumns = `workspace, name, description, implies, roles, locked, revision`

func scopeFields(s *ledger.Scope) []any {
	return []any{
		&s.Workspace, &s.Name, &s.Description, column.Document(&s.Implies), column.Document(&s.Roles), &s.Locked, &s.Revision,
	}
}

// Scopes lists by name, in the order of bytes.
func (r rightsRows) Scopes(workspace ledger.ID) ([]ledger.Scope, error) {
	return list(r.session, scopeFields, `SELECT `+scopeColumns+` FROM scopes WHERE workspace = $1 ORDER BY name`, workspace)
}

// PutScope stores a scope under its name.
func (t rightsChanges) PutScope(s ledger.Scope) error {
	if err := t.stamp(s.Workspace); err != nil {
		return err
	}
	return t.exec(`
		INSERT INTO scopes (`+scopeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (workspace, name) DO UPDATE SET
			description = excluded.description, implies = excluded.implies, roles = excluded.roles,
			locked = excluded.locked, revision = excluded.revision`, scopeFields(&s)...)
}

// DeleteScope does nothing when there is none of that name.
func (t rightsChanges) DeleteScope(workspace ledger.ID, name string) error {
	if err := t.stamp(workspace); err != nil {
		return err
	}
	return t.exec(`DELETE FROM scopes WHERE workspace = $1 AND name = $2`, workspace, name)
}

// DeleteCatalogue takes three statements, however many rows there are.
func (t rightsChanges) DeleteCatalogue(workspace ledger.ID) error {
	if err := t.stamp(workspace); err != nil {
		return err
	}
	if err := t.exec(`DELETE FROM roles WHERE workspace = $1`, workspace); err != nil {
		return err
	}
	return t.exec(`DELETE FROM scopes WHERE workspace = $1`, workspace)
}

const resourceColumns = `id, workspace, name, description, created_by, created_at, revision`

func resourceFields(r *ledger.Resource) []any {
	return []any{&r.ID, &r.Workspace, &r.Name, &r.Description, &r.CreatedBy, column.Instant(&r.CreatedAt), &r.Revision}
}

// Resource finds by the exact name; patterns are the business of grants.
func (r rightsRows) Resource(workspace ledger.ID, name string) (ledger.Resource, error) {
	return one(r.session, resourceFields, `SELECT `+resourceColumns+` FROM resources
		WHERE workspace = $1 AND name = $2`, workspace, name)
}

// WorkspacesWith asks for each workspace by the index, and reads no list of resources.
func (r rightsRows) WorkspacesWith(resource string) ([]ledger.Workspace, error) {
	return list(r.session, workspaceFields, `SELECT `+workspaceColumns+` FROM workspaces w
		WHERE w.deleted_at IS NULL AND EXISTS (SELECT 1 FROM resources AS own WHERE own.workspace = w.id AND own.name = $1)
		ORDER BY w.id`, resource)
}

// Resources lists in the order they came on board.
func (r rightsRows) Resources(workspace ledger.ID, q ledger.Range) ([]ledger.Resource, error) {
	return list(r.session, resourceFields, search.Begin+` SELECT `+resourceColumns+` FROM resources
		WHERE workspace = $2 AND id > $3`+search.Every+`
			lower(name) LIKE pattern ESCAPE '\' OR lower(description) LIKE pattern ESCAPE '\'`+search.Found+`
		ORDER BY id LIMIT CAST($4 AS BIGINT)`, search.Words(q.Text), workspace, q.After, column.Limit(q.Limit))
}

// PutResource refuses a name that another resource of the workspace has.
func (t rightsChanges) PutResource(r ledger.Resource) error {
	return t.exec(`
		INSERT INTO resources (`+resourceColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, name = excluded.name, description = excluded.description,
			created_by = excluded.created_by, created_at = excluded.created_at,
			revision = excluded.revision`, resourceFields(&r)...)
}

// DeleteResource does nothing when there is none of that name.
func (t rightsChanges) DeleteResource(workspace ledger.ID, name string) error {
	return t.exec(`DELETE FROM resources WHERE workspace = $1 AND name = $2`, workspace, name)
}
