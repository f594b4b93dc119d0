package verify

import "github.com/tokenry/tokenry/token"

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
