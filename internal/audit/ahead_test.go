package audit_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/ledger"
)

// watched counts readings of a chain, and says of those that come when nobody may read.
type watched struct {
	*books
	read   atomic.Int64
	over   atomic.Bool
	strike func(n int64)
}

func (w *watched) AuditChain(id ledger.ID, after int64, limit int) ([]ledger.AuditRow, error) {
	if w.over.Load() {
		w.t.Error("a chain is read on after the answer")
	}
	n := w.read.Add(1)
	w.strike(n)
	return w.books.AuditChain(id, after, limit)
}

// TestRowsAreReadAheadAndNoFurther: of a long chain every row is looked at; once a row is wrong
// nobody waits for the rest, and the snapshot is left alone before the answer.
func TestRowsAreReadAheadAndNoFurther(t *testing.T) {
	t.Parallel()
	const rows = 2_600
	w := &watched{books: newBooks(t, rows), strike: func(int64) {}}
	chains, err := audit.Check(w, w.keys)
	if err != nil || chains[len(chains)-1].Rows != rows || w.read.Load() < 6 {
		t.Fatalf("%+v, %v after %d readings", chains, err, w.read.Load())
	}
	w.rows[7][3].Target += "x"
	w.read.Store(0)
	_, err = audit.Tail(w, w.keys, 7, rows)
	chain, _ := audit.Tail(w, w.keys, 7, rows)
	w.over.Store(true)
	if err != nil || chain.Broken == "" || w.read.Load() > 6 {
		t.Errorf("%+v, %v after %d readings", chain, err, w.read.Load())
	}
}

// TestWhatBreaksWhileReadingAheadBreaksWhoAsked, as if they had read themselves.
func TestWhatBreaksWhileReadingAheadBreaksWhoAsked(t *testing.T) {
	t.Parallel()
	struck := errors.New("struck")
	w := &watched{books: newBooks(t, 700), strike: func(n int64) {
		if n == 2 {
			panic(struck)
		}
	}}
	defer func() {
		if r := recover(); r != any(struck) {
			t.Errorf("recovered %v", r)
		}
	}()
	_, _ = audit.Tail(w, w.keys, 7, 1<<20)
	t.Error("nothing broke")
}
