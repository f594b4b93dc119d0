package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestOutbox runs the suite's chapter about what is told to the outside.
func TestOutbox(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.RunOutbox(t, func(t *testing.T) ledger.Store {
			t.Helper()
			return open(t, store.Options{URL: storetest.SQLite(t)})
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		storetest.RunOutbox(t, func(t *testing.T) ledger.Store {
			t.Helper()
			return open(t, store.Options{URL: storetest.Postgres(t)})
		})
	})
}

// TestMigrateWebhookSecrets: 00007_webhook_secrets keeps the former secret of an
// endpoint and its end; an endpoint without one has none.
func TestMigrateWebhookSecrets(t *testing.T) {
	t.Parallel()
	empty(t, func(on engine) {
		db := migratedTo(on, 6)
		for _, insert := range []string{
			`INSERT INTO webhooks (id, workspace, public_id, url, description, secret, old_secret, old_secret_until, enabled, disabled_reason, created_at, revision)
				VALUES (1, 0, 'whk_1', 'https://a.example', '', $1, $2, 70, TRUE, '', 10, 1)`,
			`INSERT INTO webhooks (id, workspace, public_id, url, description, secret, enabled, disabled_reason, created_at, revision)
				VALUES (2, 0, 'whk_2', 'https://b.example', '', $1, TRUE, '', 10, 1)`,
		} {
			args := []any{[]byte{0, 1}, []byte{0, 2}}
			if _, err := db.ExecContext(on.Context(), insert, args[:strings.Count(insert, "$")]...); err != nil {
				on.Fatal(err)
			}
		}
		s := open(on.T, store.Options{URL: on.url})
		if err := s.Read(on.Context(), func(r ledger.Reader) error {
			h, err := r.WebhookByID(1)
			same(on.T, []byte{0, 1}, h.Secret, err)
			same(on.T, []ledger.FormerSecret{{Sealed: []byte{0, 2}, EndsAt: time.UnixMicro(70).UTC()}}, h.FormerSecrets, err)
			h, err = r.WebhookByID(2)
			same(on.T, nil, h.FormerSecrets, err)
			return nil
		}); err != nil {
			on.Fatal(err)
		}
	})
}
