package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateStoppedBy: 00014_stopped_by reads in the audit who stopped what, and
// takes for the instance's what it does not say, and what none of the workspace did.
func TestMigrateStoppedBy(t *testing.T) {
	t.Parallel()
	const ada, root = "ada@example.com", "root@example.com"
	empty(t, func(on engine) {
		p := pastOf(on)
		insert(on, p.db, `INSERT INTO users (id, public_id, email, name, password_hash, instance_admin, created_at, deactivated_at, revision)
			VALUES (6, 'usr_root', 'root@example.com', '', '', TRUE, 1, 700, 1)`)
		insert(on, p.db, `INSERT INTO members (id, workspace, user_id, name, created_at, revision) VALUES (7, 1, 3, '', 1, 1)`)
		insert(on, p.db, `UPDATE workspaces SET suspended_at = 800`)
		p.eventAt(800, "NULL", "workspace.suspended", root, "acme", "{}")
		stopped := func(id int, kind, by string) {
			at := 1000 + id
			switch kind {
			case "account":
				insert(on, p.db, fmt.Sprintf(`INSERT INTO service_accounts (id, workspace, public_id, name, description, created_at, disabled_at, revision)
					VALUES (%d, 1, 'sac_%[1]d', 'sa%[1]d', '', 1, %d, 1)`, id, at))
				p.eventAt(at, "NULL", "service_account.disabled", by, fmt.Sprintf("service_account:sa%d", id), "{}")
			case "webhook":
				insert(on, p.db, fmt.Sprintf(`INSERT INTO webhooks (id, workspace, public_id, url, description, events, secret, enabled, disabled_at, disabled_reason, created_at, revision)
					VALUES (%d, 1, 'whk_%[1]d', '', '', '[]', %s, FALSE, %d, '', 1, 1)`, id, p.bytes, at))
				p.eventAt(at, "NULL", "webhook.edited", by, fmt.Sprintf("webhook:whk_%d", id), "{}")
			}
		}
		stopped(20, "account", ada)
		stopped(21, "account", root)
		stopped(22, "account", "ci@acme.service")
		stopped(23, "account", "acme@workspace")
		stopped(24, "account", "other@workspace")
		stopped(25, "account", "gone@example.com")
		stopped(30, "webhook", ada)
		stopped(31, "webhook", root)
		insert(on, p.db, `UPDATE webhooks SET disabled_reason = 'it failed for a week' WHERE id = 31`)
		stopped(32, "webhook", root)
		p.eventAt(500, "NULL", "member.deactivated", root, "member:eve@example.com", "{}")
		open(on.T, store.Options{URL: on.url})
		db := beside(on.T, on.url)
		held := `CASE WHEN held THEN ' held' ELSE '' END`
		got := slices.Concat(
			texts(on.T, db, `SELECT slug || ' ' || suspended_by FROM workspaces`),
			texts(on.T, db, `SELECT public_id || ' ' || deactivated_by FROM users WHERE deactivated_at IS NOT NULL`),
			texts(on.T, db, `SELECT 'member ' || deactivated_by || `+held+` FROM members WHERE deactivated_at IS NOT NULL`),
			texts(on.T, db, `SELECT name || ' ' || disabled_by || `+held+` FROM service_accounts ORDER BY id`),
			texts(on.T, db, `SELECT public_id || ' ' || disabled_by || `+held+` FROM webhooks ORDER BY id`))
		want := []string{
			"acme usr_root", "usr_root ", "member usr_root held", "ci  held", "sa20 usr_ada", "sa21 usr_root held", "sa22 sac_ci",
			"sa23 acme@workspace", "sa24 other@workspace held", "sa25  held", "whk_30 usr_ada", "whk_31 ", "whk_32 usr_root held",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}
