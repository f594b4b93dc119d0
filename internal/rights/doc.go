// Package rights are the verbs about what rights are written with: roles, scopes,
// resources, and the policies that bound what is given.
//
// Laws of this package:
//
//   - A name means one thing in a workspace: its own, or the instance's where it has
//     none of its own.
//   - A role is never changed to give somebody more than its editor has.
//   - What is deleted is gone from every grant at once, and the rows are rewritten
//     behind.
package rights

import "github.com/tokenry/tokenry/internal/authority"

// Rights are the verbs about roles, scopes, resources and policies. They are safe for
// use by many goroutines.
type Rights struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Rights { return &Rights{in: in} }
