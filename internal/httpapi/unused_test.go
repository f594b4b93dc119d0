package httpapi_test

import (
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// unusedWaits notes, as the job does, that twelve tokens wait to be disabled.
func (w *world) unusedWaits() {
	w.Helper()
	upTo := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	_, err := w.db.Batch(w.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
		at, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		if err != nil {
			return err
		}
		return tx.PutUnusedState(ledger.UnusedState{Workspace: at.ID, Facts: ledger.UnusedFacts{Waits: &ledger.UnusedWaits{N: 12, UpTo: upTo, Since: upTo}}})
	}})
	w.must(err)
}

// unusedStory is of tokens that wait to be disabled, and of a yes to them.
func (w *world) unusedStory() {
	w.Helper()
	w.unusedWaits()
	at := ws + "/unused"
	w.play([]step{
		{"GET", at + "?after=90d", nil, 200, object{"after": "0", "recorded_since": nil, "confirmed": nil}},
		{"POST", at + "/confirm", object{"count": 12, "up_to": "2026-01-31T12:00:00Z"}, 200, nil},
	})
	w.as(w.root, "POST", at+"/confirm", object{"count": 11, "up_to": "2026-01-31T12:00:00Z"}).is(412).problem(api.CodeChangedMeanwhile)
	w.as(w.root, "GET", at+"?after=29d", nil).is(400).field(api.CodeInvalidField, "disable_unused_after")
}
