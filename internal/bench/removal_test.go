package bench_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

var owned = flag.Int("owned", 100_000, "tokens of the owner that is removed")

// BenchmarkRemovalSQLite and BenchmarkRemovalPostgreSQL remove an owner of very many
// tokens while a second workspace sends the largest grants it may, and print how long
// a revocation of a third waits, beside how long one waits when nothing else happens.
func BenchmarkRemovalSQLite(b *testing.B) { removal(b, storetest.SQLite(b)) }

// BenchmarkRemovalPostgreSQL is the same over PostgreSQL.
func BenchmarkRemovalPostgreSQL(b *testing.B) { removal(b, storetest.DurablePostgres(b)) }

func removal(b *testing.B, url string) {
	b.Helper()
	w := newWorld(b, url, *owned)
	ctx := context.Background()
	root := w.by
	for _, slug := range []string{"globex", "initech"} {
		_, _, err := w.authority.CreateWorkspace(ctx, root, api.CreateWorkspace{Slug: slug})
		check(b, err)
	}
	const rounds = 200
	quiet := w.revocations(b, root, rounds)

	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = w.authority.CreateToken(ctx, root, "globex", largest()) // refused or not, it is asked
			}
		}
	})
	begin := time.Now()
	_, _, _, err := w.authority.RemoveServiceAccount(ctx, root, "acme", "ci", false)
	check(b, err)
	answered := time.Since(begin)
	wg.Go(func() {
		pause := func(context.Context) error { <-time.After(10 * time.Millisecond); return nil }
		if err := w.authority.FinishRemovals(ctx, pause); err != nil {
			b.Error(err)
		}
	})
	loud := w.revocations(b, root, rounds)
	close(stop)
	wg.Wait()
	fmt.Printf("\nremoving an owner of %d tokens: answered after %v, rewritten after %v\n", *owned,
		answered.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
	fmt.Printf("a foreign revocation: quiet p50 %v p99 %v, meanwhile p50 %v p99 %v, ratio of p99 %.1f\n",
		at(quiet, 50), at(quiet, 99), at(loud, 50), at(loud, 99), float64(at(loud, 99))/float64(at(quiet, 99)))
	b.ReportMetric(float64(at(loud, 99))/float64(at(quiet, 99)), "ratio")
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[len(sorted)*percent/100].Round(10 * time.Microsecond)
}

// revocations makes tokens of the workspace initech and revokes them, one each 20 ms.
func (w *world) revocations(b *testing.B, by authority.Caller, n int) []time.Duration {
	b.Helper()
	var took []time.Duration
	for range n {
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Scopes, in.Resources = api.Some("x"), api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
		made, err := w.authority.CreateToken(context.Background(), by, "initech", in)
		check(b, err)
		<-time.After(20 * time.Millisecond) // the load is meant to be one of people
		begin := time.Now()
		_, _, err = w.authority.RevokeToken(context.Background(), by, "initech", made.Token.ID, api.RevokeToken{})
		check(b, err)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	return took
}

// largest is as much as one grant may be: refused for its size, or compiled.
func largest() api.CreateToken {
	in := api.CreateToken{Kind: "workspace"}
	in.Label = api.Some("heavy")
	var sts []api.Statement
	for i := range 100 {
		var s api.Statement
		for j := range 100 {
			s.Scopes = append(s.Scopes, "s"+strconv.Itoa(i)+"-"+strconv.Itoa(j)+":read")
		}
		for j := range 30 {
			s.Resources = append(s.Resources, "r"+strconv.Itoa(i*30+j))
		}
		sts = append(sts, s)
	}
	in.Grants = api.Some(sts)
	return in
}
