package verify

import "sync/atomic"

// index finds the slot of a locator. It is cut into parts that grow one by one,
// so that no writer waits long for a table to be copied.
type index struct {
	parts [256]indexPart
	bytes int64 // of all tables
}

// indexPart is open addressing with linear probing over entries of one word.
// Readers take no lock; writers hold the engine's.
//
// What makes that sound is one invariant: between the place where the search for
// a token begins and the place of its entry, no entry is empty. An entry never
// moves within a table, so a reader that finds an empty one has passed every
// entry that was there when it began. A reader of a table that was replaced
// meanwhile may miss what is new, and then asks again under the lock; what is
// gone it can only find in a slot that says so itself.
type indexPart struct {
	table atomic.Pointer[indexTable]
	// live and dead entries of the table, counted by the writer.
	live, dead int
}

// indexTable never grows: a larger one is published in its place.
type indexTable struct {
	mask    uint64
	entries []atomic.Uint64
}

// An entry is 36 bits of the hash and 28 of the slot's number plus one. Zero is
// empty. The largest number is a grave: nothing is there, search on.
const (
	slotBits     = 28
	entryGrave   = 1<<slotBits - 1
	maxSlots     = entryGrave - 1
	hashBits     = 64 - slotBits
	minIndexPart = 16
	entryBytes   = 8
)

// entryOf has one added to the number of the slot, because zero is an empty entry.
func entryOf(hash uint64, slot uint32) uint64 { return probeOf(hash)<<slotBits | uint64(slot+1) }

// part is chosen by the eight highest bits of the hash.
func (ix *index) part(hash uint64) *indexPart { return &ix.parts[hash>>56] }

// probeOf is where the search begins, before the mask. It shares no bit with
// what selects the part.
func probeOf(hash uint64) uint64 { return hash >> (56 - hashBits) & (1<<hashBits - 1) }

// candidates calls no function: the reader's loop is next, until false. It
// yields the slots whose token may have this hash.
type candidates struct {
	table *indexTable
	probe uint64
	at    uint64
}

// find begins a search. It holds on to the table of now, whatever replaces that.
func (ix *index) find(hash uint64) candidates {
	probe := probeOf(hash)
	return candidates{table: ix.part(hash).table.Load(), probe: probe, at: probe}
}

func (c *candidates) next() (slot uint32, ok bool) {
	if c.table == nil {
		return 0, false
	}
	for {
		e := c.table.entries[c.at&c.table.mask].Load()
		c.at++
		if e == 0 {
			return 0, false
		}
		if e>>slotBits == c.probe && e != entryGrave {
			return uint32(e&entryGrave) - 1, true
		}
	}
}

// insert adds an entry that is not there.
func (ix *index) insert(hash uint64, slot uint32) {
	p := ix.part(hash)
	t := p.table.Load()
	if t == nil || (p.live+p.dead+1)*8 > len(t.entries)*5 {
		t = p.rebuild(t, &ix.bytes)
	}
	if t.add(entryOf(hash, slot)) == entryGrave {
		p.dead--
	}
	p.live++
}

// add writes e into the first entry that is free and returns what was there.
func (t *indexTable) add(e uint64) uint64 {
	for at := e >> slotBits; ; at++ {
		place := &t.entries[at&t.mask]
		if was := place.Load(); was == 0 || was == entryGrave {
			place.Store(e)
			return was
		}
	}
}

// rebuild publishes a table without graves and with room for more.
func (p *indexPart) rebuild(old *indexTable, bytes *int64) *indexTable {
	size := minIndexPart
	for (p.live+1)*16 > size*6 {
		size *= 2
	}
	t := &indexTable{mask: uint64(size - 1), entries: make([]atomic.Uint64, size)}
	*bytes += int64(size) * entryBytes
	if old != nil {
		*bytes -= int64(len(old.entries)) * entryBytes
		for i := range old.entries {
			if e := old.entries[i].Load(); e != 0 && e != entryGrave {
				t.add(e)
			}
		}
	}
	p.dead = 0
	p.table.Store(t)
	return t
}

// remove takes out an entry that is there. It leaves a grave, except before an
// empty entry: no search that passes here finds anything behind, so here and in
// the graves before may be empty too.
func (ix *index) remove(hash uint64, slot uint32) {
	p := ix.part(hash)
	t, e := p.table.Load(), entryOf(hash, slot)
	at := probeOf(hash)
	for t.entries[at&t.mask].Load() != e {
		at++
	}
	p.live--
	p.dead++
	t.entries[at&t.mask].Store(entryGrave)
	if t.entries[(at+1)&t.mask].Load() != 0 {
		return
	}
	for ; t.entries[at&t.mask].Load() == entryGrave; at-- {
		t.entries[at&t.mask].Store(0)
		p.dead--
	}
}
