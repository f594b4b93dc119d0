package verify

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/foreign"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Config sizes an [Engine]. The zero value is a good one.
type Config struct {
	// CacheSize is how many bytes tokens and the records that they share may take; 0 means
	// 768 MiB. Memory is taken as they come, and what was not used for longest makes room.
	CacheSize int64
	// Capacity is how many tokens are kept at most; 0 means as many as leave a sixth of
	// CacheSize to what they share: 4,194,304.
	Capacity int
	// Unknown is how many locators that no token has are remembered; 0 means 65,536.
	Unknown int
	// DerivedKept is how many derived tokens are remembered, about; 0 means 65,536.
	DerivedKept int
	// Meters is how many states of rate limits are kept, of tokens and of
	// workspaces each; 0 means 1,048,576.
	Meters int
	// MaxFills is how many tokens are read from the source at once, and how many
	// owners and workspaces besides; 0 means 64 of each.
	MaxFills int
	// FillTimeout bounds one reading and the wait for its turn; 0 means 5 s.
	FillTimeout time.Duration
	// Prefixes are those of this instance's tokens; nil means the default one.
	Prefixes []token.Prefix
	// FirstUse commits the first use of a tracked secret (see [Secret]) before
	// Verify answers that it is allowed; an error makes it unavailable, and
	// invalid_token says that the secret is void by now. It is not called for a Peek. Nil leaves it to the caller, who sees Decision.Tracked.
	FirstUse func(ctx context.Context, presented string) error
	// Now is the clock; nil means the machine's.
	Now func() time.Time
	// Lease says whether memory may be believed; nil is always.
	Lease Lease
	// Ahead is how much later than Now it may be, while nobody knows: whether a
	// token lives is judged by the later time. Nil is no doubt, ever.
	Ahead func() time.Duration
	// Together says how nodes count limits together; the zero value is that none do.
	Together Together
	// Direct is told of the first use of a string that another system gave out and kept a slow
	// hash of: of its token, what it was compared by and what it can be compared by from now
	// on (see [foreign.Format.Direct]). It must not wait. Nil is nobody.
	Direct func(l token.Locator, presented, direct string)
	// Lacks is told of each verification that fails because a secret that works is under
	// a key that the keyring does not have. It must not wait. Nil is nobody.
	Lacks func(token.KeyID)
}

func (c Config) withDefaults() Config {
	if c.CacheSize <= 0 {
		c.CacheSize = 768 << 20
	}
	for _, d := range []struct {
		value         *int
		unset, atMost int
	}{
		{&c.Capacity, int(min(c.CacheSize/bytesOfToken, maxSlots)), maxSlots},
		{&c.Unknown, 1 << 16, maxSlots},
		{&c.DerivedKept, 1 << 16, maxSlots},
		{&c.Meters, 1 << 20, maxSlots},
		{&c.MaxFills, 64, maxSlots},
	} {
		if *d.value <= 0 {
			*d.value = d.unset
		}
		*d.value = min(*d.value, d.atMost)
	}
	if c.FillTimeout <= 0 {
		c.FillTimeout = 5 * time.Second
	}
	if c.Prefixes == nil {
		c.Prefixes = []token.Prefix{token.DefaultPrefix}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Lease == nil {
		c.Lease = owned{}
	}
	if c.Ahead == nil {
		c.Ahead = func() time.Duration { return 0 }
	}
	if c.Lacks == nil {
		c.Lacks = func(token.KeyID) {}
	}
	return c
}

// Engine answers verifications. It may be used by any number of goroutines and
// owns none that outlives a reading.
type Engine struct {
	keys     *token.Keyring
	prefixes atomic.Pointer[[]token.Prefix]
	now      func() time.Time
	ahead    func() time.Duration
	firstUse func(context.Context, string) error
	lease    Lease
	lacks    func(token.KeyID)
	limits   *limits
	together *together
	capacity int
	room     int64
	// strangers are the strings of other systems.
	strangers *strangers
	derived   *derivedTokens

	// mem is what readers look into without a lock; it is replaced as a whole
	// when everything changed.
	mem atomic.Pointer[memory]
	// applied is counts.whole for readers. It is raised after memory has changed.
	applied atomic.Int64

	mu      sync.Mutex // guards what follows, and writing to memory
	count   counts
	unknown unknowns
	gone    int64 // evictions of memories that were replaced
	tokens  *loader[token.Locator, Token, *known]
	owners  *loader[OwnerKey, Owner, *owner]
	spaces  *loader[int64, Workspace, *space]
	formats *loader[struct{}, []*foreign.Format, []*foreign.Format]
}

// New returns an engine that knows nothing yet and reads from src. What the
// source answers is kept and shared, so nobody may change it afterwards.
func New(src Source, keys *token.Keyring, cfg Config) *Engine {
	cfg = cfg.withDefaults()
	e := &Engine{
		keys: keys, now: cfg.Now, ahead: cfg.Ahead, firstUse: cfg.FirstUse, lease: cfg.Lease, lacks: cfg.Lacks, capacity: cfg.Capacity, room: cfg.CacheSize,
		limits: newLimits(cfg.Meters), together: newTogether(cfg.Together), unknown: newUnknowns(cfg.Unknown),
		strangers: newStrangers(cfg.Direct), derived: newDerivedTokens(cfg.DerivedKept, cfg.FillTimeout, src.VerifyDerived),
	}
	if cfg.Together.All {
		e.limits.split.Store(&split{nodes: 1, begun: true, all: true})
	}
	e.mem.Store(newMemory(cfg.Capacity, cfg.CacheSize))
	e.SetPrefixes(cfg.Prefixes)
	e.tokens = newLoader(e, cfg, nil, src.VerifyToken, e.recallToken, e.keepToken)
	e.owners = newLoader(e, cfg, nil, src.VerifyOwner, e.recallOwner, e.keepOwner)
	e.spaces = newLoader(e, cfg, e.owners.gate, src.VerifyWorkspace, e.recallSpace, e.keepSpace)
	formats := func(ctx context.Context, _ struct{}) ([]*foreign.Format, int64, error) { return src.VerifyFormats(ctx) }
	e.formats = newLoader(e, cfg, e.owners.gate, formats, e.recallFormats, e.keepFormats)
	return e
}

// newLoader shares a gate, or makes one. Tokens have a gate of their own: a flood
// of unknown ones must not keep the owners of known ones from being read.
func newLoader[K comparable, V, R any](
	e *Engine, cfg Config, gate chan struct{},
	read func(context.Context, K) (V, int64, error), recall func(K) (R, bool), keep func(K, V, bool, bool) R,
) *loader[K, V, R] {
	if gate == nil {
		gate = make(chan struct{}, cfg.MaxFills)
	}
	return &loader[K, V, R]{
		mu: &e.mu, gate: gate, timeout: cfg.FillTimeout, count: &e.count,
		read: read, recall: recall, keep: keep, flights: make(map[K]*flight[R]),
	}
}

// Verify decides about one request and writes the answer to d. An error means
// that there is no answer: it is an *[api.Error] with CodeUnavailable, and d says
// the same. For a token that is known it allocates nothing.
func (e *Engine) Verify(ctx context.Context, req *Request, d *Decision) error {
	*d = Decision{Revision: e.applied.Load()}
	if p, ok := parse(req.Token); ok {
		return e.verify(ctx, req, p, nil, d)
	}
	if token.IsDerived(req.Token) {
		return e.verifyDerived(ctx, req, d)
	}
	return e.verifyForeign(ctx, req, d)
}

// verify decides about the token that a string names; x is what narrows it, if anything does.
func (e *Engine) verify(ctx context.Context, req *Request, p token.Parsed, x *derivation, d *Decision) error {
	d.Locator, d.Kind, d.Prefix = p.Locator, p.Kind, e.ownPrefix(p.Prefix)
	stamp := e.lease.Stamp()
	err := e.judge(ctx, req, x, d)
	if !e.lease.Holds(stamp) { // whatever was decided
		d.refuse()
		return unavailable(errNoLease)
	}
	if err == nil {
		err = e.commitFirstUse(ctx, req, d)
	}
	return err
}

// refuse tells nothing of the token, since nobody knows what it may.
func (d *Decision) refuse() {
	*d = Decision{Code: api.CodeUnavailable, Revision: d.Revision, At: d.At, Locator: d.Locator, Prefix: d.Prefix, Kind: d.Kind}
}

// judge decides by what memory says.
func (e *Engine) judge(ctx context.Context, req *Request, x *derivation, d *Decision) error {
	var k known
	var s match
	var b *binding
	found, err := e.find(ctx, d, &k)
	if err == nil && found {
		s = x.match(&k, e.keys, req.Token)
		found = req.Workspace == 0 || req.Workspace == k.shared.key.space.id
		if found && !s.ok {
			found, err = false, e.lacking(&k, &s)
		}
	} else {
		e.keys.DigestWith(e.keys.Current(), req.Token) // a miss does a hit's work
	}
	if err == nil && found {
		b, err = e.bind(ctx, k.shared)
	}
	d.At = e.now()
	switch {
	case errors.Is(err, errAbandoned):
		e.expel(d.Locator)
		return e.judge(ctx, req, x, d)
	case err != nil:
		d.Code = api.CodeUnavailable
	case !found:
		d.Code = api.CodeUnknown
	default:
		d.tell(&k, &s, b)
		if d.Code, err = e.decide(ctx, req, &k, &s, b, x, d); err != nil {
			d.refuse()
		}
	}
	return err
}

// lacking is why nobody can say that a string is none of the token's secrets; nil when
// one can: it is none of those under keys that are here, and no other works.
func (e *Engine) lacking(k *known, s *match) error {
	now, l := e.now().UnixMicro(), k.life()
	if s.lacks == 0 || now >= s.retiresAt || l.revoked || now >= min(l.revokeAt, l.expiresAt) {
		return nil
	}
	e.lacks(s.lacks)
	return unavailable(&ledger.KeyError{ID: s.lacks})
}

// expel forgets a token of a workspace of which every token has to be read anew.
func (e *Engine) expel(l token.Locator) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mem.Load().drop(l)
}

func (e *Engine) commitFirstUse(ctx context.Context, req *Request, d *Decision) error {
	if !d.Tracked || !d.Allowed() || req.Peek || e.firstUse == nil {
		return nil
	}
	err := e.firstUse(ctx, req.Token)
	if errors.Is(err, api.CodeInvalidToken) { // it was made void since memory was read
		*d = Decision{Code: api.CodeUnknown, Revision: d.Revision, At: d.At, Locator: d.Locator, Prefix: d.Prefix, Kind: d.Kind}
		return nil
	}
	if err != nil {
		d.Code = api.CodeUnavailable
		return unavailable(err)
	}
	d.Tracked = false
	return nil
}

// parse leaves out why a string is no token: that is never told.
func parse(s string) (token.Parsed, bool) {
	p, err := token.Parse(s)
	return p, err == nil
}

// SetPrefixes replaces the prefixes of this instance's tokens, as when another node
// began to give out tokens with another one. Nobody may change the list afterwards.
func (e *Engine) SetPrefixes(ps []token.Prefix) { e.prefixes.Store(&ps) }

// ownPrefix returns the instance's own copy of a prefix, so that a decision that
// is kept keeps no token string; "" when the prefix is not one of the instance's.
func (e *Engine) ownPrefix(p token.Prefix) token.Prefix {
	for _, own := range *e.prefixes.Load() {
		if own == p {
			return own
		}
	}
	return ""
}

func (e *Engine) find(ctx context.Context, d *Decision, k *known) (bool, error) {
	if d.Prefix == "" {
		return false, nil
	}
	if e.mem.Load().find(d.Locator, k) {
		return true, nil
	}
	read, err := e.tokens.get(ctx, d.Locator)
	if read == nil {
		return false, err
	}
	*k = *read
	return true, nil
}

// bind returns what follows from the owner and the workspace of this moment.
func (e *Engine) bind(ctx context.Context, c *cell) (*binding, error) {
	if b := c.current(); b != nil {
		return b, nil
	}
	o, s := c.key.owner.rec.Load(), c.key.space.rec.Load()
	if c.key.space.abandoned.Load() {
		return nil, errAbandoned
	}
	var err error
	if o == nil {
		if o, err = e.owners.get(ctx, c.key.owner.key); err != nil {
			return nil, err
		}
	}
	if s == nil {
		if s, err = e.spaces.get(ctx, c.key.space.id); err != nil {
			return nil, err
		}
	}
	return c.bind(o, s), nil
}

// decide runs the checks behind the secret, in the order of the codes.
func (e *Engine) decide(ctx context.Context, req *Request, k *known, s *match, b *binding, x *derivation, d *Decision) (api.Code, error) {
	at, l := d.At, k.life()
	x.narrow(&l, d, b)
	if !req.Caller {
		at = at.Add(e.ahead())
	}
	now := at.UnixMicro()
	l.revoked = l.revoked || b.removed
	if now >= s.retiresAt {
		return api.CodeRetired, nil
	}
	if code := l.code(b.active, b.suspended, now); code != api.CodeOK {
		return code, nil
	}
	d.Lasts, d.Addressed = lasts(min(l.revokeAt, l.expiresAt, s.retiresAt), now), k.shared.addresses != nil
	if !AddressAllowed(k.shared.addresses, req.Addr) || !x.accepts(req.Addr) {
		return api.CodeIPDenied, nil
	}
	if code := Permits(d.Rights.Grant, req.Scopes, req.Resource, b.where.NamesAny); code != api.CodeOK {
		return code, nil
	}
	if req.Whole && Restricted(d.Rights.Grant) {
		return api.CodeResourceDenied, nil
	}
	return e.charge(ctx, req, b, d)
}

// lasts is how long it is until an end, both in µs.
func lasts(end, now int64) time.Duration {
	if end == never || end-now > int64(Forever/time.Microsecond) {
		return Forever
	}
	return time.Duration(end-now) * time.Microsecond
}

// Workspace returns a workspace by its number, from memory if it is there. An
// error is an *[api.Error]: CodeNotFound, or CodeUnavailable.
func (e *Engine) Workspace(ctx context.Context, id int64) (*Workspace, error) {
	s, err := e.spaces.get(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case s.absent:
		return nil, api.Errorf(api.CodeNotFound, "there is no such workspace").Wrap(ErrNotFound)
	}
	return &s.Workspace, nil
}
