package client

import (
	"context"
	"net/http"

	"github.com/tokenry/tokenry/token"
)

// TokenFormat answers what the token strings of the server at baseURL look like:
// its prefixes, the current one first, and an expression that finds them. Any
// program may ask, so it takes no token.
func TokenFormat(ctx context.Context, baseURL string, opts ...Option) (format token.Format, err error) {
	c, err := dial(baseURL, token.Secret{}, opts)
	if err != nil {
		return format, err
	}
	defer c.CloseIdleConnections()
	err = c.do(ctx, call{method: http.MethodGet, path: "/.well-known/token-format", again: true}, &format)
	return format, err
}
