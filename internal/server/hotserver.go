package server

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// hotServer holds the connections of the hot listener: one request after the other is
// read, answered whole and written. It knows HTTP/1.1 as far as the hot doors need it: no
// answer that is written in pieces, and nothing that changes the protocol.
type hotServer struct {
	// exchange answers the request that begins at the next byte, and says whether the
	// connection goes on.
	exchange func(*hotConn) bool
	conns    sync.Pool // of *hotConn
	date     atomic.Pointer[dateLine]
	stopping atomic.Bool

	mu   sync.Mutex // guards what follows
	on   net.Listener
	open map[*hotConn]struct{}
	left chan struct{} // closed when the last one left, once it is waited for
}

// errStopped is what a server ends with that was told to.
var errStopped = errors.New("the hot listener was told to stop")

// Serve answers on a listener until it breaks or the server is stopped, which is no error.
func (s *hotServer) Serve(on net.Listener) error {
	const first, longest = 5 * time.Millisecond, time.Second
	s.mu.Lock()
	s.on = on
	s.mu.Unlock()
	for pause := first; ; {
		raw, err := on.Accept()
		switch {
		case err == nil:
			pause = first
			go func() { _ = s.ServeConn(raw) }() // it was told of where it could be
		case s.stopping.Load():
			return nil
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ECONNABORTED):
			time.Sleep(pause)
			pause = min(2*pause, longest)
		default:
			return err
		}
	}
}

// ServeConn answers on one connection until it ends.
func (s *hotServer) ServeConn(raw net.Conn) error {
	c, ok := s.conns.Get().(*hotConn)
	if !ok {
		c = &hotConn{in: bufio.NewReaderSize(nil, maxHeader), request: hotRequest{header: http.Header{}, answer: hotAnswer{header: http.Header{}}}}
	}
	c.begin(s, raw)
	defer func() {
		_ = raw.Close() // it was answered, or is gone
		s.leave(c)
	}()
	if !s.enter(c) {
		return errStopped
	}
	for c.awaits() && s.exchange(c) {
		c.idle.Store(true)
	}
	return nil
}

func (s *hotServer) enter(c *hotConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*hotConn]struct{}{}
	}
	s.open[c] = struct{}{}
	return !s.stopping.Load()
}

func (s *hotServer) leave(c *hotConn) {
	s.mu.Lock()
	delete(s.open, c)
	if s.left != nil && len(s.open) == 0 {
		close(s.left)
		s.left = nil
	}
	s.mu.Unlock()
	c.end()
	s.conns.Put(c)
}

// Shutdown takes no more, ends the connections that wait for their clients, and waits for
// the others; those that are left when ctx ends are cut.
func (s *hotServer) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.mu.Lock()
	var err error
	if s.on != nil {
		err = s.on.Close()
	}
	for c := range s.open {
		if c.idle.CompareAndSwap(true, false) {
			_ = c.raw.Close() // its client was answered
		}
	}
	left := make(chan struct{})
	if len(s.open) == 0 {
		close(left)
	} else {
		s.left = left
	}
	s.mu.Unlock()
	select {
	case <-left:
		return err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.raw.Close() // its time is over
	}
	return errors.Join(err, ctx.Err())
}

// dateLine is the field of one second.
type dateLine struct {
	second int64
	line   string
}

// dated is the field of a moment.
func (s *hotServer) dated(now time.Time) string {
	second := now.Unix()
	if d := s.date.Load(); d != nil && d.second == second {
		return d.line
	}
	d := &dateLine{second, "Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"}
	s.date.Store(d)
	return d.line
}
