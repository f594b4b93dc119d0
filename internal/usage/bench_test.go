package usage_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/usage"
)

// BenchmarkRecord is what recording costs a verification, of a thousand tokens.
func BenchmarkRecord(b *testing.B) {
	r := usage.New(usage.Config{Store: newMemory(), Now: time.Now, Node: "bench"})
	w := world{at: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)}
	uses := make([]usage.Use, 1000)
	for i := range uses {
		uses[i] = w.use(i)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			r.Record(uses[i%len(uses)])
		}
	})
}
