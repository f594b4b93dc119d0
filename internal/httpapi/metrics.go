package httpapi

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/puzpuzpuz/xsync/v4"

	"github.com/tokenry/tokenry/api"
)

// counts are what the door counts. Labels are patterns, codes and words of this
// program: nothing that a client chose, no token, no locator, no tenant.
type counts struct {
	requests *prometheus.CounterVec
	latency  prometheus.Histogram
	outcomes map[api.Code]prometheus.Counter
	astray   prometheus.Counter
}

// newCounts registers what the door counts.
func newCounts(reg prometheus.Registerer, version string) (*counts, error) {
	m := &counts{
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
	for _, c := range []prometheus.Collector{m.requests, m.latency, m.astray, verifications, build} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
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
func (m *counts) verified(code api.Code, took time.Duration) {
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

func (m *counts) requestsOf(route string) *requestCounts {
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
