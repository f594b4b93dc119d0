// Package tokens are the verbs about tokens: made, shown, changed, rotated, revoked,
// and what follows when one leaks.
//
// Laws of this package:
//
//   - A secret leaves once, in the answer of the verb that made it, or sealed and
//     revealed where a policy lets it be; what is stored is a keyed digest.
//   - Nobody gives a token more than they have, in rights, in limits and in life, at
//     the moment when it is given and whenever it is given back.
//   - Whatever only takes power away is withdrawn, not mutated: it goes before what
//     gives, and needs no settled clock.
//   - A retry answers what the first request did, or says that it was used; it never
//     makes a second token.
package tokens

import "github.com/tokenry/tokenry/internal/authority"

// Tokens are the verbs about tokens. They are safe for use by many goroutines.
type Tokens struct{ in *authority.Authority }

// New makes the verbs over an authority.
func New(in *authority.Authority) *Tokens { return &Tokens{in: in} }
