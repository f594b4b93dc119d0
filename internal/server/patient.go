package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// patient is a connection whose deadlines are set when they matter. net/http sets nine
// for each request, nearly always later ones than hold already, and each is work for
// the runtime's timers. One that is set and comes before the one that is wanted stays;
// when it passes, whoever waits looks what is wanted by then.
type patient struct {
	net.Conn
	reads, writes deadline
}

// deadline is one of the two of a connection.
type deadline struct {
	// want is what was asked for last, in ns since 1970; 0 is none.
	want atomic.Int64
	// has is what the connection has of it, at most as late.
	has atomic.Int64
	// waiting is how many are in a call of the connection that it ends.
	waiting atomic.Int32

	mu sync.Mutex // orders what the connection is told
}

// longAgo is before any deadline that is meant to come: net/http ends a read with one
// of 1970.
const longAgo = int64(1e17)

func over(ns int64) bool { return ns != 0 && ns < longAgo }

// ask wants another deadline. One of long ago has to end those who wait now; who comes
// later looks by themselves.
func (d *deadline) ask(t time.Time, set func(time.Time) error) error {
	want := int64(0)
	if !t.IsZero() {
		want = t.UnixNano()
	}
	d.want.Store(want)
	has := d.has.Load()
	switch {
	case over(want):
		if d.waiting.Load() == 0 {
			return nil
		}
	case has == want, has != 0 && !over(has) && (want == 0 || has < want):
		return nil
	}
	return d.tell(set)
}

// tell gives the connection what is wanted by now.
func (d *deadline) tell(set func(time.Time) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := d.want.Load()
	d.has.Store(want)
	if want == 0 {
		return set(time.Time{})
	}
	return set(time.Unix(0, want))
}

// wait runs a call of the connection until the deadline that is wanted ends it.
func (d *deadline) wait(p []byte, call func([]byte) (int, error), set func(time.Time) error) (n int, err error) {
	d.waiting.Add(1)
	defer d.waiting.Add(-1)
	for {
		if over(d.want.Load()) {
			return n, os.ErrDeadlineExceeded
		}
		var more int
		more, err = call(p[n:])
		n += more
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		want := d.want.Load()
		if want != 0 && time.Now().UnixNano() >= want {
			return n, err
		}
		if err := d.tell(set); err != nil {
			return n, err
		}
	}
}

// Read returns what came, or the error of a deadline that is over.
func (c *patient) Read(p []byte) (int, error) {
	return c.reads.wait(p, c.Conn.Read, c.Conn.SetReadDeadline)
}

// Write writes all of p, or as much as went before a deadline.
func (c *patient) Write(p []byte) (int, error) {
	return c.writes.wait(p, c.Conn.Write, c.Conn.SetWriteDeadline)
}

// SetReadDeadline is that of [net.Conn].
func (c *patient) SetReadDeadline(t time.Time) error { return c.reads.ask(t, c.Conn.SetReadDeadline) }

// SetWriteDeadline is that of [net.Conn].
func (c *patient) SetWriteDeadline(t time.Time) error {
	return c.writes.ask(t, c.Conn.SetWriteDeadline)
}

// SetDeadline is that of [net.Conn].
func (c *patient) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// CloseWrite is for net/http, as that of [explainingConn].
func (c *patient) CloseWrite() error { return closeWrite(c.Conn) }
