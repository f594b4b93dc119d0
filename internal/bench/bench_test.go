// Package bench_test measures.
//
// `make bench-compare` is about speed as clients have it: every server and the loader
// are processes of their own, each on a core, asked in turn, and beside a build of
// before. A client in the server's process would hide what the server costs, so nothing
// is measured over HTTP in any other way. A figure is never quoted alone.
//
// `make bench` is about what happens within one process: a verification from memory,
// removals, and senders of large grants beside revocations. Tokens are written in the
// real store, and memory is filled by verifying each of them once.
package bench_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
)

var tokens = flag.Int("tokens", 1_000_000, "how many tokens there are")

func BenchmarkSQLite(b *testing.B) { whole(b, storetest.SQLite(b)) }

func BenchmarkPostgreSQL(b *testing.B) { whole(b, storetest.DurablePostgres(b)) }

// whole measures everything once, whatever b.N; the harness runs it once,
// because it takes longer than a benchmark does.
func whole(b *testing.B, url string) {
	b.Helper()
	if b.N > 1 {
		return
	}
	w := newWorld(b, url, *tokens)
	fmt.Printf("\n%s: %d tokens on %d cores, %s\n", b.Name(), *tokens, runtime.NumCPU(), runtime.Version())
	begin := time.Now()
	w.warm(b)
	stats := w.engine.Stats()
	fmt.Printf("filling memory: %v; %d tokens known\n", time.Since(begin).Round(time.Millisecond), stats.Tokens)
	inProcess(b, w)
}

// inProcess measures a verification without HTTP: on every core, and its
// allocations on one.
func inProcess(b *testing.B, w *world) {
	b.Helper()
	const each = 1_000_000
	var wg sync.WaitGroup
	begin := time.Now()
	for core := range runtime.NumCPU() {
		wg.Go(func() { w.verifyMany(b, core*7919, each) })
	}
	wg.Wait()
	perOp := time.Since(begin) / time.Duration(each*runtime.NumCPU())
	allocs := testing.AllocsPerRun(1000, func() { w.verifyMany(b, 1, 1) })
	fmt.Printf("in process: %v a verification on %d cores at once, %.0f allocations\n", perOp, runtime.NumCPU(), allocs)
}

// verifyMany verifies n tokens in process, from a place in the list on.
func (w *world) verifyMany(b *testing.B, from, n int) {
	b.Helper()
	var d verify.Decision
	for i := range n {
		req := verify.Request{Token: w.secrets[(from+i*7919)%len(w.secrets)], Scopes: w.scopes, Cost: 1}
		if err := w.engine.Verify(b.Context(), &req, &d); err != nil || !d.Allowed() {
			b.Errorf("verify: %v %s", err, d.Code)
			return
		}
	}
}
