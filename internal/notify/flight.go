package notify

import (
	"context"
	"slices"
	"sync"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/verify"
)

// posts is the room for endpoints that are posted to, and the attempts under way.
type posts struct {
	mu sync.Mutex // guards what follows
	// healthy and failing are how many more endpoints of either kind may begin.
	healthy, failing int
	// flights are the attempts under way, by endpoint.
	flights map[int64]*flight
}

// flight is one attempt under way.
type flight struct {
	post   outbox.Post
	cancel context.CancelFunc
	// ended is closed when nothing more is sent.
	ended chan struct{}
}

// reserve takes room for up to most endpoints of either kind.
func (p *posts) reserve(most int) ledger.PostClaim {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := ledger.PostClaim{Each: postBatch, Healthy: min(p.healthy, most), Failing: min(p.failing, most)}
	p.healthy -= c.Healthy
	p.failing -= c.Failing
	return c
}

// release gives room back.
func (p *posts) release(c ledger.PostClaim) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healthy += c.Healthy
	p.failing += c.Failing
}

// one is the room of one endpoint.
func one(failing bool) ledger.PostClaim {
	if failing {
		return ledger.PostClaim{Failing: 1}
	}
	return ledger.PostClaim{Healthy: 1}
}

// byEndpoint parts what was claimed, each endpoint's in its order.
func byEndpoint(claimed []outbox.Post) (batches [][]outbox.Post) {
	at := map[int64]int{}
	for _, p := range claimed {
		i, ok := at[p.Endpoint]
		if !ok {
			i = len(batches)
			at[p.Endpoint] = i
			batches = append(batches, nil)
		}
		batches[i] = append(batches[i], p)
	}
	return batches
}

// begin says whether an attempt may still be made. It is known to [Service.cutOff]
// before it is asked: a change that the answer does not know of ends it.
func (s *Service) begin(ctx context.Context, p outbox.Post) (_ context.Context, end func(), due bool) {
	ctx, cancel := context.WithCancel(ctx)
	f := &flight{post: p, cancel: cancel, ended: make(chan struct{})}
	s.posts.mu.Lock()
	s.posts.flights[p.Endpoint] = f
	s.posts.mu.Unlock()
	end = func() {
		cancel()
		s.posts.mu.Lock()
		if s.posts.flights[p.Endpoint] == f {
			delete(s.posts.flights, p.Endpoint)
		}
		s.posts.mu.Unlock()
		close(f.ended)
	}
	due, err := s.o.Authority.StillDue(ctx, p)
	return ctx, end, err == nil && due
}

// cutOff ends the attempts that a change says are not to be made any more, and
// returns when nothing of them is sent. What cannot be asked about is ended too.
func (s *Service) cutOff(c verify.Changes) {
	if !c.All && len(c.Endpoints)+len(c.Workspaces) == 0 {
		return
	}
	s.posts.mu.Lock()
	var meant []*flight
	for id, f := range s.posts.flights {
		if c.All || slices.Contains(c.Endpoints, id) || slices.Contains(c.Workspaces, f.post.Home) {
			meant = append(meant, f)
		}
	}
	s.posts.mu.Unlock()
	for _, f := range meant {
		ctx, cancel := context.WithTimeout(context.Background(), shortestWait)
		due, err := s.o.Authority.StillDue(ctx, f.post)
		cancel()
		if err != nil || !due {
			f.cancel()
			<-f.ended
		}
	}
}
