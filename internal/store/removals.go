package store

import (
	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

const removalColumns = `id, workspace, kind, name, owner, replacement, undecided, removed_by, created_at, total, done, place, part, after_id`

func removalFields(x *ledger.Removal) []any {
	return []any{
		&x.ID, &x.Workspace, (*string)(&x.Kind), &x.Name, &x.Owner, &x.Replacement, &x.Undecided, &x.By, column.Instant(&x.CreatedAt),
		&x.Total, &x.Done, &x.Place, &x.Part, &x.After,
	}
}

// Removals lists them all: there are few at a time.
func (r removalRows) Removals() ([]ledger.Removal, error) {
	return list(r.session, removalFields, `SELECT `+removalColumns+` FROM removals ORDER BY id`)
}

// PutRemoval stores a removal under its number.
func (t removalChanges) PutRemoval(x ledger.Removal) error {
	return t.exec(`
		INSERT INTO removals (`+removalColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, kind = excluded.kind, name = excluded.name, owner = excluded.owner,
			replacement = excluded.replacement, undecided = excluded.undecided, removed_by = excluded.removed_by,
			created_at = excluded.created_at, total = excluded.total, done = excluded.done, place = excluded.place,
			part = excluded.part, after_id = excluded.after_id`, removalFields(&x)...)
}

// DeleteRemoval does nothing when there is none of that number.
func (t removalChanges) DeleteRemoval(id ledger.ID) error {
	return t.exec(`DELETE FROM removals WHERE id = $1`, id)
}

const (
	unendedOfMember = `SELECT id FROM tokens WHERE owner_member IS NOT NULL AND (workspace, owner_member, id) > ($1, $2, $3)
		AND (workspace, owner_member) <= ($1, $2) AND revoked_at IS NULL ORDER BY workspace, owner_member, id LIMIT CAST($4 AS BIGINT)`
	unendedOfAccount = `SELECT id FROM tokens WHERE owner_service_account IS NOT NULL AND (workspace, owner_service_account, id) > ($1, $2, $3)
		AND (workspace, owner_service_account) <= ($1, $2) AND revoked_at IS NULL ORDER BY workspace, owner_service_account, id LIMIT CAST($4 AS BIGINT)`
	countUnendedOfMember  = `SELECT count(*) FROM tokens WHERE workspace = $1 AND owner_member = $2 AND revoked_at IS NULL`
	countUnendedOfAccount = `SELECT count(*) FROM tokens WHERE workspace = $1 AND owner_service_account = $2 AND revoked_at IS NULL`
)

func ids(id *ledger.ID) []any { return []any{id} }

// Unended finds by the index of the owner.
func (r removalRows) Unended(workspace ledger.ID, x ledger.Removal, limit int) ([]ledger.ID, error) {
	query := unendedOfMember
	if x.Kind == ledger.RemovedServiceAccount {
		query = unendedOfAccount
	}
	return list(r.session, ids, query, workspace, x.Owner, x.After, column.Limit(limit))
}

// CountUnended counts by the same index.
func (r removalRows) CountUnended(workspace ledger.ID, x ledger.Removal) (int64, error) {
	query := countUnendedOfMember
	if x.Kind == ledger.RemovedServiceAccount {
		query = countUnendedOfAccount
	}
	return number(r.session, query, workspace, x.Owner)
}

// The lists of rows whose grants may hold a word, and where a window of them ends: compared
// as a row, so that no engine goes through what other workspaces have.
const (
	membersWindow = `SELECT max(id) FROM (SELECT id FROM members WHERE removed_at IS NULL AND (workspace, id) > ($1, $2) AND workspace <= $1
		ORDER BY workspace, id LIMIT CAST($3 AS BIGINT)) AS rows`
	accountsWindow = `SELECT max(id) FROM (SELECT id FROM service_accounts WHERE removed_at IS NULL AND (workspace, id) > ($1, $2) AND workspace <= $1
		ORDER BY workspace, id LIMIT CAST($3 AS BIGINT)) AS rows`
	tokensWindow = `SELECT max(id) FROM (SELECT id FROM tokens WHERE (workspace, id) > ($1, $2) AND workspace <= $1
		ORDER BY workspace, id LIMIT CAST($3 AS BIGINT)) AS rows`

	membersNaming = `SELECT id FROM members WHERE removed_at IS NULL AND (workspace, id) > ($1, $2) AND (workspace, id) <= ($1, $3)
		AND grants LIKE $4 ESCAPE '\' ORDER BY workspace, id`
	accountsNaming = `SELECT id FROM service_accounts WHERE removed_at IS NULL AND (workspace, id) > ($1, $2) AND (workspace, id) <= ($1, $3)
		AND grants LIKE $4 ESCAPE '\' ORDER BY workspace, id`
	tokensNaming = `SELECT id FROM tokens WHERE (workspace, id) > ($1, $2) AND (workspace, id) <= ($1, $3)
		AND grants LIKE $4 ESCAPE '\' ORDER BY workspace, id`
)

// Naming lets the database look: no row is read that cannot hold the word.
func (r removalRows) Naming(workspace ledger.ID, part ledger.Part, after ledger.ID, word string, window int) ([]ledger.ID, ledger.ID, error) {
	end, naming := tokensWindow, tokensNaming
	if part == ledger.PartMembers {
		end, naming = membersWindow, membersNaming
	}
	if part == ledger.PartAccounts {
		end, naming = accountsWindow, accountsNaming
	}
	last, err := one(r.session, func(id *ledger.ID) []any { return []any{column.Ref(id)} }, end, workspace, after, column.Limit(window))
	if err != nil || last == 0 {
		return nil, 0, err
	}
	pattern, err := search.InJSON(word)
	if err != nil {
		return nil, 0, err
	}
	found, err := list(r.session, ids, naming, workspace, after, last, pattern)
	return found, last, err
}

const tokensSealed = `SELECT id FROM tokens WHERE (workspace, id) > ($1, $2) AND (workspace, id) <= ($1, $3)
	AND (recoverable OR EXISTS (SELECT 1 FROM secrets WHERE secrets.token = tokens.id AND sealed IS NOT NULL)) ORDER BY workspace, id`

// Sealed looks at a window of tokens.
func (r removalRows) Sealed(workspace, after ledger.ID, window int) ([]ledger.ID, ledger.ID, error) {
	last, err := one(r.session, func(id *ledger.ID) []any { return []any{column.Ref(id)} }, tokensWindow, workspace, after, column.Limit(window))
	if err != nil || last == 0 {
		return nil, 0, err
	}
	found, err := list(r.session, ids, tokensSealed, workspace, after, last)
	return found, last, err
}
