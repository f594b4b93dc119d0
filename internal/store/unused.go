package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

const (
	unusedColumns = `workspace, agreed, facts`
	unusedDue     = `SELECT locator FROM tokens WHERE workspace = $1 AND unused_due <= $2 ORDER BY unused_due, id LIMIT CAST($3 AS BIGINT)`
	countUnused   = `SELECT count(*) FROM tokens WHERE workspace = $1 AND unused_due <= $2`
	unusedAgreed  = `SELECT workspace FROM unused WHERE agreed IS NOT NULL ORDER BY workspace`
)

func unusedFields(s *ledger.UnusedState) []any {
	return []any{&s.Workspace, column.Instant(&s.Agreed), column.Document(&s.Facts)}
}

// UnusedDue goes by an index of those alone that have a day.
func (r unusedRows) UnusedDue(workspace ledger.ID, by time.Time, limit int) ([]token.Locator, error) {
	return list(r.session, func(l *token.Locator) []any { return []any{column.Locator(l)} }, unusedDue, workspace, column.Moment(by), column.Limit(limit))
}

// CountUnused goes by the same index.
func (r unusedRows) CountUnused(workspace ledger.ID, by time.Time) (int, error) {
	n, err := number(r.session, countUnused, workspace, column.Moment(by))
	return int(n), err
}

// UnusedState finds the one row of a workspace.
func (r unusedRows) UnusedState(workspace ledger.ID) (ledger.UnusedState, error) {
	return one(r.session, unusedFields, `SELECT `+unusedColumns+` FROM unused WHERE workspace = $1`, workspace)
}

// UnusedAgreed goes by an index of those that have a yes.
func (r unusedRows) UnusedAgreed() ([]ledger.ID, error) {
	return list(r.session, func(id *ledger.ID) []any { return []any{id} }, unusedAgreed)
}

// PutUnusedState replaces the whole row.
func (t unusedChanges) PutUnusedState(s ledger.UnusedState) error {
	return t.exec(`
		INSERT INTO unused (`+unusedColumns+`) VALUES ($1, $2, $3)
		ON CONFLICT (workspace) DO UPDATE SET agreed = excluded.agreed, facts = excluded.facts`, unusedFields(&s)...)
}

// DeleteUnusedState forgets a workspace that has nothing to keep.
func (t unusedChanges) DeleteUnusedState(workspace ledger.ID) error {
	return t.exec(`DELETE FROM unused WHERE workspace = $1`, workspace)
}
