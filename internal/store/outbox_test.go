package store_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestOutbox runs the suite's chapter about what is told to the outside.
func TestOutbox(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.RunOutbox(t, func(t *testing.T) authority.Store {
			t.Helper()
			return open(t, store.Options{URL: storetest.SQLite(t)})
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		storetest.RunOutbox(t, func(t *testing.T) authority.Store {
			t.Helper()
			return open(t, store.Options{URL: storetest.Postgres(t)})
		})
	})
}
