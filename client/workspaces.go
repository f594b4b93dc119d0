package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// ListWorkspaces answers one page of the workspaces that the token may enter.
func (c *Client) ListWorkspaces(ctx context.Context, f api.ListFilter, p api.Page) (api.List[api.Workspace], error) {
	q := url.Values(listFilter(f).page(p))
	return ask[api.List[api.Workspace]](ctx, c, call{method: http.MethodGet, query: q}, "workspaces")
}

// Workspaces walks through the workspaces that the token may enter.
func (c *Client) Workspaces(ctx context.Context, f api.ListFilter) iter.Seq2[api.Workspace, error] {
	return each(func(p api.Page) (api.List[api.Workspace], error) { return c.ListWorkspaces(ctx, f, p) })
}

// CreateWorkspace makes a tenant. It needs instance:admin.
func (c *Client) CreateWorkspace(ctx context.Context, in api.CreateWorkspace, opts ...CallOption) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c, with(http.MethodPost, in, opts...), "workspaces")
}

// PutWorkspace creates or replaces the workspace that ext:ID or a slug names.
func (c *Client) PutWorkspace(ctx context.Context, ref string, in api.PutWorkspace, opts ...CallOption) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c, with(http.MethodPut, in, opts...), "workspaces", ref)
}

// GetWorkspace answers one workspace.
func (c *Client) GetWorkspace(ctx context.Context, ws string) (api.Workspace, error) {
	return within[api.Workspace](ctx, c, ws, call{method: http.MethodGet})
}

// EditWorkspace merges a patch into a workspace.
func (c *Client) EditWorkspace(ctx context.Context, ws string, in api.EditWorkspace, opts ...CallOption) (api.Workspace, error) {
	return within[api.Workspace](ctx, c, ws, with(http.MethodPatch, in, opts...))
}

// DeleteWorkspace ends a workspace for good: its tokens stop, its slug is never
// used again. The workspace must be named.
func (c *Client) DeleteWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c, call{method: http.MethodDelete}, "workspaces", ref)
}

// SuspendWorkspace stops all tokens of a workspace until it is resumed. It needs
// instance:admin.
func (c *Client) SuspendWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c, repeatable(nil), "workspaces", ref, "suspend")
}

// WorkspaceTokens lists the tokens that would stop if a workspace were suspended,
// the newest first and at most a thousand, and changes nothing.
func (c *Client) WorkspaceTokens(ctx context.Context, ref string) (api.Affected, error) {
	return ask[api.Affected](ctx, c, dryRun(), "workspaces", ref, "suspend")
}

// ResumeWorkspace brings a suspended workspace back.
func (c *Client) ResumeWorkspace(ctx context.Context, ref string) (api.Workspace, error) {
	return ask[api.Workspace](ctx, c, once(), "workspaces", ref, "resume")
}

// GetPolicy answers what holds in a workspace, or for [Instance] the instance's
// defaults.
func (c *Client) GetPolicy(ctx context.Context, ws string) (api.Policy, error) {
	return within[api.Policy](ctx, c, ws, call{method: http.MethodGet}, "policy")
}

// EditPolicy merges a patch into a workspace's overrides, or for [Instance] into
// the defaults that every workspace inherits.
func (c *Client) EditPolicy(ctx context.Context, ws string, in api.PatchPolicy, opts ...CallOption) (api.Policy, error) {
	return within[api.Policy](ctx, c, ws, with(http.MethodPatch, in, opts...), "policy")
}
