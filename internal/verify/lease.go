package verify

import "errors"

// Lease says whether memory may be believed now: that every change which somebody
// was told of was applied. A verification takes a stamp before it looks into memory
// and asks about that stamp when it has decided, so that a lease which was renewed
// in between, with what it brought, does not stand for what was read before.
type Lease interface {
	Stamp() int64
	Holds(stamp int64) bool
}

// owned is the lease of whoever has the database alone.
type owned struct{}

func (owned) Stamp() int64     { return 0 }
func (owned) Holds(int64) bool { return true }

var (
	errNoLease   = errors.New("verify: this node cannot prove that it knows every change")
	errAbandoned = errors.New("verify: every token of the workspace has to be read anew")
)
