// Package insight is the reading side: who may do what and why, what was done with
// tokens, what should be cleaned up, and the audit.
//
// Laws of this package:
//
//   - Nothing here changes anything.
//   - What it says about a decision is worked out by the functions that decide
//     (package verify), so that explanation and answer cannot differ.
//   - What somebody may not read is left out of the answer, not guessed around.
package insight

import "github.com/tokenry/tokenry/internal/authority"

// Insight are the verbs that only read. They are safe for use by many goroutines.
type Insight struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Insight { return &Insight{in: in} }
