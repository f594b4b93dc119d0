package verify

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
)

// The records that tokens share. A token's slot holds the number of a cell; the
// cell leads to its owner and its workspace, each behind one atomic pointer. A
// change replaces what that pointer leads to, and all tokens follow. What is
// reached by pointers needs no validation: the garbage collector keeps it.
//
// References are counted under the engine's lock, so all of this is as bounded
// as the tokens are.

// terms are interned statements; nil means none were said. Their identity
// stands for their contents.
type terms struct {
	key  string
	list []grant.Statement // not nil
	refs int
}

func (t *terms) statements() []grant.Statement {
	if t == nil {
		return nil
	}
	return t.list
}

func looseTerms(sts []grant.Statement) *terms {
	if sts == nil {
		return nil
	}
	return &terms{list: sts}
}

// owner is an immutable reading of an [Owner].
type owner struct {
	Owner
	terms *terms
}

// ownerEntry is where tokens find their owner; rec is nil when it is not known.
type ownerEntry struct {
	key  OwnerKey
	rec  atomic.Pointer[owner]
	refs int // cells
}

// space is an immutable reading of a [Workspace], and what follows from it.
type space struct {
	Workspace
	entry  *spaceEntry
	absent bool
	shared rate // of all its tokens together

	mu      sync.Mutex // guards what follows
	answers map[question]*Rights
	// takes is what they take, and counted where that is counted; nil while memory does not
	// have this reading.
	takes   int64
	counted *atomic.Int64
}

// spaceEntry is where tokens find their workspace; rec is nil when it is not known.
type spaceEntry struct {
	id  int64
	rec atomic.Pointer[space]
	// refs are the cells; written under the engine's lock.
	refs atomic.Int64
	// abandoned says that its tokens have to be read anew, into another entry. rec is
	// nil from then on.
	abandoned atomic.Bool
}

// cellKey is all that several tokens have in common and that decides about them.
type cellKey struct {
	owner *ownerEntry
	space *spaceEntry
	terms *terms
	// addresses is the allow-list in bytes; limited and limit the own rate limit.
	addresses string
	listed    bool
	limited   bool
	limit     api.RateLimit
}

// cell is shared by the tokens with one key. What every verification reads
// stands first, on one cache line.
type cell struct {
	bound     atomic.Pointer[binding]
	addresses []netip.Prefix // nil when every address is allowed
	key       cellKey
	number    uint32
	refs      int // slots
	_         [8]byte
}

// binding is what follows for a cell from one reading of its owner and one of
// its workspace. It holds as long as these two are the ones that memory has;
// comparing the pointers is enough, because it keeps both from being reused. It
// says all that a verification asks of them, on one cache line.
type binding struct {
	owner  *owner
	space  *space
	who    *Owner
	where  *Workspace
	rights *Rights
	rates  *rates // nil where no limit holds
	// active, removed and suspended are the states of who and where.
	active, removed, suspended bool
}

// current returns the binding while it holds, else nil.
func (c *cell) current() *binding {
	b := c.bound.Load()
	if b == nil || b.owner != c.key.owner.rec.Load() || b.space != c.key.space.rec.Load() {
		return nil
	}
	return b
}

func (c *cell) bind(o *owner, s *space) *binding {
	b := &binding{
		owner: o, space: s, who: &o.Owner, where: &s.Workspace, active: o.Active, removed: o.Removed, suspended: s.Suspended,
		rights: s.rightsOf(c, o),
	}
	if own := rateFor(c, o, &s.Workspace); own.on || s.shared.on {
		b.rates = &rates{own: own, shared: s.shared}
	}
	c.bound.Store(b)
	return b
}

// looseToken is a token that memory does not hold, with places for its owner and
// workspace that memory does not know and so nobody fills.
func looseToken(t *Token) *known {
	k := &known{record: recordOf(t), more: extraOf(t)}
	k.shared = &cell{key: cellKey{
		owner: &ownerEntry{key: t.Owner}, space: &spaceEntry{id: t.Workspace}, terms: looseTerms(t.Statements),
	}, addresses: t.AllowedIPs}
	k.shared.key.setLimit(t.RateLimit)
	return k
}

func (k *cellKey) setLimit(l *api.RateLimit) {
	if l != nil {
		k.limited, k.limit = true, *l
	}
}

// intern returns the cell of a token and counts a reference to it.
func (m *memory) intern(t *Token) *cell {
	key := cellKey{owner: m.ownerEntry(t.Owner), space: m.spaceEntry(t.Workspace)}
	if t.AllowedIPs != nil {
		key.listed, key.addresses = true, packPrefixes(t.AllowedIPs)
	}
	key.setLimit(t.RateLimit)
	key.terms = m.holdTerms(t.Statements)
	c := m.cellsByKey[key]
	if c == nil {
		return m.newCell(key, t.AllowedIPs)
	}
	m.dropTerms(key.terms) // the cell holds them
	c.refs++
	return c
}

func (m *memory) newCell(key cellKey, addresses []netip.Prefix) *cell {
	c := &cell{key: key, addresses: slices.Clone(addresses), refs: 1}
	c.number = m.cells.add(c)
	m.cellsByKey[key] = c
	key.owner.refs++
	key.space.refs.Add(1)
	delete(m.idle, key.space.id)
	m.bytes += cellSize(c)
	return c
}

// release gives back one reference to the cell and, with the last, the cell and
// its references.
func (m *memory) release(c *cell) {
	if c.refs--; c.refs > 0 {
		return
	}
	delete(m.cellsByKey, c.key)
	m.cells.remove(c.number)
	m.bytes -= cellSize(c)
	m.dropTerms(c.key.terms)
	o := c.key.owner
	if o.refs--; o.refs == 0 {
		m.setOwner(o, nil)
		delete(m.owners, o.key)
	}
	s := c.key.space
	if s.refs.Add(-1) == 0 {
		m.rest(s)
	}
	if rec := s.rec.Load(); rec != nil {
		rec.trim()
	}
}

// ownerEntry returns the entry for an owner; it stays once a cell refers to it.
func (m *memory) ownerEntry(k OwnerKey) *ownerEntry {
	e := m.owners[k]
	if e == nil {
		e = &ownerEntry{key: k}
		m.owners[k] = e
	}
	return e
}

// setOwner replaces what is known of an owner; nil forgets it.
func (m *memory) setOwner(e *ownerEntry, o *owner) {
	if was := e.rec.Load(); was != nil {
		m.bytes -= ownerSize(&was.Owner)
		m.dropTerms(was.terms)
	}
	if o != nil {
		o.terms = m.holdTerms(o.Statements)
		o.Statements = o.terms.statements()
		m.bytes += ownerSize(&o.Owner)
	}
	e.rec.Store(o)
}

// maxIdle bounds the workspaces that are kept although no token refers to them.
const maxIdle = 1024

func (m *memory) spaceEntry(id int64) *spaceEntry {
	e := m.spaces[id]
	if e == nil {
		e = &spaceEntry{id: id}
		m.spaces[id] = e
	}
	return e
}

// rest keeps an entry that nothing refers to for a while, if it knows anything.
func (m *memory) rest(e *spaceEntry) {
	if e.abandoned.Load() {
		return
	}
	if e.rec.Load() == nil {
		m.dropSpace(e)
		return
	}
	for _, other := range m.idle {
		if len(m.idle) < maxIdle {
			break
		}
		m.dropSpace(other)
	}
	m.idle[e.id] = e
}

// changeSpace forgets what is known of a workspace, and all of it when no token
// is in it.
func (m *memory) changeSpace(e *spaceEntry) {
	m.setSpace(e, nil)
	if e.refs.Load() == 0 {
		m.dropSpace(e)
	}
}

// abandonSpace forgets a workspace and every token in it, in one step: each is
// dropped when it is presented next, and those that come begin in another entry.
func (m *memory) abandonSpace(e *spaceEntry) {
	e.abandoned.Store(true)
	m.dropSpace(e)
}

func (m *memory) dropSpace(e *spaceEntry) {
	m.setSpace(e, nil)
	delete(m.idle, e.id)
	delete(m.spaces, e.id)
}

// setSpace replaces what is known of a workspace; nil forgets it.
func (m *memory) setSpace(e *spaceEntry, s *space) {
	if was := e.rec.Load(); was != nil {
		m.bytes -= spaceSize(&was.Workspace)
		was.countAt(nil)
	}
	if s != nil {
		m.bytes += spaceSize(&s.Workspace)
		s.countAt(&m.rendered)
	}
	e.rec.Store(s)
}

// holdTerms interns statements and counts a reference.
func (m *memory) holdTerms(sts []grant.Statement) *terms {
	if sts == nil {
		return nil
	}
	m.scratch = packStatements(m.scratch[:0], sts)
	t := m.terms[string(m.scratch)]
	if t == nil {
		t = &terms{key: string(m.scratch), list: slices.Clone(sts)}
		m.terms[t.key] = t
		m.bytes += termsSize(t)
	}
	t.refs++
	return t
}

func (m *memory) dropTerms(t *terms) {
	if t == nil {
		return
	}
	if t.refs--; t.refs == 0 {
		delete(m.terms, t.key)
		m.bytes -= termsSize(t)
	}
}

// packStatements writes statements so that different ones differ; a list that
// is nil is different from an empty one.
func packStatements(b []byte, sts []grant.Statement) []byte {
	for _, s := range sts {
		b = packString(b, s.Role)
		b = packList(b, s.Scopes)
		b = packList(b, s.Resources)
	}
	return b
}

func packList(b []byte, list []string) []byte {
	if list == nil {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(list))+1)
	for _, s := range list {
		b = packString(b, s)
	}
	return b
}

func packString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func packPrefixes(list []netip.Prefix) string {
	var b []byte
	for _, p := range list {
		a := p.Addr().As16()
		b = append(append(b, a[:]...), byte(p.Bits()), byte(p.Addr().BitLen()))
	}
	return string(b)
}
