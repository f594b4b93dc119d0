package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/puzpuzpuz/xsync/v4"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// metrics are what the door counts. Labels are patterns, codes and words of this
// program: nothing that a client chose, no token, no locator, no tenant.
type metrics struct {
	requests *prometheus.CounterVec
	latency  prometheus.Histogram
	outcomes map[api.Code]prometheus.Counter
	astray   prometheus.Counter
}

// newMetrics registers the door's metrics and the engine's figures.
func newMetrics(reg prometheus.Registerer, e *verify.Engine, version string) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tokenry_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tokenry_verify_duration_seconds", Help: "How long a verification took, without reading the request and writing the answer.",
			Buckets: prometheus.ExponentialBuckets(1e-6, 4, 12), // 1 µs to 4 s
		}),
		outcomes: map[api.Code]prometheus.Counter{},
		astray: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tokenry_proxy_workspace_missing_total", Help: "Questions of proxies that name a workspace which does not exist; the log says which.",
		}),
	}
	verifications := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenry_verifications_total", Help: "Verifications of presented tokens, by outcome.",
	}, []string{"code"})
	for _, code := range outcomes() {
		m.outcomes[code] = verifications.WithLabelValues(string(code))
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "tokenry_build_info", Help: "1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	return m, register(reg, m.requests, m.latency, m.astray, verifications, build, newEngineFigures(e))
}

func register(reg prometheus.Registerer, all ...prometheus.Collector) error {
	for _, c := range all {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// outcomes are what a verification can end with: the codes up to ok, and that
// it cannot be answered.
func outcomes() []api.Code {
	all := []api.Code{api.CodeUnavailable}
	for _, i := range api.Codes() {
		all = append(all, i.Code)
		if i.Code == api.CodeOK {
			break
		}
	}
	return all
}

// verified counts one verification.
func (m *metrics) verified(code api.Code, took time.Duration) {
	m.latency.Observe(took.Seconds())
	if n := m.outcomes[code]; n != nil {
		n.Inc()
	}
}

// requestCounts counts the answers of one route. Looking a counter up by its
// labels costs more than counting, so each is looked up once.
type requestCounts struct {
	vec   *prometheus.CounterVec
	route string
	known *xsync.Map[countKey, prometheus.Counter]
}

type countKey struct {
	method string
	status int
}

func (m *metrics) requestsOf(route string) *requestCounts {
	return &requestCounts{vec: m.requests, route: route, known: xsync.NewMap[countKey, prometheus.Counter]()}
}

func (rc *requestCounts) count(method string, status int) {
	key := countKey{knownMethod(method), status}
	n, ok := rc.known.Load(key)
	if !ok {
		n = rc.vec.WithLabelValues(rc.route, key.method, strconv.Itoa(status)) // the same for everybody
		rc.known.Store(key, n)
	}
	n.Inc()
}

// engineFigures reads the engine's figures when they are asked for.
type engineFigures struct {
	engine  *verify.Engine
	figures []figure
}

type figure struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(verify.Stats) float64
}

func newEngineFigures(e *verify.Engine) *engineFigures {
	f := &engineFigures{engine: e}
	gauge := func(name, help string, of func(verify.Stats) float64) {
		f.figures = append(f.figures, figure{prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, of})
	}
	counter := func(name, help string, of func(verify.Stats) float64) {
		f.figures = append(f.figures, figure{prometheus.NewDesc(name, help, nil, nil), prometheus.CounterValue, of})
	}
	gauge("tokenry_revision", "The newest revision that verifications know of.", func(s verify.Stats) float64 { return float64(s.Revision) })
	gauge("tokenry_verify_tokens", "Tokens in memory.", func(s verify.Stats) float64 { return float64(s.Tokens) })
	gauge("tokenry_verify_unknown", "Locators remembered that no token has.", func(s verify.Stats) float64 { return float64(s.Unknown) })
	gauge("tokenry_verify_owners", "Owners in memory.", func(s verify.Stats) float64 { return float64(s.Owners) })
	gauge("tokenry_verify_workspaces", "Workspaces in memory.", func(s verify.Stats) float64 { return float64(s.Workspaces) })
	gauge("tokenry_verify_meters", "States of rate limits in memory.", func(s verify.Stats) float64 { return float64(s.Meters) })
	gauge("tokenry_verify_meters_unwritten", "States of rate limits that a crash would give back.", func(s verify.Stats) float64 { return float64(s.MetersDrawn) })
	counter("tokenry_verify_meters_lost_total", "States of rate limits that made room before they had recovered.", func(s verify.Stats) float64 { return float64(s.MetersLost) })
	counter("tokenry_limits_counted_total", "Requests at rate limits that all nodes counted together.", func(s verify.Stats) float64 { return float64(s.Tally.Counted) })
	counter("tokenry_limits_uncounted_total", "Requests at rate limits that nobody could count for all nodes.", func(s verify.Stats) float64 { return float64(s.Tally.Failed) })
	gauge("tokenry_limits_unreachable", "1 while nobody counts rate limits for all nodes.", func(s verify.Stats) float64 {
		if s.Tally.Away {
			return 1
		}
		return 0
	})
	gauge("tokenry_verify_bytes", "About what tokens and shared records take in memory.", func(s verify.Stats) float64 { return float64(s.Bytes) })
	counter("tokenry_verify_fills_total", "Readings of the database for verifications.", func(s verify.Stats) float64 { return float64(s.Fills) })
	counter("tokenry_verify_fills_dropped_total", "Readings that a change overtook.", func(s verify.Stats) float64 { return float64(s.FillsDropped) })
	counter("tokenry_verify_evictions_total", "Tokens that made room for others.", func(s verify.Stats) float64 { return float64(s.Evictions) })
	return f
}

// Describe implements [prometheus.Collector].
func (f *engineFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range f.figures {
		ch <- v.desc
	}
}

// Collect implements [prometheus.Collector].
func (f *engineFigures) Collect(ch chan<- prometheus.Metric) {
	stats := f.engine.Stats()
	for _, v := range f.figures {
		ch <- prometheus.MustNewConstMetric(v.desc, v.kind, v.of(stats))
	}
}

// ObserveDatabase registers the latency and the failures of the database and
// returns what the store's Observe is to be. What the store answers about rows
// (none, taken) and verdicts of the authority are no failures.
func ObserveDatabase(reg prometheus.Registerer) (func(op string, d time.Duration, err error), error) {
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

// ObserveRefusals registers what was refused to strangers and returns what counts it.
// What and why are words of the program, a few of each.
func ObserveRefusals(reg prometheus.Registerer) (func(what, why string), error) {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenry_strangers_refused_total", Help: "Sign-ins, password resets, device codes and leak reports that were refused, by what and why.",
	}, []string{"what", "why"})
	refused.WithLabelValues("password", "wrong") // told before anything was refused
	return func(what, why string) { refused.WithLabelValues(what, why).Inc() }, register(reg, refused)
}

// ObserveTurns registers how long changes wait for their turn at the one lock and
// returns what the authority's Waited is to be.
func ObserveTurns(reg prometheus.Registerer) (func(effect string, d time.Duration), error) {
	waits := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "tokenry_change_wait_seconds", Help: "How long changes waited for their turn, by whether they give power, take it away, or have time.",
		Buckets: prometheus.ExponentialBuckets(50e-6, 4, 10), // 50 µs to 13 s
	}, []string{"effect"})
	return func(effect string, d time.Duration) { waits.WithLabelValues(effect).Observe(d.Seconds()) }, register(reg, waits)
}

// MetricsHandler answers what g gathers, for a listener that only the operator
// reaches.
func MetricsHandler(g prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(g, promhttp.HandlerOpts{})
}
