package ledger

import (
	"fmt"
	"time"
)

// Fence says why a database takes no changes from servers. It is kept in the row that
// every change locks, so that none gets by.
type Fence struct {
	// Run is drawn for one move, and is the same on both sides of it.
	Run   string     `json:"run"`
	State FenceState `json:"state"`
	// With is the other side's address, without a password.
	With string    `json:"with"`
	At   time.Time `json:"at"`
	// Done are the tables that stand here whole, and their rows, while it is filled.
	Done map[string]int64 `json:"done,omitempty"`
}

// FenceState is what a fenced database is in a move.
type FenceState string

// The states of a [Fence].
const (
	// FenceLeaving is a database that is being moved elsewhere.
	FenceLeaving FenceState = "leaving"
	// FenceLeft is one that was moved: what is there is the past.
	FenceLeft FenceState = "left"
	// FenceArriving is one that is being filled.
	FenceArriving FenceState = "arriving"
	// FenceGivenUp is one that was filled in part, and never will be whole.
	FenceGivenUp FenceState = "given up"
	// FenceRestoring is an older one that is brought to what was known since. Whoever
	// does may change it.
	FenceRestoring FenceState = "restoring"
)

// FenceError is what a fenced database answers to every change, and to every server that
// would serve it. It is an [ErrStoreUnavailable] that no waiting ends.
type FenceError struct{ Fence }

// Error says where the data is and what to do.
func (e *FenceError) Error() string {
	at := e.At.UTC().Format("2006-01-02 15:04:05 UTC")
	switch e.State {
	case FenceLeft:
		return fmt.Sprintf("this database was moved to %s on %s and takes no changes any more: start servers there, with the same keyring (--database, --keys); what is here can be read still", e.With, at)
	case FenceLeaving:
		return fmt.Sprintf("this database is being moved to %s since %s and takes no changes: run the same tokenry move again to go on, or with --abandon to take it back into use", e.With, at)
	case FenceArriving:
		return fmt.Sprintf("%s is being moved into this database since %s, and it takes no changes before all of it is here: run the same tokenry move again to go on", e.With, at)
	case FenceGivenUp:
		return fmt.Sprintf("a move of %s into this database was given up on %s, and what is here is a part of it: drop the database, or move into it again, which empties it first", e.With, at)
	case FenceRestoring:
		return fmt.Sprintf("a restore of this database was begun on %s and has not come to its end: run tokenry restore on it once more, with the same choice", at)
	}
	return "this database is fenced by a newer tokenry (" + string(e.State) + "); run that one"
}

// Unwrap answers [ErrStoreUnavailable].
func (e *FenceError) Unwrap() error { return ErrStoreUnavailable }
