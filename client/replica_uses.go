package client

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
)

const (
	// mostAlike is how many uses of one token are told apart between two reports.
	mostAlike = 16
	// tellEvery is between two reports: what was done right before one is told with the next.
	tellEvery = 2 * time.Second
	// mostUses is how many are told at once.
	mostUses = 1000
)

// uses is what was done with a token since uses were told last.
type uses struct {
	rec  *record
	mu   sync.Mutex // guards kinds being added
	n    atomic.Int32
	kind [mostAlike]kind
	// rest counts those that found no room.
	rest atomic.Int64
	last atomic.Int64
}

// kind is uses that are alike.
type kind struct {
	scopes              []string
	resource, workspace string
	client              api.Client
	count               atomic.Int64
	last                atomic.Int64
}

func (k *kind) is(q *api.VerifyRequest) bool {
	return k.resource == q.Resource && k.workspace == q.Workspace && (q.Client == nil && k.client == api.Client{} || q.Client != nil && k.client == *q.Client) &&
		slices.Equal(k.scopes, q.Scopes)
}

// kindOf is the kind of what is asked, if the record allowed such a one lately; it is not changed,
// so it allows this too.
func (rec *record) kindOf(q *api.VerifyRequest) *kind {
	u := rec.uses.Load()
	if u == nil {
		return nil
	}
	for i := range u.n.Load() {
		if k := &u.kind[i]; k.is(q) {
			return k
		}
	}
	return nil
}

// used counts one of a kind, nil where there was none.
func (rec *record) used(k *kind, q *api.VerifyRequest, now int64, m *memory) {
	if k != nil {
		k.count.Add(1)
		k.last.Store(now)
		return
	}
	u := rec.uses.Load()
	if u == nil {
		u = rec.begin(m)
	}
	u.another(q, now)
}

// begin begins to count.
func (rec *record) begin(m *memory) *uses {
	u := &uses{rec: rec}
	if !rec.uses.CompareAndSwap(nil, u) {
		return cmp.Or(rec.uses.Load(), u)
	}
	m.uses.Lock()
	defer m.uses.Unlock()
	m.begun = append(m.begun, u)
	return u
}

// another counts one that is like no other yet.
func (u *uses) another(q *api.VerifyRequest, now int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := u.n.Load()
	for i := range n {
		if u.kind[i].is(q) {
			u.kind[i].count.Add(1)
			return
		}
	}
	if n == mostAlike {
		u.rest.Add(1)
		u.last.Store(now)
		return
	}
	k := &u.kind[n]
	k.scopes, k.resource, k.workspace = slices.Clone(q.Scopes), q.Resource, q.Workspace
	if q.Client != nil {
		k.client = *q.Client
	}
	k.count.Store(1)
	k.last.Store(now)
	u.n.Store(n + 1)
}

// told is what is sent of them.
func (u *uses) told(now int64) (out []api.ReplicaUse) {
	add := func(count *atomic.Int64, last int64, use api.ReplicaUse) {
		if use.Count = count.Load(); use.Count > 0 {
			use.Use, use.AgoMS = u.rec.use, max(now-last, 0)/int64(time.Millisecond)
			out = append(out, use)
		}
	}
	for i := range u.n.Load() {
		k := &u.kind[i]
		use := api.ReplicaUse{Scopes: k.scopes, Resource: k.resource}
		if k.client != (api.Client{}) {
			use.Client = &k.client
		}
		add(&k.count, k.last.Load(), use)
	}
	add(&u.rest, u.last.Load(), api.ReplicaUse{})
	return out
}

// report tells what was used, until ctx ends.
func (r *Replica) report(ctx context.Context) {
	for r.line.sleep(ctx, tellEvery) == nil {
		_ = r.tell(ctx, false) // what was not told is told next time
	}
}

// tell tells of uses. What is being counted is taken away first, and told a report later, when
// whoever had found it is done; at the end everything is.
func (r *Replica) tell(ctx context.Context, all bool) error {
	m := &r.memory
	m.uses.Lock()
	begun := m.begun
	m.begun = nil
	m.uses.Unlock()
	r.untold = append(r.untold, r.closing...)
	r.closing = begun
	for _, u := range begun {
		u.rec.uses.CompareAndSwap(u, nil)
	}
	if all {
		r.untold, r.closing = append(r.untold, r.closing...), nil
	}
	return r.send(ctx)
}

// mostUntold bounds what is kept while the server is away.
const mostUntold = 1 << 16

// send sends what is to be told, and keeps what was not taken.
func (r *Replica) send(ctx context.Context) error {
	if over := len(r.untold) - mostUntold; over > 0 {
		r.untold = r.untold[over:]
	}
	for len(r.untold) > 0 {
		now := r.clock.now().ran
		var in api.ReplicaUses
		n := 0
		for ; n < len(r.untold) && len(in.Uses) <= mostUses-mostAlike-1; n++ {
			in.Uses = append(in.Uses, r.untold[n].told(now)...)
		}
		if len(in.Uses) > 0 {
			// It is not repeated by itself: uses would count twice.
			if _, err := ask[api.ReplicaCounted](ctx, r.line, with(http.MethodPost, in), "replica", "uses"); err != nil {
				return err
			}
		}
		r.untold = r.untold[n:]
	}
	return nil
}
