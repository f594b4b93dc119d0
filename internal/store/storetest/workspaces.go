package storetest

import (
	"github.com/tokenry/tokenry/internal/ledger"
)

// workspaceCases are about tenants.
func workspaceCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"a slug is never used again":                  slugForEver,
		"an external ID is free after deletion":       workspaceExternalID,
		"the list leaves deleted ones out":            workspaceList,
		"a user's workspaces are those of its member": workspacesOfUser,
		"a key that names nothing finds nothing":      workspaceZeroKey,
	}
}

// putWorkspace stores a workspace with a change to it and answers its row.
func (w *world) putWorkspace(change func(ws *ledger.Workspace)) ledger.Workspace {
	w.Helper()
	ws := workspaceRow(w.newID())
	if change != nil {
		change(&ws)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(ws) })
	return ws
}

// slugForEver: who took over a slug would take over what the world still links to.
func slugForEver(w *world) {
	ws := w.putWorkspace(func(ws *ledger.Workspace) { ws.Slug, ws.DeletedAt = "acme", at(1) })
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		other := workspaceRow(tx.NewID())
		other.Slug = "acme"
		return tx.PutWorkspace(other)
	})
	w.putWorkspace(func(ws *ledger.Workspace) { ws.Slug = "Acme" })
	w.read(func(r ledger.Reader) {
		found(w.T, ws)(r.Workspace(ledger.WorkspaceKey{Slug: "acme"}))
		missing[ledger.Workspace](w.T)(r.Workspace(ledger.WorkspaceKey{Slug: "ACME"}))
	})
}

// workspaceExternalID: the product may make a tenant anew under its own ID.
func workspaceExternalID(w *world) {
	named := func(ws *ledger.Workspace) { ws.ExternalID = "x1" }
	gone := w.putWorkspace(func(ws *ledger.Workspace) { named(ws); ws.DeletedAt = at(1) })
	w.read(func(r ledger.Reader) {
		missing[ledger.Workspace](w.T)(r.Workspace(ledger.WorkspaceKey{ExternalID: "x1"}))
		found(w.T, gone)(r.Workspace(ledger.WorkspaceKey{ID: gone.ID}))
	})
	live := w.putWorkspace(named)
	w.putWorkspace(func(ws *ledger.Workspace) { ws.ExternalID = "X1" })
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		other := workspaceRow(tx.NewID())
		named(&other)
		return tx.PutWorkspace(other)
	})
	w.read(func(r ledger.Reader) { found(w.T, live)(r.Workspace(ledger.WorkspaceKey{ExternalID: "x1"})) })
	w.putWorkspace(nil)
	w.putWorkspace(nil) // none is not a name that is taken
}

// workspaceList continues a page by the last ID on it.
func workspaceList(w *world) {
	var want []ledger.Workspace
	for i := range 5 {
		ws := w.putWorkspace(func(ws *ledger.Workspace) {
			if i == 2 {
				ws.DeletedAt = at(1)
			}
		})
		if i != 2 {
			want = append(want, ws)
		}
	}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.Workspaces(ledger.Range{}))
		found(w.T, want[:2])(r.Workspaces(ledger.Range{Limit: 2}))
		found(w.T, want[2:])(r.Workspaces(ledger.Range{After: want[1].ID, Limit: 10}))
		found(w.T, []ledger.Workspace(nil))(r.Workspaces(ledger.Range{After: want[3].ID, Limit: 10}))
		found(w.T, 4)(r.CountWorkspaces(0))
		found(w.T, 4)(r.CountWorkspaces(9))
		found(w.T, 2)(r.CountWorkspaces(2))
	})
}

// workspacesOfUser: deactivated members still belong, removed ones do not.
func workspacesOfUser(w *world) {
	here, there := w.putWorkspace(nil), w.putWorkspace(nil)
	left, gone := w.putWorkspace(nil), w.putWorkspace(func(ws *ledger.Workspace) { ws.DeletedAt = at(1) })
	user, other := w.newID(), w.newID()
	w.do(func(tx ledger.Tx) error { return tx.PutUser(userRow(user)) },
		func(tx ledger.Tx) error { return tx.PutUser(userRow(other)) })
	for _, ws := range []ledger.Workspace{there, here, left, gone} {
		m := memberRow(w.newID(), ws.ID, user)
		switch ws.ID {
		case left.ID:
			m.RemovedAt = at(1)
		case there.ID:
			m.DeactivatedAt = at(1)
		}
		w.do(func(tx ledger.Tx) error { return tx.PutMember(m) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Workspace{here, there})(r.WorkspacesOf(user))
		found(w.T, []ledger.Workspace(nil))(r.WorkspacesOf(other))
	})
}

// workspaceZeroKey: an empty field must not match rows that have none.
func workspaceZeroKey(w *world) {
	w.putWorkspace(nil)
	w.read(func(r ledger.Reader) {
		missing[ledger.Workspace](w.T)(r.Workspace(ledger.WorkspaceKey{}))
		missing[ledger.Workspace](w.T)(r.Workspace(ledger.WorkspaceKey{ID: 1 << 40}))
	})
}
