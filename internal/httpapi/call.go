package httpapi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/verify"
)

// call is one request on its way through the door, and what is known of it by
// now. It is used again for later requests: nothing may keep it.
//
// It is also the writer that the multiplexer is given, so that what the
// multiplexer answers by itself (404, 405, redirects) becomes a problem.
type call struct {
	s     *server
	w     http.ResponseWriter
	lines *[]byte // those of a [door.Lined]; nil where w is none
	r     *http.Request
	ctx   context.Context
	route *Route // nil while, or because, none was found
	id    string
	start time.Time
	// addr is where it comes from, and proxied that a trusted proxy says so, once located.
	addr             netip.Addr
	located, proxied bool

	// caller, asked and known are who calls; set on routes that are not public.
	caller authority.Caller
	asked  verify.Request
	known  verify.Decision
	// knocked is the revision that memory had when the caller was looked at.
	knocked int64
	// question and decision are what a verification is about.
	question question
	decision verify.Decision
	use      Use
	// verification, client and scopes are what a question is read into.
	verification api.VerifyRequest
	client       api.Client
	scopes       [8]string

	// taken says that the body was read to its end.
	taken  bool
	params []param
	status int // what was answered; 0 while nothing was
	// dry says that the call only asks what would happen.
	dry bool
	// clientBy is how the caller of an OAuth call said who it is.
	clientBy clientMethod
	// refused is the error that was answered; nil while there was none.
	refused *api.Error
	// deny403 says that the rules ask for it, as the parameter deny does.
	deny403 bool
	// vouched says that the workspace was named by whoever runs the server: in a
	// file of rules, or in the query of a trusted proxy. Any other query may be
	// anybody's.
	vouched bool
	// denyAs, when not 0, is the status of a refusal in place of its own.
	denyAs int
	body   bytes.Buffer
	out    bytes.Buffer
	// limited bounds the reading of the body.
	limited io.LimitedReader
	random  [ident.Length]byte
}

// origin is where the call comes from; proxied says whether the connection is a trusted
// proxy's.
func (c *call) origin() (addr netip.Addr, proxied bool) {
	if !c.located {
		c.addr, c.proxied = c.s.proxies.Client(c.r)
		c.located = true
	}
	return c.addr, c.proxied
}

// keptBuffer is the largest buffer that is kept for later requests.
const keptBuffer = 64 << 10

// begin takes a call from the pool and gives it an id. Clients cannot name
// their requests: the id is what the log and the audit are searched by.
func (s *server) begin(w http.ResponseWriter, r *http.Request) *call {
	c, ok := s.calls.Get().(*call)
	if !ok {
		c = new(call)
	}
	c.s, c.w, c.r, c.ctx, c.start = s, w, r, r.Context(), s.now()
	c.id = door.RequestID(s.rand, door.API, &c.random)
	if l, ok := w.(door.Lined); ok {
		c.lines = l.Lines()
	}
	return c
}

// end counts and logs the call, turns a panic into an answer, and gives the
// call back.
func (s *server) end(c *call) {
	if v := recover(); v != nil {
		s.panicked(c, v)
	}
	c.count()
	c.logAccess()
	s.recycle(c)
}

// recycle keeps what is worth keeping of a call, and nothing of the request.
func (s *server) recycle(c *call) {
	if c.body.Cap() > keptBuffer || c.out.Cap() > keptBuffer {
		return
	}
	wipe(&c.body)
	wipe(&c.out)
	clear(c.params)
	*c = call{body: c.body, out: c.out, params: c.params[:0]}
	s.calls.Put(c)
}

// wipe empties a buffer that may have held a secret.
func wipe(b *bytes.Buffer) {
	clear(b.Bytes())
	b.Reset()
}

// panicked answers in place of a handler that has a bug, if nothing was answered
// yet. What is cut is counted all the same.
func (s *server) panicked(c *call, v any) {
	if !door.MayAnswer(c.ctx, s.log, v, c.status != 0, slog.String("request_id", c.id), slog.String("route", c.pattern())) {
		c.count()
		door.Cut()
	}
	c.fail(api.Errorf(api.CodeInternal, "internal error"))
}

// pattern names the route without anything of the request.
func (c *call) pattern() string {
	if c.route == nil {
		return noRoute
	}
	return c.route.Path
}

// noRoute is what logs and metrics call a request for nothing that exists.
const noRoute = "none"

func (c *call) count() {
	counts := c.s.unrouted
	if c.route != nil {
		counts = c.route.requests
	}
	counts.count(c.r.Method, c.status)
}

// logAccess writes the access log: hot routes and what machines poll at debug,
// the rest at info. No path, no query, no token. Of what was refused it says why.
func (c *call) logAccess() {
	level := slog.LevelInfo
	if c.route != nil && c.route.Frequent && !c.misused() {
		level = slog.LevelDebug
	}
	if !c.s.log.Enabled(c.ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", c.id), slog.String("method", knownMethod(c.r.Method)), slog.String("route", c.pattern()),
		slog.Int("status", c.status), slog.Duration("duration", c.s.now().Sub(c.start)),
	}
	if c.refused != nil {
		attrs = append(attrs, slog.String("code", string(c.refused.Code)), slog.String("why", c.refused.Message))
	}
	c.s.log.LogAttrs(c.ctx, level, "request", attrs...)
}

// misused says whether a hot route was called in a way that somebody has to look
// at: a resource server or a proxy that is set up wrong. That a visitor of what is
// behind a proxy may not pass, or has used up its limit, is everyday traffic.
func (c *call) misused() bool {
	switch {
	case c.refused == nil, c.decision.Matched && !c.decision.Allowed():
		return false
	case c.route.proxied:
		return c.refused.Code != api.CodeMissingToken && c.refused.Code != api.CodeInvalidToken
	}
	return true
}

// knownMethod keeps words that a client made up out of logs and labels.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// Header, Write and WriteHeader are for the multiplexer, which answers by
// itself only what has no route.

// Header returns the answer's header.
func (c *call) Header() http.Header { return c.w.Header() }

// WriteHeader answers in place of the multiplexer.
func (c *call) WriteHeader(status int) {
	if c.status != 0 {
		return
	}
	h := c.w.Header()
	h.Del("Location") // there is one spelling of each path
	switch {
	case status == http.StatusMethodNotAllowed:
		c.fail(api.Errorf(api.CodeMethodNotAllowed, "this path does not take this method; the header Allow lists those it takes"))
	case status == http.StatusBadRequest:
		c.fail(api.Errorf(api.CodeInvalidRequest, "the request's target is not a path"))
	default:
		c.fail(api.Errorf(api.CodeNotFound, "there is nothing at this path"))
	}
}

// Write drops the multiplexer's text.
func (c *call) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusNotFound)
	return len(b), nil
}

// Unwrap is for [http.ResponseController].
func (c *call) Unwrap() http.ResponseWriter { return c.w }
