package server

import (
	"slices"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// sharedKeys answers which of some keys every node of a list has. One that tells nothing
// counts as having all.
func sharedKeys(own []token.KeyID, leases []ledger.Lease) []token.KeyID {
	return slices.DeleteFunc(slices.Clone(own), func(id token.KeyID) bool { return len(lackingKey(id, leases)) > 0 })
}

// lackingKey names the nodes of a list that do not have a key.
func lackingKey(id token.KeyID, leases []ledger.Lease) (holders []string) {
	for _, l := range leases {
		if l.Told != nil && !slices.Contains(l.Told.Keys, id) {
			holders = append(holders, l.Holder)
		}
	}
	return holders
}

// otherRules names the nodes of a list that tell of other rules than these.
func otherRules(own string, leases []ledger.Lease) (holders []string) {
	for _, l := range leases {
		if l.Told != nil && l.Told.Rules != own {
			holders = append(holders, l.Holder)
		}
	}
	return holders
}
