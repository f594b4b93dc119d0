package server

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/store"
)

// TestAnAnswerArrivesBeforeTheConnectionEnds holds the order of the limits: with
// patience as long as the write timeout, "the database did not confirm it" was an
// empty reply.
func TestAnAnswerArrivesBeforeTheConnectionEnds(t *testing.T) {
	t.Parallel()
	const toWrite = 2 * time.Second
	if longest := max(httpapi.RequestTime, readTimeout) + authority.TurnTime + store.Patience + toWrite; longest > writeTimeout {
		t.Errorf("an answer takes up to %s and the connection ends after %s", longest, writeTimeout)
	}
	if authority.BatchTime >= store.Patience {
		t.Errorf("a batch may take %s before its commit, and the store has %s for both", authority.BatchTime, store.Patience)
	}
}
