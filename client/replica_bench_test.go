package client_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

// BenchmarkReplica is a verification of a token that is known, on one core. On a machine that
// does other things too cpu-ns/op counts.
func BenchmarkReplica(b *testing.B) {
	s := clienttest.New(b)
	r := replicaOf(b, s)
	tok := s.Issue(b, []string{"tickets:read", "tickets:write"}, "payments")
	need := []client.Need{client.Scope("tickets:read"), client.Resource("payments")}
	known(b, r, tok, need...)
	b.ReportAllocs()
	begun, hits := cpu(b), r.Stats().Hits
	for b.Loop() {
		if v, err := r.Verify(b.Context(), tok, need...); err != nil || !v.Allowed {
			b.Fatal(v.Code, err)
		}
	}
	v := r.Stats()
	b.ReportMetric(float64(cpu(b)-begun)/float64(v.Hits-hits), "cpu-ns/op")
	if v.Asked > 100+v.Hits/1000 {
		b.Errorf("%d were asked, and %d answered from memory", v.Asked, v.Hits)
	}
}

// cpu is how long the processor worked for this process.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
