package client

import (
	"context"
	"crypto/aes"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// Replica verifies from its own memory, and keeps the promise of a server: no verification
// that begins after a revocation was answered accepts the token. It holds a lease of one server,
// which tells it what to forget and has whoever revokes wait until it has. What it does not
// know, and whatever it cannot be sure of, it asks.
//
// It remembers what the server allowed, of strings that the server has seen, under a key that
// it drew and tells nobody. It asks each time about what is refused, has a rate limit or an
// allow-list of addresses, a [Cost] or a [Peek]. Uses are told within 5 seconds; those that a
// program has not told when it ends without Close are lost.
//
// Make one for each process, keep it, and close it. It may be used by any number of goroutines.
type Replica struct {
	line   *line
	memory memory
	lease  atomic.Pointer[lease]
	clock  clock

	mu sync.Mutex // guards id, which ends with its lease
	id string

	// closing were taken away at the last report, and untold before. They are the reporter's alone.
	closing, untold []*uses

	works sync.Pool // of *work
	stop  context.CancelFunc
	ended sync.WaitGroup

	hits, asked atomic.Uint64
	failed      atomic.Pointer[error]
}

// NewReplica returns a replica of the server at baseURL that presents this token. It needs
// tokens:verify, for tokens of its own workspace, or instance:verify, for all. Until it has a
// lease, and whenever it loses it, every question is asked.
func NewReplica(baseURL, tok string, opts ...Option) (*Replica, error) {
	c, err := New(baseURL, tok, opts...)
	if err != nil {
		return nil, err
	}
	if c.kept != nil {
		return nil, errors.New("client: a replica is never stale; leave WithMaxStaleness out")
	}
	r := &Replica{line: c.line}
	r.clock.begun = time.Now()
	var key [aes.BlockSize]byte
	if _, err := rand.Read(key[:]); err != nil { //nolint:forbidigo // the program's own, which nobody hands over
		return nil, err
	}
	if r.memory.code, err = aes.NewCipher(key[:]); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.ended.Go(func() { r.follow(ctx) })
	r.ended.Go(func() { r.report(ctx) })
	return r, nil
}

// Verify asks what [VerifyCalls.Verify] does. What is answered from memory has no request id,
// shares what it points to, which is only read, and allocates nothing where the needs were made
// before.
func (r *Replica) Verify(ctx context.Context, tok string, need ...Need) (Result, error) {
	w, ok := r.works.Get().(*work)
	if !ok {
		w = new(work)
	}
	for _, f := range need {
		f(&w.needs)
	}
	w.Token = tok
	out, err := r.verify(ctx, &w.VerifyRequest, &w.scratch)
	w.needs = needs{}
	r.works.Put(w)
	return out, err
}

// work is what one verification needs of its own.
type work struct {
	needs
	scratch
}

// Require is [VerifyCalls.Require] with the replica's memory.
func (r *Replica) Require(need ...Need) func(http.Handler) http.Handler {
	return requiring(r.line, func(ctx context.Context, q api.VerifyRequest) (Result, error) {
		return r.verify(ctx, &q, new(scratch))
	}, recheck{r.look, lookAgain}, need)
}

// look answers the same question once more, which is no use of the token: the middleware has
// it peek.
func (r *Replica) look(ctx context.Context, q api.VerifyRequest) (Result, error) {
	if rec, _, _ := r.known(&q, new(scratch)); rec != nil {
		return Result{rec.answer(&q)}, nil
	}
	return r.line.decide(ctx, q)
}

// verify decides by memory where it may.
func (r *Replica) verify(ctx context.Context, q *api.VerifyRequest, s *scratch) (Result, error) {
	if q.Cost != nil || q.Peek || r.line.actAs != "" {
		return r.line.decide(ctx, *q)
	}
	rec, k, now := r.known(q, s)
	if rec == nil {
		return r.ask(ctx, q)
	}
	r.hits.Add(1)
	rec.used(k, q, now, &r.memory)
	return Result{rec.answer(q)}, nil
}

// known is what memory has to allow a question by, the use it would be, nil for a new one,
// and the time that was run; nil is that the server has to be asked. The lease is taken
// before memory is looked into, and asked about once it was decided.
func (r *Replica) known(q *api.VerifyRequest, s *scratch) (rec *record, k *kind, ran int64) {
	held := r.lease.Load()
	if held == nil || len(q.Token) > token.MaxLength {
		return nil, nil, 0
	}
	if rec = r.memory.find(s.keyOf(r.memory.code, q.Token)); rec == nil {
		return nil, nil, 0
	}
	if k = rec.kindOf(q); k == nil && !rec.allows(q) {
		return nil, nil, 0
	}
	now := r.clock.now()
	if !held.holds(now) || now.ran >= rec.ends {
		return nil, nil, 0
	}
	return rec, k, now.ran
}

// ask asks the server, and remembers what it may.
func (r *Replica) ask(ctx context.Context, q *api.VerifyRequest) (Result, error) {
	r.asked.Add(1)
	r.mu.Lock()
	id := r.id
	r.mu.Unlock()
	if id == "" || checkToken(q.Token) != nil {
		return r.line.decide(ctx, *q)
	}
	begun := r.clock.now()
	// It escapes to the encoder; what is answered from memory does not come here.
	in := api.ReplicaVerify{Replica: id, Request: *q}
	out, err := ask[api.ReplicaResult](ctx, r.line, repeatable(in), "replica", "verify")
	if err != nil {
		return Result{}, err
	}
	if err := checkDecision(out.Result); err != nil {
		return Result{}, err
	}
	if out.Keep != nil && out.Result.Allowed {
		r.keep(id, q.Token, begun, &out)
	}
	return Result{out.Result}, nil
}

// keep remembers an answer, unless the replica is another by now or has been told of something
// that may not be in it.
func (r *Replica) keep(id, tok string, begun moment, out *api.ReplicaResult) {
	rec := recordOf(*new(scratch).keyOf(r.memory.code, tok), begun, out)
	if rec == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.id == id {
		r.memory.put(rec, out.Keep.Count)
	}
}

// ReplicaStats is how a replica does.
type ReplicaStats struct {
	// Fresh says that it holds a lease, so that it may answer from memory.
	Fresh bool
	// Kept is how many tokens it remembers.
	Kept int
	// Hits were answered from memory, Asked by the server.
	Hits, Asked uint64
	// Err is why it has no lease, or failed to renew it last; nil when it did not.
	Err error
}

// Stats answers how the replica does.
func (r *Replica) Stats() ReplicaStats {
	held := r.lease.Load()
	s := ReplicaStats{Fresh: held != nil && held.holds(r.clock.now()), Kept: r.memory.kept(), Hits: r.hits.Load(), Asked: r.asked.Load()}
	if err := r.failed.Load(); err != nil {
		s.Err = *err
	}
	return s
}

// Close ends the lease, forgets everything, and tells what was used. From then on every
// question is asked.
func (r *Replica) Close(ctx context.Context) error {
	r.stop()
	r.ended.Wait()
	id := r.end()
	err := r.tell(ctx, true)
	if id != "" {
		_, left := ask[api.ReplicaTold](ctx, r.line, repeatable(api.ReplicaCall{Replica: id, Leave: true}), "replica")
		if !errors.Is(left, api.CodeUnknownReplica) {
			err = errors.Join(err, left)
		}
	}
	r.line.http.CloseIdleConnections()
	return err
}

// end ends the lease, and then everything that was remembered under it.
func (r *Replica) end() (id string) {
	r.lease.Store(nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	id, r.id = r.id, ""
	r.memory.forgetAll()
	return id
}
