package httpapi_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// rehearsal is a store in which, once it is on, every change is made, judged
// and answered as ever, and then taken back: the next question meets the same
// world. Memory is told nothing, because nothing changed.
type rehearsal struct {
	ledger.Store
	engine *verify.Engine
	on     atomic.Bool
	// granted counts the changes that were made and taken back.
	granted atomic.Int64
}

// errTakenBack ends a change that was granted.
var errTakenBack = errors.New("taken back")

// Batch makes the mutations, and leaves none of them behind while it is on.
func (s *rehearsal) Batch(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	if !s.on.Load() {
		return s.Store.Batch(ctx, mutations)
	}
	answers := make([]error, len(mutations))
	undone := make([]func(ledger.Tx) error, len(mutations))
	for i, m := range mutations {
		undone[i] = func(tx ledger.Tx) error {
			told := &witness{AuditWriter: tx.AuditWriter}
			tx.AuditWriter = told
			if answers[i] = m(tx); answers[i] == nil && !told.refusal {
				s.granted.Add(1)
			}
			return errTakenBack
		}
	}
	run, err := s.Store.Batch(ctx, undone)
	return answers[:len(run)], err
}

// BatchNext is Batch: what takes power away is taken back too.
func (s *rehearsal) BatchNext(ctx context.Context, mutations []func(ledger.Tx) error) ([]error, error) {
	return s.Batch(ctx, mutations)
}

// witness notes whether a change is the audit's word about a refusal.
type witness struct {
	ledger.AuditWriter
	refusal bool
}

// AppendAudit notes what is told.
func (t *witness) AppendAudit(row ledger.AuditRow) error {
	t.refusal = row.Action == "denied"
	return t.AuditWriter.AppendAudit(row)
}

// Apply tells memory what changed.
func (s *rehearsal) Apply(c verify.Changes) {
	if !s.on.Load() {
		s.engine.Apply(c)
	}
}

// Close closes the store behind it.
func (s *rehearsal) Close() error { return s.Store.(interface{ Close() error }).Close() }

// rehearse makes every change from here on one that is taken back.
func (w *world) rehearse() *rehearsal {
	w.Helper()
	s, ok := w.db.(*rehearsal)
	if !ok {
		w.Fatal("the store of this world cannot rehearse")
	}
	s.on.Store(true)
	return s
}
