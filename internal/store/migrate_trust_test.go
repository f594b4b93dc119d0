package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateTrust: 00025_trust makes places for rules of trust, and leaves what there is.
func TestMigrateTrust(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 24)
		insert(on, db, `INSERT INTO webhooks (id, workspace, public_id, url, description, events, secret, enabled, created_at, disabled_reason, revision)
			VALUES (1, 1, 'kept', '', '', '[]', '', TRUE, 1, '', 1)`)
		open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT public_id FROM webhooks UNION ALL SELECT public_id FROM trust_rules UNION ALL SELECT token FROM exchanges`)
		if diff := cmp.Diff([]string{"kept"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}
