package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// BenchmarkBatch creates tokens as the authority does, a token with its secret
// and its audit row each, in batches that wait for the disk.
func BenchmarkBatch(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.DurablePostgres} {
		for _, size := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("%s/%d", engine, size), func(b *testing.B) {
				s := open(b, store.Options{URL: url(b)})
				seed := 0
				create := func(tx authority.Tx) error {
					seed++
					return createToken(tx, 1, seed)
				}
				batch(b, s, func(tx authority.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
				mutations := make([]func(authority.Tx) error, size)
				for i := range mutations {
					mutations[i] = create
				}
				for b.Loop() {
					batch(b, s, mutations...)
				}
				b.ReportMetric(float64(b.N)*float64(size)/b.Elapsed().Seconds(), "tokens/s")
			})
		}
	}
}

// BenchmarkFill reads what a verification reads of a token that memory does not
// know.
func BenchmarkFill(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(engine, func(b *testing.B) {
			s := open(b, store.Options{URL: url(b)})
			batch(b, s,
				func(tx authority.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) },
				func(tx authority.Tx) error { return createToken(tx, 1, 1) })
			for b.Loop() {
				err := s.Read(b.Context(), func(r authority.Reader) error {
					t, err := r.Token(locatorOf(1))
					if err != nil {
						return err
					}
					_, err = r.Secrets(t.ID)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
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
func batch(t testing.TB, s authority.Store, mutations ...func(authority.Tx) error) {
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

func workspace(id authority.ID) authority.Workspace {
	return authority.Workspace{ID: id, Slug: fmt.Sprintf("w%d", id), Name: "Acme", CreatedAt: now()}
}

func locatorOf(n int) token.Locator { return token.Locator([]byte(fmt.Sprintf("%012d", n))) }

// createToken writes the nth token, its secret and an audit row.
func createToken(tx authority.Tx, ws authority.ID, n int) error {
	id := tx.NewID()
	if err := tx.PutToken(authority.Token{
		ID: id, Locator: locatorOf(n), Prefix: "tky", Kind: token.Workspace, Workspace: ws, CreatedBy: "acme@workspace",
		Label: "deploy", CreatedAt: now(), ExpiresAt: now().AddDate(1, 0, 0), Revision: tx.Revision(),
	}); err != nil {
		return err
	}
	if err := tx.PutSecret(authority.Secret{Token: id, Number: 1, Digest: token.Digest{byte(n)}, Key: 1, CreatedAt: now()}); err != nil {
		return err
	}
	head, err := tx.AuditHead(ws)
	if err != nil && n > 1 {
		return err
	}
	return tx.AppendAudit(authority.AuditRow{
		Workspace: ws, Sequence: head.Sequence + 1, Revision: tx.Revision(), At: now(), Action: "token.create",
		Actor: "acme@workspace", Token: locatorOf(n).String(), Payload: []byte(`{"action":"token.create"}`),
		PayloadDigest: make([]byte, 32), Hash: make([]byte, 32), Key: 1,
	})
}
