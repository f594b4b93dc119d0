package client_test

import (
	"testing"

	"github.com/tokenry/tokenry/client"
	"github.com/tokenry/tokenry/client/clienttest"
)

// BenchmarkReplica is a verification of a token that is known, on one core: ns/op.
func BenchmarkReplica(b *testing.B) {
	s := clienttest.New(b)
	r := replicaOf(b, s)
	tok := s.Issue(b, []string{"tickets:read", "tickets:write"}, "payments")
	need := []client.Need{client.Scope("tickets:read"), client.Resource("payments")}
	known(b, r, tok, need...)
	b.ReportAllocs()
	for b.Loop() {
		if v, err := r.Verify(b.Context(), tok, need...); err != nil || !v.Allowed {
			b.Fatal(v.Code, err)
		}
	}
	if v := r.Stats(); v.Asked > 100+v.Hits/1000 {
		b.Errorf("%d were asked, and %d answered from memory", v.Asked, v.Hits)
	}
}
