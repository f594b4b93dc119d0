package cluster

import (
	"context"
	"errors"
	"sync"

	"github.com/tokenry/tokenry/internal/ledger"
)

// recent is how many points of the history are remembered: a reading is at one of the
// last few.
const recent = 1024

var errOtherHistory = errors.New("cluster: what was read is not of the history that this node follows")

// history is what a node follows: the points that it applied last.
type history struct {
	mu      sync.Mutex // guards what follows
	newest  ledger.Point
	digests map[int64][32]byte
	order   []int64
	// moved is closed when newest changes.
	moved chan struct{}
}

// begin forgets all points but one.
func (h *history) begin(at ledger.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.digests, h.order = map[int64][32]byte{}, nil
	h.put(at)
}

func (h *history) add(at ledger.Point) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.put(at)
}

func (h *history) put(at ledger.Point) {
	h.newest, h.digests[at.Revision] = at, at.Digest
	h.order = append(h.order, at.Revision)
	if len(h.order) > recent {
		delete(h.digests, h.order[0])
		h.order = h.order[1:]
	}
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
}

// holds says whether a point is of this history; later is closed when a point that is
// newer than all may be.
func (h *history) holds(at ledger.Point) (is bool, later <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.Revision > h.newest.Revision {
		if h.moved == nil {
			h.moved = make(chan struct{})
		}
		return false, h.moved
	}
	digest, known := h.digests[at.Revision]
	return known && digest == at.Digest, nil
}

// Sure answers once a point is of the history that this node has applied. What is read
// on one connection may be of another server than what is renewed on another, as when
// a primary that was replaced lives on.
func (n *Node) Sure(ctx context.Context, at ledger.Point) error {
	if !n.serves.Load() {
		return nil
	}
	for {
		is, later := n.history.holds(at)
		switch {
		case is:
			return nil
		case later == nil:
			return errOtherHistory
		}
		fill(n.pull)
		select {
		case <-later:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
