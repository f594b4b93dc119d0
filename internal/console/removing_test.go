package console_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

// TestPagesTellWhatIsBeingRemoved: how far it is, to those who may know.
func TestPagesTellWhatIsBeingRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.member("eve@example.com", "Viewer")
	_, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		if err != nil {
			return err
		}
		eve, err := tx.Member(ws.ID, ledger.MemberKey{Email: "eve@example.com"})
		if err != nil {
			return err
		}
		for _, x := range []ledger.Removal{
			{Workspace: ws.ID, Kind: ledger.RemovedScope, Name: "tickets:close", Done: 7},
			{Workspace: ws.ID, Kind: ledger.RemovedMember, Owner: eve.ID, Done: 300, Total: 4000},
			{Kind: ledger.RemovedScope, Name: "tickets:open", Done: 1},
		} {
			x.ID, x.CreatedAt = tx.NewID(), time.Unix(1, 0)
			if err := tx.PutRemoval(x); err != nil {
				return err
			}
		}
		return nil
	}})
	must(t, err)
	for _, path := range []string{"members", "service-accounts", "roles", "resources"} {
		page := w.status(w.as("ada@example.com", "/workspace/acme/"+path), http.StatusOK)
		w.inert(page)
		w.shows(page, "The scope <bdi>tickets:close</bdi> is being removed: 7 rows rewritten so far",
			"The member <bdi>eve@example.com</bdi> is being removed: 300 of 4000 tokens revoked")
		w.hides(page, "tickets:open")
	}
	w.shows(w.status(w.as("ada@example.com", "/instance"), http.StatusOK),
		"The scope <bdi>tickets:open</bdi> is being removed: 1 row rewritten so far")
}
