package verify

import (
	"context"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Divide says that other nodes count too: nothing passes a limit here before
// [Engine.Share] says who. It is for composition.
func (e *Engine) Divide() { e.limits.split.Store(apart()) }

// Share is told who counts beside this node, with each renewal and before what that gives
// counts.
func (e *Engine) Share(c ledger.Crowd) {
	l := e.limits
	l.dividing.Lock()
	defer l.dividing.Unlock()
	l.crowd = c
	was := l.split.Load()
	if is := was.next(c, e.now().UnixNano()); !is.same(was) {
		l.divide(is)
	}
	l.makeRoom()
}

// MadeRoom is the newest arrival for which there is room: this node lets no more through
// than is left beside it.
func (e *Engine) MadeRoom() int64 {
	e.limits.dividing.Lock()
	defer e.limits.dividing.Unlock()
	return e.limits.room
}

// Crowded says that others came and what memory counted alone has to be written for them:
// first all there is, then [Engine.Part], what is left, and [Engine.Parted].
func (e *Engine) Crowded() bool {
	e.limits.dividing.Lock()
	defer e.limits.dividing.Unlock()
	return e.limits.split.Load().alone && e.limits.crowd.Nodes > 1
}

// Part ends that memory counts alone. What is counted together waits until Parted.
func (e *Engine) Part() {
	l := e.limits
	l.dividing.Lock()
	defer l.dividing.Unlock()
	l.parting = true
	l.close()
}

// Parted says that all is written.
func (e *Engine) Parted() {
	l := e.limits
	l.dividing.Lock()
	defer l.dividing.Unlock()
	l.parting = false
	l.makeRoom()
	l.open(false)
}

// Lonely says that nobody else counts, as of an arrival, so that memory can do it alone
// once it was given what there is; see [Engine.Gathered].
func (e *Engine) Lonely() (as int64, is bool) {
	l := e.limits
	l.dividing.Lock()
	defer l.dividing.Unlock()
	s := l.split.Load()
	return l.crowd.Newest, s.begun && !s.alone && !l.parting && l.crowd.Nodes == 1
}

// Gathered says that memory was given what there was when the node was lonely. What was
// drawn since, and may be counted yet, is told to memory before it counts alone: else a
// request would pass by what only this node let through.
func (e *Engine) Gathered(as int64) {
	l := e.limits
	l.dividing.Lock()
	if !l.lonely(as) {
		l.dividing.Unlock()
		return
	}
	l.close()
	l.dividing.Unlock()
	l.flying.Wait() // as long as one is counted, at most
	l.dividing.Lock()
	defer l.dividing.Unlock()
	l.open(l.lonely(as))
}

// lonely says whether nobody came since.
func (l *limits) lonely(as int64) bool {
	return l.split.Load().begun && l.crowd.Nodes == 1 && l.crowd.Newest == as
}

// close makes wait what others count too; when it returns, no more of it is drawn.
func (l *limits) close() {
	is := *l.split.Load()
	is.alone, is.shut = false, make(chan struct{})
	l.divide(&is)
}

// open lets go on what waited.
func (l *limits) open(alone bool) {
	is := *l.split.Load()
	shut := is.shut
	is.alone, is.shut = alone, nil
	l.divide(&is)
	close(shut)
}

// opened waits until it is known who counts.
func (l *limits) opened(ctx context.Context) error {
	shut := l.split.Load().shut
	if shut == nil {
		return nil
	}
	select {
	case <-shut:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// divide replaces the split. When it returns, nothing passes by the old one any more.
func (l *limits) divide(s *split) {
	was := l.split.Swap(s)
	reveal := was.alone && !s.alone
	for i := range bucketShards {
		l.tokens.shards[i].pass(reveal)
		l.workspaces.shards[i].pass(reveal)
	}
}

// makeRoom says for whom there is room, unless what was counted alone is to be written.
func (l *limits) makeRoom() {
	if !l.parting && (!l.split.Load().alone || l.crowd.Nodes == 1) {
		l.room = l.crowd.Newest
	}
}

// pass waits for who holds the shard. It may mark what was counted alone, would not
// outlive a restart, and is counted together from now on.
func (s *bucketShard[K]) pass(reveal bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !reveal {
		return
	}
	for k, b := range s.state {
		if r := b.rate(); !b.drawn && !b.kept() && r.together() {
			b.drawn = true
			s.drawn++
			s.state[k] = b
		}
	}
}

func (b *bucket) rate() rate { return rate{on: true, burst: int64(b.burst), step: b.step} }

// refund gives back what a charge took that was refused elsewhere, and learns from a limit
// that others count too how much of it is used.
func (l *limits) refund(c *charge, t *taken, own, shared *Count) {
	ownIn, sharedIn := l.locked(c)
	defer unlock(ownIn, sharedIn)
	if ownIn != nil {
		settle(ownIn, c.token, &t.own, t.drewOwn, own, c.now)
	}
	if sharedIn != nil {
		settle(sharedIn, c.workspace, &t.shared, t.drewShared, shared, c.now)
	}
}

func settle[K token.Locator | int64](s *bucketShard[K], k K, l *level, back int64, told *Count, now int64) {
	b, known := s.state[k]
	l.backlog = max(l.backlog-back, 0)
	if known && back > 0 {
		b.drained -= back
		s.state[k] = b
	}
	if told == nil || !told.On {
		return
	}
	l.backlog = int64(told.Used)
	if known && b.step != l.step || b.drained >= now+l.backlog {
		return
	}
	s.put(k, l.add(0, now), now)
}
