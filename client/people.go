package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// MemberCalls are about the people of a workspace. A member is named by e-mail, id,
// ext:ID or [Me]; nobody makes one who may more than the caller.
type MemberCalls struct{ *line }

// Me as a member's reference names the member that the client's token belongs to.
const Me = "me"

// CreateMember takes a person into a workspace. Nothing is mailed by that; see
// [MemberCalls.InviteMember].
//
// Needs members:write; a password in it needs instance:admin too. The client repeats
// it with an [IdempotencyKey] alone. Refusals of its own: already_exists,
// grant_exceeds_own, erased.
func (c MemberCalls) CreateMember(ctx context.Context, ws string, in api.CreateMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, with(http.MethodPost, in, opts...), "members")
}

// PutMember creates or replaces the member that ext:ID or an e-mail names.
//
// Needs members:write. The client repeats it. Refusals of its own: already_exists,
// grant_exceeds_own, last_owner, erased.
func (c MemberCalls) PutMember(ctx context.Context, ws, ref string, in api.CreateMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, with(http.MethodPut, in, opts...), "members", ref)
}

// ListMembers answers one page of a workspace's members.
//
// Needs members:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c MemberCalls) ListMembers(ctx context.Context, ws string, f api.ListFilter, p api.Page) (api.List[api.Member], error) {
	return page[api.Member](ctx, c.line, ws, listFilter(f).page(p), "members")
}

// Members walks through a workspace's members. Include may be "effective": what each
// may do now, too.
//
// Needs members:read. The client repeats it.
func (c MemberCalls) Members(ctx context.Context, ws string, f api.ListFilter, include ...string) iter.Seq2[api.Member, error] {
	return each(func(p api.Page) (api.List[api.Member], error) { return c.ListMembers(ctx, ws, f, p) }, include...)
}

// GetMember answers one member, named by e-mail, id, ext:ID or [Me].
//
// Needs members:read; members see themselves without it. The client repeats it.
func (c MemberCalls) GetMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, call{method: http.MethodGet}, "members", ref)
}

// InviteMember mails a member an invitation to sign in, whose link works once and for
// three days; who can sign in already is told of the workspace.
//
// Needs members:write. The client does not repeat it, so that nobody is mailed twice.
func (c MemberCalls) InviteMember(ctx context.Context, ws, ref string) (api.Invitation, error) {
	return within[api.Invitation](ctx, c.line, ws, with(http.MethodPost, nil), "members", ref, "invite")
}

// CancelInvitation takes back what a person did not accept yet: their link is dead and
// the membership ends, as by [MemberCalls.RemoveMember].
//
// Needs members:write. The client repeats it. Refusals of its own: already_done for
// whoever can sign in by now, last_owner, grant_exceeds_own for an Owner.
func (c MemberCalls) CancelInvitation(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, call{method: http.MethodDelete}, "members", ref, "invite")
}

// PortalLink makes a link that opens a member's own tokens in the console, once and
// for five minutes. There is none for administrators of the instance.
//
// Needs instance:admin. The client does not repeat it. Refusals of its own: inactive.
func (c MemberCalls) PortalLink(ctx context.Context, ws, ref string) (api.PortalLink, error) {
	return within[api.PortalLink](ctx, c.line, ws, with(http.MethodPost, nil), "members", ref, "portal-link")
}

// EditMember merges a patch into a membership: what is not set stays.
//
// Needs members:write. The client repeats it with an [IdempotencyKey] alone. Refusals
// of its own: grant_exceeds_own, last_owner.
func (c MemberCalls) EditMember(ctx context.Context, ws, ref string, in api.EditMember, opts ...CallOption) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "members", ref)
}

// DeactivateMember stops a member's tokens here, and their sessions, until it is
// activated.
//
// Needs members:write. The client repeats it. Refusals of its own: last_owner,
// grant_exceeds_own for an Owner.
func (c MemberCalls) DeactivateMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, repeatable(nil), "members", ref, "deactivate")
}

// ActivateMember brings a deactivated member and its tokens back.
//
// Needs members:write. The client does not repeat it. Somebody may have deactivated
// them again since. Refusals of its own: grant_exceeds_own.
func (c MemberCalls) ActivateMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, once(), "members", ref, "activate")
}

// RemoveMember ends a membership for good and revokes its tokens.
//
// Needs members:write. The client repeats it. Refusals of its own: last_owner,
// grant_exceeds_own for an Owner.
func (c MemberCalls) RemoveMember(ctx context.Context, ws, ref string) (api.Member, error) {
	return within[api.Member](ctx, c.line, ws, call{method: http.MethodDelete}, "members", ref)
}

// MemberTokens lists the tokens that would stop if a member were deactivated or
// removed, and changes nothing.
//
// Needs members:write. The client repeats it.
func (c MemberCalls) MemberTokens(ctx context.Context, ws, ref string) (api.Affected, error) {
	return within[api.Affected](ctx, c.line, ws, dryRun(), "members", ref, "deactivate")
}

// dryRun asks a suspension what it would do.
func dryRun() call {
	return call{method: http.MethodPost, query: url.Values(values{}.flag("dry_run", true)), again: true}
}
