package bench_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
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
	if b.N > 1 {
		return
	}
	w := newWorld(b, url, *owned)
	tenants(b, w)
	const rounds = 200
	quiet := w.revocations(b, rounds)
	stop := w.load(1)
	begin := time.Now()
	_, err := w.authority.RemoveServiceAccount(context.Background(), w.by, "acme", "ci", false)
	check(b, err)
	answered := time.Since(begin)
	done := make(chan time.Duration, 1)
	go func() {
		pause := func(context.Context) error { <-time.After(10 * time.Millisecond); return nil }
		if err := w.authority.FinishRemovals(context.Background(), pause); err != nil {
			b.Error(err)
		}
		done <- time.Since(begin)
	}()
	loud := w.revocations(b, rounds)
	sent := stop()
	fmt.Printf("\nremoving an owner of %d tokens: answered after %v, rewritten after %v; %d of the largest requests meanwhile\n", *owned,
		answered.Round(time.Millisecond), (<-done).Round(time.Millisecond), sent)
	compare(b, quiet, loud)
}

// BenchmarkSendersSQLite and BenchmarkSendersPostgreSQL let eight senders of one
// workspace create the largest tokens that are allowed, each one different, and print
// how long a revocation of another workspace waits, beside how long one waits when
// nothing else happens. Quiet and loud times take turns.
func BenchmarkSendersSQLite(b *testing.B) { senders(b, storetest.SQLite(b)) }

// BenchmarkSendersPostgreSQL is the same over PostgreSQL.
func BenchmarkSendersPostgreSQL(b *testing.B) { senders(b, storetest.DurablePostgres(b)) }

func senders(b *testing.B, url string) {
	b.Helper()
	if b.N > 1 {
		return
	}
	w := newWorld(b, url, 1000)
	tenants(b, w)
	var quiet, loud []time.Duration
	sent := 0
	for range 5 {
		quiet = append(quiet, w.revocations(b, 60)...)
		stop := w.load(8)
		loud = append(loud, w.revocations(b, 60)...)
		sent += stop()
	}
	fmt.Printf("\n%d of the largest requests by eight senders\n", sent)
	compare(b, quiet, loud)
}

// tenants makes two more workspaces: who sends, and who revokes.
func tenants(b *testing.B, w *world) {
	b.Helper()
	for _, slug := range []string{"globex", "initech"} {
		_, err := w.authority.CreateWorkspace(context.Background(), w.by, api.CreateWorkspace{Slug: slug})
		check(b, err)
	}
	in := api.CreateToken{Kind: "workspace"}
	in.Label, in.Scopes, in.Resources = api.Some("x"), api.Some([]string{"*"}), api.Some([]string{"*"})
	made, err := w.authority.CreateToken(context.Background(), w.by, "globex", in)
	check(b, err)
	w.sender = w.presenting(b, made.Token.Locator)
}

// load lets n senders create the largest tokens until stop is called, which answers
// how many were made.
func (w *world) load(n int) (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	var made atomic.Int64
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := w.authority.CreateToken(ctx, w.sender, "globex", largest(w.salt.Add(1))); err == nil {
					made.Add(1)
				}
			}
		})
	}
	return func() int {
		cancel()
		wg.Wait()
		return int(made.Load())
	}
}

func compare(b *testing.B, quiet, loud []time.Duration) {
	b.Helper()
	slices.Sort(quiet)
	slices.Sort(loud)
	ratio := float64(at(loud, 99)) / float64(at(quiet, 99))
	fmt.Printf("a foreign revocation: quiet p50 %v p99 %v, meanwhile p50 %v p99 %v, ratio of p50 %.1f, of p99 %.1f\n",
		at(quiet, 50), at(quiet, 99), at(loud, 50), at(loud, 99), float64(at(loud, 50))/float64(at(quiet, 50)), ratio)
	b.ReportMetric(ratio, "ratio")
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[len(sorted)*percent/100].Round(10 * time.Microsecond)
}

// revocations makes tokens of the workspace initech and revokes them, one each 20 ms.
func (w *world) revocations(b *testing.B, n int) []time.Duration {
	b.Helper()
	var took []time.Duration
	for range n {
		in := api.CreateToken{Kind: "workspace"}
		in.Label, in.Scopes, in.Resources = api.Some("x"), api.Some([]string{"tickets:read"}), api.Some([]string{"*"})
		made, err := w.authority.CreateToken(context.Background(), w.by, "initech", in)
		check(b, err)
		<-time.After(20 * time.Millisecond) // the load is meant to be one of people
		begin := time.Now()
		_, err = w.authority.RevokeToken(context.Background(), w.by, "initech", made.Token.ID, api.RevokeToken{})
		check(b, err)
		took = append(took, time.Since(begin))
	}
	return took
}

// largest is as much as one grant may be, and no other's.
func largest(salt int64) api.CreateToken {
	in := api.CreateToken{Kind: "workspace"}
	in.Label = api.Some("heavy")
	var sts []api.Statement
	for i := range 80 {
		var s api.Statement
		for j := range 40 {
			s.Scopes = append(s.Scopes, fmt.Sprintf("s%d-%d:v%d", i, j, salt))
			s.Resources = append(s.Resources, fmt.Sprintf("r%d-%d", i, j))
		}
		sts = append(sts, s)
	}
	in.Grants = api.Some(sts)
	return in
}
