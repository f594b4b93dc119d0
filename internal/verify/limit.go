package verify

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// Rate is the state of the rate limit that is nearest to refusing.
type Rate struct {
	// Limited is false where no limit holds; the rest is zero then.
	Limited          bool
	Limit, Remaining int
	// Window is the time that the limit is for, to the second.
	Window time.Duration
	// Reset is how long it takes until the whole limit is free again.
	Reset time.Duration
	// RetryAfter, on a refusal, is when the same request would pass; 0 for never.
	RetryAfter time.Duration
	// Exceeded says that the request costs more than the whole limit, so that no
	// waiting helps.
	Exceeded bool
}

// rate is a limit in the terms of the generic cell rate algorithm: a bucket
// holds burst requests and one drains every step ns. The step is rounded up, so
// that over time never more than the limit passes.
type rate struct {
	on          bool
	burst, step int64
}

// maxBurst fits into the 32 bits that a bucket has for it.
const maxBurst = 1_000_000_000

// rateOf never fails: a limit that cannot be meant lets nothing through.
func rateOf(l api.RateLimit) rate {
	n, window := min(int64(l.Requests), maxBurst), int64(l.Window)
	if n < 1 || window < 1 {
		return rate{on: true, step: int64(time.Second)}
	}
	return rate{on: true, burst: n, step: (window-1)/n + 1}
}

// bucket is the state of one limit: when it will have drained (the theoretical
// arrival time, ns since 1970), and the step and burst that this was counted in.
type bucket struct {
	drained, step int64
	burst         int32 // at most maxBurst
	// drawn says that this is to be kept over a restart, and is not yet.
	drawn bool
}

// level is one limit while a request is held against it.
type level struct {
	rate
	// backlog is how long the bucket takes to drain, in ns of this rate.
	backlog int64
}

// levelIn reads a bucket, under its shard's lock. When the limit has changed
// since, the requests in the bucket keep their number and take the new step, so
// that a new limit acts at once; that is written down, because they drain by the
// new step from now on. No bucket is fuller than full, whatever limit or clock
// filled it; that is written down too, so that it is drained a window from now.
func levelIn[K comparable](s *bucketShard[K], k K, r rate, now int64) level {
	b := s.state[k]
	l := level{rate: r, backlog: max(b.drained-now, 0)}
	if l.backlog == 0 {
		return l
	}
	full := r.burst * r.step
	if b.step == r.step && l.backlog <= full {
		return l
	}
	if b.step != r.step {
		l.backlog = rescale(l.backlog, b.step, r.step)
	}
	l.backlog = min(l.backlog, full)
	changed := l.add(0, now)
	changed.drawn = changed.drawn || b.kept()
	s.put(k, changed, now)
	return l
}

// rescale returns backlog × to ÷ from, rounded up.
func rescale(backlog, from, to int64) int64 {
	high, low := bits.Mul64(uint64(backlog), uint64(to))
	low, carry := bits.Add64(low, uint64(from-1), 0)
	if high += carry; high >= uint64(from) {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(high, low, uint64(from))
	return int64(min(quotient, math.MaxInt64))
}

// exceededBy reports whether so many requests find room at no time.
func (l *level) exceededBy(cost int64) bool { return l.on && (cost < 0 || cost > l.burst) }

// fits reports whether so many requests find room. The product cannot overflow:
// it is at most burst × step, which is the window and a little.
func (l *level) fits(cost int64) bool {
	if !l.on {
		return true
	}
	return !l.exceededBy(cost) && l.backlog+cost*l.step <= l.burst*l.step
}

// add puts requests that fit into the bucket.
func (l *level) add(cost, now int64) bucket {
	l.backlog += cost * l.step
	b := bucket{drained: now + l.backlog, step: l.step, burst: int32(l.burst)}
	b.drawn = b.kept()
	return b
}

// state is what a request of this cost is told of the limit, after it was put in or
// refused. What remains is rounded down: a request that is said to fit does.
func (l *level) state(cost int64, fits bool) Rate {
	if !l.on {
		return Rate{}
	}
	r := Rate{
		Limited: true, Limit: int(l.burst), Reset: time.Duration(l.backlog),
		Remaining: int((l.burst*l.step - l.backlog) / l.step),
		Window:    time.Duration(l.burst * l.step).Truncate(time.Second), // the step was rounded up, by less
	}
	switch {
	case fits:
	case l.exceededBy(cost):
		r.Exceeded = true
	default:
		r.RetryAfter = time.Duration(l.backlog + cost*l.step - l.burst*l.step)
	}
	return r
}

// rates are the limits of a token and of its workspace.
type rates struct{ own, shared rate }

// charge is one request at both limits.
type charge struct {
	token     token.Locator
	workspace int64
	rates
	cost int
	// look decides and consumes nothing.
	look bool
	now  int64
}

// limits holds the buckets. They outlive the snapshots of their tokens.
type limits struct {
	tokens     buckets[token.Locator]
	workspaces buckets[int64]

	taking sync.Mutex // guards next
	// next is the shard at which taking what was drawn goes on.
	next int
}

// newLimits makes room for so many buckets of tokens, and as many of workspaces.
func newLimits(capacity int) *limits {
	return &limits{tokens: newBuckets[token.Locator](capacity), workspaces: newBuckets[int64](capacity)}
}

// take lets a request through, or not. It consumes from both limits or from
// neither: both buckets are locked together, always the token's first, so two
// requests cannot wait for each other.
func (l *limits) take(c *charge) (ofToken, ofWorkspace Rate, ok bool) {
	var own, shared level
	var ownIn *bucketShard[token.Locator]
	var sharedIn *bucketShard[int64]
	if c.own.on {
		ownIn = l.tokens.shard(c.token)
		ownIn.mu.Lock()
		defer ownIn.mu.Unlock()
		own = levelIn(ownIn, c.token, c.own, c.now)
	}
	if c.shared.on {
		sharedIn = l.workspaces.shard(c.workspace)
		sharedIn.mu.Lock()
		defer sharedIn.mu.Unlock()
		shared = levelIn(sharedIn, c.workspace, c.shared, c.now)
	}
	cost := int64(c.cost)
	fitsOwn, fitsShared := own.fits(cost), shared.fits(cost)
	consumes := fitsOwn && fitsShared && cost > 0 && !c.look
	if consumes && own.on {
		ownIn.put(c.token, own.add(cost, c.now), c.now)
	}
	if consumes && shared.on {
		sharedIn.put(c.workspace, shared.add(cost, c.now), c.now)
	}
	return own.state(cost, fitsOwn), shared.state(cost, fitsShared), fitsOwn && fitsShared
}

// nearest is the limit that refuses, of two the one that does so for longer, else
// the one with less left.
func nearest(a, b Rate) Rate {
	if !a.Limited || b.Exceeded && !a.Exceeded {
		return b
	}
	if !b.Limited || a.Exceeded {
		return a
	}
	if b.RetryAfter > a.RetryAfter || a.RetryAfter == 0 && b.Remaining < a.Remaining {
		return b
	}
	return a
}

// bucketShards is how many requests, at most, are held against limits of one kind at
// the same time.
const bucketShards = 256

// buckets is a bounded table without pointers. A bucket that has drained says
// what no bucket says, so those go first when there is no room.
type buckets[K comparable] struct {
	seed   maphash.Seed
	shards []bucketShard[K]
}

// bucketShard is a part of the table, with a share of its room: it may be full
// while the table is not.
type bucketShard[K comparable] struct {
	mu    sync.Mutex // guards what follows
	state map[K]bucket
	room  int
	// drawn is how many are marked so, lost how many made room before they had
	// drained.
	drawn, lost int
	_           [24]byte // keeps the locks of two shards off one cache line
}

func newBuckets[K comparable](capacity int) buckets[K] {
	b := buckets[K]{seed: maphash.MakeSeed(), shards: make([]bucketShard[K], bucketShards)}
	for i := range b.shards {
		b.shards[i].state, b.shards[i].room = make(map[K]bucket), max(capacity/bucketShards, 1)
	}
	return b
}

// shard is where a key belongs. The seed is drawn for each process, so nobody can
// choose keys that crowd into one.
func (b *buckets[K]) shard(k K) *bucketShard[K] {
	return &b.shards[maphash.Comparable(b.seed, k)%bucketShards]
}

// put runs under the shard's lock.
func (s *bucketShard[K]) put(k K, v bucket, now int64) {
	was, known := s.state[k]
	if !known && len(s.state) >= s.room {
		s.evict(now)
	}
	if was.drawn {
		v.drawn = true
	} else if v.drawn {
		s.drawn++
	}
	s.state[k] = v
}

// evict looks at a few buckets and drops those that have drained, else the one
// that is nearest to it: what is lost is the least that somebody had used up.
func (s *bucketShard[K]) evict(now int64) {
	const few = 8
	var victim K
	seen, dropped, soonest := 0, false, never
	for k, b := range s.state {
		if b.drained <= now {
			s.drop(k, b)
			dropped = true
		} else if b.drained < soonest {
			victim, soonest = k, b.drained
		}
		if seen++; seen == few {
			break
		}
	}
	if !dropped {
		s.drop(victim, s.state[victim])
		s.lost++
	}
}

// drop runs under the shard's lock.
func (s *bucketShard[K]) drop(k K, b bucket) {
	delete(s.state, k)
	if b.drawn {
		s.drawn--
	}
}

// tally is what there is of buckets.
type tally struct{ held, drawn, lost int }

// count locks one shard after the other, so its sum is of no single moment.
func (b *buckets[K]) count() (t tally) {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		t.held, t.drawn, t.lost = t.held+len(s.state), t.drawn+s.drawn, t.lost+s.lost
		s.mu.Unlock()
	}
	return t
}

func (l *limits) count() tally {
	t, w := l.tokens.count(), l.workspaces.count()
	return tally{t.held + w.held, t.drawn + w.drawn, t.lost + w.lost}
}
