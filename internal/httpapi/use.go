package httpapi

import "github.com/tokenry/tokenry/internal/verify"

// The doors within this one by which a token is presented.
const (
	// DoorVerify is POST /v1/verify and its batch.
	DoorVerify = "verify"
	// DoorForwardAuth is /v1/forward-auth, and /v1/ext-authz.
	DoorForwardAuth = "forward-auth"
	// DoorIntrospect is POST /oauth2/introspect.
	DoorIntrospect = "introspect"
	// DoorRevoke is POST /oauth2/revoke: what is presented there is given up, and
	// not used.
	DoorRevoke = "revoke"
	// DoorAPI is every other call: a token opens Tokenry itself.
	DoorAPI = "api"
)

// Use is one decision about a presented token, for whoever writes down what is
// done with tokens. Everything in it is only read, and only until the call that
// is told of it returns.
type Use struct {
	Door      string
	RequestID string
	Request   *verify.Request
	Decision  *verify.Decision
	// Agent, Method and Path are those of the request that is authorised, as far
	// as they are known: at forward-auth from a trusted proxy alone, at ext-authz
	// those that were judged. The path may
	// come with a query.
	Agent, Method, Path string
}

// tell hands one decision on.
func (c *call) tell(u Use) {
	if c.s.used == nil {
		return
	}
	u.RequestID = c.id
	c.use = u
	c.s.used(&c.use)
}
