package verify

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/tokenry/tokenry/token"
)

// slabSize is how many slots are allocated at once. A slab is never given back, so a
// reader that has found a slot may go on reading it.
const slabSize = 1024

type slab [slabSize]slot

// memory is all that is known of tokens. Readers use find alone and take no
// lock; everything else is for the holder of the engine's lock.
type memory struct {
	seed   maphash.Seed
	index  index
	slabs  []atomic.Pointer[slab]
	cells  numbers[cell]
	extras numbers[extra]

	// room is how many bytes all of it may take.
	room int64
	// The slots: how many there may be and ever were, those that are free, and
	// the hand of the clock.
	capacity   uint32
	next, hand uint32
	free       []uint32
	evictions  int64

	cellsByKey map[cellKey]*cell
	terms      map[string]*terms
	owners     map[OwnerKey]*ownerEntry
	spaces     map[int64]*spaceEntry
	idle       map[int64]*spaceEntry // of spaces, those without a cell
	scratch    []byte
	bytes      int64        // of the shared records
	rendered   atomic.Int64 // of the rights that were worked out, guarded by nothing
}

// bytesOfToken is what room is divided by for the number of slots: a slot and its part of
// the index take up to 160, and what is left is for shared records.
const bytesOfToken = 192

func newMemory(capacity int, room int64) *memory {
	return &memory{
		seed:     maphash.MakeSeed(),
		slabs:    make([]atomic.Pointer[slab], (capacity+slabSize-1)/slabSize),
		cells:    newNumbers[cell](capacity),
		extras:   newNumbers[extra](capacity),
		capacity: uint32(capacity),
		room:     room,

		cellsByKey: make(map[cellKey]*cell),
		terms:      make(map[string]*terms),
		owners:     make(map[OwnerKey]*ownerEntry),
		spaces:     make(map[int64]*spaceEntry),
		idle:       make(map[int64]*spaceEntry),
	}
}

// hash is seeded anew for each memory: who knows locators does not know where in the
// index they stand.
func (m *memory) hash(l token.Locator) uint64 { return maphash.Bytes(m.seed, l[:]) }

// slot is that of a number that was given out, whose slab is therefore there.
func (m *memory) slot(n uint32) *slot { return &m.slabs[n/slabSize].Load()[n%slabSize] }

// find fills k with what is known of a token. False also when a writer was at
// work on it: whoever needs to be sure asks again under the lock.
func (m *memory) find(l token.Locator, k *known) bool {
	c := m.index.find(m.hash(l))
	for n, ok := c.next(); ok; n, ok = c.next() {
		s := m.slot(n)
		seq, ok := s.read(l, &k.record)
		if !ok {
			continue
		}
		k.shared, k.more = m.cells.at(k.cell), m.extras.at(k.extra)
		if s.seq.Load() != seq {
			return false
		}
		if s.used.Load() == 0 {
			s.used.Store(1)
		}
		return true
	}
	return false
}

// put remembers a token that is not there.
func (m *memory) put(t *Token) *known {
	m.fit()
	n := m.take()
	k := &known{record: recordOf(t), shared: m.intern(t), more: extraOf(t)}
	k.cell = k.shared.number
	if k.more != nil {
		k.extra = m.extras.add(k.more)
		m.bytes += extraSize(k.more)
	}
	m.slot(n).write(&k.record)
	m.index.insert(m.hash(t.Locator), n)
	return k
}

// fit makes room for what was added since it ran last, in steps that are bounded, so that
// no writer waits for many: each token that comes makes more.
func (m *memory) fit() {
	const most = 64
	for n := 0; n < most && m.live() > 0 && m.size() > m.room; n++ {
		m.evict(true)
	}
}

// take returns a slot that is free; the one at the clock's hand when no more may be made.
func (m *memory) take() uint32 {
	full := m.next == m.capacity || m.next%slabSize == 0 && m.next > 0 && m.size()+slabBytes > m.room
	if len(m.free) == 0 && full {
		m.evict(false)
	}
	if last := len(m.free) - 1; last >= 0 {
		n := m.free[last]
		m.free = m.free[:last]
		return n
	}
	n := m.next
	m.next++
	if n%slabSize == 0 {
		m.slabs[n/slabSize].Store(new(slab))
	}
	return n
}

// evict forgets a token that was not used since the clock passed last; one that has
// something of its own, if that is to be freed, and any where none of those is near. It
// looks at a bounded number of them, so that no writer waits for a whole round.
func (m *memory) evict(own bool) {
	const most = 256
	var chosen record
	for range most {
		m.hand = (m.hand + 1) % m.next
		s := m.slot(m.hand)
		var k record
		if s.read(token.Locator{}, &k); k.locator.IsZero() {
			continue // it is free
		}
		chosen = k
		if s.used.Load() == 0 && (!own || k.extra != 0 || m.cells.at(k.cell).refs == 1) {
			break
		}
		s.used.Store(0)
	}
	if !chosen.locator.IsZero() {
		m.drop(chosen.locator)
		m.evictions++
	}
}

// drop forgets a token, if it is known. The slot is emptied first: from then on
// no reader accepts what it read there, and only then are the numbers given back.
func (m *memory) drop(l token.Locator) {
	hash := m.hash(l)
	c := m.index.find(hash)
	for n, ok := c.next(); ok; n, ok = c.next() {
		s := m.slot(n)
		var k record
		if _, ok := s.read(l, &k); !ok {
			continue
		}
		s.write(&record{})
		s.used.Store(0)
		m.index.remove(hash, n)
		m.free = append(m.free, n)
		m.release(m.cells.at(k.cell))
		if k.extra != 0 {
			m.bytes -= extraSize(m.extras.at(k.extra))
			m.extras.remove(k.extra)
		}
		return
	}
}

// live counts the tokens.
func (m *memory) live() int { return int(m.next) - len(m.free) }

// size counts the bytes of everything, in a few steps.
func (m *memory) size() int64 {
	slabs := (int64(m.next) + slabSize - 1) / slabSize * slabBytes
	return slabs + m.index.bytes + m.cells.size() + m.extras.size() + int64(cap(m.free))*4 + m.bytes + m.rendered.Load()
}
