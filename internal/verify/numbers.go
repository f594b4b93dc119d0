package verify

import "sync/atomic"

// chunkSize is how many numbers get room at once; a chunk stays where it is.
const chunkSize = 1024

// numbers gives records numbers that fit into a slot. Anybody may look a number
// up; giving them out and taking them back is for the holder of the engine's
// lock. A number that was taken back is used again, so a reader has to make sure
// that it still held when it was followed: see [slot]. Number 0 is none.
type numbers[T any] struct {
	chunks []atomic.Pointer[chunk[T]]
	free   []uint32
	next   uint32
}

type chunk[T any] [chunkSize]atomic.Pointer[T]

// newNumbers makes room for so many at once; memory is taken as they come.
func newNumbers[T any](capacity int) numbers[T] {
	return numbers[T]{chunks: make([]atomic.Pointer[chunk[T]], capacity/chunkSize+1)}
}

// at returns the record, or nil when the number is not in use.
func (n *numbers[T]) at(i uint32) *T {
	c := n.chunks[i/chunkSize].Load()
	if c == nil {
		return nil
	}
	return c[i%chunkSize].Load()
}

// add gives the record a number.
func (n *numbers[T]) add(v *T) uint32 {
	var i uint32
	if last := len(n.free) - 1; last >= 0 {
		i, n.free = n.free[last], n.free[:last]
	} else {
		n.next++
		i = n.next
	}
	c := n.chunks[i/chunkSize].Load()
	if c == nil {
		c = new(chunk[T])
		n.chunks[i/chunkSize].Store(c)
	}
	c[i%chunkSize].Store(v)
	return i
}

// remove takes the number back.
func (n *numbers[T]) remove(i uint32) {
	n.chunks[i/chunkSize].Load()[i%chunkSize].Store(nil)
	n.free = append(n.free, i)
}

// size counts the bytes of the tables, not of the records.
func (n *numbers[T]) size() int64 {
	return int64(n.next)*8 + int64(cap(n.free))*4 + int64(len(n.chunks))*8
}
