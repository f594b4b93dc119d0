package verify

import (
	"time"

	"github.com/tokenry/tokenry/api"
)

// Limiter holds one limit for each of many keys, by the same algorithm as the
// limits of tokens. It is bounded: when there is no room, the key that used the
// least is forgotten. It is safe for concurrent use.
type Limiter[K comparable] struct {
	rate    rate
	buckets buckets[K]
}

// NewLimiter makes a limiter that remembers about so many keys.
func NewLimiter[K comparable](l api.RateLimit, capacity int) *Limiter[K] {
	return &Limiter[K]{rate: rateOf(l), buckets: newBuckets[K](capacity)}
}

// Take lets so many requests of a key through together, or none of them. A cost
// beyond the whole limit is taken for the whole limit.
func (l *Limiter[K]) Take(k K, cost int, now time.Time) (Rate, bool) {
	s := l.buckets.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	n, at := min(int64(cost), l.rate.burst), now.UnixNano()
	var alone *split
	held := levelIn(s, k, l.rate, alone.part(l.rate, at), at)
	fits := held.fits(n)
	if fits && n > 0 {
		s.put(k, held.add(n*held.step, at), at)
	}
	return held.state(n, fits), fits
}
