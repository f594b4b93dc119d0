// Package federation are the verbs about trust in somebody else's ID tokens: the rules of
// service accounts, and the exchange of an ID token for an ephemeral token.
//
// Laws of this package:
//
//   - Whoever makes a rule gives what it gives: it is judged as the token that it would
//     make, and made with an API token it ends with that one.
//   - Nobody is asked for keys under the lock. What was read before is looked at again there.
//   - An ID token is exchanged once in a workspace, or again by the name of the request as
//     long as the secret was not used.
//   - A stranger is told one thing, whatever is wrong. Why an ID token is not taken now, is
//     told to whoever holds one that a rule takes.
//   - What a rule gave ends with the rule, and with whatever of it is changed but its label.
package federation

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Mint is what the room of the tokens does for this one.
type Mint struct {
	// Draft judges the request of a token as the caller's own, and answers the token.
	Draft func(*authority.Work, *authority.Actor, *authority.Space, api.CreateToken) (ledger.Token, error)
	// Issue gives a token its numbers and its secret, judged by its owner and the policy.
	Issue func(*authority.Work, *authority.Actor, *authority.Space, verify.Owner, ledger.Token) (api.Token, token.Secret, error)
}

// Federation are the verbs. They are safe for use by many goroutines.
type Federation struct {
	in   *authority.Authority
	mint Mint
}

// New makes the verbs over an authority.
func New(in *authority.Authority, m Mint) *Federation { return &Federation{in, m} }
