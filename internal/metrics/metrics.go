package metrics

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tokenry/tokenry/internal/ledger"
)

func register(reg prometheus.Registerer, all ...prometheus.Collector) error {
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// Database registers the latency and the failures of the database and
// returns what the store's Observe is to be. What the store answers about rows
// (none, taken) and verdicts of the authority are no failures.
func Database(reg prometheus.Registerer) (func(op string, d time.Duration, err error), error) {
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tokenry_database_duration_seconds", Help: "How long operations of the database took; lock is how long a batch of changes held the one lock.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 4, 10), // 50 µs to 13 s
	}, []string{"op"})
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenry_database_failures_total", Help: "Operations that the database did not answer, or whose commit it did not confirm.",
	}, []string{"op"})
	for _, op := range []string{"batch", "commit", "ping", "read"} { // told before any failed
		failures.WithLabelValues(op)
	}
	observe := func(op string, d time.Duration, err error) {
		latency.WithLabelValues(op).Observe(d.Seconds())
		if errors.Is(err, ledger.ErrStoreUnavailable) || errors.Is(err, ledger.ErrOutcomeUnknown) {
			failures.WithLabelValues(op).Inc()
		}
	}
	return observe, register(reg, latency, failures)
}

// Refusals registers what was refused to strangers and returns what counts it.
// What and why are words of the program, a few of each.
func Refusals(reg prometheus.Registerer) (func(what, why string), error) {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenry_strangers_refused_total", Help: "Sign-ins, password resets, device codes and leak reports that were refused, by what and why.",
	}, []string{"what", "why"})
	refused.WithLabelValues("password", "wrong") // told before anything was refused
	return func(what, why string) { refused.WithLabelValues(what, why).Inc() }, register(reg, refused)
}

// Turns registers how long changes wait for their turn at the one lock and
// returns what the authority's Waited is to be.
func Turns(reg prometheus.Registerer) (func(effect string, d time.Duration), error) {
	waits := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tokenry_change_wait_seconds", Help: "How long changes waited for their turn, by whether they give power, take it away, or have time.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 4, 10), // 50 µs to 13 s
	}, []string{"effect"})
	return func(effect string, d time.Duration) { waits.WithLabelValues(effect).Observe(d.Seconds()) }, register(reg, waits)
}

// Handler answers what g gathers, for a listener that only the operator
// reaches.
func Handler(g prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(g, promhttp.HandlerOpts{})
}
