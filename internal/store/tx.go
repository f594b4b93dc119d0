package store

import (
	"github.com/tokenry/tokenry/internal/authority"
)

// tx implements [authority.Tx] for one mutation of a batch.
type tx struct {
	*reader
	batch *batch
}

// NewID gives the next row number.
func (t *tx) NewID() authority.ID {
	id := t.batch.nextID
	t.batch.nextID++
	return id
}

// Last ends the batch with this mutation.
func (t *tx) Last() { t.batch.last = true }
