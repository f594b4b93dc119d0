package verify

import (
	"unsafe"

	"github.com/tokenry/tokenry/internal/grant"
)

// Stats are the figures of an engine at one moment.
type Stats struct {
	// Tokens and Unknown are how many of each are in memory, Owners and
	// Workspaces how many shared records, Meters how many states of rate limits.
	Tokens, Unknown, Owners, Workspaces, Meters int
	// MetersDrawn is how many of the meters are to be kept over a restart and are
	// not yet, MetersLost how many made room for others before they had recovered.
	MetersDrawn, MetersLost int
	// Tally is how limits are counted with other nodes.
	Tally Tally
	// Misses counts verifications that waited until the source had been asked about their
	// token; all others were decided from memory.
	Misses int64
	// Fills counts readings of the source, FillsDropped those that were overtaken
	// by a change, Evictions tokens that had to make room.
	Fills, FillsDropped, Evictions int64
	// Revision is the newest that was applied.
	Revision int64
	// Bytes is about what tokens and shared records take, rate limits apart, and Room how
	// much that may be.
	Bytes, Room int64
}

// Revision is the newest that was applied; unlike [Engine.Stats] it takes no lock.
func (e *Engine) Revision() int64 { return e.applied.Load() }

// Stats counts; it takes the lock that fills and changes take.
func (e *Engine) Stats() Stats {
	meters := e.limits.count()
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.mem.Load()
	return Stats{
		Tokens: m.live(), Unknown: e.unknown.live, Owners: len(m.owners), Workspaces: len(m.spaces),
		Tally: e.Tally(), Meters: meters.held, MetersDrawn: meters.drawn, MetersLost: meters.lost,
		Fills: e.count.fills, FillsDropped: e.count.dropped, Evictions: e.gone + m.evictions,
		Misses: e.tokens.missed, Revision: e.count.applied, Bytes: m.size(), Room: m.room,
	}
}

// Estimates of what shared records cost: the structures, their strings, and what
// a map keeps for an entry. They only have to take away what they added.

const (
	slabBytes  = int64(unsafe.Sizeof(slab{}))
	mapEntry   = 2 * int64(unsafe.Sizeof(""))
	listHeader = int64(unsafe.Sizeof([]byte{}))
)

func cellSize(c *cell) int64 {
	return int64(unsafe.Sizeof(*c)+unsafe.Sizeof(c.key)+unsafe.Sizeof(binding{})) + mapEntry +
		int64(len(c.key.addresses)) + int64(len(c.addresses))*int64(unsafe.Sizeof(c.addresses[0]))
}

func extraSize(x *extra) int64 {
	return int64(unsafe.Sizeof(*x)) + int64(len(x.label)+len(x.metadata)) +
		int64(len(x.secrets))*int64(unsafe.Sizeof(Secret{}))
}

// rightsSize takes each statement's set of scopes for half a kilobyte.
func rightsSize(r *Rights) int64 {
	return int64(unsafe.Sizeof(*r)) + mapEntry + 512*int64(1+len(r.Resources)) + 2*(stringsSize(r.Scopes)+stringsSize(r.Resources)) +
		int64(len(r.ScopesJSON)+len(r.ResourcesJSON)+len(r.ScopeText))
}

func ownerSize(o *Owner) int64 {
	return int64(unsafe.Sizeof(owner{})+unsafe.Sizeof(ownerEntry{})) + mapEntry +
		int64(len(o.PublicID)+len(o.Address)+len(o.Name)+len(o.ExternalID))
}

func spaceSize(w *Workspace) int64 {
	n := int64(unsafe.Sizeof(space{})+unsafe.Sizeof(spaceEntry{})) + mapEntry + int64(len(w.Slug)+len(w.ExternalID))
	for name, scopes := range w.Book.Roles {
		n += mapEntry + stringsSize(scopes) + int64(len(name))
	}
	for name, scopes := range w.Book.Implies {
		n += mapEntry + stringsSize(scopes) + int64(len(name))
	}
	return n
}

func termsSize(t *terms) int64 {
	n := int64(unsafe.Sizeof(*t)+uintptr(len(t.key))) + mapEntry
	for _, s := range t.list {
		n += statementSize(&s)
	}
	return n
}

func statementSize(s *grant.Statement) int64 {
	return int64(unsafe.Sizeof(*s)) + int64(len(s.Role)) + stringsSize(s.Scopes) + stringsSize(s.Resources)
}

func stringsSize(list []string) int64 {
	n := listHeader
	for _, s := range list {
		n += int64(unsafe.Sizeof(s)) + int64(len(s))
	}
	return n
}
