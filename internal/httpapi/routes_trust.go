package httpapi

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/reference"
)

// trustRoutes are the rules by which service accounts trust the ID tokens of other systems.
func trustRoutes() []Route {
	const all = "/v1/workspaces/{ws}/trust-rules"
	const one = all + "/{rule}"
	read, write := needs("service-accounts:read"), needs("service-accounts:write").
		Noting("What the rule gives is judged as the token that it would make: that needs tokens:create, and rights within the caller's own.")
	account := reference.Param{Name: "service_account", Kind: reference.Text, Description: "The rules of one service account, by name or id."}
	return group("Trust",
		route("GET", all, read, "List whose ID tokens the service accounts trust",
			list(func(c *call, p authority.Page) ([]api.TrustRule, int64, error) {
				return c.s.authority.ListTrustRules(c.ctx, c.caller, c.path("ws"), c.text("service_account"), p)
			})).taking(account),
		route("POST", all, write, "Let a service account trust ID tokens",
			change(func(c *call, in api.CreateTrustRule) (authority.Done[api.TrustRule], error) {
				return c.s.authority.CreateTrustRule(c.ctx, c.caller, c.path("ws"), in)
			})).creating(),
		route("POST", all+"/explain", read, "Say which rules take an ID token, and why the others do not",
			ask(func(c *call, in api.ExplainTrust) (api.TrustExplanation, error) {
				return c.s.authority.ExplainTrust(c.ctx, c.caller, c.path("ws"), in)
			})).saying("Nothing is exchanged, and the token is not used up. Claims describe a token that one does not have: no signature is asked of them."),
		route("GET", one, read, "Show a rule of trust",
			get(func(c *call) (api.TrustRule, error) {
				return c.s.authority.GetTrustRule(c.ctx, c.caller, c.path("ws"), c.path("rule"))
			})),
		route("PATCH", one, write, "Edit a rule of trust; tokens that it gave end, unless only the label is changed",
			change(func(c *call, in api.EditTrustRule) (authority.Done[api.TrustRule], error) {
				return c.s.authority.EditTrustRule(c.ctx, c.caller, c.path("ws"), c.path("rule"), in)
			})),
		route("DELETE", one, needs("service-accounts:write"), "Delete a rule of trust; tokens that it gave end",
			act(func(c *call) (authority.Done[api.TrustRule], error) {
				return c.s.authority.DeleteTrustRule(c.ctx, c.caller, c.path("ws"), c.path("rule"))
			})),
	)
}
