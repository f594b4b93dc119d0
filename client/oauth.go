package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// Introspect asks about a token as RFC 7662 does. A Go program has [Client.Verify]
// for it, which also says why; this is for whoever hands the answer on to what
// knows OAuth. The client's own credentials are those of the client.
func (c *Client) Introspect(ctx context.Context, in api.IntrospectRequest) (out api.Introspection, err error) {
	f := url.Values{"token": {in.Token}}
	for name, value := range map[string]string{"client_ip": in.ClientIP, "resource": in.Resource, "workspace": in.Workspace} {
		if value != "" {
			f.Set(name, value)
		}
	}
	err = c.do(ctx, call{method: http.MethodPost, path: "/oauth2/introspect", form: f, again: true}, &out)
	return out, err
}

// RevokeSecret ends for good the token that a secret belongs to, by having the
// secret alone (RFC 7009): the client's own token is not sent. What is no secret
// of a token changes nothing and is no error. When it has returned, no
// verification that starts afterwards succeeds.
func (c *Client) RevokeSecret(ctx context.Context, secret string) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/oauth2/revoke", form: url.Values{"token": {secret}}, again: true, anonymous: true}, nil)
}
