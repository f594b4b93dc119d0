package ledger

import (
	"context"
	"errors"
	"time"
)

// Streams is how the audit of all chains is read in one order, that of its revisions,
// and how far each stream has handed it on. Nothing of it waits for the head row.
type Streams interface {
	// OpenStream notes that a stream is wanted, and where it begins if it is new: at
	// the first row that is kept, or atEnd behind the last.
	OpenStream(ctx context.Context, name string, atEnd bool, now time.Time) error
	// StreamBatch reads what follows a stream's place, at most limit rows, from one
	// snapshot; of a fenced database it answers the [FenceError].
	StreamBatch(ctx context.Context, name string, limit int) (StreamBatch, error)
	// AdvanceStream moves a stream to the end of what was read; ErrStreamMoved when it
	// stands elsewhere by now, or when runner is neither 0 nor the number of the node
	// that does what one does for all.
	AdvanceStream(ctx context.Context, b StreamBatch, runner int64) error
	// ForgetStreams deletes what is known of streams that were last opened before, and
	// answers their names.
	ForgetStreams(ctx context.Context, before time.Time) ([]string, error)
}

// ErrStreamMoved says that another node hands a stream on.
var ErrStreamMoved = errors.New("ledger: another node streams the audit now")

// AuditPlace is a place in the one order of all chains.
type AuditPlace struct {
	Revision  int64
	Workspace ID
	Sequence  int64
}

// StreamBatch is what follows a stream's place.
type StreamBatch struct {
	Name     string
	From, To AuditPlace
	// Gaps are rows that were purged before the stream had come to them.
	Gaps []StreamGap
	Rows []StreamRow
	// Behind is how many rows follow To, counted up to [BehindAtMost].
	Behind int64
}

// BehindAtMost is as far as rows that wait for a stream are counted.
const BehindAtMost = 10_000

// StreamRow is a row with what its chain is called ("" is the instance's) and the hash
// before it; nil for the first.
type StreamRow struct {
	AuditRow
	Slug     string
	Previous []byte
}

// StreamGap is what a purge took of a chain that a stream had not come to. Hash is the
// last row's.
type StreamGap struct {
	Workspace      ID
	Slug           string
	First, Through int64
	Hash           []byte
}
