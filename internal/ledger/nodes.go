package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/tokenry/tokenry/token"
)

// Point is a place in the history of one database. The digest is over every change
// up to it, so that two histories that were the same once (a standby that was
// promoted too early, a backup that was restored) are told apart at every later one.
type Point struct {
	Revision int64
	Digest   [32]byte
}

// Change is a committed batch as the nodes of a database learn of it: it leads from
// one revision to a point.
type Change struct {
	Base int64
	Point
	Touched Touched
}

// Lease is a node's row. It may believe its memory for Length from before it asked
// for a renewal, by its own clock; nobody compares a clock with another's.
type Lease struct {
	// Node is a process, from its start to its end; Incarnation is one stay in the
	// list. A new one begins whenever a node cannot know what became of a renewal.
	Node, Incarnation string
	// Was is the incarnation before, for a join: a row that is there under it never went.
	Was string
	// Renewal counts them.
	Renewal int64
	// Applied is the revision up to which the node's memory has every change, Digest the
	// history's there: where the database knows another, the row says that nothing is
	// applied. The list has no digests.
	Applied int64
	Digest  [32]byte
	// Behind is what the programs that believe memory by this node's word have not applied.
	Behind Behind
	// Length is the longest that one renewal lets it believe its memory, with what
	// it was allowed of staleness.
	Length time.Duration
	// MadeRoom is the arrival up to which the node has made room for others in what limits
	// let through; the list does not have it.
	MadeRoom int64
	// Holder names the process for people.
	Holder string
	// Told is what the node tells of itself; nil is a build that tells nothing.
	Told *Told
}

// Told is what a node tells the others of what is to be the same everywhere.
type Told struct {
	// Keys are the ids of its keyring, in ascending order.
	Keys []token.KeyID `json:"keys,omitempty"`
	// Rules is the digest of its files of rules; empty is none.
	Rules string `json:"rules,omitempty"`
	// Goes is the time that it goes by, where that is the database's: far from what that clock
	// shows, it does not believe it, or has not heard it yet.
	Goes *time.Time `json:"goes,omitempty"`
	// Asks are what the node asks the others, Answers what it answers them.
	Asks    []Question `json:"asks,omitempty"`
	Answers []Answer   `json:"answers,omitempty"`
}

// Question asks the other nodes for a decision that one of them made for a workspace.
type Question struct {
	// By is who asks, a random name of a process.
	By        string `json:"by"`
	RequestID string `json:"request"`
	Workspace ID     `json:"workspace"`
}

// Answer is what a node remembers of what was asked; no decision is nothing.
type Answer struct {
	Question
	Made *LoggedDecision `json:"made,omitempty"`
}

// Renewed is what a renewal brings. It is whole, or there was none.
type Renewed struct {
	Renewal int64
	// Shown is what the database's clock showed when it was asked. It is for what
	// expires: no lease counts by it.
	Shown time.Time
	// Crowd is who counts beside this node.
	Crowd Crowd
	// Head is the newest point when the database was asked.
	Head Point
	// At is the point at the revision that the node had applied: with another digest
	// it is another history, and so it is without one (Known is false), since the
	// change is not kept any more.
	At    [32]byte
	Known bool
	// Changes follow what was applied, in their order, to the head or as many as are
	// sent at once.
	Changes []Change
}

// Crowd is who counts against the same limits, as one snapshot of the list shows it.
// Arrivals have numbers in the order in which they become visible, so whoever knows one
// number knows of all that came before.
type Crowd struct {
	// Nodes is how many rows there are.
	Nodes int
	// Mine is the arrival of the node that asks. It is another one when others may have
	// done without it for a while.
	Mine int64
	// Newest is the newest arrival of all, and Room the one up to which every other
	// row has made room.
	Newest, Room int64
}

// ErrLeaseLost says that there is no such row, or that it was renewed by another, or
// that it had not applied what was due.
var ErrLeaseLost = errors.New("ledger: the lease is lost")

// Nodes is the chapter by which the nodes of one database agree. Every answer was
// confirmed as durably as a change is.
type Nodes interface {
	// Join puts a row for the node, in place of any other of its own. The lease
	// begins with the first renewal, which is asked for after this has answered.
	Join(ctx context.Context, l Lease) error
	// Renew renews, says that the node has applied a revision, and brings what is new.
	Renew(ctx context.Context, l Lease) (Renewed, error)
	// Time is what the database's clock shows, as [Renewed.Shown].
	Time(ctx context.Context) (time.Time, error)
	// Changes lists what follows a point, in its order, as many as are sent at once,
	// without renewing. It may not be confirmed yet, so it is reason to forget alone. Nothing
	// follows a point that is not of the database's history.
	Changes(ctx context.Context, after Point) ([]Change, error)
	// Leases lists every row, by the node.
	Leases(ctx context.Context) ([]Lease, error)
	// Lacking lists those that have not applied a revision, or whose programs are behind. When
	// it is to be sure, it is that of a database whose commits are confirmed still when this is asked.
	Lacking(ctx context.Context, revision int64, sure bool) ([]Lease, error)
	// Sweep takes a row away if it is still at that renewal.
	Sweep(ctx context.Context, l Lease) error
	// Leave takes the node's own row away.
	Leave(ctx context.Context, node string) error
	// Run makes the node the one that does what one does for all, if there is none in
	// the list, and answers the number under which this one does; 0 is not.
	Run(ctx context.Context, node string) (int64, error)
	// Forget deletes changes that every row has applied and that are so far behind.
	Forget(ctx context.Context, keep int64) error
	// Notify wakes whoever listens and tells them the node. It may be lost.
	Notify(ctx context.Context, node string) error
	// Listen tells of nodes that notify until ctx or the connection ends; ready is
	// called once when it begins. What was sent before, and while nobody listens, is lost.
	Listen(ctx context.Context, ready func(), heard func(node string)) error
}
