package client

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/tokenry/tokenry/api"
)

// UsageCalls count what was done with tokens, and say what could be better. Counts are
// of decisions, and lag behind them by seconds.
type UsageCalls struct{ *line }

// Span is a time of usage that is asked for. The zero Span is the last day, by hour.
type Span struct {
	From, To time.Time
	// Bucket is "hour" or "day".
	Bucket string
}

func (s Span) values() values {
	return values{}.time("from", s.From).time("to", s.To).text("bucket", s.Bucket)
}

// TokenUsage counts what was done with a token in a [Span].
//
// Needs tokens:read and usage:read; a token that asks about itself needs neither. The
// client repeats it.
func (c UsageCalls) TokenUsage(ctx context.Context, ws, id string, s Span) (api.TokenUsage, error) {
	cl := call{method: http.MethodGet, query: map[string][]string(s.values())}
	return within[api.TokenUsage](ctx, c.line, ws, cl, "tokens", id, "usage")
}

// WorkspaceUsage counts what was done with all tokens of a workspace in a [Span].
//
// Needs usage:read. The client repeats it.
func (c UsageCalls) WorkspaceUsage(ctx context.Context, ws string, s Span) (api.WorkspaceUsage, error) {
	cl := call{method: http.MethodGet, query: map[string][]string(s.values())}
	return within[api.WorkspaceUsage](ctx, c.line, ws, cl, "usage")
}

// InstanceUsage counts what was done in all workspaces in a [Span], together and in
// each.
//
// Needs instance:admin. The client repeats it.
func (c UsageCalls) InstanceUsage(ctx context.Context, s Span) (api.InstanceUsage, error) {
	return ask[api.InstanceUsage](ctx, c.line, call{method: http.MethodGet, query: map[string][]string(s.values())}, "instance", "usage")
}

// Activity walks through where a token was used from and for what, by day, newest
// first.
//
// Needs tokens:read and usage:read; a token that asks about itself needs neither. The
// client repeats it.
func (c UsageCalls) Activity(ctx context.Context, ws, id string) iter.Seq2[api.Activity, error] {
	return each(func(p api.Page) (api.List[api.Activity], error) {
		return page[api.Activity](ctx, c.line, ws, values{}.page(p), "tokens", id, "activity")
	})
}

// StrangeUse shows what was strange about the use of a token and nobody has answered.
//
// Needs tokens:read and usage:read. The client repeats it.
func (c UsageCalls) StrangeUse(ctx context.Context, ws, id string) (api.StrangeUse, error) {
	return within[api.StrangeUse](ctx, c.line, ws, call{method: http.MethodGet}, "tokens", id, "strange-use")
}

// AnswerStrangeUse says who it was: [api.StrangeMe] ends the notice, [api.StrangeNotMe] keeps
// it until the token has a new secret or an end.
//
// Needs tokens:edit, and not of the token itself. The client does not repeat it: more may have
// been strange meanwhile. Refusals of its own: changed_meanwhile.
func (c UsageCalls) AnswerStrangeUse(ctx context.Context, ws, id string, in api.AnswerStrangeUse) (api.StrangeUse, error) {
	return within[api.StrangeUse](ctx, c.line, ws, with(http.MethodPost, in), "tokens", id, "strange-use")
}

// Denials walks through the last refusals one by one, newest first: a token's, or the
// workspace's for the id "".
//
// Needs usage:read, and tokens:read for one token; a token that asks about itself
// needs neither. The client repeats it.
func (c UsageCalls) Denials(ctx context.Context, ws, id string) iter.Seq2[api.Denial, error] {
	at := []string{"denials"}
	if id != "" {
		at = []string{"tokens", id, "denials"}
	}
	return each(func(p api.Page) (api.List[api.Denial], error) {
		return page[api.Denial](ctx, c.line, ws, values{}.page(p), at...)
	})
}

// Advice walks through what to narrow or end: about one token, or about all of the
// workspace's for the id "".
//
// Needs tokens:read and usage:read; a token that asks about itself needs neither. The
// client repeats it.
func (c UsageCalls) Advice(ctx context.Context, ws, id string) iter.Seq2[api.Advice, error] {
	at := []string{"advice"}
	if id != "" {
		at = []string{"tokens", id, "advice"}
	}
	return each(func(p api.Page) (api.List[api.Advice], error) {
		return page[api.Advice](ctx, c.line, ws, values{}.page(p), at...)
	})
}

// Explain says which check a token or a request failed, and what would fix it. It
// counts as no use and consumes nothing of a limit.
//
// Needs tokens:read and tokens:verify, both. The client repeats it.
func (c VerifyCalls) Explain(ctx context.Context, ws string, in api.ExplainRequest) (api.Explanation, error) {
	return within[api.Explanation](ctx, c.line, ws, repeatable(in), "explain")
}
