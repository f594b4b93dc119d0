package provider

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/client"
)

// kind is what a resource and a data source are made from.
type kind struct {
	name, doc string
	fields    []field
	// key is the field of the API that names a thing in its calls.
	key string
	// alone means that a thing is in no workspace.
	alone bool
	calls func(*office) calls
	// tidy changes what was answered into what is kept, in the words of what was; nil leaves it.
	tidy func(out doc, prior row)
	// gone says of what was answered that it is no more; nil is never.
	gone func(out doc, prior row) bool
	// due says that a secret has to be rotated now; nil is never.
	due func(state, plan doc, now time.Time) bool
}

// over says of what was answered that it is no more.
func (k kind) over(out doc, prior row) bool { return k.gone != nil && k.gone(out, prior) }

// calls are what may be done with a thing. The id is what key names; in are the fields that
// are written, and of a patch those that changed.
type calls struct {
	create func(ctx context.Context, ws string, in doc, key string) (doc, error)
	read   func(ctx context.Context, ws, id string) (doc, error)
	patch  func(ctx context.Context, ws, id string, in doc) (doc, error)
	// put replaces the whole, and makes what is not there; then there is no create or patch.
	put func(ctx context.Context, ws, id string, in doc) (doc, error)
	// remove is told what is kept of the thing.
	remove func(ctx context.Context, ws, id string, kept doc) error
	// rotate gives a thing another secret.
	rotate func(ctx context.Context, ws, id string, kept doc, key string) (doc, error)
}

// The calls of the client, as calls have them.

func creates[In, Out any](call func(context.Context, string, In, ...client.CallOption) (Out, error)) func(context.Context, string, doc, string) (doc, error) {
	return func(ctx context.Context, ws string, in doc, key string) (doc, error) {
		body, err := read[In](in)
		if err != nil {
			return nil, err
		}
		out, err := call(ctx, ws, body, client.IdempotencyKey(key))
		return answered(out, err)
	}
}

func edits[In, Out any](call func(context.Context, string, string, In, ...client.CallOption) (Out, error)) func(context.Context, string, string, doc) (doc, error) {
	return func(ctx context.Context, ws, id string, in doc) (doc, error) {
		body, err := read[In](in)
		if err != nil {
			return nil, err
		}
		out, err := call(ctx, ws, id, body)
		return answered(out, err)
	}
}

func reads[Out any](call func(context.Context, string, string) (Out, error)) func(context.Context, string, string) (doc, error) {
	return func(ctx context.Context, ws, id string) (doc, error) {
		out, err := call(ctx, ws, id)
		return answered(out, err)
	}
}

func removes[Out any](call func(context.Context, string, string) (Out, error)) func(context.Context, string, string, doc) error {
	return func(ctx context.Context, ws, id string, _ doc) error {
		_, err := call(ctx, ws, id)
		return err
	}
}

// answered is what was answered, as a doc.
func answered(out any, err error) (doc, error) {
	if err != nil {
		return nil, err
	}
	return read[doc](out)
}
