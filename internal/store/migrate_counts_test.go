package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestMigrateTokenCounts: 00013_token_counts counts what each workspace and each
// owner has, but for what was revoked, deleted, or over at the last event; and what
// is over since then is left out of a count.
func TestMigrateTokenCounts(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		p := pastOf(on)
		p.token(10, "for ever", "", "")
		p.token(11, "ends later", ", expires_at", ", 2000")
		p.token(12, "is to end later", ", expires_at, revoke_at", ", 9000, 2000")
		p.token(13, "was over", ", expires_at", ", 900")
		p.token(14, "was ended", ", revoke_at", ", 900")
		p.token(15, "revoked", ", revoked_at", ", 900")
		p.token(16, "deleted", ", revoked_at, deleted_at", ", 900, 900")
		p.token(17, "workspace", "", "")
		p.eventAt(1000, "NULL", "member.added", "ada@example.com", "", "{}")
		s := open(on.T, store.Options{URL: on.url})
		got := texts(on.T, beside(on.T, on.url), `SELECT CAST(owner AS TEXT) || ': ' || CAST(n AS TEXT) || ' at ' || CAST(counted_at AS TEXT)
			FROM token_counts ORDER BY owner`)
		if diff := cmp.Diff([]string{"0: 4 at 1000", "4: 3 at 1000"}, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
		batch(on.T, s, func(tx ledger.Tx) error {
			n, err := tx.CountTokens(1, 4, now(), 2)
			if n != 1 {
				on.Errorf("eve has %d tokens that live, want 1", n)
			}
			return err
		})
	})
}
