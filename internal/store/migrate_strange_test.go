package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateStrange: 00032_strange keeps the mails there are, and finds the last of a kind
// to somebody.
func TestMigrateStrange(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := beside(on.T, on.url)
		before(on, db, 30)
		const mail = `INSERT INTO mails (id, public_id, workspace, kind, recipient, step, facts, state, attempts, error, created_at) VALUES `
		insert(on, db, mail+`(1, 'mail_1', 0, 'strange', 'ann@example.com', 0, '{}', 'sent', 1, '', 1), (2, 'mail_2', 0, 'expiry', 'ann@example.com', 0, '{}', 'sent', 1, '', 1)`)
		s := open(on.T, store.Options{URL: on.url})
		err := s.Read(on.Context(), func(r ledger.Reader) error {
			m, err := r.LatestMail("ann@example.com", ledger.MailStrange)
			if diff := cmp.Diff("mail_1", m.PublicID); diff != "" {
				on.Errorf("after the migration (-want +got):\n%s", diff)
			}
			return err
		})
		if err != nil {
			on.Error(err)
		}
	})
}
