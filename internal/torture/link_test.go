package torture_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// mood is what a link does with what it carries.
type mood struct {
	// up and down stop what goes to the database and what comes back; nobody is told.
	up, down bool
	// shut closes what is open and lets nobody in.
	shut bool
	// delay holds back every piece that comes back.
	delay time.Duration
	// holds stops what goes to the database and has all these texts in it.
	holds []string
}

// stops says whether a piece may not go on to the database.
func (m mood) stops(piece []byte) bool {
	return m.up || len(m.holds) > 0 && !slices.ContainsFunc(m.holds, func(text string) bool { return !bytes.Contains(piece, []byte(text)) })
}

// link carries the connections of one node to one server. What it stops stays in it, and
// goes on its way when it is let go.
type link struct {
	address string

	mu     sync.Mutex // guards what follows
	socket string
	mood   mood
	moved  chan struct{} // closed when the mood changes
	open   map[net.Conn]bool
}

func newLink(t *testing.T, socket string) *link {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &link{address: l.Addr().String(), socket: socket, moved: make(chan struct{}), open: map[net.Conn]bool{}}
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		stop()
		_ = l.Close()
		k.set(mood{shut: true})
		wg.Wait()
	})
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { k.carry(ctx, c) })
		}
	})
	return k
}

// set changes the mood; a link that is shut drops what it carries.
func (k *link) set(m mood) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.mood = m
	close(k.moved)
	k.moved = make(chan struct{})
	if m.shut {
		for c := range k.open {
			_ = c.Close()
		}
	}
}

// lead has the connections that come lead to another server.
func (k *link) lead(socket string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.socket = socket
}

func (k *link) leads() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.socket
}

func (k *link) now() (mood, <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mood, k.moved
}

// enter adds a connection, unless the link is shut.
func (k *link) enter(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.mood.shut {
		_ = c.Close()
		return false
	}
	k.open[c] = true
	return true
}

func (k *link) leave(c net.Conn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.open, c)
	_ = c.Close()
}

func (k *link) carry(ctx context.Context, client net.Conn) {
	if !k.enter(client) {
		return
	}
	defer k.leave(client)
	var d net.Dialer
	server, err := d.DialContext(ctx, "unix", k.leads())
	if err != nil || !k.enter(server) {
		return
	}
	defer k.leave(server)
	var wg sync.WaitGroup
	wg.Go(func() {
		k.pass(ctx, client, server, func(m mood, _ []byte) (bool, time.Duration) { return m.down, m.delay })
		_ = client.Close()
	})
	k.pass(ctx, server, client, func(m mood, piece []byte) (bool, time.Duration) { return m.stops(piece), 0 })
	_ = server.Close()
	wg.Wait()
}

// pass copies one way. A piece that was read while the way is stopped waits.
func (k *link) pass(ctx context.Context, to io.Writer, from io.Reader, way func(mood, []byte) (stopped bool, delay time.Duration)) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		m, _ := k.now()
		if _, delay := way(m, buffer[:n]); delay > 0 {
			pause(ctx, delay)
		}
		for ctx.Err() == nil {
			m, moved := k.now()
			if stopped, _ := way(m, buffer[:n]); !stopped {
				break
			}
			select {
			case <-moved:
			case <-ctx.Done():
			}
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// pause lets time go by; faults last, and clients think.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
