package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateVouched: 00030_vouched knows of nobody that a workspace alone vouches for them,
// and leaves who there is; a build of before goes on writing people.
func TestMigrateVouched(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 28)
		const person = `INSERT INTO users (id, public_id, name, password_hash, instance_admin, created_at, deactivated_by, revision) VALUES `
		insert(on, db, person+`(1, 'kept', '', '', FALSE, 1, '', 1)`)
		open(on.T, store.Options{URL: on.url})
		db = beside(on.T, on.url)
		insert(on, db, person+`(2, 'older', '', '', FALSE, 1, '', 1)`)
		got := texts(on.T, db, `SELECT public_id FROM users WHERE vouched_by = 0 ORDER BY id`)
		if diff := cmp.Diff([]string{"kept", "older"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}
