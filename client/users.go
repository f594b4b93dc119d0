package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// UserCalls are about people across workspaces, and about which of them administer the
// instance. All of them need instance:admin. A user is named by e-mail or id.
type UserCalls struct{ *line }

// GetUser answers one user across workspaces.
//
// Needs instance:admin. The client repeats it.
func (c UserCalls) GetUser(ctx context.Context, ref string) (api.User, error) {
	return get[api.User](ctx, c.line, "users", ref)
}

// ListUsers answers one page of the users of all workspaces.
//
// Needs instance:admin. The client repeats it. Refusals of its own: invalid_cursor.
func (c UserCalls) ListUsers(ctx context.Context, f api.ListFilter, p api.Page) (api.List[api.User], error) {
	return ask[api.List[api.User]](ctx, c.line, call{method: http.MethodGet, query: url.Values(listFilter(f).page(p))}, "users")
}

// Users walks through the users of all workspaces.
//
// Needs instance:admin. The client repeats it.
func (c UserCalls) Users(ctx context.Context, f api.ListFilter) iter.Seq2[api.User, error] {
	return each(func(p api.Page) (api.List[api.User], error) { return c.ListUsers(ctx, f, p) })
}

// DeactivateUser stops a person's tokens and sessions in every workspace until it is
// activated.
//
// Needs instance:admin. The client repeats it. Refusals of its own:
// last_instance_admin, last_owner, erased.
func (c UserCalls) DeactivateUser(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c.line, repeatable(nil), "users", ref, "deactivate")
}

// ActivateUser brings a deactivated user back.
//
// Needs instance:admin. The client does not repeat it. Somebody may have deactivated
// them again since. Refusals of its own: erased.
func (c UserCalls) ActivateUser(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c.line, once(), "users", ref, "activate")
}

// EraseUser erases everything about a user who is deactivated or a member nowhere.
// With dryRun it only counts. What was cut off is finished by asking again.
//
// Needs instance:admin. The client repeats it. Refusals of its own: still_active.
func (c UserCalls) EraseUser(ctx context.Context, ref string, dryRun bool) (api.Erasure, error) {
	return ask[api.Erasure](ctx, c.line, repeatable(api.EraseUser{DryRun: dryRun}), "users", ref, "erase")
}

// ListAdmins lists the instance administrators.
//
// Needs instance:admin. The client repeats it.
func (c UserCalls) ListAdmins(ctx context.Context) ([]api.User, error) {
	return whole(func(p api.Page) (api.List[api.User], error) {
		return page[api.User](ctx, c.line, Instance, values{}.page(p), "admins")
	})
}

// AddAdmin makes a user an instance administrator. One who is stays so.
//
// Needs instance:admin. The client repeats it. Refusals of its own: erased.
func (c UserCalls) AddAdmin(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c.line, repeatable(api.AddAdmin{User: ref}), "instance", "admins")
}

// RemoveAdmin makes an instance administrator a plain user.
//
// Needs instance:admin. The client repeats it. Refusals of its own:
// last_instance_admin.
func (c UserCalls) RemoveAdmin(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c.line, call{method: http.MethodDelete}, "instance", "admins", ref)
}
