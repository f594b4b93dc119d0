package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateWebhooksDue: 00016_webhooks_due says of each endpoint when it may be posted
// to: when the first of its deliveries is due, and who is at it is done.
func TestMigrateWebhooksDue(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 15)
		for id, name := range []string{"", "waits", "leased", "idle"} {
			if id > 0 {
				insert(on, db, fmt.Sprintf(`INSERT INTO webhooks (id, workspace, public_id, url, description, events, secret, enabled, created_at, disabled_reason, revision)
					VALUES (%d, 1, '%s', '', '', '[]', '', TRUE, 1, '', 1)`, id, name))
			}
		}
		for id, d := range []string{"1, 'pending', 30, NULL", "1, 'pending', 20, NULL", "1, 'delivered', NULL, NULL", "2, 'pending', 10, NULL", "2, 'pending', 40, 40", "3, 'failed', NULL, NULL"} {
			insert(on, db, fmt.Sprintf(`INSERT INTO deliveries (id, public_id, type, payload, attempts, created_at, webhook, state, next_attempt_at, leased_until)
				VALUES (%d, 'msg_%d', '', '{}', 0, 1, %s)`, id+1, id, d))
		}
		open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT public_id || ': ' || coalesce(CAST(due_at AS TEXT), 'never') FROM webhooks ORDER BY id`)
		if diff := cmp.Diff([]string{"waits: 20", "leased: 40", "idle: never"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}
