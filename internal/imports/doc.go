// Package imports are the verbs about tokens that another system gave out: their strings
// go on working, and end with the token that each becomes.
//
// Laws of this package:
//
//   - An import makes tokens by the rules of creating one, and hands out no secret: who
//     holds the string has it.
//   - What another system kept is not stored. Stored is a keyed digest of it, under a
//     locator that follows from it by a key, so that sending an import again finds what it
//     made.
//   - Only an instance administrator imports, because every string that no token has is
//     looked up by the formats there are, whoever presents it.
package imports

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Imports are the verbs about tokens of other systems. They are safe for use by many
// goroutines.
type Imports struct {
	in   *authority.Authority
	make Make
}

// Make is how tokens are made, by the rules that hold for every one.
type Make struct {
	// Draft judges a request and answers the token it asks for.
	Draft func(*authority.Work, *authority.Actor, *authority.Space, api.CreateToken) (ledger.Token, error)
	// Place gives a drafted token with a locator its numbers, and writes it.
	Place func(*authority.Work, *authority.Actor, *authority.Space, ledger.Token) (ledger.Token, error)
}

// New makes the verbs over an authority.
func New(in *authority.Authority, m Make) *Imports { return &Imports{in: in, make: m} }
