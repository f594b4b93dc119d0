// Package bench_test measures verification side by side with a bare net/http
// handler, in one process and one run, and prints ratios: make bench.
//
// A figure is never quoted alone: each round measures the bare handler and ours
// in turn, and the median of the rounds' ratios is what counts. The bare handler
// answers a constant of the same size as ours. Tokens are written in the real
// store, and memory is filled by verifying each of them once.
package bench_test

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
)

// plan is what to measure.
type plan struct {
	tokens, rounds, clients int
	round                   time.Duration
}

func flags() *plan {
	var p plan
	flag.IntVar(&p.tokens, "tokens", 1_000_000, "how many tokens there are")
	flag.IntVar(&p.rounds, "rounds", 5, "how many rounds of each handler")
	flag.IntVar(&p.clients, "clients", 32, "how many connections ask at once")
	flag.DurationVar(&p.round, "round", 2*time.Second, "how long a round is")
	return &p
}

var asked = flags()

func BenchmarkSQLite(b *testing.B) { whole(b, storetest.SQLite(b)) }

func BenchmarkPostgreSQL(b *testing.B) { whole(b, storetest.DurablePostgres(b)) }

// whole measures everything once, whatever b.N; the harness runs it once,
// because it takes longer than a benchmark does.
func whole(b *testing.B, url string) {
	b.Helper()
	if b.N > 1 {
		return
	}
	p := *asked
	w := newWorld(b, url, p.tokens)
	fmt.Printf("\n%s: %d tokens on %d cores, %s\n", b.Name(), p.tokens, runtime.NumCPU(), runtime.Version())
	begin := time.Now()
	w.warm(b)
	stats := w.engine.Stats()
	fmt.Printf("filling memory: %v; %d tokens known\n", time.Since(begin).Round(time.Millisecond), stats.Tokens)
	inProcess(b, w)
	for _, t := range []target{w.verifying(), w.forwarding()} {
		sideBySide(b, t, p)
	}
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

// sideBySide measures a target and a bare handler of the same size in turn.
func sideBySide(b *testing.B, t target, p plan) {
	b.Helper()
	bare := bareLike(b, t)
	var ratios []float64
	var ours, theirs []figures
	for range p.rounds {
		a, err := measure(bare, p)
		if err != nil {
			b.Fatal(err)
		}
		o, err := measure(t, p)
		if err != nil {
			b.Fatal(err)
		}
		theirs, ours, ratios = append(theirs, a), append(ours, o), append(ratios, o.perSecond/a.perSecond)
	}
	line(bare.name, theirs)
	line(t.name, ours)
	fmt.Printf("%-28s %.2f of the bare handler (median of %d pairs)\n", t.name, median(ratios), p.rounds)
}

func line(name string, fs []figures) {
	var rate []float64
	var p50, p99 []time.Duration
	for _, f := range fs {
		rate, p50, p99 = append(rate, f.perSecond), append(p50, f.p50), append(p99, f.p99)
	}
	fmt.Printf("%-28s %8.0f requests/s   p50 %8v   p99 %8v\n", name, median(rate),
		median(p50).Round(time.Microsecond), median(p99).Round(time.Microsecond))
}

// bareLike is a handler that answers a constant of the same size, with headers
// of the same number and length, to the same requests.
func bareLike(b *testing.B, t target) target {
	b.Helper()
	s := httptest.NewServer(t.handler)
	defer s.Close()
	size, header := sample(b, s.Listener.Addr().String(), t)
	body := []byte(strings.Repeat("x", size))
	return target{name: "bare, for " + t.name, request: t.request, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		_, _ = w.Write(body)
	})}
}
