package client

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/tokenry/tokenry/api"
)

// Span is a time of usage that is asked for. The zero Span is the last day, by hour.
type Span struct {
	From, To time.Time
	// Bucket is "hour" or "day".
	Bucket string
}

func (s Span) values() values {
	return values{}.time("from", s.From).time("to", s.To).text("bucket", s.Bucket)
}

// TokenUsage counts what was done with a token.
func (c *Client) TokenUsage(ctx context.Context, ws, id string, s Span) (api.TokenUsage, error) {
	cl := call{method: http.MethodGet, query: map[string][]string(s.values())}
	return within[api.TokenUsage](ctx, c, ws, cl, "tokens", id, "usage")
}

// WorkspaceUsage counts what was done with all tokens of a workspace.
func (c *Client) WorkspaceUsage(ctx context.Context, ws string, s Span) (api.WorkspaceUsage, error) {
	cl := call{method: http.MethodGet, query: map[string][]string(s.values())}
	return within[api.WorkspaceUsage](ctx, c, ws, cl, "usage")
}

// InstanceUsage counts what was done in all workspaces, together and in each. It
// needs instance:admin.
func (c *Client) InstanceUsage(ctx context.Context, s Span) (api.InstanceUsage, error) {
	return ask[api.InstanceUsage](ctx, c, call{method: http.MethodGet, query: map[string][]string(s.values())}, "instance", "usage")
}

// Activity walks through where a token was used from and for what, by day,
// newest first.
func (c *Client) Activity(ctx context.Context, ws, id string) iter.Seq2[api.Activity, error] {
	return each(func(p api.Page) (api.List[api.Activity], error) {
		return page[api.Activity](ctx, c, ws, values{}.page(p), "tokens", id, "activity")
	})
}

// Denials walks through the last refusals one by one, newest first: a token's,
// or the workspace's for the id "".
func (c *Client) Denials(ctx context.Context, ws, id string) iter.Seq2[api.Denial, error] {
	at := []string{"denials"}
	if id != "" {
		at = []string{"tokens", id, "denials"}
	}
	return each(func(p api.Page) (api.List[api.Denial], error) {
		return page[api.Denial](ctx, c, ws, values{}.page(p), at...)
	})
}

// Advice walks through what to narrow or end: about one token, or about all of
// the workspace's for the id "".
func (c *Client) Advice(ctx context.Context, ws, id string) iter.Seq2[api.Advice, error] {
	at := []string{"advice"}
	if id != "" {
		at = []string{"tokens", id, "advice"}
	}
	return each(func(p api.Page) (api.List[api.Advice], error) {
		return page[api.Advice](ctx, c, ws, values{}.page(p), at...)
	})
}

// Explain says which check a token or a request failed, and what would fix it.
func (c *Client) Explain(ctx context.Context, ws string, in api.ExplainRequest) (api.Explanation, error) {
	return within[api.Explanation](ctx, c, ws, repeatable(in), "explain")
}
