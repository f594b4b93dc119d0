package httpapi

import (
	"io"
	"net/http"
	"reflect"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/reference"
)

// handler answers one call. An error is answered as a problem.
type handler func(*call) (answer, error)

// answer is what a handler found, on its way to the wire.
type answer struct {
	// status 0 is the route's own.
	status int
	// body is encoded as JSON, unless raw or stream are there.
	body any
	// raw is written as it is, as media.
	raw []byte
	// stream writes the body piece by piece, as media.
	stream func(io.Writer) error
	media  string
	// changed says that revision is to be told.
	changed  bool
	revision int64
	// lasting answers are the same for everybody for a while.
	lasting bool
}

// endpoint is a handler with the types that it takes and gives.
type endpoint struct {
	in, out  reflect.Type
	dry      reflect.Type // what a dry run answers in place of out
	run      handler
	params   []reference.Param
	success  []int
	optional bool
	changes  bool
	packs    bool // its answer may be compressed
}

// get answers one object.
func get[Out any](f func(*call) (Out, error)) endpoint {
	return endpoint{out: reflect.TypeFor[Out](), run: func(c *call) (answer, error) {
		v, err := f(c)
		return answer{body: v}, err
	}}
}

// list answers one page. f is given where it begins and answers where the next
// one does, 0 for nowhere.
func list[T any](f func(*call, authority.Page) ([]T, int64, error)) endpoint {
	return endpoint{out: reflect.TypeFor[api.List[T]](), params: paging(), packs: true, run: func(c *call) (answer, error) {
		page, err := c.page()
		if err != nil {
			return answer{}, err
		}
		items, next, err := f(c, page)
		if err != nil {
			return answer{}, err
		}
		return answer{body: listOf(items, c.s.cursors.next(c, next))}, nil
	}}
}

func listOf[T any](items []T, next *string) api.List[T] {
	if items == nil {
		items = []T{}
	}
	return api.List[T]{Items: items, NextCursor: next}
}

// all pages through a list that the authority answers whole.
func all[T any](f func(*call) ([]T, error)) endpoint {
	return list(func(c *call, p authority.Page) ([]T, int64, error) {
		items, err := f(c)
		first := min(p.After, int64(len(items)))
		last := min(first+int64(p.Limit), int64(len(items)))
		if last == int64(len(items)) {
			return items[first:], 0, err
		}
		return items[first:last], last, err
	})
}

// decoded is f, given the body of the call.
func decoded[In, Out any](f func(*call, In) (Out, error)) func(*call) (Out, error) {
	return func(c *call) (out Out, err error) {
		var in In
		if err := c.decode(&in); err != nil {
			return out, err
		}
		return f(c, in)
	}
}

// taking says what the body of a call is.
func taking[In any](e endpoint) endpoint {
	e.in = reflect.TypeFor[In]()
	return e
}

// ask takes a body and changes nothing.
func ask[In, Out any](f func(*call, In) (Out, error)) endpoint { return taking[In](get(decoded(f))) }

// act changes or makes an object, and answers it.
func act[Out any](f func(*call) (authority.Done[Out], error)) endpoint {
	return endpoint{out: reflect.TypeFor[Out](), changes: true, run: func(c *call) (answer, error) {
		done, err := f(c)
		a := did(done)
		a.changed = !c.dry
		return a, err
	}}
}

// rehearsed lets a change be judged, answered as it would be, and undone, with dry_run.
func rehearsed(e endpoint) endpoint {
	run := e.run
	e.params = append(e.params, reference.Param{Name: "dry_run", Kind: reference.Flag, Description: "Change nothing; answer what it would become, or why not."})
	e.run = func(c *call) (answer, error) {
		c.dry = c.flag("dry_run")
		c.caller.Rehearse = c.caller.Rehearse || c.dry
		return run(c)
	}
	return e
}

// did answers a change.
func did[Out any](done authority.Done[Out]) answer {
	a := answer{body: done.Value, changed: true, revision: done.Revision}
	if done.Made {
		a.status = http.StatusCreated
	}
	return a
}

// change is act for calls that take a body.
func change[In, Out any](f func(*call, In) (authority.Done[Out], error)) endpoint {
	return taking[In](act(decoded(f)))
}

// put creates (201) or replaces (200).
func put[In, Out any](f func(*call, In) (authority.Done[Out], error)) endpoint {
	e := change(f)
	e.success = []int{http.StatusOK, http.StatusCreated}
	return e
}

// stop suspends or removes a principal; with dry_run it only tells what would stop.
func stop[Out any](f func(c *call, dryRun bool) (authority.Done[Out], error)) endpoint {
	return endpoint{out: reflect.TypeFor[Out](), dry: reflect.TypeFor[api.Affected](), changes: true, params: []reference.Param{dryRun()}, run: func(c *call) (answer, error) {
		c.dry = c.flag("dry_run")
		done, err := f(c, c.dry)
		if c.dry {
			return answer{body: done.Affected}, err
		}
		return did(done), err
	}}
}

// suspend is stop for calls that take a body: dry_run may stand there too.
func suspend[Out any](f func(c *call, dryRun bool) (authority.Done[Out], error)) endpoint {
	e := taking[api.Suspend](stop(func(c *call, dryRun bool) (done authority.Done[Out], err error) {
		var in api.Suspend
		if err := c.decode(&in); err != nil {
			return done, err
		}
		c.dry = dryRun || in.DryRun
		return f(c, c.dry)
	}))
	e.optional = true
	return e
}

// issue hands over a secret, in the one answer that does.
func issue[In any](f func(*call, In) (authority.Issued, error)) endpoint {
	return taking[In](reissue(decoded(f)))
}

// reissue is issue for calls that take no body.
func reissue(f func(*call) (authority.Issued, error)) endpoint {
	return endpoint{out: reflect.TypeFor[api.Issued](), changes: true, run: func(c *call) (answer, error) {
		v, err := f(c)
		return issued(v), err
	}}
}

// issued reveals the secret: here it goes onto the wire, once.
func issued(v authority.Issued) answer {
	return answer{body: api.Issued{Token: v.Token, Secret: v.Secret.Reveal(), Warnings: v.Warnings}, changed: true, revision: v.Revision}
}

// maybe lets the body be left out.
func maybe(e endpoint) endpoint {
	e.optional = true
	return e
}
