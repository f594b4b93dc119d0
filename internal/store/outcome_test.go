package store_test

import (
	"errors"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestUnansweredCommitIsUnknown cuts the connection at a commit, before the
// server gets it and after. Whoever asked cannot tell the two apart.
func TestUnansweredCommitIsUnknown(t *testing.T) {
	t.Parallel()
	for name, delivered := range map[string]bool{"lost on the way there": false, "lost on the way back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := storetest.Postgres(t)
			cut := &storetest.Cutter{Delivered: delivered}
			s := open(t, store.Options{URL: cut.Listen(t, address)})
			put := func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }
			cut.Arm()
			_, err := s.Batch(t.Context(), []func(ledger.Tx) error{put})
			if !errors.Is(err, ledger.ErrOutcomeUnknown) {
				t.Errorf("the batch answered %v", err)
			}
			batch(t, s, func(tx ledger.Tx) error {
				list, err := tx.Workspaces(ledger.Range{})
				if err != nil || (len(list) == 1) != delivered {
					t.Errorf("stored are %v, %v", list, err)
				}
				id := tx.NewID()
				if id != 2 {
					t.Errorf("the next row number is %d", id)
				}
				return nil
			})
		})
	}
}
