package cluster_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
)

// TestAWaitIsAsLongAsTheLongestLease: a node may have a longer one than who waits, or go on
// without one for a while. When it falls silent it believes for so long, and is awaited for so long.
func TestAWaitIsAsLongAsTheLongestLease(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]cluster.Config{
		"a longer lease": {Length: 2 * leased}, "staleness": {Length: leased, Staleness: 3 * leased}, "a shorter lease": {Length: leased / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, ticks := newRegistry(seen()), bubbleTicks()
				ctx, stop := context.WithCancel(t.Context())
				var serving sync.WaitGroup
				serves := func(c cluster.Config) *cluster.Node {
					c.Board, c.Rand, c.Ticks = r, rand.Reader, ticks
					c.Timer = func(d time.Duration) (<-chan time.Time, func() bool) { t := time.NewTimer(d); return t.C, t.Stop }
					n, err := cluster.New(c)
					if err != nil {
						t.Fatal(err)
					}
					serving.Go(func() { n.Serve(ctx) })
					return n
				}
				waits, silent := serves(cluster.Config{Length: leased}), serves(c)
				time.Sleep(2 * leased)
				believes := c.Length + c.Staleness
				r.mu.Lock()
				for node, row := range r.rows {
					if row.Length == believes {
						r.dead = map[string]bool{node: true}
					}
				}
				r.mu.Unlock()
				revision := r.commits(t.Context(), ledger.Touched{All: true})
				began := time.Now()
				answered := make(chan time.Duration)
				go func() {
					waits.Await(revision, ledger.Spaces{All: true})
					answered <- time.Since(began)
				}()
				time.Sleep(believes / 2)
				if silent.Left() <= 0 {
					t.Error("it does not believe as long as its row says")
				}
				took := <-answered
				most := max(believes, leased)
				if most += cluster.Margin(most); took > most+100*time.Millisecond || silent.Left() > 0 {
					t.Errorf("the answer came after %v, want %v at the most; the other believes for %v more", took, most, silent.Left())
				}
				stop()
				serving.Wait()
			})
		})
	}
}
