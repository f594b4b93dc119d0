package server

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// hotListener serves the doors that stand before every request of somebody's API, and
// nothing else, on a listener of its own with a leaner server than net/http. The doors
// are the same; only who reads the request and writes the answer differs. No connection
// goes from one to the other.
type hotListener struct {
	server *hotServer
	on     net.Listener
	doors  http.Handler
	s      *Server
}

// isHot says whether a path is one of the hot doors'.
func isHot(path string) bool {
	switch path {
	case "/v1/verify", "/v1/verify/batch", "/v1/forward-auth", "/oauth2/introspect":
		return true
	}
	return strings.HasPrefix(path, "/v1/ext-authz/")
}

// mountHot puts the doors behind the hot listener, if there is one. Its connections are
// bounded as those of the main listener are, and with them.
func (s *Server) mountHot(programs http.Handler) {
	if s.hot == nil {
		return
	}
	h := s.hot
	h.s, h.doors = s, s.guard(programs)
	h.on = bounded{h.on, s.bound}
	h.server = &hotServer{exchange: h.exchange}
}

// bufferedBody is how much of an answer's buffer is kept for the next one.
const bufferedBody = 64 << 10

// exchange answers one request, and says whether the connection goes on.
func (h *hotListener) exchange(c *hotConn) bool {
	now := time.Now()
	if c.raw.SetReadDeadline(now.Add(readTimeout)) != nil {
		return false
	}
	head, err := c.head()
	if err != nil {
		return h.refuse(c, err)
	}
	if c.counted != nil {
		c.counted.waiting.Store(0)
		defer func() { c.counted.waiting.Store(c.counted.of.turn.Add(1)) }()
	}
	r := &c.request
	if status, err := r.read(head); err != nil {
		return h.unread(c, status)
	}
	r.request.RemoteAddr = c.remote
	r.answer.begin()
	c.open()
	if c.raw.SetWriteDeadline(now.Add(writeTimeout)) != nil || !h.ask(c) {
		return false
	}
	return c.send(c.s.dated(now)) && c.raw.SetReadDeadline(now.Add(idleTimeout)) == nil
}

// ask hands the request to the doors. What they cut is cut.
func (h *hotListener) ask(c *hotConn) (answered bool) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared so by net/http
			door.MayAnswer(context.Background(), h.s.Logger, v, true)
		}
	}()
	request, answer := &c.request.request, &c.request.answer
	if c.counted != nil && !c.counted.spare.IsZero() {
		request = request.WithContext(context.WithValue(context.Background(), spareKey{}, true))
	}
	if len(request.TransferEncoding) > 0 {
		answer.header["Connection"] = []string{"close"} // as closing does, and for its reason
	}
	if !isHot(request.URL.Path) {
		h.nothing(answer)
		return true
	}
	h.doors.ServeHTTP(answer, request)
	answer.WriteHeader(http.StatusOK)
	return true
}

// nothing answers whoever asks the hot listener for what the main one has.
func (h *hotListener) nothing(a *hotAnswer) {
	e := api.Errorf(api.CodeNotFound, "this listener answers /v1/verify, /v1/forward-auth, /v1/ext-authz and /oauth2/introspect; the main one has the rest")
	id := door.RequestID(h.s.Rand, door.API, nil)
	p := e.Problem(h.s.base+"/errors", id)
	a.header["Connection"] = []string{"close"}
	writeProblem(a, p)
}

// refuse answers a head that did not come whole, if anybody is there to be told.
func (h *hotListener) refuse(c *hotConn, err error) bool {
	if errors.Is(err, bufio.ErrBufferFull) {
		return h.unread(c, http.StatusRequestHeaderFieldsTooLarge)
	}
	return false
}

// unread answers, in the words of the main listener, what is no request. Nothing behind it
// is read.
func (h *hotListener) unread(c *hotConn, status int) bool {
	if c.counted != nil {
		c.counted.linger.Store(true)
	}
	if c.raw.SetWriteDeadline(time.Now().Add(writeTimeout)) == nil {
		_, _ = c.raw.Write(h.s.refuseUnread(status)) // whoever went away is not told
	}
	return false
}

// listenHot listens on host:port, or at unix:PATH, a socket that its owner's group may
// open.
func listenHot(ctx context.Context, address string) (net.Listener, error) {
	path, local := strings.CutPrefix(address, "unix:")
	if !local {
		return listen(ctx, "hot-listen", address)
	}
	return listenUnix(ctx, path)
}

// HotAddr is the address of the hot listener, with the port that was taken; "" without one.
func (s *Server) HotAddr() string {
	if s.hot == nil {
		return ""
	}
	return s.hot.on.Addr().String()
}

// stop ends the listener: what was taken is finished, within ctx.
func (h *hotListener) stop(ctx context.Context) error {
	if h == nil || h.server == nil {
		return nil
	}
	err := h.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // it was told of the main listener
	}
	return err
}

// lingering is how long what a client goes on sending is taken behind its answer: to
// close on it would reset the connection, and the answer could be lost with it.
const lingering = 300 * time.Millisecond

// unlinger takes it.
func unlinger(c net.Conn, asked *atomic.Bool) {
	const most = 64 << 20
	half, ok := c.(interface{ CloseWrite() error })
	if !asked.Load() || !ok || half.CloseWrite() != nil {
		return
	}
	until := time.Now().Add(lingering)
	if c.SetReadDeadline(until) == nil {
		_, _ = io.CopyN(io.Discard, c, most)
	}
}
