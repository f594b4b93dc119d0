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

// Self as a token's id names the client's own token.
const Self = "self"

// CreateToken makes a token. Its answer is the only one that holds the secret.
func (c *Client) CreateToken(ctx context.Context, ws string, in api.CreateToken, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, with(http.MethodPost, in, opts...), "tokens")
}

// ListTokens answers one page of a workspace's tokens, newest first.
func (c *Client) ListTokens(ctx context.Context, ws string, f api.TokenFilter, p api.Page) (api.List[api.Token], error) {
	return page[api.Token](ctx, c, ws, tokenFilter(f).page(p), "tokens")
}

// Tokens walks through a workspace's tokens, newest first. Include may be "effective": what each may do now, too.
func (c *Client) Tokens(ctx context.Context, ws string, f api.TokenFilter, include ...string) iter.Seq2[api.Token, error] {
	return each(func(p api.Page) (api.List[api.Token], error) { return c.ListTokens(ctx, ws, f, p) }, include...)
}

// TokensCSV streams a workspace's tokens as CSV. The caller closes it.
func (c *Client) TokensCSV(ctx context.Context, ws string, f api.TokenFilter) (io.ReadCloser, error) {
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
func (c *Client) GetToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c, ws, call{method: http.MethodGet}, "tokens", id)
}

// EditToken merges a patch into a token.
func (c *Client) EditToken(ctx context.Context, ws, id string, in api.EditToken, opts ...CallOption) (api.Token, error) {
	return within[api.Token](ctx, c, ws, with(http.MethodPatch, in, opts...), "tokens", id)
}

// DisableToken suspends a token until it is enabled.
func (c *Client) DisableToken(ctx context.Context, ws, id string, in api.DisableToken) (api.Token, error) {
	return within[api.Token](ctx, c, ws, repeatable(in), "tokens", id, "disable")
}

// EnableToken brings a disabled token back.
func (c *Client) EnableToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c, ws, once(), "tokens", id, "enable")
}

// RevokeToken ends a token for good. When it has returned, no verification that
// starts afterwards succeeds. A revoked one stays as it is.
func (c *Client) RevokeToken(ctx context.Context, ws, id string, in api.RevokeToken) (api.Token, error) {
	return within[api.Token](ctx, c, ws, repeatable(in), "tokens", id, "revoke")
}

// RevealToken answers the current secret of a token that was made recoverable.
// Each time is audited.
func (c *Client) RevealToken(ctx context.Context, ws, id string) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, repeatable(nil), "tokens", id, "reveal")
}

// DeleteToken revokes a token and hides it from default lists.
func (c *Client) DeleteToken(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c, ws, call{method: http.MethodDelete}, "tokens", id)
}

// RotateToken gives a token a new secret; the old one works until the overlap
// ends.
func (c *Client) RotateToken(ctx context.Context, ws, id string, in api.RotateToken, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, with(http.MethodPost, in, opts...), "tokens", id, "rotate")
}

// ResetToken gives a token a new secret; the old one is dead at once.
func (c *Client) ResetToken(ctx context.Context, ws, id string, opts ...CallOption) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, with(http.MethodPost, nil, opts...), "tokens", id, "reset")
}

// RetireSecrets ends the overlap of a rotation now: the current secret alone
// works. A token with one secret stays as it is.
func (c *Client) RetireSecrets(ctx context.Context, ws, id string) (api.Token, error) {
	return within[api.Token](ctx, c, ws, repeatable(nil), "tokens", id, "retire")
}

// TransferToken moves a token to another owner and gives it a new secret.
func (c *Client) TransferToken(ctx context.Context, ws, id string, in api.TransferToken) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, with(http.MethodPost, in), "tokens", id, "transfer")
}

// ResetAccessToken makes or resets the one standing access token of a member,
// named by e-mail, id, ext:ID or [Me].
func (c *Client) ResetAccessToken(ctx context.Context, ws, member string) (api.Issued, error) {
	return within[api.Issued](ctx, c, ws, with(http.MethodPost, nil), "members", member, "access-token", "reset")
}
