package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestAFencedDatabaseTakesNoChange, not from whoever has it open already either, and no
// node gets a lease on it. It can be read.
func TestAFencedDatabaseTakesNoChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		s := open(t, store.Options{URL: url})
		lease := ledger.Lease{Node: "node_a", Incarnation: "1", Length: time.Second}
		board := s.Nodes()
		if board != nil {
			if err := board.Join(t.Context(), lease); err != nil {
				t.Fatal(err)
			}
		}
		fence, err := json.Marshal(ledger.Fence{Run: "move_a", State: ledger.FenceLeft, With: "elsewhere"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Tables().Write.ExecContext(t.Context(), `UPDATE head SET fence = $1`, string(fence)); err != nil {
			t.Fatal(err)
		}
		refused := func(what string, err error) {
			t.Helper()
			if f, ok := errors.AsType[*ledger.FenceError](err); !ok || f.With != "elsewhere" || !errors.Is(err, ledger.ErrStoreUnavailable) {
				t.Errorf("%s: %v", what, err)
			}
		}
		_, err = s.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
		refused("a batch", err)
		refused("a probe", s.Writable(t.Context()))
		refused("a key", s.AddKeyCheck(t.Context(), 7, [32]byte{}))
		if m, err := s.Keep(t.Context(), time.Unix(1e9, 0)); err != nil || !m.Latest.IsZero() {
			t.Errorf("the moment was raised to %v, %v", m.Latest, err)
		}
		if board != nil {
			if _, err := board.Renew(t.Context(), lease); !errors.Is(err, ledger.ErrLeaseLost) {
				t.Errorf("a lease is renewed: %v", err)
			}
			lease.Node = "node_b"
			if err := board.Join(t.Context(), lease); !errors.Is(err, ledger.ErrStoreUnavailable) || !strings.Contains(err.Error(), "moved away") {
				t.Errorf("a node joins: %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = store.Open(t.Context(), store.Options{URL: url})
		refused("a start", err)
		_, err = store.Open(t.Context(), store.Options{URL: url, NoLock: true})
		refused("a command beside a server", err)
		r := open(t, store.Options{URL: url, ReadOnly: true})
		if err := r.Read(t.Context(), func(r ledger.Reader) error { _, err := r.Workspaces(ledger.Range{}); return err }); err != nil {
			t.Errorf("what is left cannot be read: %v", err)
		}
	})
}
