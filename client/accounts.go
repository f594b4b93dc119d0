package client

import (
	"context"
	"iter"
	"net/http"

	"github.com/tokenry/tokenry/api"
)

// ServiceAccountCalls are about the principals of a workspace that are nobody's:
// pipelines and integrations. One is named by its name, address or id.
type ServiceAccountCalls struct{ *line }

// CreateServiceAccount makes a non-human principal.
//
// Needs service-accounts:write. The client repeats it with an [IdempotencyKey] alone.
// Refusals of its own: already_exists, grant_exceeds_own.
func (c ServiceAccountCalls) CreateServiceAccount(ctx context.Context, ws string, in api.CreateServiceAccount, opts ...CallOption) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, with(http.MethodPost, in, opts...), "service-accounts")
}

// ListServiceAccounts answers one page of a workspace's service accounts.
//
// Needs service-accounts:read. The client repeats it. Refusals of its own:
// invalid_cursor.
func (c ServiceAccountCalls) ListServiceAccounts(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.ServiceAccount], error) {
	return page[api.ServiceAccount](ctx, c.line, ws, listFilter(f).page(p), "service-accounts")
}

// ServiceAccounts walks through a workspace's service accounts. Include may be
// "effective": what each may do now, too.
//
// Needs service-accounts:read. The client repeats it.
func (c ServiceAccountCalls) ServiceAccounts(ctx context.Context, ws string, f api.ListFilter, include ...string) iter.Seq2[api.ServiceAccount, error] {
	return each(func(p api.Page) (api.List[api.ServiceAccount], error) { return c.ListServiceAccounts(ctx, ws, f, p) }, include...)
}

// GetServiceAccount answers one service account by its name or address.
//
// Needs service-accounts:read. The client repeats it.
func (c ServiceAccountCalls) GetServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, call{method: http.MethodGet}, "service-accounts", name)
}

// EditServiceAccount merges a patch into a service account: what is not set stays.
//
// Needs service-accounts:write. The client repeats it with an [IdempotencyKey] alone.
// Refusals of its own: grant_exceeds_own.
func (c ServiceAccountCalls) EditServiceAccount(ctx context.Context, ws, name string, in api.EditServiceAccount, opts ...CallOption) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "service-accounts", name)
}

// DisableServiceAccount stops a service account's tokens until it is enabled.
//
// Needs service-accounts:write. The client repeats it.
func (c ServiceAccountCalls) DisableServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, repeatable(nil), "service-accounts", name, "disable")
}

// EnableServiceAccount brings a disabled service account and its tokens back.
//
// Needs service-accounts:write. The client does not repeat it. Somebody may have
// disabled it again since. Refusals of its own: grant_exceeds_own.
func (c ServiceAccountCalls) EnableServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, once(), "service-accounts", name, "enable")
}

// RemoveServiceAccount ends a service account for good and revokes its tokens.
//
// Needs service-accounts:write. The client repeats it.
func (c ServiceAccountCalls) RemoveServiceAccount(ctx context.Context, ws, name string) (api.ServiceAccount, error) {
	return within[api.ServiceAccount](ctx, c.line, ws, call{method: http.MethodDelete}, "service-accounts", name)
}

// ServiceAccountTokens lists the tokens that would stop if a service account were
// disabled or removed, and changes nothing.
//
// Needs service-accounts:write. The client repeats it.
func (c ServiceAccountCalls) ServiceAccountTokens(ctx context.Context, ws, name string) (api.Affected, error) {
	return within[api.Affected](ctx, c.line, ws, dryRun(), "service-accounts", name, "disable")
}
