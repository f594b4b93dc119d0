package httpapi

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/reference"
)

// usageRoutes are the calls about what was done with tokens.
func usageRoutes() []Route {
	const ws, id = "/v1/workspaces/{ws}", "/v1/workspaces/{ws}/tokens/{id}"
	watch := needs("tokens:read", "usage:read").Noting("Both; a token that asks about itself needs neither.")
	return group("Usage",
		route("GET", id+"/usage", watch, "Count what was done with a token, by hour or day",
			get(func(c *call) (api.TokenUsage, error) {
				return c.s.authority.TokenUsage(c.ctx, c.caller, c.path("ws"), c.path("id"), c.time("from"), c.time("to"), c.text("bucket"))
			})).taking(usageParams()...),
		route("GET", id+"/activity", watch, "Say from where and for what a token was used, by day",
			list(func(c *call, p authority.Page) ([]api.Activity, int64, error) {
				return c.s.authority.TokenActivity(c.ctx, c.caller, c.path("ws"), c.path("id"), p)
			})),
		route("GET", id+"/denials", watch, "List a token's last refusals one by one",
			list(func(c *call, p authority.Page) ([]api.Denial, int64, error) {
				return c.s.authority.ListDenials(c.ctx, c.caller, c.path("ws"), c.path("id"), p)
			})),
		route("GET", id+"/advice", watch, "Say what to narrow or end about a token, with the change to apply",
			all(func(c *call) ([]api.Advice, error) {
				return c.s.authority.TokenAdvice(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("GET", id+"/strange-use", watch, "Show what was strange about the use of a token and nobody has answered",
			get(func(c *call) (api.StrangeUse, error) {
				return c.s.authority.StrangeUse(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("POST", id+"/strange-use", needs("tokens:edit").Noting("A token does not answer about itself."), "Answer who it was: me, or not me",
			change(func(c *call, in api.AnswerStrangeUse) (authority.Done[api.StrangeUse], error) {
				return c.s.authority.AnswerStrangeUse(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			})).saying("After me the notice is gone. After not_me it stays until the token has a new secret or an end, and its networks are news again."),
		route("GET", ws+"/advice", watch, "Say what to narrow or end about all tokens",
			list(func(c *call, p authority.Page) ([]api.Advice, int64, error) {
				return c.s.authority.WorkspaceAdvice(c.ctx, c.caller, c.path("ws"), p)
			})),
		route("GET", ws+"/usage", needs("usage:read"), "Count what was done with all tokens, by hour or day",
			get(func(c *call) (api.WorkspaceUsage, error) {
				return c.s.authority.WorkspaceUsage(c.ctx, c.caller, c.path("ws"), c.time("from"), c.time("to"), c.text("bucket"))
			})).taking(usageParams()...),
		route("GET", ws+"/denials", needs("usage:read"), "List the last refusals one by one",
			list(func(c *call, p authority.Page) ([]api.Denial, int64, error) {
				return c.s.authority.ListDenials(c.ctx, c.caller, c.path("ws"), "", p)
			})),
		route("POST", ws+"/explain", needs("tokens:read", "tokens:verify").Noting("Both."), "Say which check a token or request failed, and what would fix it",
			ask(func(c *call, in api.ExplainRequest) (api.Explanation, error) {
				return c.s.authority.Explain(c.ctx, c.caller, c.path("ws"), in)
			})).saying("It consumes nothing and counts as no use."),
	)
}

func usageParams() []reference.Param {
	return []reference.Param{
		{Name: "from", Kind: reference.Time, Description: "Not before this time; a day ago when left out."},
		{Name: "to", Kind: reference.Time, Description: "Before this time; now when left out."},
		{Name: "bucket", OneOf: []string{"hour", "day"}, Description: "hour when left out; hours are kept for 35 days."},
	}
}
