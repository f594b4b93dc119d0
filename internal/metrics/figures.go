package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/ledger"
)

// Sends registers the attempts to send and returns what counts them. What is
// "mail" or "webhook"; the outcome is "ok", "retry" or "failed".
func Sends(reg prometheus.Registerer) (func(what, outcome string), error) {
	attempts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tokenry_send_attempts_total", Help: "Attempts to send mails and webhook deliveries, by how they ended; what failed is not tried again.",
	}, []string{"what", "outcome"})
	for _, what := range []string{"mail", "webhook"} {
		for _, outcome := range []string{"ok", "retry", "failed"} {
			attempts.WithLabelValues(what, outcome)
		}
	}
	return func(what, outcome string) { attempts.WithLabelValues(what, outcome).Inc() }, register(reg, attempts)
}

// countFigures are the figures of the database as they were last counted: counting
// is never a scrape's.
type countFigures struct {
	last func() (ledger.Figures, time.Time)
	now  func() time.Time

	expiring, expired, notices, waiting, oldest, counted *prometheus.Desc
}

// Figures registers the figures that last answers, with when they were
// counted; until they were, which is a zero time, none is told.
func Figures(reg prometheus.Registerer, now func() time.Time, last func() (ledger.Figures, time.Time)) error {
	return register(reg, &countFigures{
		last: last, now: now,
		expiring: prometheus.NewDesc("tokenry_tokens_expiring", "Tokens that are not revoked and expire within 1, 7 and 30 days.", []string{"within"}, nil),
		expired:  prometheus.NewDesc("tokenry_tokens_expired", "Tokens past their expiry that are not revoked.", nil, nil),
		notices: prometheus.NewDesc("tokenry_notices", "Notices about tokens that have not expired yet, by whether a mail server accepted a mail.",
			[]string{"state"}, nil),
		waiting: prometheus.NewDesc("tokenry_send_waiting", "Mails and webhook deliveries that wait: new, or to be tried again after a failure.",
			[]string{"what", "state"}, nil),
		oldest: prometheus.NewDesc("tokenry_send_oldest_seconds", "The age of the oldest that waits, and of the oldest that failed and waits; 0 for none.",
			[]string{"what", "state"}, nil),
		counted: prometheus.NewDesc("tokenry_figures_age_seconds", "How long ago what is told of tokens, notices and what waits was counted.", nil, nil),
	})
}

// Describe implements [prometheus.Collector].
func (c *countFigures) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.expiring, c.expired, c.notices, c.waiting, c.oldest, c.counted} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c *countFigures) Collect(ch chan<- prometheus.Metric) {
	f, at := c.last()
	if at.IsZero() {
		return
	}
	now := c.now()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.expiring, float64(f.ExpiringDay), "1d")
	gauge(c.expiring, float64(f.ExpiringWeek), "7d")
	gauge(c.expiring, float64(f.ExpiringMonth), "30d")
	gauge(c.expired, float64(f.Expired))
	gauge(c.notices, float64(f.NoticesSent), "sent")
	gauge(c.notices, float64(f.NoticesUnsent), "unsent")
	gauge(c.counted, age(now, at))
	for what, b := range map[string]ledger.Backlog{"mail": f.Mails, "webhook": f.Deliveries} {
		gauge(c.waiting, float64(b.Waiting-b.Retrying), what, "new")
		gauge(c.waiting, float64(b.Retrying), what, "retrying")
		gauge(c.oldest, age(now, b.Oldest), what, "any")
		gauge(c.oldest, age(now, b.OldestRetrying), what, "retrying")
	}
}

// age is 0 for what is not there.
func age(now, t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(now.Sub(t).Seconds(), 0)
}
