package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// ListRoles lists the roles that hold in a workspace, or for [Instance] those of
// the instance; built-in ones first.
func (c *Client) ListRoles(ctx context.Context, ws string) ([]api.Role, error) {
	return whole(func(p api.Page) (api.List[api.Role], error) {
		return page[api.Role](ctx, c, ws, values{}.page(p), "roles")
	})
}

// ListRemovals lists what was removed from a workspace, or from [Instance], and is
// being rewritten yet.
func (c *Client) ListRemovals(ctx context.Context, ws string) ([]api.Removal, error) {
	return whole(func(p api.Page) (api.List[api.Removal], error) {
		return page[api.Removal](ctx, c, ws, values{}.page(p), "removals")
	})
}

// GetRole answers one role as it holds in a workspace, or in [Instance].
func (c *Client) GetRole(ctx context.Context, ws, name string) (api.Role, error) {
	return within[api.Role](ctx, c, ws, call{method: http.MethodGet}, "roles", name)
}

// PutRole creates or replaces a role, of a workspace or [Instance].
func (c *Client) PutRole(ctx context.Context, ws, name string, in api.PutRole, opts ...CallOption) (api.Role, error) {
	return within[api.Role](ctx, c, ws, with(http.MethodPut, in, opts...), "roles", name)
}

// DeleteRole removes a role; whoever has it gets the replacement, which may be
// left empty while nobody does.
func (c *Client) DeleteRole(ctx context.Context, ws, name, replacement string) (api.Role, error) {
	q := url.Values(values{}.text("replacement", replacement))
	return within[api.Role](ctx, c, ws, call{method: http.MethodDelete, query: q}, "roles", name)
}

// ListScopes lists the scope catalogue that holds in a workspace, or for
// [Instance] that of the instance; built-in scopes first.
func (c *Client) ListScopes(ctx context.Context, ws string) ([]api.Scope, error) {
	return whole(func(p api.Page) (api.List[api.Scope], error) {
		return page[api.Scope](ctx, c, ws, values{}.page(p), "scopes")
	})
}

// GetScope answers one scope, built in or of the catalogue of a workspace or [Instance].
func (c *Client) GetScope(ctx context.Context, ws, name string) (api.Scope, error) {
	return within[api.Scope](ctx, c, ws, call{method: http.MethodGet}, "scopes", name)
}

// PutScope creates or replaces a product scope, of a workspace or [Instance].
func (c *Client) PutScope(ctx context.Context, ws, name string, in api.PutScope, opts ...CallOption) (api.Scope, error) {
	return within[api.Scope](ctx, c, ws, with(http.MethodPut, in, opts...), "scopes", name)
}

// DeleteScope takes a product scope out of the catalogue and of every grant.
func (c *Client) DeleteScope(ctx context.Context, ws, name string) (api.Scope, error) {
	return within[api.Scope](ctx, c, ws, call{method: http.MethodDelete}, "scopes", name)
}

// CreateResource puts an entity of the product on board.
func (c *Client) CreateResource(ctx context.Context, ws string, in api.CreateResource, opts ...CallOption) (api.Resource, error) {
	return within[api.Resource](ctx, c, ws, with(http.MethodPost, in, opts...), "resources")
}

// ListResources answers one page of what is on board.
func (c *Client) ListResources(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.Resource], error) {
	return page[api.Resource](ctx, c, ws, listFilter(f).page(p), "resources")
}

// Resources walks through what is on board.
func (c *Client) Resources(ctx context.Context, ws string, f api.ListFilter) iter.Seq2[api.Resource, error] {
	return each(func(p api.Page) (api.List[api.Resource], error) { return c.ListResources(ctx, ws, f, p) })
}

// GetResource answers one resource.
func (c *Client) GetResource(ctx context.Context, ws, name string) (api.Resource, error) {
	return within[api.Resource](ctx, c, ws, call{method: http.MethodGet}, "resources", name)
}

// DeleteResource takes a resource off board and its name out of every grant.
func (c *Client) DeleteResource(ctx context.Context, ws, name string) (api.Resource, error) {
	return within[api.Resource](ctx, c, ws, call{method: http.MethodDelete}, "resources", name)
}
