package bench_test

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is the page that `make bench-compare` writes.
func report(c *comparison, targets []*against) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# How fast it is

`+"`make bench-compare`"+` wrote this page; nothing in it was typed. It starts each server as a process of its own on one
core, and asks it from another with a loader that is one thread around epoll. %d rounds of %v each are interleaved, so that a
machine that slows down slows all of them; of each column the median round is told. %d connections wait for each answer
before they ask again; %d tokens are asked about in an order drawn at random. Usage is written, metrics are counted, and each token may
be used from some networks alone. Processor time is the server's, its kernel part and what it writes behind included.

- Machine: %s, %d cores, %s
- Baseline: the build of commit %s, in the same run
- Date: %s

| server | requests/s | processor s / 1,000 | p50 | p99 | p99.9 | memory |
|---|---|---|---|---|---|---|
`, c.rounds, c.length, c.clients, c.tokens, processor(), runtime.NumCPU(), runtime.Version(), baseline, time.Now().UTC().Format(time.DateOnly))
	for _, a := range targets {
		f := a.median()
		fmt.Fprintf(&b, "| %s | %s | %.4f | %v | %v | %v | %d MB |\n", a.name, thousands(f.rate), f.cpu/1000, f.p50, f.p99, f.p999, f.rss>>20)
	}
	b.WriteString("\nThe loader asked nginx most often: it can ask as often as that row says, and no server below is held up by it.\n")
	b.WriteString("\n## Side by side\n\nThe medians of the ratios within each round.\n\n| door | of the baseline's rate | of its processor time | of the hashing handler's rate | of its p99 |\n|---|---|---|---|---|\n")
	of := func(name string) *against {
		i := slices.IndexFunc(targets, func(a *against) bool { return a.name == name })
		return targets[i]
	}
	hashing := of("net/http, hashing")
	for _, a := range targets {
		_, door, ours := strings.Cut(a.name, ": ")
		if !ours || strings.HasPrefix(a.name, "baseline") {
			continue
		}
		before := of("baseline: " + door)
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.2f | %.2f |\n", a.name, a.ratio(before, rate), a.ratio(before, cpu), a.ratio(hashing, rate), a.ratio(hashing, p99))
	}
	return b.String()
}

func rate(f figure) float64 { return f.rate }
func cpu(f figure) float64  { return f.cpu }
func p99(f figure) float64  { return f.p99.Seconds() }

// ratio is the median of the ratios of each round.
func (a *against) ratio(b *against, of func(figure) float64) float64 {
	rs := make([]float64, len(a.rounds))
	for i := range rs {
		rs[i] = of(a.rounds[i]) / of(b.rounds[i])
	}
	return median(rs)
}

// median takes each column by itself.
func (a *against) median() (f figure) {
	f.rate, f.cpu = middle(a.rounds, rate), middle(a.rounds, cpu)
	f.p50 = middle(a.rounds, func(f figure) time.Duration { return f.p50 })
	f.p99 = middle(a.rounds, func(f figure) time.Duration { return f.p99 })
	f.p999 = middle(a.rounds, func(f figure) time.Duration { return f.p999 })
	f.rss = middle(a.rounds, func(f figure) int64 { return f.rss })
	return f
}

func median[T cmp.Ordered](vs []T) T {
	vs = slices.Clone(vs)
	slices.Sort(vs)
	return vs[len(vs)/2]
}

func middle[T cmp.Ordered](fs []figure, of func(figure) T) T {
	vs := make([]T, len(fs))
	for i := range fs {
		vs[i] = of(fs[i])
	}
	return median(vs)
}

func thousands(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)
}

// processor is what the machine calls its own.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	_, rest, _ := strings.Cut(string(b), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(line, " \t:")
}
