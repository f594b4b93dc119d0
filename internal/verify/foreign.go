package verify

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/token"
)

const (
	// slowAtOnce is how many slow hashes are worked out at a time, each in up to 64 MiB;
	// slowWaiting is how many verifications wait for their turn.
	slowAtOnce  = 2
	slowWaiting = 1024
	// sumsKept is how many slow hashes are remembered, by strings that they were worked out from.
	sumsKept = 16384
	// networks is how many networks' misses are counted.
	networks = 16384
)

// How many strings that have the shape of another system's, and are no token, are looked up
// a minute: for one network, and for all those together of which nobody said where they
// came from, unless their hash is slow.
const (
	missesOfOne = 120
	missesOfAll = 6000
)

func aMinute(n int) api.RateLimit {
	return api.RateLimit{Requests: n, Window: api.Duration(time.Minute)}
}

var (
	errManyMisses = errors.New("verify: too many strings that look like tokens of another system, and are none, came from that network; known ones are still answered")
	errSlowBusy   = errors.New("verify: too many verifications wait for slow hashes of another system")
)

// strangers tells the strings of other systems. See package foreign for what they are
// compared by.
type strangers struct {
	// formats are those that strings are looked up by; nil while they have to be read.
	formats atomic.Pointer[[]*foreign.Format]
	gate    chan struct{}
	waiting atomic.Int32
	misses  *Limiter[netip.Prefix]
	// placeless counts what came from nowhere.
	placeless *Limiter[netip.Prefix]
	direct    func(l token.Locator, presented, direct string)

	mu   sync.Mutex // guards sums
	sums map[string][]byte
}

func newStrangers(direct func(token.Locator, string, string)) *strangers {
	if direct == nil {
		direct = func(token.Locator, string, string) {}
	}
	return &strangers{
		gate: make(chan struct{}, slowAtOnce), direct: direct, misses: NewLimiter[netip.Prefix](aMinute(missesOfOne), networks),
		placeless: NewLimiter[netip.Prefix](aMinute(missesOfAll), 1),
		sums:      make(map[string][]byte),
	}
}

// Shaped says whether a string has the shape of a token, of this instance's or of another
// system's that may be looked up here. It asks nobody.
func (e *Engine) Shaped(s string) bool {
	if _, err := token.ParseAny(s); err == nil {
		return true
	}
	if len(s) < foreign.Shortest {
		return false
	}
	all := e.strangers.formats.Load()
	return all == nil || slices.ContainsFunc(*all, func(f *foreign.Format) bool { return f.Takes(s) })
}

// Prepare reads the formats of other systems, so that what has the shape of none is refused
// without the database from then on.
func (e *Engine) Prepare(ctx context.Context) error {
	_, err := e.formats.get(ctx, struct{}{})
	return err
}

// What the loader of formats looks up in memory and puts there; as in keep.go.

func (e *Engine) recallFormats(struct{}) ([]*foreign.Format, bool) {
	all := e.strangers.formats.Load()
	if all == nil {
		return nil, false
	}
	return *all, true
}

func (e *Engine) keepFormats(_ struct{}, all []*foreign.Format, _, fresh bool) []*foreign.Format {
	if fresh {
		e.strangers.formats.Store(&all)
	}
	return all
}

// forgetFormats is called with the lock held, for a change of the instance.
func (e *Engine) forgetFormats(revision int64) {
	e.strangers.formats.Store(nil)
	e.formats.mark(struct{}{}, revision)
}

// formatsOf are those whose shape a string has.
func (e *Engine) formatsOf(ctx context.Context, s string) ([]*foreign.Format, error) {
	all, known := e.recallFormats(struct{}{})
	if !known {
		var err error
		if all, err = e.formats.get(ctx, struct{}{}); err != nil {
			return nil, err
		}
	}
	var out []*foreign.Format
	for _, f := range all {
		if f.Takes(s) {
			out = append(out, f)
		}
	}
	return out, nil
}

// verifyForeign decides about what is no token string of ours. Who asks something of
// Tokenry itself does so with one that is.
func (e *Engine) verifyForeign(ctx context.Context, req *Request, d *Decision) error {
	d.Code, d.At = api.CodeMalformed, e.now()
	if req.Caller || len(req.Token) < foreign.Shortest || len(req.Token) > foreign.Longest {
		return nil
	}
	stamp := e.lease.Stamp()
	formats, err := e.formatsOf(ctx, req.Token)
	if err != nil {
		d.refuse()
		return err
	}
	for _, f := range formats {
		t := try{e: e, f: f, req: *req, network: door.Network(req.Addr)}
		found, err := t.as(ctx, d)
		if err != nil {
			d.refuse()
			return unavailable(err)
		}
		if found {
			return t.err
		}
		*d = Decision{Code: api.CodeUnknown, Revision: d.Revision, At: e.now()}
		if t.cost {
			t.misses().Take(t.network, 1, d.At)
		}
	}
	if d.Code == api.CodeUnknown && !e.lease.Holds(stamp) {
		d.refuse()
		return unavailable(errNoLease)
	}
	return nil
}

// try looks for one string as one of a format.
type try struct {
	e       *Engine
	f       *foreign.Format
	req     Request
	network netip.Prefix
	// cost says that a source was asked or a slow hash worked out, and slow that it was that.
	cost, slow bool
	err        error // of the verification itself, once there was one
}

// as decides about the string; false when no token has it. An error is of the looking.
func (t *try) as(ctx context.Context, d *Decision) (bool, error) {
	if t.f.ByHint() {
		return t.byHint(ctx, d)
	}
	sum, ok, err := t.sum(ctx)
	if err != nil || !ok {
		return false, err
	}
	l := t.f.ByHash(sum)
	var k known
	if found, err := t.seek(ctx, l, &k); err != nil || !found {
		return false, err
	}
	found := t.decide(ctx, d, l, t.f.Presented(sum))
	if t.f.Slow() && d.Matched {
		t.e.strangers.keep(t.sumOf(""), sum)
	}
	return found, nil
}

// byHint goes through the tokens that have the string's hint.
func (t *try) byHint(ctx context.Context, d *Decision) (bool, error) {
	hint, ok := t.f.HintOf(t.req.Token)
	if !ok {
		return false, nil
	}
	direct := t.f.Direct(t.req.Token)
	for i := range foreign.SameHint {
		l := t.f.ByHintAt(hint, i)
		var k known
		found, err := t.seek(ctx, l, &k)
		if err != nil {
			return false, err
		}
		if !found {
			continue // those behind it stay where they are when it is purged
		}
		if m := k.match(t.e.keys, direct); m.ok || m.lacks != 0 {
			return t.decide(ctx, d, l, direct), nil
		}
		o := k.slow(t.f.Recipe)
		if o == nil {
			continue
		}
		sum, ok, err := t.slowly(ctx, o.Salt)
		if err != nil {
			return false, err
		}
		presented := t.f.Presented(sum)
		if !ok || !k.match(t.e.keys, presented).ok {
			continue
		}
		t.e.strangers.keep(t.sumOf(o.Salt), sum)
		found = t.decide(ctx, d, l, presented)
		if d.Matched && !t.req.Peek {
			t.e.strangers.direct(l, presented, direct)
		}
		return found, nil
	}
	return false, nil
}

// slow is what is kept of the token's secret that needs a slow hash of such a recipe.
func (k *known) slow(recipe string) *foreign.Origin {
	if k.more == nil {
		return nil
	}
	for i := range k.more.secrets {
		if o := k.more.secrets[i].Origin; o.Slow() && o.Recipe == recipe {
			return o
		}
	}
	return nil
}

// decide is the verification of a token by what its secret is compared by; false when it
// was not that token's after all.
func (t *try) decide(ctx context.Context, d *Decision, l token.Locator, presented string) bool {
	req := t.req
	req.Token = presented
	t.err = t.e.verify(ctx, &req, token.Parsed{Prefix: (*t.e.prefixes.Load())[0], Locator: l}, nil, d)
	if d.Matched {
		d.Kind, d.Start, d.Foreign = kindOf(d.Owner.Key.Type), t.f.Prefix, true
	}
	return d.Matched || t.err != nil
}

func kindOf(owner OwnerType) token.Kind {
	switch owner {
	case OwnerServiceAccount:
		return token.Service
	case OwnerWorkspace:
		return token.Workspace
	case OwnerMember:
	}
	return token.Personal
}

// seek finds a token in memory or reads it, unless its network has no more misses.
func (t *try) seek(ctx context.Context, l token.Locator, k *known) (bool, error) {
	if t.e.mem.Load().find(l, k) {
		return true, nil
	}
	t.e.mu.Lock()
	unknown := t.e.unknown.has(l)
	t.e.mu.Unlock()
	if unknown {
		return false, nil
	}
	if err := t.room(); err != nil {
		return false, err
	}
	read, err := t.e.tokens.get(ctx, l)
	if read == nil {
		return false, err
	}
	*k = *read
	return true, nil
}

// misses are those that the string is counted among.
func (t *try) misses() *Limiter[netip.Prefix] { return t.e.strangers.missesOf(t.network, t.slow) }

func (x *strangers) missesOf(network netip.Prefix, slow bool) *Limiter[netip.Prefix] {
	if slow || network.IsValid() {
		return x.misses
	}
	return x.placeless
}

// room says whether the network may be looked up for at all.
func (t *try) room() error {
	t.cost = true
	if rate, _ := t.misses().Take(t.network, 0, t.e.now()); rate.Remaining == 0 {
		return errManyMisses
	}
	return nil
}

// sum is the hash that a string is found by.
func (t *try) sum(ctx context.Context) ([]byte, bool, error) {
	if t.f.Slow() {
		return t.slowly(ctx, "")
	}
	sum, ok := t.f.Sum(t.req.Token, "")
	return sum, ok, nil
}

// sumOf is what the slow hash of the string is remembered by. It tells nothing of it.
func (t *try) sumOf(salt string) string { return t.f.Direct(t.req.Token) + " " + salt }

// slowly works out a slow hash in its turn, unless it is known.
func (t *try) slowly(ctx context.Context, salt string) ([]byte, bool, error) {
	x, name := t.e.strangers, t.sumOf(salt)
	if sum := x.recall(name); sum != nil {
		return sum, true, nil
	}
	t.slow = true
	if err := t.room(); err != nil {
		return nil, false, err
	}
	defer x.waiting.Add(-1)
	if x.waiting.Add(1) > slowWaiting {
		return nil, false, errSlowBusy
	}
	ctx, cancel := context.WithTimeoutCause(ctx, t.e.tokens.timeout, errSlowBusy)
	defer cancel()
	select {
	case x.gate <- struct{}{}:
		defer func() { <-x.gate }()
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
	if sum := x.recall(name); sum != nil { // somebody else presented it meanwhile
		return sum, true, nil
	}
	sum, ok := t.f.Sum(t.req.Token, salt)
	return sum, ok, nil
}

func (x *strangers) recall(name string) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.sums[name]
}

// keep remembers the slow hash of a string that is a token's; when there is no room it
// forgets any other.
func (x *strangers) keep(name string, sum []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for other := range x.sums {
		if len(x.sums) < sumsKept {
			break
		}
		delete(x.sums, other)
	}
	x.sums[name] = sum
}
