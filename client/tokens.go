package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tokenry/tokenry/api"
)

// TokenCalls make, change and end the tokens of a workspace. A token is named by its
// ID, its locator or [Self]; what is not the caller's to see is not_found.
//
// Lifetimes are whole seconds ([api.Duration], like 90d). A secret stands in the
// answer that made it and in no other, but for [TokenCalls.RevealToken].
type TokenCalls struct{ *line }

// Self as a token's id names the client's own token.
const Self = "self"

// CreateToken makes a token. Its answer is the only one that holds the secret. Without
// rights in it, the token may do what its owner may.
//
// Needs tokens:create; for somebody else's personal token tokens:impersonate too. The
// client repeats it with an [IdempotencyKey] alone. Refusals of its own:
// grant_exceeds_own, outside_policy, token_limit_reached, inactive for the owner.
func (c TokenCalls) CreateToken(ctx context.Context, ws string, in api.CreateToken, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, with(http.MethodPost, in, opts...), "tokens")
}

// ListTokens answers one page of a workspace's tokens, newest first.
//
// Needs tokens:read. The client repeats it. Refusals of its own: invalid_cursor.
func (c TokenCalls) ListTokens(ctx context.Context, ws string, f api.TokenFilter, p api.Page) (api.List[api.Token], error) {
	return page[api.Token](ctx, c.line, ws, tokenFilter(f).page(p), "tokens")
}

// Tokens walks through a workspace's tokens, newest first. Include may be "effective":
// what each may do now, too.
//
// Needs tokens:read. The client repeats it.
func (c TokenCalls) Tokens(ctx context.Context, ws string, f api.TokenFilter, include ...string) iter.Seq2[api.Token, error] {
	return each(func(p api.Page) (api.List[api.Token], error) { return c.ListTokens(ctx, ws, f, p) }, include...)
}

// TokensCSV streams a workspace's tokens as CSV, its head first. The caller closes it.
//
// Needs tokens:read. The client repeats it.
func (c TokenCalls) TokensCSV(ctx context.Context, ws string, f api.TokenFilter) (io.ReadCloser, error) {
	at, err := c.place(ctx, ws)
	if err != nil {
		return nil, err
	}
	q := url.Values(tokenFilter(f).text("format", "csv"))
	return c.stream(ctx, call{method: http.MethodGet, path: path(append(at, "tokens")...), query: q, accept: "text/csv", again: true})
}

func tokenFilter(f api.TokenFilter) values {
	v := values{}.flag("deleted", f.Deleted)
	v.said("owner", f.Owner).said("kind", f.Kind).said("status", f.Status).said("q", f.Query).said("role", f.Role)
	v.said("scope", f.Scope).said("resource", f.Resource).said("created_by", f.CreatedBy).said("created_with", f.CreatedWith)
	v.said("used_from", f.UsedFrom).said("can", f.Can)
	for name, d := range map[string]api.Opt[api.Duration]{"expiring_within": f.ExpiringWithin, "unused_for": f.UnusedFor} {
		if d.Set {
			v[name] = []string{d.Value.String()}
		}
	}
	if f.OutsidePolicy.Set {
		v["outside_policy"] = []string{strconv.FormatBool(f.OutsidePolicy.Value)}
	}
	if f.Metadata.Set && len(f.Metadata.Value) == 0 {
		v["metadata."] = []string{""} // which the server refuses: an empty condition never means all
	}
	for key, value := range f.Metadata.Value {
		v["metadata."+key] = []string{value}
	}
	return v
}

// GetToken answers one token. The id is a token ID, a locator or [Self].
//
// Needs tokens:read; a token sees itself without it. The client repeats it.
func (c TokenCalls) GetToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, call{method: http.MethodGet}, "tokens", id)
}

// EditToken merges a patch into a token: what is not set stays, and null inherits or
// removes.
//
// Needs tokens:edit. The client repeats it with an [IdempotencyKey] alone. Refusals of
// its own: grant_exceeds_own, outside_policy, token_revoked.
func (c TokenCalls) EditToken(ctx context.Context, ws, id string, in api.EditToken, opts ...CallOption) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, with(http.MethodPatch, in, opts...), "tokens", id)
}

// RehearseEditToken is what [TokenCalls.EditToken] would answer, and changes nothing.
//
// Needs tokens:edit. The client repeats it. Refusals of its
// own: grant_exceeds_own, outside_policy, token_revoked.
func (c TokenCalls) RehearseEditToken(ctx context.Context, ws, id string, in api.EditToken) (api.Token, error) {
	cl := with(http.MethodPatch, in)
	cl.query, cl.again = url.Values(values{}.flag("dry_run", true)), true
	return within[api.Token](ctx, c.line, ws, cl, "tokens", id)
}

// DisableToken suspends a token until it is enabled. A disabled one stays as it is.
//
// Needs tokens:disable; with an end that is scheduled, tokens:delete too. The client
// repeats it. Refusals of its own: token_revoked.
func (c TokenCalls) DisableToken(ctx context.Context, ws, id string, in api.DisableToken) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, repeatable(in), "tokens", id, "disable")
}

// EnableToken brings a disabled token back. Its caller has to have what the token may
// do.
//
// Needs tokens:disable. The client does not repeat it. Somebody may have disabled it
// again since. Refusals of its own: grant_exceeds_own, token_revoked.
func (c TokenCalls) EnableToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, once(), "tokens", id, "enable")
}

// RevokeToken ends a token for good, and with Descendants what was made with it. When it
// has returned, no verification that starts afterwards succeeds. A revoked one stays as
// it is.
//
// Needs tokens:delete; a token ends itself alone without it. The client repeats it.
func (c TokenCalls) RevokeToken(ctx context.Context, ws, id string, in api.RevokeToken) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, repeatable(in), "tokens", id, "revoke")
}

// ApproveToken lets a token that waits for a second person work.
//
// Needs tokens:disable, and all that the token may do, from a person who neither asked for it
// nor owns it: a token of a service account approves nothing. The client repeats it. Refusals
// of its own: grant_exceeds_own, outside_policy, token_revoked, token_expired, already_done.
func (c TokenCalls) ApproveToken(ctx context.Context, ws, id string, in api.DecideToken, opts ...CallOption) (api.Token, error) {
	cl := with(http.MethodPost, in, opts...)
	cl.again = true
	return within[api.Token](ctx, c.line, ws, cl, "tokens", id, "approve")
}

// RefuseToken ends a token that waits for a second person.
//
// Needs tokens:disable, from a person who neither asked for it nor owns it. The client repeats
// it. Refusals of its own: token_revoked, already_done.
func (c TokenCalls) RefuseToken(ctx context.Context, ws, id string, in api.DecideToken, opts ...CallOption) (api.Token, error) {
	cl := with(http.MethodPost, in, opts...)
	cl.again = true
	return within[api.Token](ctx, c.line, ws, cl, "tokens", id, "refuse")
}

// TokenDescendants counts what was made with a token, and with what was made with it, in
// its workspace, and lists the first of them.
//
// Needs tokens:read; a token sees its own without it. The client repeats it.
func (c TokenCalls) TokenDescendants(ctx context.Context, ws, id string) (api.Descendants, error) {
	return within[api.Descendants](ctx, c.line, ws, call{method: http.MethodGet}, "tokens", id, "descendants")
}

// RevealToken answers the current secret of a token that was made recoverable. Each
// time is audited.
//
// Needs tokens:reveal; for somebody else's personal token tokens:impersonate too. The
// client repeats it. Refusals of its own: not_recoverable.
func (c TokenCalls) RevealToken(ctx context.Context, ws, id string) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, repeatable(nil), "tokens", id, "reveal")
}

// DeleteToken revokes a token and hides it from default lists.
//
// Needs tokens:delete; a token ends itself without it. The client repeats it.
func (c TokenCalls) DeleteToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, call{method: http.MethodDelete}, "tokens", id)
}

// RotateToken gives a token a new secret; the old one works until the overlap ends.
// The answer is the only one that holds the new one.
//
// Needs tokens:edit, or tokens:self for the token itself; for somebody else's personal
// token tokens:impersonate too. The client repeats it with an [IdempotencyKey] alone.
// Refusals of its own: token_revoked, token_expired (unless it renews),
// rotation_conflict, outside_policy.
func (c TokenCalls) RotateToken(ctx context.Context, ws, id string, in api.RotateToken, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, with(http.MethodPost, in, opts...), "tokens", id, "rotate")
}

// ResetToken gives a token a new secret; the old one is dead at once. The answer is
// the only one that holds the new one.
//
// Needs tokens:edit, or tokens:self for the token itself; for somebody else's personal
// token tokens:impersonate too. The client repeats it with an [IdempotencyKey] alone.
// Refusals of its own: token_revoked, token_expired, rotation_conflict.
func (c TokenCalls) ResetToken(ctx context.Context, ws, id string, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, with(http.MethodPost, nil, opts...), "tokens", id, "reset")
}

// RetireSecrets ends the overlap of a rotation now: the current secret alone works. A
// token with one secret stays as it is.
//
// Needs tokens:edit, or tokens:self for the token itself. The client repeats it.
// Refusals of its own: token_revoked.
func (c TokenCalls) RetireSecrets(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c.line, ws, repeatable(nil), "tokens", id, "retire")
}

// TransferToken moves a token to another owner and gives it a new secret.
//
// Needs tokens:edit, tokens:delete, and what a new token of the new owner needs. The
// client does not repeat it. Refusals of its own: grant_exceeds_own, outside_policy,
// token_limit_reached, token_revoked, rotation_conflict.
func (c TokenCalls) TransferToken(ctx context.Context, ws, id string, in api.TransferToken) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, with(http.MethodPost, in), "tokens", id, "transfer")
}

// ResetAccessToken makes or resets the one standing access token of a member, named by
// e-mail, id, ext:ID or [Me].
//
// Needs tokens:create the first time, later tokens:edit; for somebody else
// tokens:impersonate too. The client does not repeat it. Each time gives another
// secret. Refusals of its own: outside_policy, token_limit_reached, rotation_conflict.
func (c TokenCalls) ResetAccessToken(ctx context.Context, ws, member string) (api.Issued, error) {
	return within[api.Issued](ctx, c.line, ws, with(http.MethodPost, nil), "members", member, "access-token", "reset")
}
