package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
)

// serve is the one adapter: it takes the request apart, asks the handler, and
// answers.
func (c *call) serve(rt *Route) {
	c.route = rt
	a, done, err := c.ask()
	defer done()
	if err == nil {
		err = c.answer(a)
	}
	if err != nil {
		c.fail(api.AsError(c.turnedAway(err)))
	}
}

// ask does all that comes before the answer. done ends the call's deadline, and
// is called when a stream has been written.
func (c *call) ask() (a answer, done func(), err error) {
	done = func() {}
	if !c.route.foreignQuery {
		if err := c.readQuery(); err != nil {
			return a, done, c.deny(api.AsError(err))
		}
	}
	if c.route.Timeout > 0 {
		c.ctx, done = context.WithTimeout(c.ctx, c.route.Timeout)
	}
	if err := c.admit(); err != nil {
		return a, done, err
	}
	a, err = c.route.run(c)
	return a, done, err
}

// admit establishes the caller and reads what surrounds the body.
func (c *call) admit() error {
	if c.route.Access.Kind != reference.Public && !c.route.ownCredentials {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	if c.route.ownCredentials {
		return nil
	}
	if err := c.checkParams(); err != nil {
		return err
	}
	if err := c.readBody(); err != nil {
		return err
	}
	if c.route.Request == nil && c.body.Len() > 0 {
		if err := c.decodePlain(&struct{}{}); err != nil {
			return err
		}
	}
	if err := c.keyed(); err != nil {
		return err
	}
	return c.expects()
}

// answer sends what the handler found.
func (c *call) answer(a answer) error {
	h := c.w.Header()
	if a.status == 0 {
		a.status = c.route.Success[0]
	}
	if a.changed {
		h.Set(door.HeaderRevision, strconv.FormatInt(a.revision, 10))
	}
	if c.tag(a) {
		c.send(http.StatusNotModified, "", nil, a.lasting)
		return nil
	}
	switch {
	case a.stream != nil:
		return c.stream(a)
	case a.raw != nil:
		c.send(a.status, a.media, a.raw, a.lasting)
		return nil
	}
	if err := json.NewEncoder(&c.out).Encode(a.body); err != nil {
		return api.Errorf(api.CodeInternal, "internal error").Wrap(err)
	}
	c.send(a.status, door.JSON, c.out.Bytes(), a.lasting)
	return nil
}

// leaveBody ends the connection with the answer when a body was announced that
// nobody read. net/http would wait for it, before the answer and after it, for as
// long as a request may take; a client that announces one and sends none would
// hold up its own answer, and the connection. What is not read is not taken for
// the next request.
func (c *call) leaveBody() {
	if c.r.ContentLength == 0 || c.taken {
		return
	}
	c.w.Header()["Connection"] = []string{"close"}
	past := time.Unix(1, 0) // whatever is still to be read is not waited for
	_ = http.NewResponseController(c.w).SetReadDeadline(past)
}

const (
	// lingerTime and lingerBytes bound what is taken of a body that nobody reads,
	// once its sender has been answered.
	lingerTime  = 300 * time.Millisecond
	lingerBytes = 64 << 20
)

// linger takes what a client goes on sending while its answer is on the way. To
// close on it would reset the connection, and the answer could be lost with it.
func (c *call) linger() {
	if c.r.ContentLength == 0 || c.taken || c.status < http.StatusBadRequest {
		return
	}
	control := http.NewResponseController(c.w)
	_ = control.Flush()
	until := time.Now().Add(lingerTime) //nolint:forbidigo // a socket knows no other clock
	if control.SetReadDeadline(until) != nil {
		return // it cannot be bounded
	}
	_, _ = io.CopyN(io.Discard, c.r.Body, lingerBytes)
	_ = control.SetReadDeadline(time.Unix(1, 0))
}

// send writes a whole answer.
func (c *call) send(status int, media string, body []byte, lasting bool) {
	h := c.w.Header()
	if c.lines != nil && c.refused == nil && !lasting { // what the multiplexer refuses has set some of them
		*c.lines = door.AppendField(append(*c.lines, c.s.lines.plain...), door.HeaderRequestID, c.id)
	} else {
		h[door.HeaderRequestID] = []string{c.id}
		c.s.lines.write(h, lasting)
	}
	c.s.lines.media(h, media)
	if c.route != nil && c.route.Packs && status == http.StatusOK {
		body = c.s.packer.Whole(h, c.r, body)
	}
	if len(body) > 2000 { // of shorter ones the server tells the length by itself
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	c.leaveBody()
	c.status = status
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // whoever went away is not told
	c.linger()
}

// fail answers an error as a problem. What is the server's fault goes to the
// log with its cause; the client is told the request's id.
func (c *call) fail(e *api.Error) {
	p := e.Problem(c.s.errorPage(), c.id)
	unsettled := e.Code == api.CodeClockUnsettled || slices.Equal(e.Reasons, []string{NoTime}) // that is told once, and counted
	if p.Status >= http.StatusInternalServerError && !unsettled {
		c.s.log.LogAttrs(c.ctx, slog.LevelError, "a request failed",
			slog.String("request_id", c.id), slog.String("route", c.pattern()), slog.String("code", string(e.Code)), causeOf(e))
	}
	c.problem(p, e)
}

func causeOf(e *api.Error) slog.Attr {
	if cause := e.Unwrap(); cause != nil {
		return slog.String("cause", cause.Error())
	}
	return slog.String("cause", e.Message)
}

// problem sends p, with the headers that belong to its code.
func (c *call) problem(p api.Problem, e *api.Error) {
	h := c.w.Header()
	c.refused = e
	if c.lines != nil {
		*c.lines = (*c.lines)[:0] // what was to be said of who asks is not
	}
	if line := c.challenge(e, p.Status); line != "" {
		h["Www-Authenticate"] = []string{line}
	}
	if p.RetryAfter == 0 && (e.Code == api.CodeUnavailable || e.Code == api.CodeOutcomeUnknown && c.caller.Retry.Key != "") {
		p.RetryAfter = 1 // nothing was done, or the key keeps it from being done twice
	}
	if c.denyAs != 0 {
		p.Status = c.denyAs
	}
	if Hasty(c.r) {
		p.RetryAfter = 0
	}
	if p.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.Itoa(p.RetryAfter)}
	}
	switch {
	case c.oauth():
		c.oauthError(p, e)
		return
	case c.route != nil && c.route.scim:
		c.scimError(p, e)
		return
	}
	b, err := json.Marshal(p)
	if err != nil { // cannot be: strings and numbers always marshal
		b = []byte(`{}`)
	}
	c.send(p.Status, door.Problem, b, false)
}
