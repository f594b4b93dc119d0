package authority

import (
	"net/netip"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Retry is an Idempotency-Key: what the client calls one request. The zero
// Retry is none.
type Retry struct {
	// Key is the client's; Route what was called; Body a digest of the request.
	Key, Route string
	Body       [32]byte
	// Once refuses a second request with idempotency_key_used where a fresh secret
	// would be given: for a form, whose answer may still be before a person.
	Once bool
}

// Caller is who asks, as a door established it: by a verified API token, or by
// a signed-in person's session. It carries no rights, and it carries what was
// presented: the gate reads both anew, because a request may wait between its door
// and its turn for as long as it likes.
type Caller struct {
	// Token is the API token that was presented; zero for anybody else. Secret is
	// the number of the secret of it; without one no token is accepted.
	Token  token.Locator
	Secret int
	// Home is the workspace of that token, as far as the door knows it. It decides
	// nothing but whose turn the caller's changes take.
	Home ledger.ID
	// User is the signed-in person; 0 for anybody else. Session is the session's id;
	// without one nobody is accepted.
	User    ledger.ID
	Session string
	// Portal, when not empty, is the slug of the one workspace in which a person
	// that a portal link signed in manages their own tokens, and nothing else.
	Portal string
	// Machine names a part of Tokenry itself (bootstrap, a job) that acts with
	// every right. This case is special: no door ever sets it from a request.
	Machine string
	// Job says that one node does it for all; see [Options.Runs].
	Job bool
	// ActAs names a member whose grant shall decide; it needs instance:admin.
	ActAs string
	// Retry names the request, when the client gave it a name, so that sending it
	// again does not do it twice.
	Retry Retry
	// Rehearse lets every change be judged and made as it is meant, and then undone:
	// a dry run answers what the real one would.
	Rehearse bool
	// Expected is how the object that is changed has to be.
	Expected Expected
	// Call names what was called, in words of the door's own; it goes into the
	// audit of a refusal.
	Call string
	// Addr, Agent and RequestID go into the audit.
	Addr      netip.Addr
	Agent     string
	RequestID string
}
