package cluster_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/ledger"
)

// mind is what a node tells of the database's clock, and whether it lives.
type mind struct {
	doubts, dead bool
	// later is when a node that believes begins to doubt.
	later time.Duration
}

// TestAStartDoubtsWhatAllDoubt: a node that starts has not seen the database's clock jump, so it asks
// those that have. One that died says nothing; one that believes has seen no jump.
func TestAStartDoubtsWhatAllDoubt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		minds  []mind
		doubts bool
		within time.Duration
	}{
		"nobody is there":                {within: leased / 8},
		"all believe":                    {minds: []mind{{}, {}}, within: leased / 8},
		"all doubt":                      {minds: []mind{{doubts: true}, {doubts: true}}, doubts: true, within: leased / 2},
		"the one that doubts has died":   {minds: []mind{{doubts: true, dead: true}, {}}, within: 2 * leased},
		"the one that believes has died": {minds: []mind{{doubts: true}, {dead: true}}, doubts: true, within: 2 * leased},
		"all died long ago":              {minds: []mind{{doubts: true, dead: true}, {doubts: true, dead: true}}, within: 2 * leased},
		"one of them doubts":             {minds: []mind{{doubts: true}, {}}, within: 2 * leased},
		"one heard of it later":          {minds: []mind{{doubts: true}, {later: leased / 2}}, doubts: true, within: leased},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(seen())
				ctx, stop := context.WithCancel(t.Context())
				var renewing sync.WaitGroup
				defer renewing.Wait()
				defer stop()
				expected, began := time.Now().Add(-2*time.Hour), time.Now()
				for i, m := range c.minds {
					node := fmt.Sprint(i)
					tell := func() {
						r.mu.Lock()
						defer r.mu.Unlock()
						row := r.rows[node]
						goes := time.Now() // what the database shows
						if m.doubts || m.later > 0 && time.Since(began) >= m.later {
							goes = expected
						}
						row.Node, row.Incarnation, row.Length, row.Told = node, "one", leased, &ledger.Told{Goes: &goes}
						row.Renewal++
						r.rows[node] = row
					}
					tell()
					if m.dead {
						continue
					}
					renewing.Go(func() {
						for ctx.Err() == nil {
							time.Sleep(leased / 4)
							tell()
						}
					})
				}
				is, err := cluster.Doubted(t.Context(), r, time.Hour, bubbleTicks(), func(d time.Duration) (<-chan time.Time, func() bool) {
					t := time.NewTimer(d)
					return t.C, t.Stop
				})
				if took := time.Since(began); err != nil || is.Equal(expected) != c.doubts || is.IsZero() == c.doubts || took > c.within {
					t.Errorf("it is %v after %v, %v; want doubt: %t within %v", is, took, err, c.doubts, c.within)
				}
			})
		})
	}
}
