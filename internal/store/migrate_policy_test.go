package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigratePolicyRevision: 00011_policy_revision begins the policy of each
// workspace at the workspace's own revision, so that no two readings of before and
// after look the same, and the instance's at none.
func TestMigratePolicyRevision(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 10)
		insert(on, db, `INSERT INTO workspaces (id, slug, name, policy, created_at, revision) VALUES (1, 'acme', 'Acme', '{}', 1, 7)`)
		open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT slug || ' ' || CAST(policy_revision AS TEXT) FROM workspaces
			UNION ALL SELECT 'instance ' || CAST(policy_revision AS TEXT) FROM instance`)
		if diff := cmp.Diff([]string{"acme 7", "instance 0"}, got); diff != "" {
			on.Errorf("policies after the migration (-want +got):\n%s", diff)
		}
	})
}
