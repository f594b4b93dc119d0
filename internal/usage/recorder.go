package usage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Config says where a [Recorder] writes. Store, Now and Node are required.
type Config struct {
	Store ledger.UsageStore
	// Now is the clock of batches and of retention.
	Now func() time.Time
	// Node names this process among all that ever write to the store; a random
	// text is a good one.
	Node string
	// Interval is how often is written; 0 is 2 seconds. What is read is as far
	// behind as the pause and the writing take together.
	Interval time.Duration
	// Longest is how long the pause between two writes becomes at most when writing
	// takes much of the time: what is used meanwhile is written at once. 0 is 4 seconds.
	Longest time.Duration
	// Breathe is called now and then between pieces of work that would keep a core
	// from everybody else; nil does nothing.
	Breathe func()
	// Timeout bounds one attempt to write; 0 is 10 seconds.
	Timeout time.Duration
	// Retention answers how long each workspace keeps its usage; nil keeps all.
	Retention func(context.Context) (map[int64]time.Duration, error)
	// Unsettled says that what is old is not known now, so that nothing is rolled up
	// or trimmed; nil is never.
	Unsettled func() bool
	// Reused is told of uses of retired secrets once they are written; nil is
	// nobody. It runs between two writes and should not take long.
	Reused func(context.Context, []ledger.Reuse)
	// Recorded notes that everything is written that was used until a moment, or that facts
	// were lost, and answers since when nothing is missing; nil notes nothing.
	Recorded func(ctx context.Context, at time.Time, lost bool) (since time.Time, err error)
	// Added is told of every piece once it is written; nil is nobody. It runs between
	// two writes, and must be bounded in time.
	Added func(context.Context, *ledger.UsageBatch)
	// Logger is told when the store fails; nil is silence.
	Logger *slog.Logger
	// Decisions is how many decisions are remembered; 0 is 10,000.
	Decisions int
}

func (c Config) withDefaults() Config {
	if c.Interval <= 0 {
		c.Interval = 2 * time.Second
	}
	if c.Longest <= 0 {
		c.Longest = 4 * time.Second
	}
	if c.Breathe == nil {
		c.Breathe = func() {}
	}
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Decisions <= 0 {
		c.Decisions = 10_000
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

const (
	// shards are locked one at a time, for as long as one use is added.
	shards = 16
	// reuseEvery is how often the use of a retired secret asks for a write before
	// its time, so that a policy which ends the token by it does so at once, and
	// nobody has the store written to without a pause.
	reuseEvery = time.Second
	// denialsAtOnce bounds the refusals of all workspaces between two writes.
	denialsAtOnce = 8 * ledger.DenialBound
)

// shardBounds are those of one of the shards.
func shardBounds() bounds {
	return bounds{last: 4096, hours: 8192, scopes: 4096, reuses: 512, activity: 2048, activityEach: 256, scopesEach: 128}
}

// pendingBounds are those of what the shards are merged into while the store
// does not answer.
func pendingBounds() bounds {
	b := shardBounds().times(shards)
	b.activityEach, b.scopesEach = ledger.ActivityBound, ledger.ScopeBound
	return b
}

// Recorder takes uses and writes them behind. It may be used by any number of
// goroutines.
type Recorder struct {
	cfg       Config
	shards    [shards]shard
	denials   *denials
	decisions *decisions
	// wake asks for a write before its time; reused is when a retired secret last
	// did, in ns.
	wake   chan struct{}
	reused atomic.Int64

	writing sync.Mutex // guards what follows, and is held while a batch is written
	writer  writer
	meters  Meters // nil before KeepMeters

	recorded, coalesced, dropped, written, failed atomic.Uint64
	// behind is since when something waits, in µs; 0 when nothing does.
	behind atomic.Int64
	// since is since when nothing is missing, in µs; 0 before it is known.
	since atomic.Int64
}

type shard struct {
	mu   sync.Mutex // guards the tables; never held while anything is waited for
	full *table
	// spare is what full is exchanged with.
	spare *table
	_     [40]byte // so that two shards are not one line of the cache
}

var _ ledger.DecisionLog = (*Recorder)(nil)

// New makes a recorder; it writes nothing before Run.
func New(cfg Config) *Recorder {
	cfg = cfg.withDefaults()
	r := &Recorder{
		cfg: cfg, denials: newDenials(cfg.Node, denialsAtOnce), decisions: newDecisions(cfg.Decisions),
		wake: make(chan struct{}, 1), writer: writer{pending: newTable(pendingBounds()), rows: firstPiece},
	}
	for i := range r.shards {
		r.shards[i].full, r.shards[i].spare = newTable(shardBounds()), newTable(shardBounds())
	}
	return r
}

// Record takes one decision. It waits for nothing but, for a moment, another
// Record of the same shard.
func (r *Recorder) Record(u Use) {
	u.tidy()
	r.decisions.record(&u)
	if u.Peek || u.Code == api.CodeUnavailable {
		return
	}
	r.recorded.Add(1 + uint64(u.More))
	s := &r.shards[shardOf(&u)]
	s.mu.Lock()
	s.full.record(&u)
	crowded := s.full.crowded()
	s.mu.Unlock()
	if u.Code != api.CodeOK {
		r.denials.record(&u)
	}
	if crowded || u.Code == api.CodeRetired && u.Matched && r.urgent(u.At.UnixNano()) {
		select {
		case r.wake <- struct{}{}:
		default: // somebody has asked already
		}
	}
}

// urgent says whether a retired secret that was presented at a moment asks for a
// write.
func (r *Recorder) urgent(at int64) bool {
	last := r.reused.Load()
	return at-last >= int64(reuseEvery) && r.reused.CompareAndSwap(last, at)
}

// shardOf keeps a token in one shard, and strangers in their workspace's.
func shardOf(u *Use) int {
	const offset, prime = 2166136261, 16777619
	h := uint32(offset)
	l := u.Token
	if !u.Matched {
		l = token.Locator{byte(u.Workspace), byte(u.Workspace >> 8)}
	}
	for _, c := range l {
		h = (h ^ uint32(c)) * prime
	}
	return int(h>>16^h) % shards
}

// Since is since when nothing is missing of what is kept, on any node; zero while that is
// not known.
func (r *Recorder) Since() time.Time {
	if at := r.since.Load(); at != 0 {
		return micros(at)
	}
	return time.Time{}
}

// Decisions answers what was decided under a request id; see
// [ledger.DecisionLog].
func (r *Recorder) Decisions(requestID string) []ledger.LoggedDecision {
	return r.decisions.find(requestID)
}

// Elsewhere is [ledger.DecisionLog]: a recorder knows of no other.
func (*Recorder) Elsewhere(context.Context, ledger.ID, string) (made *ledger.LoggedDecision, all bool) {
	return nil, true
}

// Stats counts what a recorder did since it was made.
type Stats struct {
	// Recorded counts uses; Coalesced those that were counted more coarsely, and
	// Dropped the facts that found no room at all.
	Recorded, Coalesced, Dropped uint64
	// Written counts batches that the store took, Failed attempts that it did not.
	Written, Failed uint64
	// Behind is how long the oldest use that is not written has been waiting.
	Behind time.Duration
}

// Stats answers the counts of now.
func (r *Recorder) Stats() Stats {
	s := Stats{
		Recorded: r.recorded.Load(), Coalesced: r.coalesced.Load(), Dropped: r.dropped.Load(),
		Written: r.written.Load(), Failed: r.failed.Load(),
	}
	if since := r.behind.Load(); since != 0 {
		s.Behind = r.cfg.Now().Sub(time.UnixMicro(since))
	}
	return s
}

// batchID names a batch for ever.
func (r *Recorder) batchID(n uint64) string { return fmt.Sprintf("%s/%d", r.cfg.Node, n) }
