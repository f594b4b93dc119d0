// Package scim are the verbs of a directory (Entra ID, Okta) that keeps the members of a
// workspace, in the words of SCIM 2.0 (RFC 7643 and RFC 7644).
//
// Laws of this package:
//
//   - A User is a member, and a Group is a role on the entire portfolio: nothing is kept for
//     SCIM alone, and there is no way into the tables but that of the rooms owners and rights.
//   - A request is one change: all of it is done, or nothing. The end of a group is the one
//     that goes in steps, each of which only takes away, so that it may be asked for again.
//   - What a request does not name stays. So a PUT without active activates nobody.
//   - A PUT says how everything is, and brings back only whom the same connection stopped;
//     a PATCH of active says it on purpose.
//   - The role Owner is no group, so no directory makes Owners, whatever a group is called.
//   - What is not understood is refused when it could mean something here; attributes that
//     Tokenry does not keep are read over, and a password is among them.
package scim

import (
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/rights"
)

// Scim are the verbs. They are safe for use by many goroutines.
type Scim struct {
	in     *authority.Authority
	owners *owners.Owners
	rights *rights.Rights
}

// New makes the verbs over an authority and the rooms whose verbs it uses.
func New(in *authority.Authority, o *owners.Owners, r *rights.Rights) *Scim { return &Scim{in, o, r} }
