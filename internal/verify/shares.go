package verify

import (
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// split is what this node may let through of each limit; nil is all. It does not
// change. docs/protocol.md says why the parts of all nodes are never more than a limit.
type split struct {
	// nodes is how many share.
	nodes int64
	// peaks are larger numbers of nodes that there were, the largest first.
	peaks []peak
	// mine is the arrival of this node, and begun says that every other has made room
	// for it: nothing passes before.
	mine  int64
	begun bool
	// since is from when this node's buckets drain, which begin used up, ns since 1970;
	// 0 where they begin empty, since nobody else was there.
	since int64
	// alone says that nobody else counts, and that memory has what others counted before.
	alone bool
	// all says that every limit is counted elsewhere.
	all bool
	// shut, unless nil, is closed when the count of these is handed over: until then what
	// others count too draws nothing, and waits.
	shut chan struct{}
}

// peak is a number of nodes, and when there were fewer for the first time.
type peak struct{ nodes, until int64 }

const (
	// longestShare is the longest window of which nodes have shares. A longer one would
	// take as long to follow their number.
	longestShare = time.Minute
	// few is up to how many requests a limit is counted by all nodes together, whatever its
	// window: a share of so few is soon none.
	few = 100
)

// apart is the split of a node of which nobody knows yet.
func apart() *split { return &split{nodes: 1} }

// next is what follows when a list was seen.
//
// A bucket of a share is filled in parts of its window, so it keeps the part that is
// used when the share changes. A share shrinks at once, and grows when so few nodes have
// been there for one window: then what those that left let through has drained. A node
// that arrives begins with nothing. So what is free on all nodes together grows only by
// draining, and that no faster than one bucket drains.
func (s *split) next(c ledger.Crowd, now int64) *split {
	is := &split{nodes: max(int64(c.Nodes), 1), mine: c.Mine, begun: s.begun, since: s.since, shut: s.shut}
	if c.Mine != s.mine { // others may have done without it
		is.begun, is.since = false, 0
	}
	others := c.Nodes > 1
	if !is.begun && c.Room >= c.Mine {
		is.begun = true
		if others || s.mine != 0 {
			is.since = now
		}
	}
	is.alone = s.alone && c.Mine == s.mine
	for _, p := range s.peaks {
		p.until = min(p.until, now) // the clock was set back
		if p.nodes > max(is.nodes, s.nodes) && now < p.until+2*int64(longestShare) {
			is.peaks = append(is.peaks, p)
		}
	}
	if s.nodes > is.nodes {
		is.peaks = append(is.peaks, peak{s.nodes, now})
	}
	return is
}

// same says whether two splits let the same through.
func (s *split) same(t *split) bool {
	return s.nodes == t.nodes && s.mine == t.mine && s.begun == t.begun && s.since == t.since && s.alone == t.alone &&
		slices.Equal(s.peaks, t.peaks)
}

// part is how a limit is held on one node.
type part struct {
	// burst requests find room, one of which drains every step: the whole limit, or the
	// node's share.
	burst, step int64
	// floor is when the bucket has drained at the earliest; ns since 1970.
	floor int64
	// none says that nothing passes yet, far that others count this limit too, so that
	// what is here is only part of what is used.
	none, far bool
	// waits says that it is not known yet who counts.
	waits bool
	// writes says that what is here outlives a restart only if it is written down.
	writes bool
}

// together says whether a limit is counted by all nodes together, rather than in shares.
func (r *rate) together() bool { return r.burst <= few || r.long() }

// long says that the window is longer than a minute. The step may have been rounded
// up, by less than one in a request.
func (r *rate) long() bool { return (r.step-1)*r.burst >= int64(longestShare) }

// part is this node's of a limit.
func (s *split) part(r rate, now int64) part {
	p := part{burst: r.burst, step: r.step, writes: s == nil || s.alone}
	switch {
	case s == nil || !r.on || r.burst == 0:
		return p
	case s.all:
		p.far = true
		return p
	}
	p.none = !s.begun
	if r.together() {
		p.far = !s.alone
		p.waits = p.far && s.shut != nil
		return p
	}
	full := r.burst * r.step
	if s.since != 0 {
		p.floor = min(s.since, now) + full
	}
	n := s.nodes
	for _, peak := range s.peaks {
		if now < peak.until+full {
			n = max(n, peak.nodes)
		}
	}
	if p.burst /= n; p.burst == 0 {
		p.none = true
		return p
	}
	p.step = (full-1)/p.burst + 1
	p.burst = full / p.step // so that it is never more than the part of a window
	return p
}
