package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"

	"github.com/tokenry/tokenry/api"
)

// LookupTokens says whose the token strings in a text are, as far as the client may
// see. Of all others it says that they are unknown. It counts as no use of them. The
// text has at most 1 MiB; the answer is in the order of the text.
//
// Any valid token may ask. The client repeats it. Refusals of its own: body_too_large.
func (c TokenCalls) LookupTokens(ctx context.Context, ws, text string) (api.FoundTokens, error) {
	cl := with(http.MethodPost, api.LookupTokens{Text: text})
	cl.again = true
	return within[api.FoundTokens](ctx, c.line, ws, cl, "tokens", "lookup")
}

// ReportLeaks reports token strings that were found where they do not belong, of
// whatever workspace, at most 1,000 of them. What each workspace's policy says is done
// to its own. No answer says which are tokens; it may be repeated.
//
// No right is needed. The client repeats it.
func (c TokenCalls) ReportLeaks(ctx context.Context, in api.ReportLeaks) (api.LeaksReceived, error) {
	return ask[api.LeaksReceived](ctx, c.line, repeatable(in), "leaks")
}

// BulkTokens revokes, disables or edits many tokens, or only says which with
// in.DryRun, in one answer, which says whether it is unfinished. Each token is judged
// by itself and has a code of its own. For any number of them see
// [TokenCalls.EachOfBulk], for rotations [TokenCalls.RotateTokens].
//
// Needs what the action needs for one token: tokens:delete, tokens:disable or
// tokens:edit. The client does not repeat it.
func (c TokenCalls) BulkTokens(ctx context.Context, ws string, in api.BulkTokens) (api.BulkResults, error) {
	return within[api.BulkResults](ctx, c.line, ws, with(http.MethodPost, in), "tokens", "bulk")
}

// RotateTokens gives many tokens new secrets and yields each as soon as it exists.
// Whoever stops early stops the rotation; those yielded are rotated. With an
// [IdempotencyKey] it may be sent again: fresh secrets take the place of lost ones, no
// token is rotated twice, and one whose new secret is in use says idempotency_key_used.
//
// Needs tokens:edit. The client repeats it with an [IdempotencyKey] alone.
func (c TokenCalls) RotateTokens(ctx context.Context, ws string, in api.BulkTokens, opts ...CallOption) iter.Seq2[api.BulkResult, error] {
	in.Action, in.DryRun = api.BulkRotate, false
	return c.EachOfBulk(ctx, ws, in, opts...)
}

// EachOfBulk does one thing to any number of tokens and yields what became of each as
// soon as it is done. Whoever stops early stops the call; what was yielded was done,
// and the call may be sent again for the rest. An answer that breaks off ends with an
// error, and is not repeated.
//
// Needs what the action needs for one token: tokens:delete, tokens:disable or
// tokens:edit. The client repeats it with an [IdempotencyKey] alone.
func (c TokenCalls) EachOfBulk(ctx context.Context, ws string, in api.BulkTokens, opts ...CallOption) iter.Seq2[api.BulkResult, error] {
	return func(yield func(api.BulkResult, error) bool) {
		at, err := c.place(ctx, ws)
		if err != nil {
			yield(api.BulkResult{}, err)
			return
		}
		cl := with(http.MethodPost, in, opts...)
		cl.path, cl.accept = path(append(at, "tokens", "bulk")...), "application/x-ndjson"
		body, err := c.stream(ctx, cl)
		if err != nil {
			yield(api.BulkResult{}, err)
			return
		}
		defer func() { _ = body.Close() }() // what was read was whole
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, maxProblem)
		for lines.Scan() {
			var r api.BulkResult
			if json.Unmarshal(lines.Bytes(), &r) != nil {
				yield(api.BulkResult{}, brokenOff(lines))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if lines.Err() != nil {
			yield(api.BulkResult{}, brokenOff(lines))
		}
	}
}

// brokenOff is why lines were not read to their end.
func brokenOff(lines *bufio.Scanner) error {
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return unreachable(err)
	}
	return api.Errorf(api.CodeInternal, "the server's answer is not what this version of the client reads")
}
