package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// hotListener serves the doors that stand before every request of somebody's API, and
// nothing else, on a listener of its own with a leaner server than net/http. The doors
// are the same; only who reads the request and writes the answer differs. No connection
// goes from one to the other.
type hotListener struct {
	server  *fasthttp.Server
	on      net.Listener
	doors   http.Handler
	s       *Server
	reading sync.Pool // of *hotRequest
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
	h.server = &fasthttp.Server{
		Handler: h.serve, ErrorHandler: h.refuse, HeaderReceived: bodiless, StreamRequestBody: true, MaxRequestBodySize: bufferedBody,
		ReadBufferSize: maxHeader, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		Concurrency:           1 << 20, // the connections have bounds of their own
		NoDefaultServerHeader: true, NoDefaultContentType: true, DisableHeaderNamesNormalizing: true,
		DisablePreParseMultipartForm: true, SecureErrorLogMessage: true, CloseOnShutdown: true, LazyRequestTime: true,
		Logger: silent{},
	}
}

// bufferedBody is how much of a body is read ahead; the doors bound what they take.
const bufferedBody = 64 << 10

// bodiless keeps a body from being waited for that no door reads: a client that announces
// one and sends none would hold up its own answer. What comes of it is no next request.
func bodiless(header *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
	const none = -2
	target := header.RequestURI()
	if n := header.ContentLength(); n != 0 && n != none && (bytes.HasPrefix(target, []byte("/v1/forward-auth")) || bytes.HasPrefix(target, []byte("/v1/ext-authz/"))) {
		header.SetContentLength(0)
		header.SetConnectionClose()
	}
	return c
}

// silent is the log of what is told elsewhere: what could not be read is answered, and
// noted there.
type silent struct{}

// Printf drops a line, which may quote what a client sent.
func (silent) Printf(string, ...any) {}

// serve answers one request.
func (h *hotListener) serve(ctx *fasthttp.RequestCtx) {
	c, _ := ctx.Conn().(*connection)
	if c != nil {
		c.waiting.Store(0)
		defer func() { c.waiting.Store(c.of.turn.Add(1)) }()
	}
	r, ok := h.reading.Get().(*hotRequest)
	if !ok {
		r = &hotRequest{header: http.Header{}, answer: hotAnswer{header: http.Header{}}}
	}
	defer h.reading.Put(r)
	if status, err := r.read(&ctx.Request); err != nil {
		h.unread(ctx, status)
		return
	}
	r.open(&ctx.Request)
	clear(r.answer.header)
	r.answer.lines = r.answer.lines[:0]
	r.answer.out, r.answer.begun = &ctx.Response, false
	if c != nil {
		r.request.RemoteAddr = c.remote
	} else {
		r.request.RemoteAddr = ctx.RemoteAddr().String()
	}
	if len(r.request.TransferEncoding) > 0 || r.request.ContentLength < 0 {
		r.answer.header["Connection"] = []string{"close"} // as closing does, and for its reason
	}
	h.ask(ctx, c, r)
}

// ask hands the request to the doors. What they cut is cut.
func (h *hotListener) ask(ctx *fasthttp.RequestCtx, c *connection, r *hotRequest) {
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared so by net/http
				door.MayAnswer(context.Background(), h.s.Logger, v, true)
			}
			ctx.HijackSetNoResponse(true)
			ctx.Hijack(func(c net.Conn) { _ = c.Close() })
		}
		r.request.Body = http.NoBody
		if c != nil && ctx.Response.Header.ConnectionClose() && r.request.ContentLength != 0 {
			c.linger.Store(true)
		}
	}()
	request := &r.request
	if c != nil && !c.spare.IsZero() {
		request = request.WithContext(context.WithValue(context.Background(), spareKey{}, true))
	}
	if !isHot(request.URL.Path) {
		h.nothing(&r.answer)
		return
	}
	h.doors.ServeHTTP(&r.answer, request)
	r.answer.WriteHeader(http.StatusOK)
}

// nothing answers whoever asks the hot listener for what the main one has.
func (h *hotListener) nothing(a *hotAnswer) {
	e := api.Errorf(api.CodeNotFound, "this listener answers /v1/verify, /v1/forward-auth, /v1/ext-authz and /oauth2/introspect; the main one has the rest")
	id := door.RequestID(h.s.Rand, door.API, nil)
	p := e.Problem(h.s.base+"/errors", id)
	a.header["Connection"] = []string{"close"}
	writeProblem(a, p)
}

// refuse answers what fasthttp could not read.
func (h *hotListener) refuse(ctx *fasthttp.RequestCtx, err error) {
	var small *fasthttp.ErrSmallBuffer
	var timeout net.Error
	switch {
	case errors.As(err, &small):
		h.unread(ctx, http.StatusRequestHeaderFieldsTooLarge)
	case errors.Is(err, fasthttp.ErrUnsupportedTransferEncoding):
		h.unread(ctx, http.StatusNotImplemented)
	case errors.As(err, &timeout), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, os.ErrDeadlineExceeded):
		_ = ctx.Conn().Close() // nobody is there to be told
	default:
		h.unread(ctx, http.StatusBadRequest)
	}
}

// unread answers, in the words of the main listener, what is no request.
func (h *hotListener) unread(ctx *fasthttp.RequestCtx, status int) {
	raw := h.s.refuseUnread(status)
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	ctx.Response.Reset()
	ctx.Response.SetStatusCode(status)
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, ok := bytes.Cut(line, []byte(": "))
		if ok && string(name) != "Content-Length" && string(name) != "Connection" {
			ctx.Response.Header.AddBytesKV(name, value)
		}
	}
	ctx.Response.SetBody(body)
	ctx.SetConnectionClose()
	if c, ok := ctx.Conn().(*connection); ok {
		c.linger.Store(true)
	}
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
	err := h.server.ShutdownWithContext(ctx)
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
