package storetest

import (
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// unusedIsFound: what has a day is listed and counted by that, and a workspace has one row.
func unusedIsFound(w *world) {
	ws, other := w.newID(), w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(ws)) }, func(tx ledger.Tx) error { return tx.PutWorkspace(workspaceRow(other)) })
	due := func(workspace ledger.ID, hour int) token.Locator {
		t := tokenRow(w.newID(), workspace)
		if hour != 0 {
			t.UnusedDue, t.Unused = at(hour), &ledger.Unused{Since: at(-hour), WarnedAt: at(0)}
		}
		w.do(func(tx ledger.Tx) error { return tx.PutToken(t) })
		return t.Locator
	}
	late, soon, _, _ := due(ws, 9), due(ws, 5), due(ws, 0), due(other, 5)
	w.read(func(r ledger.Reader) {
		found(w.T, []token.Locator{soon, late})(r.UnusedDue(ws, at(9), 0))
		found(w.T, []token.Locator{soon})(r.UnusedDue(ws, at(9), 1))
		found(w.T, []token.Locator{soon})(r.UnusedDue(ws, at(8), 5))
		found(w.T, 2)(r.CountUnused(ws, at(9)))
		found(w.T, 0)(r.CountUnused(ws, at(4)))
		missing[ledger.UnusedState](w.T)(r.UnusedState(ws))
		found(w.T, []ledger.ID(nil))(r.UnusedAgreed())
	})
	s := full(w.T, ledger.UnusedState{Workspace: ws, Agreed: at(7), Facts: ledger.UnusedFacts{
		Done: []ledger.UnusedDone{{At: at(1), N: 2}}, Waits: &ledger.UnusedWaits{N: 3, UpTo: at(2), Since: at(3), ToldAt: at(4)},
		Yes: &ledger.UnusedYes{At: at(5), By: "usr_1", N: 4, Left: 3, UpTo: at(6), Until: at(7)},
	}})
	kept(w, s, ledger.Tx.PutUnusedState, func(r ledger.Reader) (ledger.UnusedState, error) { return r.UnusedState(ws) }, ledger.UnusedState{Workspace: ws})
	w.do(func(tx ledger.Tx) error { return tx.PutUnusedState(s) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.ID{ws})(r.UnusedAgreed()) })
	w.do(func(tx ledger.Tx) error { return tx.DeleteUnusedState(ws) })
	w.read(func(r ledger.Reader) { missing[ledger.UnusedState](w.T)(r.UnusedState(ws)) })
}
