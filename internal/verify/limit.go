package verify

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
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
	// More is how long it takes until more is free than Remaining; 0 when nothing is used.
	More time.Duration
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
// arrival time, ns since 1970), and the step and burst of the limit that this was
// counted in. A share drains in the same time, so this is the same part of any share.
type bucket struct {
	drained, step int64
	burst         int32 // at most maxBurst
	// drawn says that this is to be kept over a restart, and is not yet.
	drawn bool
}

// level is one limit while a request is held against it.
type level struct {
	rate
	part part
	// backlog is how long the bucket takes to drain, in ns.
	backlog int64
}

// full is the backlog of a bucket that has no room.
func (l *level) full() int64 { return l.burst * l.step }

// levelIn reads a bucket, under its shard's lock. When the limit has changed
// since, the requests in the bucket keep their number and take the new step, so
// that a new limit acts at once; that is written down, because they drain by the
// new step from now on. No bucket is fuller than full, whatever limit or clock
// filled it; that is written down too, so that it is drained a window from now.
func levelIn[K comparable](s *bucketShard[K], k K, r rate, p part, now int64) level {
	l := stateIn(s, k, r, p, now)
	l.backlog = max(l.backlog, p.floor-now)
	return l
}

func stateIn[K comparable](s *bucketShard[K], k K, r rate, p part, now int64) level {
	b := s.state[k]
	l := level{rate: r, part: p, backlog: max(b.drained-now, 0)}
	if l.backlog == 0 {
		return l
	}
	full := l.full()
	if b.step == r.step && l.backlog <= full {
		return l
	}
	if b.step != r.step {
		l.backlog = rescale(l.backlog, b.step, r.step)
	}
	l.backlog = min(l.backlog, full)
	changed := l.add(0, now)
	changed.drawn = changed.drawn || p.writes && b.kept()
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
	if l.exceededBy(cost) || l.part.none && cost > 0 || cost > l.part.burst {
		return false
	}
	return cost == 0 || l.backlog+cost*l.part.step <= l.full()
}

// add makes the bucket fuller by so many ns.
func (l *level) add(ns, now int64) bucket {
	l.backlog += ns
	b := bucket{drained: now + l.backlog, step: l.step, burst: int32(l.burst)}
	b.drawn = l.part.writes && b.kept()
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
		Window: time.Duration(l.full()).Truncate(time.Second), // the step was rounded up, by less
	}
	switch {
	case l.part.none:
		r.More = settles
	case l.backlog <= 0:
		r.Remaining = int(l.full() / l.part.step)
	default:
		left := max(l.full()-l.backlog, 0) / l.part.step
		r.Remaining, r.More = int(left), time.Duration(l.backlog+(left+1)*l.part.step-l.full())
	}
	switch {
	case fits:
	case l.exceededBy(cost):
		r.Exceeded = true
	case l.part.none:
		r.RetryAfter = settles
	case cost > l.part.burst:
		r.RetryAfter = time.Duration(l.full())
	default:
		r.RetryAfter = time.Duration(l.backlog + cost*l.part.step - l.full())
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

// settles is about how long it takes until other nodes have made room for a new one.
const settles = time.Second

// limits holds the buckets. They outlive the snapshots of their tokens.
type limits struct {
	tokens     buckets[token.Locator]
	workspaces buckets[int64]
	// split is read while the buckets are locked; see [Engine.Share].
	split atomic.Pointer[split]

	// flying are charges that drew and are being counted by all nodes together.
	flying sync.WaitGroup

	dividing sync.Mutex // guards what follows, and writing split
	// crowd is who counts, room the newest arrival for which there is room, and parting
	// says that what was counted alone is being written.
	crowd   ledger.Crowd
	room    int64
	parting bool

	taking sync.Mutex // guards next
	// next is the shard at which taking what was drawn goes on.
	next int
}

// newLimits makes room for so many buckets of tokens, and as many of workspaces.
func newLimits(capacity int) *limits {
	return &limits{tokens: newBuckets[token.Locator](capacity), workspaces: newBuckets[int64](capacity)}
}

// taken is what became of a charge.
type taken struct {
	own, shared         level
	fitsOwn, fitsShared bool
	drewOwn, drewShared int64 // ns that the buckets are fuller by
}

func (t *taken) ok() bool { return t.fitsOwn && t.fitsShared }

// far says that others count too, so that what fits here may not there.
func (t *taken) far() bool { return t.own.part.far || t.shared.part.far }

// flies says that it drew on what others count too, and what became of it is told later.
func (t *taken) flies() bool { return t.far() && t.drewOwn+t.drewShared > 0 }

// waits says that who counts is not known yet, and that nothing was drawn.
func (t *taken) waits() bool { return t.own.part.waits || t.shared.part.waits }

// locked locks the buckets of a charge together, always the token's first, so that two
// requests cannot wait for each other. A limit that is not there has none.
func (l *limits) locked(c *charge) (own *bucketShard[token.Locator], shared *bucketShard[int64]) {
	if c.own.on {
		own = l.tokens.shard(c.token)
		own.mu.Lock()
	}
	if c.shared.on {
		shared = l.workspaces.shard(c.workspace)
		shared.mu.Lock()
	}
	return own, shared
}

func unlock(own *bucketShard[token.Locator], shared *bucketShard[int64]) {
	if shared != nil {
		shared.mu.Unlock()
	}
	if own != nil {
		own.mu.Unlock()
	}
}

// take lets a request through, or not. It consumes from both limits or from neither.
func (l *limits) take(c *charge) (t taken) {
	ownIn, sharedIn := l.locked(c)
	defer unlock(ownIn, sharedIn)
	s := l.split.Load()
	if ownIn != nil {
		t.own = levelIn(ownIn, c.token, c.own, s.part(c.own, c.now), c.now)
	}
	if sharedIn != nil {
		t.shared = levelIn(sharedIn, c.workspace, c.shared, s.part(c.shared, c.now), c.now)
	}
	cost := int64(c.cost)
	t.fitsOwn, t.fitsShared = t.own.fits(cost), t.shared.fits(cost)
	if !t.ok() || cost <= 0 || c.look || t.waits() {
		return t
	}
	if ownIn != nil {
		t.drewOwn = cost * t.own.part.step
		ownIn.put(c.token, t.own.add(t.drewOwn, c.now), c.now)
	}
	if sharedIn != nil {
		t.drewShared = cost * t.shared.part.step
		sharedIn.put(c.workspace, t.shared.add(t.drewShared, c.now), c.now)
	}
	if t.flies() {
		l.flying.Add(1)
	}
	return t
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
