package store_test

import (
	"fmt"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// BenchmarkBatch creates tokens as the authority does, a token with its secret
// and its audit row each, in batches that wait for the disk.
func BenchmarkBatch(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.DurablePostgres} {
		for _, size := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("%s/%d", engine, size), func(b *testing.B) {
				s := open(b, store.Options{URL: url(b)})
				seed := 0
				create := func(tx ledger.Tx) error {
					seed++
					return createToken(tx, 1, seed)
				}
				batch(b, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
				mutations := make([]func(ledger.Tx) error, size)
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
				func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) },
				func(tx ledger.Tx) error { return createToken(tx, 1, 1) })
			for b.Loop() {
				err := s.Read(b.Context(), func(r ledger.Reader) error {
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
