package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateApproval: 00031_approval lets every token there is go on, and a build of before
// goes on writing tokens.
func TestMigrateApproval(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 30)
		insert(on, db, `INSERT INTO workspaces (id, slug, name, policy, created_at, suspended_by, revision) VALUES (1, 'acme', 'Acme', '{}', 1, '', 1)`)
		const token = `INSERT INTO tokens (id, locator, prefix, kind, workspace, created_by, label, description, lifetime, revoke_reason,
			revoke_comment, recoverable, standing, created_at, disabled_by, held, held_by, revision) VALUES `
		insert(on, db, token+`(1, 'kept00000000', 'tky', 'w', 1, '', '', '', 0, '', '', FALSE, FALSE, 1, '', 0, '', 1)`)
		open(on.T, store.Options{URL: on.url})
		db = beside(on.T, on.url)
		insert(on, db, token+`(2, 'older0000000', 'tky', 'w', 1, '', '', '', 0, '', '', FALSE, FALSE, 1, '', 0, '', 1)`)
		got := texts(on.T, db, `SELECT locator FROM tokens WHERE NOT waits AND approval IS NULL ORDER BY id`)
		if diff := cmp.Diff([]string{"kept00000000", "older0000000"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}
