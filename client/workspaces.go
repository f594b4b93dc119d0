package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// WorkspaceCalls are about the tenants and their policies. A workspace is named by
// slug, id or ext:ID. "" is the token's own, but where one is stopped or ended: there
// it has to be named.
type WorkspaceCalls struct{ *line }

// ListWorkspaces answers one page of the workspaces that the token may enter: its own,
// or with instance:admin all.
//
// Any valid token may ask. The client repeats it. Refusals of its own: invalid_cursor.
func (c WorkspaceCalls) ListWorkspaces(ctx context.Context, f api.ListFilter, p api.Page) (api.List[api.Workspace], error) {
	q := url.Values(listFilter(f).page(p))
	return ask[api.List[api.Workspace]](ctx, c.line, call{method: http.MethodGet, query: q}, "workspaces")
}

// Workspaces walks through the workspaces that the token may enter.
//
// Any valid token may ask. The client repeats it.
func (c WorkspaceCalls) Workspaces(ctx context.Context, f api.ListFilter) iter.Seq2[api.Workspace, error] {
	return each(func(p api.Page) (api.List[api.Workspace], error) { return c.ListWorkspaces(ctx, f, p) })
}

// CreateWorkspace makes a tenant.
//
// Needs instance:admin. The client repeats it with an [IdempotencyKey] alone. Refusals
// of its own: already_exists.
func (c WorkspaceCalls) CreateWorkspace(ctx context.Context, in api.CreateWorkspace, opts ...CallOption) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c.line, with(http.MethodPost, in, opts...), "workspaces")
}

// PutWorkspace creates or replaces the workspace that ext:ID or a slug names.
//
// Needs instance:admin. The client repeats it. Refusals of its own: already_exists.
func (c WorkspaceCalls) PutWorkspace(ctx context.Context, ref string, in api.PutWorkspace, opts ...CallOption) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c.line, with(http.MethodPut, in, opts...), "workspaces", ref)
}

// GetWorkspace answers one workspace.
//
// Any valid token of it may ask. The client repeats it.
func (c WorkspaceCalls) GetWorkspace(ctx context.Context, ws string) (api.Workspace, error) {
	return within[api.Workspace](ctx, c.line, ws, call{method: http.MethodGet})
}

// EditWorkspace merges a patch into a workspace: what is not set stays.
//
// Needs policy:write; an external id needs instance:admin too. The client repeats it
// with an [IdempotencyKey] alone. Refusals of its own: already_exists.
func (c WorkspaceCalls) EditWorkspace(ctx context.Context, ws string, in api.EditWorkspace, opts ...CallOption) (api.Workspace, error) {
	return within[api.Workspace](ctx, c.line, ws, with(http.MethodPatch, in, opts...))
}

// DeleteWorkspace ends a workspace for good: its tokens stop, its slug is never used
// again. The workspace must be named.
//
// Needs workspace:delete. The client repeats it.
func (c WorkspaceCalls) DeleteWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c.line, call{method: http.MethodDelete}, "workspaces", ref)
}

// SuspendWorkspace stops all tokens of a workspace until it is resumed.
//
// Needs instance:admin. The client repeats it.
func (c WorkspaceCalls) SuspendWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c.line, repeatable(nil), "workspaces", ref, "suspend")
}

// WorkspaceTokens lists the tokens that would stop if a workspace were suspended, the
// newest first and at most a thousand, and changes nothing.
//
// Needs instance:admin. The client repeats it.
func (c WorkspaceCalls) WorkspaceTokens(ctx context.Context, ref string) (api.Affected, error) {
	return ask[api.Affected](ctx, c.line, dryRun(), "workspaces", ref, "suspend")
}

// ResumeWorkspace brings a suspended workspace back.
//
// Needs instance:admin. The client does not repeat it. Somebody may have suspended it
// again since.
func (c WorkspaceCalls) ResumeWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c.line, once(), "workspaces", ref, "resume")
}

// UnusedTokens shows how far the policy disable_unused_after has come in a workspace and what
// waits for a yes; with after, also what a policy of so long would mean now.
//
// Needs policy:read, and tokens:read with after. The client repeats it.
func (c WorkspaceCalls) UnusedTokens(ctx context.Context, ws string, after api.Duration) (api.UnusedTokens, error) {
	q := values{}
	if after != 0 {
		q.text("after", after.String())
	}
	return within[api.UnusedTokens](ctx, c.line, ws, call{method: http.MethodGet, query: url.Values(q)}, "unused")
}

// ConfirmUnused says yes to disabling the tokens that wait, as [WorkspaceCalls.UnusedTokens]
// showed them; said twice, it is one. Others that wait by now refuse it.
//
// Needs policy:write and tokens:disable, both. The client repeats it. Refusals of its own:
// changed_meanwhile.
func (c WorkspaceCalls) ConfirmUnused(ctx context.Context, ws string, in api.ConfirmUnused) (api.UnusedTokens, error) {
	return within[api.UnusedTokens](ctx, c.line, ws, repeatable(in), "unused", "confirm")
}

// GetPolicy answers what holds in a workspace, or for [Instance] the instance's
// defaults. The fields are explained at [api.Policy].
//
// Needs policy:read; for [Instance] instance:admin. The client repeats it.
func (c WorkspaceCalls) GetPolicy(ctx context.Context, ws string) (api.Policy, error) {
	return within[api.Policy](ctx, c.line, ws, call{method: http.MethodGet}, "policy")
}

// EditPolicy merges a patch into a workspace's overrides, or for [Instance] into the
// defaults that every workspace inherits. Null returns a field to what is inherited.
//
// Needs policy:write; for [Instance] instance:admin. The client repeats it with an
// [IdempotencyKey] alone. Refusals of its own: locked, invalid_field.
func (c WorkspaceCalls) EditPolicy(ctx context.Context, ws string, in api.PatchPolicy, opts ...CallOption) (api.Policy, error) {
	return within[api.Policy](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "policy")
}
