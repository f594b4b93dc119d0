package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// BenchmarkTempStore revokes tokens of a store of 4,000 in batches, turn by turn
// with the undo of savepoints in memory and in a file, and prints how long a batch
// takes: one mutation of many rows, and mutations of one row each.
func BenchmarkTempStore(b *testing.B) {
	const stored = 4000
	for _, c := range []struct{ mutations, rows int }{{1, stored}, {1, 100}, {1, 1}, {128, 1}} {
		b.Run(fmt.Sprintf("%dx%d", c.mutations, c.rows), func(b *testing.B) {
			kinds := []string{"memory", "file"}
			stores := [2]*store.Store{}
			for i, kind := range kinds {
				stores[i] = filled(b, stored)
				if err := store.SetTempStore(b.Context(), stores[i], kind); err != nil {
					b.Fatal(err)
				}
			}
			var took [2]time.Duration
			round := 0
			for b.Loop() {
				for i, s := range stores {
					begin := time.Now()
					batch(b, s, revocations(c.mutations, c.rows, stored, round)...)
					took[i] += time.Since(begin)
				}
				round++
			}
			for i, kind := range kinds {
				b.ReportMetric(float64(took[i].Microseconds())/float64(b.N), "µs-"+kind)
			}
			b.ReportMetric(float64(took[0])/float64(took[1]), "memory/file")
		})
	}
}

// filled is a store of so many tokens, whose rows have the numbers from 2 on.
func filled(b *testing.B, tokens int) *store.Store {
	b.Helper()
	s := open(b, store.Options{URL: storetest.SQLite(b)})
	create := []func(ledger.Tx) error{func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }}
	for n := range tokens {
		create = append(create, func(tx ledger.Tx) error { return createToken(tx, 1, n+1) })
	}
	batch(b, s, create...)
	return s
}

// revocations are mutations that revoke so many tokens each, spread over the store.
func revocations(mutations, rows, stored, round int) []func(ledger.Tx) error {
	out := make([]func(ledger.Tx) error, mutations)
	for i := range out {
		out[i] = func(tx ledger.Tx) (err error) {
			for j := range rows {
				n := (round*mutations*rows + i*rows + j) * 37 % stored
				if err == nil {
					err = tx.PutToken(ledger.Token{
						ID: ledger.ID(n + 2), Locator: locatorOf(n + 1), Prefix: "tky", Kind: token.Workspace, Workspace: 1, CreatedBy: "acme@workspace",
						Label: "deploy", CreatedAt: now(), RevokedAt: now().Add(time.Duration(round) * time.Second), Revision: tx.Revision(),
					})
				}
			}
			return err
		}
	}
	return out
}
