// Package retention takes away what is over: it purges by age, erases people, and
// rewrites what still names what was removed.
//
// Laws of this package:
//
//   - Nothing is destroyed by age while the clock is not settled.
//   - A chain of the audit stays whole: what is purged is sealed by an anchor, what is
//     erased by a row that says so.
//   - Long work is pieces of 20 ms, each of which leaves a state that the next start
//     goes on from.
//   - An erased person is named nowhere any more: in no row, no payload, no mail.
package retention

import "github.com/tokenry/tokenry/internal/authority"

// Retention are the verbs and jobs that take away. They are safe for use by many
// goroutines.
type Retention struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Retention { return &Retention{in: in} }
