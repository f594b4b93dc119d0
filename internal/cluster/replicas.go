package cluster

import (
	"context"
	"errors"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const (
	// The most replicas of one token, of one workspace, and of one node.
	replicasOfToken, replicasOfSpace, replicasOfNode = 16, 64, 4096
	// resumes is how long a replica without a lease is still known.
	resumes = 30 * time.Second
	// longestHold bounds how long a call is held.
	longestHold = 5 * time.Second
)

// Errors of replicas.
var (
	ErrNoReplica       = errors.New("cluster: this node knows no such replica")
	ErrTooManyReplicas = errors.New("cluster: there are too many replicas of the token, the workspace or the node")
)

// View is whose replica it is, and so what may concern it.
type View struct {
	// Token presents itself; Home is its workspace.
	Token token.Locator
	Home  ledger.ID
	// Everywhere says that tokens of every workspace are known to it.
	Everywhere bool
}

// sees is the workspace whose changes concern it.
func (v View) sees() ledger.ID {
	if v.Everywhere {
		return ledger.EveryReplica
	}
	return v.Home
}

// Told is what a call of a replica is answered.
type Told struct {
	Replica string
	// Count is the node's count of changes: everything up to it is in Forget, or does not
	// concern the replica.
	Count int64
	// All says that everything is to be forgotten.
	All    bool
	Forget []Name
	// Lease is how long the replica may believe its memory, from before it called and once
	// it has forgotten; 0 is not any longer than before.
	Lease time.Duration
}

// ReplicasConfig is what Replicas are made of. Rand, Timer and Length are required.
type ReplicasConfig struct {
	Rand   io.Reader
	Ticks  func() time.Duration
	Timer  func(time.Duration) (fires <-chan time.Time, stop func() bool)
	Length time.Duration
	// Left is how long the node itself may believe its memory; nil is for ever.
	Left func() time.Duration
}

// Replicas are the programs that believe memory of their own by this node's word. They
// observe changes behind the engine, and are the fence of a process that has the database alone.
type Replicas struct {
	ReplicasConfig
	names namer

	mu    sync.Mutex // guards what follows
	count int64
	feed  feed
	all   map[string]*replica
	// changed is closed when one has applied something; settled is told the same.
	changed chan struct{}
	settled func()
}

// replica is one of them.
type replica struct {
	View
	// due is the count that it was told with its lease.
	due int64
	// news is the count of the last change that concerns it.
	news int64
	// until is when its lease is over for sure.
	until   time.Duration
	pending []pending
	// wake ends the call that is held; nil while none is.
	wake chan struct{}
}

// pending is a change that concerns a replica whose lease may be of before it, until over.
type pending struct {
	count int64
	// first is the first revision of the change.
	first int64
	over  time.Duration
}

// mostPending bounds what is told apart; what is more is one.
const mostPending = 64

// NewReplicas makes them; there are none yet.
func NewReplicas(c ReplicasConfig) (*Replicas, error) {
	if c.Ticks == nil {
		c.Ticks = Ticks
	}
	if c.Left == nil {
		c.Left = func() time.Duration { return Longest }
	}
	r := &Replicas{ReplicasConfig: c, all: map[string]*replica{}, changed: make(chan struct{}), settled: func() {}}
	_, err := io.ReadFull(c.Rand, r.names.key[:])
	return r, err
}

// Apply counts a change and wakes whom it concerns. The engine has forgotten by then.
func (r *Replicas) Apply(c verify.Changes) {
	if c.All {
		c.Touched.All = true
	}
	spaces, first := c.Touched.Spaces(), c.Base+1
	if spaces.All {
		first = 0 // what may have been committed before is in it too
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	now, concerned := r.Ticks(), false
	for _, p := range r.all {
		if !spaces.Has(p.sees()) {
			continue
		}
		concerned = true
		p.news = r.count
		if now < p.until {
			p.owes(pending{count: r.count, first: first, over: p.until})
		}
		p.stir()
	}
	if concerned {
		r.feed.add(r.names.told(r.count, spaces, &c.Touched))
	}
}

// owes notes what the replica has to apply.
func (p *replica) owes(x pending) {
	if n := len(p.pending); n == mostPending {
		last := &p.pending[n-1]
		last.count, last.first, last.over = x.count, min(last.first, x.first), max(last.over, x.over)
		return
	}
	p.pending = append(p.pending, x)
}

// stir ends the call that is held.
func (p *replica) stir() {
	if p.wake != nil {
		close(p.wake)
		p.wake = nil
	}
}

// acknowledge notes that it has applied all up to a count; true when something was due.
func (p *replica) acknowledge(count int64) bool {
	n := 0
	for n < len(p.pending) && p.pending[n].count <= count {
		n++
	}
	p.pending = p.pending[n:]
	return n > 0
}

// Attach makes a replica, which has nothing in memory.
func (r *Replicas) Attach(v View) (Told, error) {
	id, err := ident.New(r.Rand, "rep_")
	if err != nil {
		return Told{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Ticks()
	r.forget(func(p *replica) bool { return now >= p.until+resumes })
	ofToken := func(p *replica) bool { return p.Token == v.Token }
	ofSpace := func(p *replica) bool { return p.Home == v.Home }
	if !r.room(ofToken, replicasOfToken, now) || !r.room(ofSpace, replicasOfSpace, now) || len(r.all) >= replicasOfNode {
		return Told{}, ErrTooManyReplicas
	}
	p := &replica{View: v, due: r.count}
	r.all[id] = p
	return Told{Replica: id, Count: r.count, All: true, Lease: r.grant(p, now)}, nil
}

// room says whether there is room for one more of a kind, once those without a lease are
// forgotten if need be.
func (r *Replicas) room(of func(*replica) bool, most int, now time.Duration) bool {
	if r.known(of) >= most {
		r.forget(func(p *replica) bool { return of(p) && now >= p.until })
	}
	return r.known(of) < most
}

func (r *Replicas) known(of func(*replica) bool) (n int) {
	for _, p := range r.all {
		if of(p) {
			n++
		}
	}
	return n
}

// forget forgets those of a kind that do not call just now.
func (r *Replicas) forget(of func(*replica) bool) {
	maps.DeleteFunc(r.all, func(_ string, p *replica) bool { return p.wake == nil && of(p) })
}

// grant gives a lease that ends before the node's own, and notes when it is over.
func (r *Replicas) grant(p *replica, now time.Duration) time.Duration {
	left := r.Left()
	lease := min(r.Length, left-Margin(left))
	if lease <= 0 {
		return 0
	}
	p.until = max(p.until, now+lease+Margin(lease))
	return lease
}

// Call says that a replica has applied everything up to a count, and returns when something
// concerns it or a while has passed. What was due at its last lease has to be applied, or
// there is no other.
func (r *Replicas) Call(ctx context.Context, id string, v View, applied int64) (Told, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.all[id]
	if p == nil || p.View != v || applied > r.count || applied < 0 {
		return Told{}, ErrNoReplica
	}
	if p.acknowledge(applied) {
		close(r.changed)
		r.changed = make(chan struct{})
		r.settled()
	}
	p.stir() // there is one call at a time
	if p.news <= applied {
		if err := r.hold(ctx, p); err != nil {
			return Told{}, err
		}
	}
	t := Told{Replica: id, Count: r.count}
	t.All, t.Forget = r.feed.since(applied, v)
	if applied >= p.due && p.wake == nil && r.all[id] == p {
		if t.Lease = r.grant(p, r.Ticks()); t.Lease > 0 {
			p.due = r.count
		}
	}
	return t, nil
}

// hold lets go of the lock and waits.
func (r *Replicas) hold(ctx context.Context, p *replica) error {
	wake := make(chan struct{})
	p.wake = wake
	r.mu.Unlock()
	fires, stop := r.Timer(min(r.Length/renewals, longestHold))
	select {
	case <-wake:
	case <-fires:
	case <-ctx.Done():
	}
	stop()
	r.mu.Lock()
	if p.wake == wake {
		p.wake = nil
	}
	return ctx.Err()
}

// Detach ends a replica that has ended its lease and forgotten everything.
func (r *Replicas) Detach(id string, v View) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.all[id]
	if p == nil || p.View != v {
		return
	}
	p.stir()
	delete(r.all, id)
	close(r.changed)
	r.changed = make(chan struct{})
	r.settled()
}

// Counted is the count now, for whoever decides something that the replica may keep: all
// that was counted is in the decision. False when there is no such replica.
func (r *Replicas) Counted(id string, v View) (int64, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.all[id]
	return r.count, p != nil && p.View == v
}

// Live says how many may still believe their memory.
func (r *Replicas) Live() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Ticks()
	return r.known(func(p *replica) bool { return now < p.until })
}

// Behind is what they have not applied, as the node's row says it.
func (r *Replicas) Behind() ledger.Behind {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b ledger.Behind
	now := r.Ticks()
	for _, p := range r.all {
		for _, x := range p.pending {
			if now >= x.over {
				continue
			}
			if b == nil {
				b = ledger.Behind{}
			}
			b.Note(p.sees(), x.first)
		}
	}
	return b
}

// blocked says how long a revision waits for replicas at the most, and what ends that earlier.
func (r *Replicas) blocked(revision int64, of ledger.Spaces) (left time.Duration, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Ticks()
	for _, p := range r.all {
		for _, x := range p.pending {
			if x.first <= revision && of.Has(p.sees()) {
				left = max(left, x.over-now)
			}
		}
	}
	return left, r.changed
}

// Await returns once no replica that the change concerns believes anything older.
func (r *Replicas) Await(revision int64, of ledger.Spaces) {
	for {
		left, changed := r.blocked(revision, of)
		if left <= 0 {
			return
		}
		fires, stop := r.Timer(left)
		select {
		case <-fires:
		case <-changed:
		}
		stop()
	}
}

// Sure answers at once: the database is this process's alone.
func (r *Replicas) Sure(context.Context, ledger.Point) error { return nil }
