package verify

import (
	"math"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// valid says whether a meter can be one of ours.
func valid(m *ledger.Meter) bool {
	return m.Requests > 0 && m.Requests <= maxBurst && m.Step > 0 && int64(m.Step) <= math.MaxInt64/int64(m.Requests) &&
		m.Token.IsZero() != (m.Workspace == 0)
}

// kept says whether a bucket is kept over a restart: those of windows over a
// minute are. The step may be rounded up, by less than one in a request.
func (b *bucket) kept() bool { return (b.step-1)*int64(b.burst) >= int64(time.Minute) }

// Drawn is how many meters were drawn on and not taken yet.
func (e *Engine) Drawn() int { return e.limits.count().drawn }

// TakeDrawn goes round the meters and answers those that were drawn on since it
// came by last: about n at once, and whether the round goes on. Whoever takes them
// has to keep them: they are not answered again before they are drawn on again.
// A meter waits for one round at most, however often others are drawn on.
func (e *Engine) TakeDrawn(n int) (taken []ledger.Meter, more bool) {
	l := e.limits
	l.taking.Lock()
	defer l.taking.Unlock()
	for ; l.next < 2*bucketShards; l.next++ {
		if len(taken) >= n {
			return taken, true
		}
		if i := l.next; i < bucketShards {
			taken = l.tokens.shards[i].take(taken, func(m *ledger.Meter, t token.Locator) { m.Token = t })
		} else {
			taken = l.workspaces.shards[i-bucketShards].take(taken, func(m *ledger.Meter, ws int64) { m.Workspace = ws })
		}
	}
	l.next = 0
	return taken, false
}

// take holds the shard's lock for as long as looking through it takes.
func (s *bucketShard[K]) take(to []ledger.Meter, name func(*ledger.Meter, K)) []ledger.Meter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn == 0 {
		return to
	}
	for k, b := range s.state {
		if b.drawn {
			m := ledger.Meter{Drained: roundUp(b.drained), Requests: int(b.burst), Step: time.Duration(b.step)}
			name(&m, k)
			to = append(to, m)
			b.drawn = false
			s.state[k] = b
		}
	}
	s.drawn = 0
	return to
}

// roundUp keeps what is stored from giving anything back.
func roundUp(ns int64) time.Time {
	return time.Unix(0, ns).Add(time.Microsecond - 1).Truncate(time.Microsecond).UTC()
}

// Restore takes back a meter that was kept. Of two states of one limit the one that
// drains later holds, and none drains later than a full one would from now on,
// whatever the clock was when it was kept.
func (e *Engine) Restore(m ledger.Meter) {
	if !valid(&m) {
		return
	}
	now := e.now().UnixNano()
	b := bucket{drained: min(m.Drained.UnixNano(), now+int64(m.Window())), step: int64(m.Step), burst: int32(m.Requests)}
	switch {
	case b.drained <= now:
	case m.Workspace == 0:
		e.limits.tokens.restore(m.Token, b, now)
	default:
		e.limits.workspaces.restore(m.Workspace, b, now)
	}
}

func (b *buckets[K]) restore(k K, v bucket, now int64) {
	s := b.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.state[k]; !ok || have.drained < v.drained {
		s.put(k, v, now)
	}
}
