package store_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func TestSuite(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) authority.Store { return open(t, store.Options{URL: storetest.SQLite(t)}) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) authority.Store { return open(t, store.Options{URL: storetest.Postgres(t)}) })
	})
}
