package cluster

import "github.com/tokenry/tokenry/internal/ledger"

// told is what this node tells now of itself. It decides nothing about a lease: it is of
// what is to be the same everywhere, and cannot be compared by the database.
func (n *Node) told() *ledger.Told {
	if n.Tells == nil {
		return nil
	}
	told := n.Tells()
	return &told
}
