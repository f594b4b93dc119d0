package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// RightsCalls are about what rights are made of: the roles, the catalogue of scopes
// and the resources. With [Instance] in place of a workspace they are about what every
// workspace inherits, and need instance:admin instead.
type RightsCalls struct{ *line }

// ListRoles lists the roles that hold in a workspace, or for [Instance] those of the
// instance; built-in ones first.
//
// Needs roles:read. The client repeats it.
func (c RightsCalls) ListRoles(ctx context.Context, ws string) ([]api.Role, error) {
	return whole(func(p api.Page) (api.List[api.Role], error) {
		return page[api.Role](ctx, c.line, ws, values{}.page(p), "roles")
	})
}

// ListRemovals lists what was removed from a workspace, or from [Instance], and is
// being rewritten yet. It gives nothing any more already; its name is refused with
// being_deleted until it left the list.
//
// Needs roles:read. The client repeats it.
func (c RightsCalls) ListRemovals(ctx context.Context, ws string) ([]api.Removal, error) {
	return whole(func(p api.Page) (api.List[api.Removal], error) {
		return page[api.Removal](ctx, c.line, ws, values{}.page(p), "removals")
	})
}

// GetRole answers one role as it holds in a workspace, or in [Instance].
//
// Needs roles:read. The client repeats it.
func (c RightsCalls) GetRole(ctx context.Context, ws, name string) (api.Role, error) {
	return within[api.Role](ctx, c.line, ws, call{method: http.MethodGet}, "roles", name)
}

// PutRole creates or replaces a role, of a workspace or [Instance].
//
// Needs roles:write. The client repeats it. Refusals of its own: grant_exceeds_own,
// built_in, locked, being_deleted.
func (c RightsCalls) PutRole(ctx context.Context, ws, name string, in api.PutRole, opts ...CallOption) (api.Role, error) {
	return within[api.Role](ctx, c.line, ws, with(http.MethodPut, in, opts...), "roles", name)
}

// DeleteRole removes a role; whoever has it gets the replacement, which may be left
// empty while nobody does.
//
// Needs roles:write. The client repeats it. Refusals of its own: role_in_use without a
// replacement, built_in, locked, being_deleted.
func (c RightsCalls) DeleteRole(ctx context.Context, ws, name, replacement string) (api.Role, error) {
	q := url.Values(values{}.text("replacement", replacement))
	return within[api.Role](ctx, c.line, ws, call{method: http.MethodDelete, query: q}, "roles", name)
}

// ListScopes lists the scope catalogue that holds in a workspace, or for [Instance]
// that of the instance; built-in scopes first.
//
// Needs roles:read. The client repeats it.
func (c RightsCalls) ListScopes(ctx context.Context, ws string) ([]api.Scope, error) {
	return whole(func(p api.Page) (api.List[api.Scope], error) {
		return page[api.Scope](ctx, c.line, ws, values{}.page(p), "scopes")
	})
}

// GetScope answers one scope, built in or of the catalogue of a workspace or
// [Instance].
//
// Needs roles:read. The client repeats it.
func (c RightsCalls) GetScope(ctx context.Context, ws, name string) (api.Scope, error) {
	return within[api.Scope](ctx, c.line, ws, call{method: http.MethodGet}, "scopes", name)
}

// PutScope creates or replaces a product scope, of a workspace or [Instance].
//
// Needs roles:write. The client repeats it. Refusals of its own: built_in, locked,
// being_deleted.
func (c RightsCalls) PutScope(ctx context.Context, ws, name string, in api.PutScope, opts ...CallOption) (api.Scope, error) {
	return within[api.Scope](ctx, c.line, ws, with(http.MethodPut, in, opts...), "scopes", name)
}

// DeleteScope takes a product scope out of the catalogue and of every grant.
//
// Needs roles:write. The client repeats it. Refusals of its own: built_in, locked,
// being_deleted.
func (c RightsCalls) DeleteScope(ctx context.Context, ws, name string) (api.Scope, error) {
	return within[api.Scope](ctx, c.line, ws, call{method: http.MethodDelete}, "scopes", name)
}

// CreateResource puts an entity of the product on board.
//
// Needs resources:create, on all resources unless the policy's onboarding is
// any_member. The client repeats it with an [IdempotencyKey] alone. Refusals of its
// own: already_exists, onboarding_restricted, being_deleted.
func (c RightsCalls) CreateResource(ctx context.Context, ws string, in api.CreateResource, opts ...CallOption) (api.Resource, error) {
	return within[api.Resource](ctx, c.line, ws, with(http.MethodPost, in, opts...), "resources")
}

// ListResources answers one page of what is on board.
//
// Needs resources:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c RightsCalls) ListResources(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.Resource], error) {
	return page[api.Resource](ctx, c.line, ws, listFilter(f).page(p), "resources")
}

// Resources walks through what is on board.
//
// Needs resources:read. The client repeats it.
func (c RightsCalls) Resources(ctx context.Context, ws string, f api.ListFilter) iter.Seq2[api.Resource, error] {
	return each(func(p api.Page) (api.List[api.Resource], error) { return c.ListResources(ctx, ws, f, p) })
}

// GetResource answers one resource.
//
// Needs resources:read. The client repeats it.
func (c RightsCalls) GetResource(ctx context.Context, ws, name string) (api.Resource, error) {
	return within[api.Resource](ctx, c.line, ws, call{method: http.MethodGet}, "resources", name)
}

// DeleteResource takes a resource off board and its name out of every grant.
//
// Needs resources:delete. The client repeats it. Refusals of its own: being_deleted.
func (c RightsCalls) DeleteResource(ctx context.Context, ws, name string) (api.Resource, error) {
	return within[api.Resource](ctx, c.line, ws, call{method: http.MethodDelete}, "resources", name)
}
