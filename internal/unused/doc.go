// Package unused disables the tokens that nobody uses, where the policy disable_unused_after
// says so.
//
// Laws of this package:
//
//   - A token is disabled only on a day that its owner was told at least 14 days before, whatever
//     the policy became since: turned on or shortened, it disables nothing at once.
//   - A time counts as unused only while usage was recorded without a gap, and the token itself
//     could have been used. A gap begins the count anew. While its owner or workspace stands still
//     it has no day, and 14 days at least after.
//   - A use, a gap, a longer policy, another owner, and whatever stops or ends the token take the
//     warning back; a silence after that is warned of anew.
//   - Without a yes, at most a tenth of a workspace's tokens, and one at least, is disabled in a
//     day. A yes counts for what was shown to whoever gave it, once, for a while.
//   - What is found on a snapshot is decided again under the lock, in small pieces. Each piece
//     leaves a state that the next start goes on from.
//   - While nobody knows what time it is, or since when usage is recorded, nothing is done.
package unused

import "github.com/tokenry/tokenry/internal/authority"

// Unused are the verbs and jobs about what nobody uses. They are safe for use by many goroutines.
type Unused struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Unused { return &Unused{in: in} }
