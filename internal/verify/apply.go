package verify

import "github.com/tokenry/tokenry/token"

// Apply forgets what a committed batch has touched. After it returned, no
// verification that starts decides by anything older. A verification that runs
// meanwhile may see some parts of the batch and others not yet.
//
// At the start of a program, Apply with the current revision and nothing else
// lets decisions name it.
func (e *Engine) Apply(c Changes) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count.applied = max(e.count.applied, c.Revision)
	if c.All {
		e.forget()
	}
	m := e.mem.Load()
	for _, l := range c.Tokens {
		m.drop(l)
		e.unknown.drop(l)
		e.tokens.mark(l, c.Revision)
	}
	for _, k := range c.Owners {
		if entry := m.owners[k]; entry != nil {
			m.setOwner(entry, nil)
		}
		e.owners.mark(k, c.Revision)
	}
	for _, id := range c.Workspaces {
		if entry := m.spaces[id]; entry != nil {
			m.changeSpace(entry)
		}
		e.spaces.mark(id, c.Revision)
	}
	e.applied.Store(e.count.applied)
}

// forget begins with an empty memory. Verifications that run finish with the old one.
func (e *Engine) forget() {
	e.gone += e.mem.Load().evictions
	e.mem.Store(newMemory(e.capacity))
	e.unknown.clear()
	e.tokens.markAll()
	e.owners.markAll()
	e.spaces.markAll()
}

// What the loaders look up in memory and put there. All of it runs with the lock
// held.

func (e *Engine) recallToken(l token.Locator) (*known, bool) {
	var k known
	if e.mem.Load().find(l, &k) {
		kept := k // only what is found goes to the heap
		return &kept, true
	}
	return nil, e.unknown.has(l)
}

func (e *Engine) keepToken(l token.Locator, t Token, exists, fresh bool) *known {
	t.Locator = l
	switch {
	case !exists && fresh:
		e.unknown.add(l)
		return nil
	case !exists:
		return nil
	case !fresh:
		return looseToken(&t)
	}
	return e.mem.Load().put(&t)
}

func (e *Engine) recallOwner(k OwnerKey) (*owner, bool) {
	if entry := e.mem.Load().owners[k]; entry != nil {
		o := entry.rec.Load()
		return o, o != nil
	}
	return nil, false
}

// keepOwner takes an owner without a row for an inactive one. Memory has a place
// for it while it has tokens.
func (e *Engine) keepOwner(k OwnerKey, v Owner, exists, fresh bool) *owner {
	if !exists {
		v = Owner{}
	}
	v.Key = k
	o := &owner{Owner: v, terms: looseTerms(v.Statements)}
	m := e.mem.Load()
	if entry := m.owners[k]; entry != nil && fresh {
		m.setOwner(entry, o)
	}
	return o
}

func (e *Engine) recallSpace(id int64) (*space, bool) {
	if entry := e.mem.Load().spaces[id]; entry != nil {
		s := entry.rec.Load()
		return s, s != nil
	}
	return nil, false
}

// keepSpace takes a workspace without a row for a suspended one, and remembers
// that only while it has tokens.
func (e *Engine) keepSpace(id int64, v Workspace, exists, fresh bool) *space {
	if !exists {
		v = Workspace{Suspended: true}
	}
	v.ID = id
	m := e.mem.Load()
	s := &space{Workspace: v, absent: !exists, answers: make(map[question]*Rights)}
	s.shared = rateOfPolicy(v.Policy.WorkspaceRateLimit)
	if s.entry = m.spaces[id]; !fresh || s.entry == nil && !exists {
		s.entry = &spaceEntry{id: id}
		return s
	}
	s.entry = m.spaceEntry(id)
	m.setSpace(s.entry, s)
	if s.entry.refs.Load() == 0 {
		m.rest(s.entry)
	}
	return s
}

// Stats are the figures of an engine at one moment.
type Stats struct {
	// Tokens and Unknown are how many of each are in memory, Owners and
	// Workspaces how many shared records, Meters how many states of rate limits.
	Tokens, Unknown, Owners, Workspaces, Meters int
	// Fills counts readings of the source, FillsDropped those that were overtaken
	// by a change, Evictions tokens that had to make room.
	Fills, FillsDropped, Evictions int64
	// Revision is the newest that was applied.
	Revision int64
	// Bytes is about what tokens and shared records take, rendered grants and
	// rate limits apart.
	Bytes int64
}

// Stats counts; it takes the lock that fills and changes take.
func (e *Engine) Stats() Stats {
	meters := e.limits.tokens.count() + e.limits.workspaces.count()
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.mem.Load()
	return Stats{
		Tokens: m.live(), Unknown: e.unknown.live, Owners: len(m.owners), Workspaces: len(m.spaces), Meters: meters,
		Fills: e.count.fills, FillsDropped: e.count.dropped, Evictions: e.gone + m.evictions,
		Revision: e.count.applied, Bytes: m.size(),
	}
}
