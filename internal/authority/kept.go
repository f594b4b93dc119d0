package authority

import (
	linked "container/list"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// Digest names content: what has the same digest is the same.
type Digest [sha256.Size]byte

// Content collects what a digest is of. Each part is told apart from its neighbours.
type Content []byte

// Say adds texts, each told apart from its neighbours.
func (c *Content) Say(parts ...string) {
	for _, p := range parts {
		*c = append(binary.AppendUvarint(*c, uint64(len(p))), p...)
	}
}

// List says whether there is one, and what is in it.
func (c *Content) List(names []string) {
	n := int64(len(names))
	if names == nil {
		n = -1
	}
	*c = binary.AppendVarint(*c, n)
	c.Say(names...)
}

// Digest names what was said so far.
func (c *Content) Digest() Digest { return sha256.Sum256(*c) }

const (
	// keptWeight bounds what is kept in all, and keptEntry one of it, in bytes, as
	// far as they are guessed.
	keptWeight = 64 << 20
	keptEntry  = keptWeight / 2
)

// kept holds what was worked out, by the digest of what it follows from, so that
// nothing in it is ever out of date. What was not asked for longest goes first.
type kept struct {
	mu     sync.Mutex
	at     map[Digest]*linked.Element
	order  linked.List // of *keptValue, the last one asked for first
	weight int
}

type keptValue struct {
	key    Digest
	value  any
	weight int
}

// get answers nil for what is not kept.
func (k *kept) get(key Digest) any {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.at[key]
	if !ok {
		return nil
	}
	k.order.MoveToFront(e)
	return valueOf(e).value
}

func valueOf(e *linked.Element) *keptValue {
	v, ok := e.Value.(*keptValue)
	if !ok {
		return &keptValue{} // nothing else is put there
	}
	return v
}

func (k *kept) put(key Digest, value any, weight int) {
	weight += 200 // of the entry itself
	if weight > keptEntry {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.at[key]; ok {
		return
	}
	if k.at == nil {
		k.at = map[Digest]*linked.Element{}
	}
	k.at[key] = k.order.PushFront(&keptValue{key, value, weight})
	for k.weight += weight; k.weight > keptWeight; {
		last := k.order.Back()
		v := valueOf(last)
		k.order.Remove(last)
		delete(k.at, v.key)
		k.weight -= v.weight
	}
}
