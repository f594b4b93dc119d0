package verify

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/token"
)

// A derived token is accepted as long as the secret lives that it was derived of. Of which
// that is follows from its signature for good, so it is remembered; all else is the
// token's, of this moment.

// proofsAtOnce is how many signatures are checked at a time, each against what the source has.
const proofsAtOnce = 16

var errManyProofs = errors.New("verify: too many strings that look like derived tokens, and are none, came from that network; known ones are still answered")

// derivation is what is known of one derived token. It is never changed.
type derivation struct {
	token.Parsed
	digest     token.Digest // of the secret that it was derived of
	expiresAt  int64        // µs, or never
	addresses  []netip.Prefix
	statements []grant.Statement
	memo       atomic.Pointer[narrowed]
}

// narrowed is what is left of rights.
type narrowed struct {
	of    *Rights
	where *Workspace
	to    *Rights
}

// newDerivation keeps no part of the string.
func newDerivation(d *token.Derived, digest token.Digest) *derivation {
	d.Prefix = token.Prefix(strings.Clone(string(d.Prefix)))
	return &derivation{
		Parsed: d.Parsed, digest: digest, expiresAt: microsOr(d.ExpiresAt, never), addresses: d.Addresses,
		statements: Narrowing(&d.Terms),
	}
}

// Narrowing is what terms leave of everything.
func Narrowing(t *token.Terms) []grant.Statement {
	every := Inherited()
	if t.Scopes != nil {
		every[0].Scopes = t.Scopes
	}
	if t.Resources != nil {
		every[0].Resources = t.Resources
	}
	return every
}

// verifyDerived decides about a derived token. Nothing is asked of Tokenry itself with one:
// what somebody makes there would outlive it.
func (e *Engine) verifyDerived(ctx context.Context, req *Request, d *Decision) error {
	if req.Caller {
		d.Code, d.At = api.CodeMalformed, e.now()
		return nil
	}
	name, _ := e.keys.DigestWith(e.keys.Current(), req.Token)
	x := e.derived.recall(name)
	if x == nil {
		parsed, err := token.ParseDerived(req.Token)
		if err != nil {
			return e.verifyForeign(ctx, req, d)
		}
		if x, err = e.prove(ctx, req, &parsed); err != nil {
			d.Code, d.At, d.Locator, d.Kind, d.Prefix = api.CodeUnavailable, e.now(), parsed.Locator, parsed.Kind, e.ownPrefix(parsed.Prefix)
			return unavailable(err)
		}
		if x.digest != (token.Digest{}) {
			e.derived.keep(name, x)
		}
	}
	return e.verify(ctx, req, x.Parsed, x, d)
}

// prove asks the source which secret a token was derived of. One that was derived of
// none has no digest, which no secret has.
func (e *Engine) prove(ctx context.Context, req *Request, p *token.Derived) (*derivation, error) {
	network := door.Network(req.Addr)
	misses := e.strangers.missesOf(network, false)
	if rate, _ := misses.Take(network, 0, e.now()); rate.Remaining == 0 {
		return nil, errManyProofs
	}
	digest, err := e.derived.ask(ctx, p.Locator, req.Token)
	if errors.Is(err, ErrNotFound) {
		misses.Take(network, 1, e.now())
		return newDerivation(p, token.Digest{}), nil
	}
	return newDerivation(p, digest), err
}

// match finds the secret that was presented, or that the derived token x is of.
func (x *derivation) match(k *known, keys *token.Keyring, presented string) match {
	if x == nil {
		return k.match(keys, presented)
	}
	if k.flags&flagHistory == 0 {
		return match{ok: x.digest.Equal(k.digest), number: int(k.number), retiresAt: never}
	}
	for i := range k.more.secrets {
		if s := &k.more.secrets[i]; x.digest.Equal(s.Digest) {
			return match{ok: true, number: s.Number, tracked: s.Tracked, retiresAt: s.retiresAt(i == 0)}
		}
	}
	return match{}
}

// narrow takes from a decision what the terms do not leave.
func (x *derivation) narrow(l *life, d *Decision, b *binding) {
	if x == nil {
		return
	}
	d.Derived = true
	if l.expiresAt > x.expiresAt {
		l.expiresAt, d.ExpiresAt = x.expiresAt, moment(x.expiresAt)
	}
	n := x.memo.Load()
	if n == nil || n.of != b.rights || n.where != b.where {
		g := grant.Intersect(b.rights.Grant, b.where.Book.Compile(x.statements))
		n = &narrowed{of: b.rights, where: b.where, to: newRights(g)}
		x.memo.Store(n)
	}
	d.Rights = n.to
}

// accepts says whether the terms allow an address.
func (x *derivation) accepts(addr netip.Addr) bool {
	return x == nil || AddressAllowed(x.addresses, addr)
}

// derivedTokens are those that were proven. Whoever looks takes no lock: when a half is full it
// becomes the older one, and what is asked for again moves over.
type derivedTokens struct {
	read    func(context.Context, token.Locator, string) (token.Digest, error)
	gate    chan struct{}
	timeout time.Duration
	most    int32 // in one half
	now     atomic.Pointer[half]
	older   atomic.Pointer[half]
	mu      sync.Mutex // guards turning
}

type half struct {
	entries sync.Map // token.Digest → *derivation
	n       atomic.Int32
}

func newDerivedTokens(kept int, timeout time.Duration, read func(context.Context, token.Locator, string) (token.Digest, error)) *derivedTokens {
	t := &derivedTokens{read: read, timeout: timeout, most: max(1, int32(kept/2)), gate: make(chan struct{}, proofsAtOnce)}
	t.now.Store(new(half))
	t.older.Store(new(half))
	return t
}

func (t *derivedTokens) recall(name token.Digest) *derivation {
	if x, ok := t.now.Load().entries.Load(name); ok {
		return asDerivation(x)
	}
	x, ok := t.older.Load().entries.Load(name)
	if !ok {
		return nil
	}
	t.keep(name, asDerivation(x))
	return asDerivation(x)
}

// asDerivation reads what a half stores, which nothing else does.
func asDerivation(stored any) *derivation {
	x, _ := stored.(*derivation)
	return x
}

func (t *derivedTokens) keep(name token.Digest, x *derivation) {
	h := t.now.Load()
	if _, known := h.entries.LoadOrStore(name, x); known || h.n.Add(1) < t.most {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now.Load() == h {
		t.older.Store(h)
		t.now.Store(new(half))
	}
}

// ask waits for its turn, and for the answer.
func (t *derivedTokens) ask(ctx context.Context, l token.Locator, presented string) (token.Digest, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, t.timeout, errTimeout)
	defer cancel()
	if err := enter(ctx, t.gate, t.timeout); err != nil {
		return token.Digest{}, err
	}
	defer func() { <-t.gate }()
	return t.read(ctx, l, presented)
}
