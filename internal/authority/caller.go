package authority

import (
	"net/netip"

	"github.com/tokenry/tokenry/token"
)

// Caller is who asks, as a door established it: by a verified API token, or by
// a signed-in person's session. It carries no rights; the gate reads those anew.
type Caller struct {
	// Token is the API token that was presented; zero for anybody else.
	Token token.Locator
	// User is the signed-in person; 0 for anybody else.
	User ID
	// Machine names a part of Tokenry itself (bootstrap, a job) that acts with
	// every right. This case is special: no door ever sets it from a request.
	Machine string
	// ActAs names a member whose grant shall decide; it needs instance:admin.
	ActAs string
	// Addr, Agent and RequestID go into the audit.
	Addr      netip.Addr
	Agent     string
	RequestID string
}
