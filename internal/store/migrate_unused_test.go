package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateUnused: 00033_unused gives no token a day, a build of before goes on writing
// tokens, and the last mail of the kind is found.
func TestMigrateUnused(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 32)
		insert(on, db, `INSERT INTO workspaces (id, slug, name, policy, created_at, suspended_by, revision) VALUES (1, 'acme', 'Acme', '{}', 1, '', 1)`)
		const token = `INSERT INTO tokens (id, locator, prefix, kind, workspace, created_by, label, description, lifetime, revoke_reason,
			revoke_comment, recoverable, standing, created_at, disabled_by, held, held_by, revision) VALUES `
		insert(on, db, token+`(1, 'kept00000000', 'tky', 'w', 1, '', '', '', 0, '', '', FALSE, FALSE, 1, '', 0, '', 1)`)
		insert(on, db, `INSERT INTO mails (id, public_id, workspace, kind, recipient, step, facts, state, attempts, error, created_at) VALUES
			(1, 'mail_1', 0, 'unused', 'ann@example.com', 0, '{}', 'sent', 1, '', 1), (2, 'mail_2', 0, 'expiry', 'ann@example.com', 0, '{}', 'sent', 1, '', 1)`)
		s := open(on.T, store.Options{URL: on.url})
		db = beside(on.T, on.url)
		insert(on, db, token+`(2, 'older0000000', 'tky', 'w', 1, '', '', '', 0, '', '', FALSE, FALSE, 1, '', 0, '', 1)`)
		got := texts(on.T, db, `SELECT locator FROM tokens WHERE enabled_at IS NULL AND unused_due IS NULL AND unused IS NULL ORDER BY id`)
		if diff := cmp.Diff([]string{"kept00000000", "older0000000"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
		if err := s.Read(on.Context(), func(r ledger.Reader) error {
			m, err := r.LatestMail("ann@example.com", ledger.MailUnused)
			if m.PublicID != "mail_1" {
				on.Errorf("the last mail is %q", m.PublicID)
			}
			return err
		}); err != nil {
			on.Error(err)
		}
	})
}
