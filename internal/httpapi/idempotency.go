package httpapi

import (
	"crypto/sha256"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

const (
	maxIdempotencyKey = 255
)

// keyed hands the Idempotency-Key of a call that takes one to the authority,
// bound to the path and the body: 1 to 255 visible ASCII characters, or a string
// of them in quotes (RFC 8941).
func (c *call) keyed() error {
	lines := c.r.Header[door.HeaderIdempotencyKey]
	if !c.route.Keyed || len(lines) == 0 {
		return nil
	}
	key := lines[0]
	if len(key) >= 2 && key[0] == '"' && key[len(key)-1] == '"' {
		key = key[1 : len(key)-1]
	}
	invisible := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
	if len(lines) > 1 || key == "" || len(key) > maxIdempotencyKey || strings.ContainsFunc(key, invisible) {
		e := api.Errorf(api.CodeInvalidRequest, "Idempotency-Key must be one key of 1 to 255 visible ASCII characters")
		e.Field = "idempotency_key"
		return e
	}
	c.caller.Retry = authority.Retry{
		Key: key, Route: c.r.Method + " " + c.r.URL.EscapedPath(), Body: sha256.Sum256(c.body.Bytes()),
	}
	return nil
}
