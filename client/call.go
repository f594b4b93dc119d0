package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

const (
	// maxAnswer bounds an answer that is read as a whole, maxProblem an error.
	maxAnswer  = 16 << 20
	maxProblem = 64 << 10
)

// call is one call of the HTTP interface.
type call struct {
	method, path string
	query        url.Values
	// in is sent as JSON; nil sends no body.
	in any
	// form is sent as a form, in place of in.
	form url.Values
	// anonymous leaves the client's own token out.
	anonymous bool
	// accept is the media type that is asked for; empty is JSON.
	accept string
	// again says that sending it twice does what sending it once does.
	again bool
	// key is the Idempotency-Key; empty for none.
	key string
	// match is the If-Match; empty for none.
	match string
}

// CallOption changes one call.
type CallOption func(*call)

// IdempotencyKey names a creating call, so that it may be sent again: within 24
// hours the same token, key and body make nothing new. Where the first answer
// held a secret that was lost, the repetition answers a fresh one in its place,
// as long as the lost one was never used. The client then repeats the call by
// itself too.
func IdempotencyKey(key string) CallOption {
	return func(cl *call) { cl.key, cl.again = key, true }
}

// IfMatch lets a change through only while its object is at the revision that the
// caller read; another one is answered with changed_meanwhile, and nothing is changed.
// The client repeats such a call not by itself, unless it has an idempotency key:
// after a lost answer its own change would stand in the way.
func IfMatch(revision int64) CallOption {
	return func(cl *call) { cl.match = strconv.Quote(strconv.FormatInt(revision, 10)) }
}

// do sends a call and reads its answer into out; nil ignores it.
func (c *line) do(ctx context.Context, cl call, out any) error {
	return c.try(ctx, cl, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		resp, err := c.send(ctx, cl)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return read(resp, out)
	})
}

// stream sends a call and returns its answer to be read piece by piece. It must
// be closed.
func (c *line) stream(ctx context.Context, cl call) (body io.ReadCloser, err error) {
	err = c.try(ctx, cl, func(ctx context.Context) error {
		ctx, cancel := context.WithCancelCause(ctx)
		late := time.AfterFunc(c.timeout, func() { cancel(context.DeadlineExceeded) })
		resp, err := c.send(ctx, cl) //nolint:bodyclose // the caller of stream closes it
		late.Stop()
		if err != nil {
			cancel(nil)
			return err
		}
		body = &canceling{resp.Body, func() { cancel(nil) }}
		return nil
	})
	return body, err
}

// canceling gives a call's context back when its answer is closed.
type canceling struct {
	io.ReadCloser
	cancel func()
}

func (b *canceling) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}

// send sends a call once and returns an answer below 300, or an *[api.Error].
func (c *line) send(ctx context.Context, cl call) (*http.Response, error) {
	req, err := c.request(ctx, cl)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	if resp.StatusCode >= 300 {
		defer resp.Body.Close()
		return nil, problem(resp)
	}
	return resp, nil
}

func (c *line) request(ctx context.Context, cl call) (*http.Request, error) {
	address := c.base + cl.path
	if len(cl.query) > 0 {
		address += "?" + cl.query.Encode()
	}
	var body io.Reader
	if cl.in != nil {
		b, err := json.Marshal(cl.in)
		if err != nil {
			return nil, api.Errorf(api.CodeInvalidRequest, "the request cannot be written as JSON").Wrap(err)
		}
		body = bytes.NewReader(b)
	}
	if cl.form != nil {
		body = strings.NewReader(cl.form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, cl.method, address, body)
	if err != nil {
		return nil, api.Errorf(api.CodeInvalidRequest, "the address of the call cannot be made").Wrap(err)
	}
	h := req.Header
	if !c.secret.IsZero() {
		if !cl.anonymous {
			h.Set("Authorization", "Bearer "+c.secret.Reveal())
		}
	}
	h.Set("User-Agent", c.agent)
	h.Set("Accept", orDefault(cl.accept, "application/json"))
	if c.actAs != "" {
		h.Set("Tokenry-Act-As", c.actAs)
	}
	if cl.key != "" {
		h.Set("Idempotency-Key", cl.key)
	}
	if cl.match != "" {
		h.Set("If-Match", cl.match)
	}
	if cl.in != nil {
		h.Set("Content-Type", "application/json")
	}
	if cl.form != nil {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// read reads an answer as JSON, as far as it is bounded.
func read(resp *http.Response, out any) error {
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return nil
	}
	if mediaType(resp) != "application/json" {
		return api.Errorf(api.CodeInternal, "the server answered %d with something that is not JSON; is there a Tokenry server at this address?", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return unreachable(err)
	}
	if len(b) > maxAnswer {
		return api.Errorf(api.CodeInternal, "the server's answer is larger than %d bytes", maxAnswer)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return api.Errorf(api.CodeInternal, "the server's answer is not what this version of the client reads").Wrap(err)
	}
	return nil
}

func mediaType(resp *http.Response) string {
	t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// path joins segments below /v1, each escaped.
func path(segments ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// named refuses references that would name something else once they stand in a
// path: the list, or what is above.
func named(refs ...string) error {
	for _, r := range refs {
		if r == "" || r == "." || r == ".." {
			return api.Errorf(api.CodeInvalidParameter, "the name or id of what the call is about is empty or only dots")
		}
	}
	return nil
}

// get asks for one object.
func get[T any](ctx context.Context, c *line, segments ...string) (out T, err error) {
	return ask[T](ctx, c, call{method: http.MethodGet}, segments...)
}

// ask sends a call about the object that the segments name.
func ask[T any](ctx context.Context, c *line, cl call, segments ...string) (out T, err error) {
	if err := named(segments...); err != nil {
		return out, err
	}
	cl.path = path(segments...)
	switch cl.method {
	case http.MethodGet, http.MethodPut, http.MethodDelete:
		cl.again = cl.match == "" || cl.key != ""
	}
	err = c.do(ctx, cl, &out)
	return out, err
}

// within sends a call about something of a workspace.
func within[T any](ctx context.Context, c *line, ws string, cl call, segments ...string) (out T, err error) {
	at, err := c.place(ctx, ws)
	if err != nil {
		return out, err
	}
	return ask[T](ctx, c, cl, append(at, segments...)...)
}

// place is where a workspace's things are found; those of the instance for
// [Instance].
func (c *line) place(ctx context.Context, ws string) ([]string, error) {
	if ws == Instance {
		return []string{"instance"}, nil
	}
	ref, err := c.ref(ctx, ws)
	return []string{"workspaces", ref}, err
}

// Instance in place of a workspace means the instance's own policy, scopes,
// roles and audit. It needs instance:admin.
const Instance = "\x00instance"

// with is a call that brings a body, or none for nil.
func with(method string, in any, opts ...CallOption) call {
	cl := call{method: method, in: in}
	for _, o := range opts {
		o(&cl)
	}
	return cl
}

// repeatable is a POST that does the same when it is sent twice.
func repeatable(in any) call { return call{method: http.MethodPost, in: in, again: true} }

// once is a POST that brings something back. It is not sent again by itself: when its
// answer was lost, somebody may have stopped the thing again since.
func once() call { return call{method: http.MethodPost} }

// unreachable is the error of a server that did not answer.
func unreachable(err error) error {
	if crossed, ok := errors.AsType[*redirectError](err); ok {
		return api.Errorf(api.CodeInvalidRequest, "%s", crossed.Error()).Wrap(err)
	}
	cause := err
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		cause = wrapped.Err // without the address, which may hold a search
	}
	e := api.Errorf(api.CodeUnavailable, "%s", token.Redact(fmt.Sprintf("the server cannot be reached: %v", cause)))
	return e.Wrap(cause)
}
