package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tokenry/tokenry/api"
)

// OAuthCalls speak to the server as OAuth says, for programs that hand the answers on
// to what knows OAuth. Everybody else is better served by [VerifyCalls].
type OAuthCalls struct{ *line }

// Introspect asks about a token as RFC 7662 does. A Go program has
// [VerifyCalls.Verify] for it, which also says why. The client's own token says who
// asks. A token at its rate limit is an error, and not called inactive.
//
// Needs tokens:verify or instance:verify. The client repeats it. Refusals of its own:
// rate_limited.
func (c OAuthCalls) Introspect(ctx context.Context, in api.IntrospectRequest) (out api.Introspection, err error) {
	f := url.Values{"token": {in.Token}}
	for name, value := range map[string]string{"client_ip": in.ClientIP, "resource": in.Resource, "scope": in.Scope, "workspace": in.Workspace} {
		if value != "" {
			f.Set(name, value)
		}
	}
	err = c.do(ctx, call{method: http.MethodPost, path: "/oauth2/introspect", form: f, again: true}, &out)
	return out, err
}

// RevokeSecret ends for good the token that a secret belongs to, by having the secret
// alone (RFC 7009): the client's own token is not sent. What is no secret of a token
// changes nothing and is no error. When it has returned, no verification that starts
// afterwards succeeds.
//
// No right is needed. The client repeats it.
func (c OAuthCalls) RevokeSecret(ctx context.Context, secret string) error {
	return c.do(ctx, call{method: http.MethodPost, path: "/oauth2/revoke", form: url.Values{"token": {secret}}, again: true, anonymous: true}, nil)
}
