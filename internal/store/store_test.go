package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// engine is one test on one of the engines.
type engine struct {
	*testing.T
	url string
}

// each runs f on both engines, side by side.
func each(t *testing.T, f func(on engine)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f(engine{t, url})
	})
}

func TestSuite(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) ledger.Store { t.Helper(); return open(t, store.Options{URL: storetest.SQLite(t)}) })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		odd := oddly(t)
		storetest.Run(t, func(t *testing.T) ledger.Store {
			t.Helper()
			return open(t, store.Options{URL: odd(storetest.Postgres(t))})
		})
	})
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// batch commits mutations that must all succeed.
func batch(t testing.TB, s ledger.Store, mutations ...func(ledger.Tx) error) {
	t.Helper()
	errs, err := s.Batch(t.Context(), mutations)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		if err != nil {
			t.Fatalf("mutation %d: %v", i, err)
		}
	}
}

func now() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 123456000, time.UTC) }

func workspace(id ledger.ID) ledger.Workspace {
	return ledger.Workspace{ID: id, Slug: fmt.Sprintf("w%d", id), Name: "Acme", CreatedAt: now()}
}

func locatorOf(n int) token.Locator { return token.Locator([]byte(fmt.Sprintf("%012d", n))) }

// createToken writes the nth token, its secret and an audit row.
func createToken(tx ledger.Tx, ws ledger.ID, n int) error {
	id := tx.NewID()
	if err := tx.PutToken(ledger.Token{
		ID: id, Locator: locatorOf(n), Prefix: "tky", Kind: token.Workspace, Workspace: ws, CreatedBy: "acme@workspace",
		Label: "deploy", CreatedAt: now(), ExpiresAt: now().AddDate(1, 0, 0), Revision: tx.Revision(),
	}); err != nil {
		return err
	}
	if err := tx.PutSecret(ledger.Secret{Token: id, Number: 1, Digest: token.Digest{byte(n)}, Key: 1, CreatedAt: now()}); err != nil {
		return err
	}
	head, err := tx.AuditTip(ws)
	if err != nil && !errors.Is(err, ledger.ErrNoRow) {
		return err
	}
	return tx.AppendAudit(ledger.AuditRow{
		Workspace: ws, Sequence: head.Sequence + 1, Revision: tx.Revision(), At: now(), Action: "token.create",
		Actor: "acme@workspace", Token: locatorOf(n).String(), Payload: []byte(`{"action":"token.create"}`),
		PayloadDigest: make([]byte, 32), Hash: make([]byte, 32), Key: 1,
	})
}
