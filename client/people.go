package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// Me as a member's reference names the member that the client's token belongs to.
const Me = "me"

// CreateMember takes a person into a workspace.
func (c *Client) CreateMember(ctx context.Context, ws string, in api.CreateMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c, ws, with(http.MethodPost, in, opts...), "members")
}

// PutMember creates or replaces the member that ext:ID or an e-mail names.
func (c *Client) PutMember(ctx context.Context, ws, ref string, in api.CreateMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c, ws, with(http.MethodPut, in, opts...), "members", ref)
}

// ListMembers answers one page of a workspace's members.
func (c *Client) ListMembers(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.Member], error) {
	return page[api.Member](ctx, c, ws, listFilter(f).page(p), "members")
}

// Members walks through a workspace's members.
func (c *Client) Members(ctx context.Context, ws string, f api.ListFilter, include ...string) iter.Seq2[api.Member, error] {
	return each(func(p api.Page) (api.List[api.Member], error) { return c.ListMembers(ctx, ws, f, p) }, include...)
}

// GetMember answers one member, named by e-mail, id, ext:ID or [Me].
func (c *Client) GetMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c, ws, call{method: http.MethodGet}, "members", ref)
}

// InviteMember mails a member an invitation to sign in. It needs members:write.
func (c *Client) InviteMember(ctx context.Context, ws, ref string) (api.Invitation, error) {
	return within[api.Invitation](ctx, c, ws, with(http.MethodPost, nil), "members", ref, "invite")
}

// PortalLink makes a link that opens a member's own tokens in the console, once
// and for five minutes. It needs instance:admin.
func (c *Client) PortalLink(ctx context.Context, ws, ref string) (api.PortalLink, error) {
	return within[api.PortalLink](ctx, c, ws, with(http.MethodPost, nil), "members", ref, "portal-link")
}

// EditMember merges a patch into a membership.
func (c *Client) EditMember(ctx context.Context, ws, ref string, in api.EditMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c, ws, with(http.MethodPatch, in, opts...), "members", ref)
}

// DeactivateMember stops a member's tokens here until it is activated.
func (c *Client) DeactivateMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c, ws, repeatable(nil), "members", ref, "deactivate")
}

// ActivateMember brings a deactivated member and its tokens back.
func (c *Client) ActivateMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c, ws, once(), "members", ref, "activate")
}

// RemoveMember ends a membership for good and revokes its tokens.
func (c *Client) RemoveMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c, ws, call{method: http.MethodDelete}, "members", ref)
}

// MemberTokens lists the tokens that would stop if a member were deactivated or
// removed, and changes nothing.
func (c *Client) MemberTokens(ctx context.Context, ws, ref string) (api.Affected, error) {
	return within[api.Affected](ctx, c, ws, dryRun(), "members", ref, "deactivate")
}

// dryRun asks a suspension what it would do.
func dryRun() call {
	return call{method: http.MethodPost, query: url.Values(values{}.flag("dry_run", true)), again: true}
}

// CreateServiceAccount makes a non-human principal.
func (c *Client) CreateServiceAccount(ctx context.Context, ws string, in api.CreateServiceAccount, opts ...CallOption) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, with(http.MethodPost, in, opts...), "service-accounts")
}

// ListServiceAccounts answers one page of a workspace's service accounts.
func (c *Client) ListServiceAccounts(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.ServiceAccount], error) {
	return page[api.ServiceAccount](ctx, c, ws, listFilter(f).page(p), "service-accounts")
}

// ServiceAccounts walks through a workspace's service accounts.
func (c *Client) ServiceAccounts(ctx context.Context, ws string, f api.ListFilter, include ...string) iter.Seq2[api.ServiceAccount, error] {
	return each(func(p api.Page) (api.List[api.ServiceAccount], error) { return c.ListServiceAccounts(ctx, ws, f, p) }, include...)
}

// GetServiceAccount answers one service account by its name or address.
func (c *Client) GetServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, call{method: http.MethodGet}, "service-accounts", name)
}

// EditServiceAccount merges a patch into a service account.
func (c *Client) EditServiceAccount(ctx context.Context, ws, name string, in api.EditServiceAccount, opts ...CallOption) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, with(http.MethodPatch, in, opts...), "service-accounts", name)
}

// DisableServiceAccount stops a service account's tokens until it is enabled.
func (c *Client) DisableServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, repeatable(nil), "service-accounts", name, "disable")
}

// EnableServiceAccount brings a disabled service account and its tokens back.
func (c *Client) EnableServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, once(), "service-accounts", name, "enable")
}

// RemoveServiceAccount ends a service account for good and revokes its tokens.
func (c *Client) RemoveServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c, ws, call{method: http.MethodDelete}, "service-accounts", name)
}

// ServiceAccountTokens lists the tokens that would stop if a service account
// were disabled or removed, and changes nothing.
func (c *Client) ServiceAccountTokens(ctx context.Context, ws, name string) (api.Affected, error) {
	return within[api.Affected](ctx, c, ws, dryRun(), "service-accounts", name, "disable")
}

// GetUser answers one user across workspaces, by e-mail or id. It needs
// instance:admin, like all about users.
func (c *Client) GetUser(ctx context.Context, ref string) (api.User, error) {
	return get[api.User](ctx, c, "users", ref)
}

// ListUsers answers one page of the users of all workspaces.
func (c *Client) ListUsers(ctx context.Context, f api.ListFilter, p api.Page) (api.List[api.User], error) {
	return ask[api.List[api.User]](ctx, c, call{method: http.MethodGet, query: url.Values(listFilter(f).page(p))}, "users")
}

// Users walks through the users of all workspaces.
func (c *Client) Users(ctx context.Context, f api.ListFilter) iter.Seq2[api.User, error] {
	return each(func(p api.Page) (api.List[api.User], error) { return c.ListUsers(ctx, f, p) })
}

// DeactivateUser stops a person's tokens in every workspace until it is activated.
func (c *Client) DeactivateUser(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c, repeatable(nil), "users", ref, "deactivate")
}

// ActivateUser brings a deactivated user back.
func (c *Client) ActivateUser(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c, once(), "users", ref, "activate")
}

// EraseUser erases everything about a user who is deactivated or a member
// nowhere. With dryRun it only counts.
func (c *Client) EraseUser(ctx context.Context, ref string, dryRun bool) (api.Erasure, error) {
	return ask[api.Erasure](ctx, c, repeatable(api.EraseUser{DryRun: dryRun}), "users", ref, "erase")
}

// ListAdmins lists the instance administrators.
func (c *Client) ListAdmins(ctx context.Context) ([]api.User, error) {
	return whole(func(p api.Page) (api.List[api.User], error) {
		return page[api.User](ctx, c, Instance, values{}.page(p), "admins")
	})
}

// AddAdmin makes a user, named by e-mail or id, an instance administrator.
func (c *Client) AddAdmin(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c, repeatable(api.AddAdmin{User: ref}), "instance", "admins")
}

// RemoveAdmin makes an instance administrator a plain user.
func (c *Client) RemoveAdmin(ctx context.Context, ref string) (api.User, error) {
	return ask[api.User](ctx, c, call{method: http.MethodDelete}, "instance", "admins", ref)
}
