package verify

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
	if c.Base <= e.count.whole {
		e.count.whole = max(e.count.whole, c.Revision)
	}
	if c.All {
		e.forget()
	}
	if c.All && c.Revision != 0 { // nothing is remembered, so it may be an older one, of another history
		e.count.applied, e.count.whole = c.Revision, c.Revision
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
	for _, id := range c.Whole {
		if entry := m.spaces[id]; entry != nil {
			m.abandonSpace(entry)
		}
		e.spaces.mark(id, c.Revision)
	}
	if len(c.Whole) > 0 { // nobody knows which tokens are read just now, or were not there
		e.tokens.markAll(c.Revision)
		e.unknown.clear()
	}
	if c.AllWorkspaces {
		for _, entry := range m.spaces {
			m.changeSpace(entry)
		}
		e.spaces.markAll(c.Revision)
		e.forgetFormats(c.Revision)
	}
	e.applied.Store(e.count.whole)
}

// forget begins with an empty memory. Verifications that run finish with the old one.
func (e *Engine) forget() {
	e.gone += e.mem.Load().evictions
	e.mem.Store(newMemory(e.capacity, e.room))
	e.unknown.clear()
	e.tokens.markAll(0)
	e.owners.markAll(0)
	e.spaces.markAll(0)
	e.forgetFormats(0)
}
