// Package owners are the verbs about workspaces and who is in them: users, members
// and service accounts, which own tokens.
//
// Laws of this package:
//
//   - Rights follow the owner: what an owner loses, each of its tokens has lost when
//     the verb has answered.
//   - What the instance stopped, a workspace does not bring back.
//   - A workspace is never left without an Owner by a member's verb.
//   - Who is removed is gone at once; the rows that say otherwise are rewritten behind.
package owners

import "github.com/tokenry/tokenry/internal/authority"

// Owners are the verbs about workspaces, users, members and service accounts. They
// are safe for use by many goroutines.
type Owners struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Owners { return &Owners{in: in} }
