package store

import "sync"

// door counts who is inside, so that a store closes when nobody is. What is
// inside may enter again: it is let in or told that the door is shut, and never
// waits.
type door struct {
	mu     sync.Mutex // guards all that follows
	inside int
	closed bool
	// empty is closed when the last one leaves a shut door.
	empty chan struct{}
}

// enter lets in whoever comes before the door is shut.
func (d *door) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	d.inside++
	return nil
}

// leave is called once for each enter that let in.
func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
	if d.closed && d.inside == 0 {
		close(d.empty)
	}
}

// shut waits until nobody is inside. It answers false when the door was shut
// before.
func (d *door) shut() bool {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return false
	}
	d.closed = true
	d.empty = make(chan struct{})
	if d.inside == 0 {
		close(d.empty)
	}
	d.mu.Unlock()
	<-d.empty
	return true
}
