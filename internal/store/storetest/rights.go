package storetest

import (
	"errors"

	"github.com/tokenry/tokenry/internal/ledger"
)

// rightsCases are about what names rights.
func rightsCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"roles are of a workspace or the instance":  rolesOf,
		"scopes are of a workspace or the instance": scopesOf,
		"roles and scopes have a stamp":             stamps,
		"a catalogue is deleted as a whole":         catalogueDeleted,
		"resources are listed in order":             resourceList,
		"a resource's name is free once it is gone": resourceNames,
	}
}

// rolesOf: deleting touches the one exact name in the one workspace.
func rolesOf(w *world) {
	ws := w.putWorkspace(nil).ID
	role := func(of ledger.ID, name string) ledger.Role { return ledger.Role{Workspace: of, Name: name} }
	// In the order of bytes: a language would put a before B.
	of := map[ledger.ID][]ledger.Role{0: {role(0, "Viewer")}, ws: {role(ws, "B"), role(ws, "a"), role(ws, "b"), role(ws, "é")}}
	for _, roles := range of {
		for i := range roles {
			w.do(func(tx ledger.Tx) error { return tx.PutRole(roles[len(roles)-1-i]) })
		}
	}
	w.read(func(r ledger.Reader) {
		found(w.T, of[0])(r.Roles(0))
		found(w.T, of[ws])(r.Roles(ws))
	})
	w.do(
		func(tx ledger.Tx) error { return tx.DeleteRole(ws, "A") }, // nobody's
		func(tx ledger.Tx) error { return tx.DeleteRole(ws, "b") },
		func(tx ledger.Tx) error { return tx.DeleteRole(ws, "Viewer") },
	)
	w.read(func(r ledger.Reader) {
		found(w.T, of[0])(r.Roles(0))
		found(w.T, []ledger.Role{of[ws][0], of[ws][1], of[ws][3]})(r.Roles(ws))
	})
}

// scopesOf is rolesOf for scopes.
func scopesOf(w *world) {
	ws := w.putWorkspace(nil).ID
	scope := func(of ledger.ID, name string) ledger.Scope {
		return ledger.Scope{Workspace: of, Name: name, Description: name}
	}
	of := map[ledger.ID][]ledger.Scope{0: {scope(0, "a:x")}, ws: {scope(ws, "a-b:x"), scope(ws, "a:x"), scope(ws, "b:x")}}
	for _, scopes := range of {
		for i := range scopes {
			w.do(func(tx ledger.Tx) error { return tx.PutScope(scopes[len(scopes)-1-i]) })
		}
	}
	w.read(func(r ledger.Reader) {
		found(w.T, of[0])(r.Scopes(0))
		found(w.T, of[ws])(r.Scopes(ws))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteScope(ws, "a:x") })
	w.read(func(r ledger.Reader) {
		found(w.T, of[0])(r.Scopes(0))
		found(w.T, []ledger.Scope{of[ws][0], of[ws][2]})(r.Scopes(ws))
	})
}

// stamps: one stands for the same rows always, whatever failed in between, and a
// change elsewhere is none here.
func stamps(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	of := func(ws ledger.ID) (s string) {
		w.read(func(r ledger.Reader) {
			var err error
			if s, err = r.CatalogueStamp(ws); err != nil {
				w.Fatal(err)
			}
		})
		return s
	}
	seen := map[string]bool{of(ws): true}
	for i, change := range []func(tx ledger.Tx) error{
		func(tx ledger.Tx) error { return tx.PutRole(ledger.Role{Workspace: ws, Name: "a"}) },
		func(tx ledger.Tx) error { return tx.PutScope(ledger.Scope{Workspace: ws, Name: "a:b"}) },
		func(tx ledger.Tx) error { return tx.PutRole(ledger.Role{Name: "a"}) },
		func(tx ledger.Tx) error { return tx.DeleteRole(ws, "a") },
		func(tx ledger.Tx) error { return tx.DeleteScope(ws, "a:b") },
		func(tx ledger.Tx) error { return tx.DeleteRole(0, "a") },
		func(tx ledger.Tx) error { return tx.DeleteCatalogue(ws) },
	} {
		before := of(ws)
		w.refuse(errRefused, func(tx ledger.Tx) error { return errors.Join(change(tx), errRefused) })
		w.do(func(tx ledger.Tx) error { return tx.PutRole(ledger.Role{Workspace: other, Name: "a"}) })
		if of(ws) != before {
			w.Errorf("change %d: a change that failed, or was made elsewhere, moved the stamp", i)
		}
		w.do(change)
		if now := of(ws); seen[now] {
			w.Errorf("change %d: the stamp %s was there before", i, now)
		} else {
			seen[now] = true
		}
	}
}

// catalogueDeleted: of one workspace.
func catalogueDeleted(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	for _, of := range []ledger.ID{0, ws, other} {
		w.do(
			func(tx ledger.Tx) error { return tx.PutRole(ledger.Role{Workspace: of, Name: "a"}) },
			func(tx ledger.Tx) error { return tx.PutScope(ledger.Scope{Workspace: of, Name: "a:b"}) },
		)
	}
	w.do(func(tx ledger.Tx) error { return tx.DeleteCatalogue(ws) })
	w.read(func(r ledger.Reader) {
		for _, of := range []ledger.ID{0, ws, other} {
			roles, err := r.Roles(of)
			scopes, scopesErr := r.Scopes(of)
			if gone := len(roles)+len(scopes) == 0; err != nil || scopesErr != nil || gone != (of == ws) {
				w.Errorf("of %d there are %v and %v", of, roles, scopes)
			}
		}
	})
}

// putResource stores a resource and answers its row.
func (w *world) putResource(ws ledger.ID, name string) ledger.Resource {
	w.Helper()
	res := ledger.Resource{ID: w.newID(), Workspace: ws, Name: name, CreatedAt: at(0)}
	w.do(func(tx ledger.Tx) error { return tx.PutResource(res) })
	return res
}

// resourceList is in the order of on-boarding, not of names.
func resourceList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []ledger.Resource
	for _, name := range []string{"z", "a", "m"} {
		want = append(want, w.putResource(ws, name))
		w.putResource(other, name)
	}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.Resources(ws, ledger.Range{}))
		found(w.T, want[:2])(r.Resources(ws, ledger.Range{Limit: 2}))
		found(w.T, want[2:])(r.Resources(ws, ledger.Range{After: want[1].ID, Limit: 2}))
	})
}

// resourceNames are unique in their workspace, and of exact case.
func resourceNames(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	w.putResource(ws, "Pay")
	w.putResource(ws, "pay")
	kept := w.putResource(other, "pay")
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		return tx.PutResource(ledger.Resource{ID: tx.NewID(), Workspace: ws, Name: "pay", CreatedAt: at(0)})
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteResource(ws, "pay") })
	w.read(func(r ledger.Reader) {
		missing[ledger.Resource](w.T)(r.Resource(ws, "pay"))
		found(w.T, kept)(r.Resource(other, "pay"))
	})
	again := w.putResource(ws, "pay")
	w.read(func(r ledger.Reader) { found(w.T, again)(r.Resource(ws, "pay")) })
}
