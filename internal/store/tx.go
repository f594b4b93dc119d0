package store

import (
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// tx implements [ledger.Tx] for one mutation of a batch.
type tx struct {
	*reader
	batch *batch
	// moment and decreed are the batch's if this mutation succeeds.
	moment  ledger.Moment
	decreed bool
	// touched is what it says it touched.
	touched ledger.Touched
}

// Moment is the head row's, with what the batch did.
func (t headChanges) Moment() ledger.Moment { return t.moment }

// Happen raises the latest moment.
func (t headChanges) Happen(at time.Time) {
	if !t.decreed && at.After(t.moment.Latest) {
		t.moment.Latest = at
	}
}

// NewID gives the next row number.
func (t headChanges) NewID() ledger.ID {
	id := t.batch.nextID
	t.batch.nextID++
	t.seen[id] = ledger.Token{}
	return id
}

// Last ends the batch with this mutation.
func (t headChanges) Last() { t.batch.last = true }

// Runner reads the row.
func (t headChanges) Runner() (int64, error) {
	return number(t.session, `SELECT number FROM runner WHERE id = 1`)
}

// Touch says what the mutation touched.
func (t headChanges) Touch(what ledger.Touched) { t.touched.Add(what) }
