package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/verify"
)

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

// Engine registers the figures of what verifications know in memory.
func Engine(reg prometheus.Registerer, e *verify.Engine) error {
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
	gauge("tokenry_verify_bytes_limit", "How many bytes those may be (--cache-size).", func(s verify.Stats) float64 { return float64(s.Room) })
	counter("tokenry_verify_misses_total", "Verifications that waited for the database to say what it has of their token.", func(s verify.Stats) float64 { return float64(s.Misses) })
	counter("tokenry_verify_fills_total", "Readings of the database for verifications.", func(s verify.Stats) float64 { return float64(s.Fills) })
	counter("tokenry_verify_fills_dropped_total", "Readings that a change overtook.", func(s verify.Stats) float64 { return float64(s.FillsDropped) })
	counter("tokenry_verify_evictions_total", "Tokens that made room for others.", func(s verify.Stats) float64 { return float64(s.Evictions) })
	return reg.Register(f)
}

// Verified reads how many verifications were counted; 0 where that is not known.
func Verified(g prometheus.Gatherer) (n int64) {
	families, err := g.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() == "tokenry_verifications_total" {
			for _, m := range f.GetMetric() {
				n += int64(m.GetCounter().GetValue())
			}
		}
	}
	return n
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
