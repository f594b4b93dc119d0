package server

import (
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/siem"
)

// targetsOf are where the audit is streamed to.
func targetsOf(cfg config.Config, version string) ([]siem.Target, error) {
	var addresses []string
	for _, u := range cfg.AuditStream {
		addresses = append(addresses, u.Reveal())
	}
	host, _ := os.Hostname() // without one none is told
	targets, err := siem.Parse(addresses, siem.Programme{Host: host, Version: version})
	if err != nil {
		return nil, &config.Error{Key: "audit_stream", Problem: err.Error()}
	}
	return targets, nil
}

// openStreams makes what streams the audit, and tells the metrics of it.
func (s *Server) openStreams(registry prometheus.Registerer) error {
	s.watch.siem = siem.New(siem.Options{
		Streams: s.store.Streams(), Targets: s.targets, Now: s.Now, Wait: wait, Rand: s.Rand, Logger: s.Logger,
		Runner: func() int64 {
			if s.node == nil {
				return 0
			}
			return s.node.Runs()
		},
	})
	if len(s.targets) == 0 {
		return nil
	}
	return registry.Register(streamed{s.watch.siem, s.Now})
}

// unstreamed says that a receiver of the audit does not take it now.
func (s *Server) unstreamed() bool {
	for _, state := range s.watch.siem.States() {
		if state.Failing != "" {
			return true
		}
	}
	return false
}

// streamed tells the metrics of the streams of the audit.
type streamed struct {
	siem *siem.Service
	now  func() time.Time
}

func streamMetric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tokenry_audit_stream_"+name, help, append([]string{"stream"}, labels...), nil)
}

// Describe is of no fixed metrics.
func (m streamed) Describe(chan<- *prometheus.Desc) {}

// Collect tells what this node knows; only the one that runs streams anything.
func (m streamed) Collect(out chan<- prometheus.Metric) {
	for _, s := range m.siem.States() {
		lag := 0.0
		if !s.Oldest.IsZero() {
			lag = max(m.now().Sub(s.Oldest).Seconds(), 0)
		}
		out <- prometheus.MustNewConstMetric(streamMetric("lag_rows", "Rows of the audit that wait to be streamed, counted up to about 10,000."), prometheus.GaugeValue, float64(s.Behind), s.Name)
		out <- prometheus.MustNewConstMetric(streamMetric("lag_seconds", "How long ago the oldest of them happened."), prometheus.GaugeValue, lag, s.Name)
		out <- prometheus.MustNewConstMetric(streamMetric("rows_total", "Rows that the receiver confirmed."), prometheus.CounterValue, float64(s.Sent), s.Name)
		out <- prometheus.MustNewConstMetric(streamMetric("purged_rows_total", "Rows that retention deleted before they were streamed."), prometheus.CounterValue, float64(s.Lost), s.Name)
		for code, n := range s.Failures {
			out <- prometheus.MustNewConstMetric(streamMetric("failures_total", "Attempts that the receiver did not confirm.", "code"), prometheus.CounterValue, float64(n), s.Name, string(code))
			out <- prometheus.MustNewConstMetric(streamMetric("failing", "1 while the last attempt failed, by its code.", "code"), prometheus.GaugeValue, one(code == s.Failing), s.Name, string(code))
		}
	}
}
