package httpapi

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// importRoutes are about tokens that another system gave out.
func importRoutes() []Route {
	const formats = "/v1/instance/import-formats"
	return group("Imports",
		route("POST", "/v1/workspaces/{ws}/tokens/import", instance(), "Make tokens of strings that another system gave out, which go on working",
			ask(func(c *call, in api.ImportTokens) (api.ImportResults, error) {
				return c.s.authority.ImportTokens(c.ctx, c.caller, c.path("ws"), in)
			})).saying("At most 100 tokens a call. Each is judged by itself; a call that is sent again leaves what is there as it is. What the other system "+
			"kept of a string is not stored, but a keyed digest of it. A string of an imported token is taken by verify, forward-auth and introspection; it does "+
			"not open this API. Rotating the token gives it a string of this instance."),
		route("GET", formats, instance(), "List the formats of other systems whose strings are looked up",
			all(func(c *call) ([]api.ImportedFormat, error) { return c.s.authority.ImportFormats(c.ctx, c.caller) })),
		route("DELETE", formats+"/{name}", instance(), "End the look-up of a format's strings: they are no tokens from then on",
			act(func(c *call) (authority.Done[api.ImportedFormat], error) {
				return c.s.authority.DeleteImportFormat(c.ctx, c.caller, c.path("name"))
			})),
	)
}
