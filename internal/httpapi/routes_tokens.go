package httpapi

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/reference"
)

func tokenRoutes() []Route {
	return group("Tokens", append([]Route{
		route("GET", "/v1/workspaces/{ws}/tokens", needs("tokens:read"), "List a workspace's tokens, newest first",
			listTokens()).taking(tokenParams()...).saying("format=csv answers all tokens that pass the filters; it takes neither limit nor cursor.").
			answering(door.CSV),
		route("POST", "/v1/workspaces/{ws}/tokens",
			needs("tokens:create").Noting("Somebody else's personal token needs tokens:impersonate too."), "Create a token; its secret is in this answer alone",
			issue(func(c *call, in api.CreateToken) (authority.Issued, error) {
				return c.s.authority.CreateToken(c.ctx, c.caller, c.path("ws"), in)
			})).creating().saying("Nobody can give a token more than their own effective grant."),
		route("GET", "/v1/workspaces/{ws}/tokens/{id}", needs("tokens:read").Noting("A token sees itself without it."), "Show a token, by id, locator or self",
			get(func(c *call) (api.Token, error) {
				return c.s.authority.GetToken(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("PATCH", "/v1/workspaces/{ws}/tokens/{id}", needs("tokens:edit"), "Edit a token; null inherits or removes",
			rehearsed(change(func(c *call, in api.EditToken) (authority.Done[api.Token], error) {
				return c.s.authority.EditToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))),
	}, tokenStateRoutes()...)...)
}

// tokenStateRoutes are the calls that end, stop or renew a token.
func tokenStateRoutes() []Route {
	const id = "/v1/workspaces/{ws}/tokens/{id}"
	end := needs("tokens:delete").Noting("A token ends itself without it.")
	renew := needs("tokens:edit", "tokens:self").Noting("tokens:self is for the token itself; somebody else's personal token needs tokens:impersonate too.")
	decides := needs("tokens:disable").Noting("And a person who neither asked for the token nor owns it; to approve it, cover of what it may do.")
	return []Route{
		route("GET", id+"/descendants", needs("tokens:read").Noting("A token sees its own without it."), "Count and list what was made with a token",
			get(func(c *call) (api.Descendants, error) {
				return c.s.authority.Descendants(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("DELETE", id, end, "Revoke a token and hide it from lists",
			act(func(c *call) (authority.Done[api.Token], error) {
				return c.s.authority.DeleteToken(c.ctx, c.caller, c.path("ws"), c.path("id"), api.RevokeToken{})
			})),
		route("POST", id+"/revoke", end.Noting("A token ends itself without it, but for descendants."), "Revoke a token for good",
			maybe(change(func(c *call, in api.RevokeToken) (authority.Done[api.Token], error) {
				return c.s.authority.RevokeToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))),
		route("POST", id+"/disable", needs("tokens:disable").Noting("With revoke_after, tokens:delete too."), "Disable a token until it is enabled",
			maybe(change(func(c *call, in api.DisableToken) (authority.Done[api.Token], error) {
				return c.s.authority.DisableToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))),
		route("POST", id+"/enable", needs("tokens:disable").Noting("And cover of what the token may do. A scheduled end stays without tokens:delete."), "Enable a disabled token",
			act(func(c *call) (authority.Done[api.Token], error) {
				return c.s.authority.EnableToken(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("POST", id+"/approve", decides, "Approve a token that waits: it works from the answer on",
			maybe(change(func(c *call, in api.DecideToken) (authority.Done[api.Token], error) {
				return c.s.authority.ApproveToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))),
		route("POST", id+"/refuse", decides, "Refuse a token that waits: it is revoked",
			maybe(change(func(c *call, in api.DecideToken) (authority.Done[api.Token], error) {
				return c.s.authority.RefuseToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))),
		route("POST", id+"/rotate", renew, "Give a token a new secret; the old one works until the overlap ends",
			maybe(issue(func(c *call, in api.RotateToken) (authority.Issued, error) {
				return c.s.authority.RotateToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			}))).keyed(),
		route("POST", id+"/reset", renew, "Give a token a new secret; the old one is dead at once",
			reissue(func(c *call) (authority.Issued, error) {
				return c.s.authority.ResetToken(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})).keyed(),
		route("POST", id+"/retire", needs("tokens:edit", "tokens:self").Noting("tokens:self is for the token itself."),
			"End the overlap of a rotation now: the current secret alone works",
			act(func(c *call) (authority.Done[api.Token], error) {
				return c.s.authority.RetireSecrets(c.ctx, c.caller, c.path("ws"), c.path("id"))
			})),
		route("POST", id+"/transfer", needs("tokens:edit").Noting("And tokens:delete, as to revoke it, and what a new token of the new owner needs."), "Move a token to another owner and rotate it",
			issue(func(c *call, in api.TransferToken) (authority.Issued, error) {
				return c.s.authority.TransferToken(c.ctx, c.caller, c.path("ws"), c.path("id"), in)
			})),
	}
}

const metadataPrefix = "metadata."

func tokenParams() []reference.Param {
	return []reference.Param{
		{Name: "owner", Description: "A member's e-mail, id, ext:ID or me; a service account's name; slug@workspace. Otherwise a part of a name or address, of at most 20 members and service accounts."},
		{Name: "kind", OneOf: []string{"personal", "service", "workspace"}, Description: "The kind of token."},
		{Name: "status", OneOf: []string{api.StatusActive, api.StatusPending, api.StatusDisabled, api.StatusExpired, api.StatusRevoked}, Description: "The status of now."},
		{Name: "q", Description: "Words, each of which must be in the label, the description, or a name, address or id of the owner, removed ones too, or begin the locator; a mask or a token ID is taken too."},
		{Name: "role", Description: "A role that the token names."},
		{Name: "scope", Description: "A scope or pattern that the token names."},
		{Name: "resource", Description: "A resource that the token names; with can, the resource that is meant."},
		{Name: "created_by", Description: "The address of who made it, or a part of the name or address of at most 20 members and service accounts."},
		{Name: "created_with", Description: "The ID or locator of the token that made it."},
		{Name: metadataPrefix, Prefix: true, Description: "The value of a key of its metadata, as metadata=KEY=VALUE or metadata.KEY=VALUE; for several keys at once."},
		{Name: "expiring_within", Kind: reference.Duration, Description: "Its expiry is so near in the future, like 30d."},
		{Name: "unused_for", Kind: reference.Duration, Description: "It was not used, nor made, for so long."},
		{Name: "used_from", Description: "An address or network that it was used from. It needs usage:read, but for one's own tokens."},
		{Name: "outside_policy", Kind: reference.Flag, Description: "true: the policy of now would not allow it; false: it would."},
		{Name: "can", Description: "A scope that it may use now, on resource if that is given."},
		{Name: "deleted", Kind: reference.Flag, Description: "true: deleted tokens too."},
		includeEffective(),
		{Name: "format", OneOf: []string{"json", "csv"}, Description: "csv answers a table."},
	}
}

func (c *call) tokenFilter() api.TokenFilter {
	f := api.TokenFilter{
		Owner: c.said("owner"), Kind: c.said("kind"), Status: c.said("status"), Query: c.said("q"), Role: c.said("role"),
		Scope: c.said("scope"), Resource: c.said("resource"), CreatedBy: c.said("created_by"), CreatedWith: c.said("created_with"),
		UsedFrom: c.said("used_from"), Can: c.said("can"), Deleted: c.flag("deleted"),
	}
	if c.has("expiring_within") {
		f.ExpiringWithin = api.Some(c.duration("expiring_within"))
	}
	if c.has("unused_for") {
		f.UnusedFor = api.Some(c.duration("unused_for"))
	}
	if c.has("outside_policy") {
		f.OutsidePolicy = api.Some(c.flag("outside_policy"))
	}
	for _, p := range c.params {
		if key, ok := strings.CutPrefix(p.name, metadataPrefix); ok {
			keep(&f, key, p.value)
		}
	}
	return f
}

// keep adds one condition on metadata to a filter.
func keep(f *api.TokenFilter, key, value string) {
	if f.Metadata.Value == nil {
		f.Metadata = api.Some(map[string]string{})
	}
	f.Metadata.Value[key] = value
}

// listTokens is a page of JSON, or all of them as CSV.
func listTokens() endpoint {
	e := list(func(c *call, p authority.Page) ([]api.Token, int64, error) {
		return c.s.authority.ListTokens(c.ctx, c.caller, c.path("ws"), c.tokenFilter(), p)
	})
	page := e.run
	e.run = func(c *call) (answer, error) {
		if c.text("format") == "csv" {
			return c.tokensCSV()
		}
		return page(c)
	}
	return e
}
