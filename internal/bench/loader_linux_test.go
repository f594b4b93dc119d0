package bench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// load is what the loader is told: who is asked, and what.
type load struct {
	// Network is "tcp" or "unix", Address what is dialled there.
	Network, Address string
	// Requests are whole, as they go over the wire; each connection sends them in an
	// order of its own.
	Requests [][]byte
	Clients  int
	Duration time.Duration
}

// loaded is what came of it, times in nanoseconds.
type loaded struct {
	Answers        int
	Took           time.Duration
	P50, P99, P999 time.Duration
}

// runLoader is the loader's process. It is one thread around epoll, as wrk is:
// goroutines would take so much of a core that they, and not the server, were measured.
func runLoader(in io.Reader, out io.Writer) error {
	var l load
	if err := json.NewDecoder(in).Decode(&l); err != nil {
		return err
	}
	result, err := l.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// asker is one connection that waits for its answer before it asks again.
type asker struct {
	fd    int
	order *rand.Rand
	sent  time.Time
	// got holds what came of an answer that is not whole yet.
	got []byte
}

func (l *load) run() (loaded, error) {
	ep, err := syscall.EpollCreate1(0)
	if err != nil {
		return loaded{}, err
	}
	defer syscall.Close(ep)
	askers := map[int32]*asker{}
	for i := range l.Clients {
		a, err := l.dial(uint64(i))
		if err != nil {
			return loaded{}, err
		}
		defer syscall.Close(a.fd)
		askers[int32(a.fd)] = a
		if err := syscall.EpollCtl(ep, syscall.EPOLL_CTL_ADD, a.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(a.fd)}); err != nil {
			return loaded{}, err
		}
	}
	begun := time.Now()
	for _, a := range askers {
		if err := l.ask(a); err != nil {
			return loaded{}, err
		}
	}
	took, err := l.listen(ep, askers, begun.Add(l.Duration))
	if err != nil {
		return loaded{}, err
	}
	result := loaded{Answers: len(took), Took: time.Since(begun)}
	slices.Sort(took)
	for _, q := range []struct {
		to   *time.Duration
		part float64
	}{{&result.P50, 0.5}, {&result.P99, 0.99}, {&result.P999, 0.999}} {
		*q.to = time.Duration(took[int(float64(len(took))*q.part)])
	}
	return result, nil
}

func (l *load) dial(seed uint64) (*asker, error) {
	c, err := net.Dial(l.Network, l.Address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	conn, ok := c.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("%s: no connection of the system", l.Address)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	a := &asker{order: rand.New(rand.NewPCG(seed, 1))}
	var failed error
	if err := raw.Control(func(fd uintptr) { a.fd, failed = syscall.Dup(int(fd)) }); err != nil {
		return nil, err
	}
	return a, failed
}

// ask sends one request; it is small enough to fit the socket's buffer.
func (l *load) ask(a *asker) error {
	r := l.Requests[a.order.IntN(len(l.Requests))]
	a.sent = time.Now()
	n, err := syscall.Write(a.fd, r)
	if err == nil && n < len(r) {
		err = io.ErrShortWrite
	}
	return err
}

// listen goes round until a moment and answers how long each answer took.
func (l *load) listen(ep int, askers map[int32]*asker, until time.Time) ([]int64, error) {
	took := make([]int64, 0, 1<<20)
	events := make([]syscall.EpollEvent, 256)
	buf := make([]byte, 64<<10)
	for time.Now().Before(until) {
		n, err := syscall.EpollWait(ep, events, 100)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return nil, err
		}
		for i := range max(n, 0) {
			a := askers[events[i].Fd]
			whole, err := a.hear(buf)
			if err != nil {
				return nil, err
			}
			if !whole {
				continue
			}
			took = append(took, int64(time.Since(a.sent)))
			if err := l.ask(a); err != nil {
				return nil, err
			}
		}
	}
	if len(took) == 0 {
		return nil, errors.New("nothing was answered")
	}
	return took, nil
}

// hear reads what there is, and says whether the answer is whole. Any but 200 and 204
// ends the measurement: refusals are cheap, and would be told as speed.
func (a *asker) hear(buf []byte) (bool, error) {
	n, err := syscall.Read(a.fd, buf)
	switch {
	case err != nil && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR)):
		return false, nil
	case err != nil:
		return false, err
	case n == 0:
		return false, io.ErrUnexpectedEOF
	}
	answer := buf[:n]
	if len(a.got) > 0 {
		a.got = append(a.got, answer...)
		answer = a.got
	}
	whole, err := complete(answer)
	if !whole && err == nil && len(a.got) == 0 {
		a.got = append(a.got, answer...)
	}
	if whole {
		a.got = a.got[:0]
	}
	return whole, err
}

func complete(answer []byte) (bool, error) {
	head, body, ok := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ok {
		return false, nil
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) && !bytes.HasPrefix(head, []byte("HTTP/1.1 204")) {
		return false, fmt.Errorf("answered %.500q", answer)
	}
	length := 0
	if _, rest, has := bytes.Cut(head, []byte("\r\nContent-Length: ")); has {
		text, _, _ := bytes.Cut(rest, []byte("\r"))
		var err error
		if length, err = strconv.Atoi(string(text)); err != nil {
			return false, err
		}
	}
	if len(body) > length {
		return false, fmt.Errorf("%d bytes behind an answer", len(body)-length)
	}
	return len(body) == length, nil
}
