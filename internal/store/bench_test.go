package store_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
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

// BenchmarkUsage writes what a few uses of each of ten thousand tokens come to, in pieces
// of two thousand of them.
func BenchmarkUsage(b *testing.B) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.DurablePostgres} {
		b.Run(engine, func(b *testing.B) {
			const all, piece = 10_000, 2_000
			o := store.Options{URL: url(b)}
			open(b, o)
			u, err := store.OpenUsage(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = u.Close() })
			n, at := 0, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			write := func() {
				n, at = n+1, at.Add(time.Second)
				of := ledger.UsageBatch{ID: fmt.Sprint(n), At: at}
				for i := range piece {
					l, from := locatorOf((n*piece+i)%all), netip.AddrFrom4([4]byte{10, 0, 0, 1})
					of.Last = append(of.Last, ledger.LastUse{Workspace: 1, Token: l, Secret: 1, At: at, Addr: from, Agent: "curl"})
					of.Hours = append(of.Hours, ledger.HourCount{Workspace: 1, Token: l, Hour: at, Code: api.CodeOK, Count: 3})
					of.Scopes = append(of.Scopes, ledger.ScopeUse{Workspace: 1, Token: l, Scope: "tickets:read", First: at, Last: at, Count: 3})
					of.Activity = append(of.Activity, ledger.Activity{Workspace: 1, Token: l, Day: at, Addr: from, Agent: "curl", Method: "GET", Path: "/", Outcome: api.CodeOK, First: at, Last: at, Count: 3})
				}
				if err := u.AddUsage(b.Context(), of); err != nil {
					b.Fatal(err)
				}
			}
			for range all / piece { // every row is there already
				write()
			}
			b.ReportAllocs()
			for b.Loop() {
				write()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/piece, "µs/token")
		})
	}
}
