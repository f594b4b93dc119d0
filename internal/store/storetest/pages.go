package storetest

import (
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// pageCases are about what is read at once: it is what would be read row by row.
func pageCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"where a person stands is what the rows say one by one": standingIsTheRows,
		"a person who is no member stands there too":            standingOfNoMember,
		"many secrets are read at once":                         secretsOfMany,
		"owners are read at once, removed ones too":             ownersOfMany,
		"people are found by many public ids":                   usersOfManyNames,
		"the workspaces of many people are read at once":        workspacesOfMany,
	}
}

// stands stores a session of a person in a workspace.
func (w *world) stands(full bool) (s ledger.Session, u ledger.User, ws ledger.Workspace) {
	w.Helper()
	u, ws = userRow(w.newID()), workspaceRow(w.newID())
	if full {
		u, ws = fullUser(u.ID), fullWorkspace(ws.ID)
	}
	s = ledger.Session{ID: "s-1", User: u.ID, Digest: digestOf(3), Key: 4, Method: "password", Portal: "acme", CreatedAt: at(1), LastSeenAt: at(2),
		ExpiresAt: at(3), ConfirmedAt: at(4), Address: "192.0.2.7", Agent: "Firefox"}
	w.do(
		func(tx ledger.Tx) error { return tx.PutUser(u) },
		func(tx ledger.Tx) error { return tx.PutWorkspace(ws) },
		func(tx ledger.Tx) error { return tx.PutSession(s) },
	)
	return s, u, ws
}

func standingIsTheRows(w *world) {
	s, u, ws := w.stands(true)
	m := fullMember(w.newID(), ws.ID, u.ID)
	m.RemovedAt = at(9)
	w.do(func(tx ledger.Tx) error { return tx.PutMember(m) })
	m = fullMember(w.newID(), ws.ID, u.ID)
	m.RemovedAt = ledger.Member{}.RemovedAt
	w.do(
		func(tx ledger.Tx) error { return tx.PutMember(m) },
		func(tx ledger.Tx) error { return tx.PutRole(ledger.Role{Name: "Agent"}) },
		func(tx ledger.Tx) error { return tx.PutScope(ledger.Scope{Workspace: ws.ID, Name: "a:b"}) },
		func(tx ledger.Tx) error {
			return tx.PutRemoval(ledger.Removal{ID: tx.NewID(), Kind: ledger.RemovedScope, Name: "a:b", CreatedAt: at(1)})
		},
	)
	w.read(func(r ledger.Reader) {
		in, err := r.Instance()
		if err != nil {
			w.Fatal(err)
		}
		stamp, err := r.CatalogueStamp(ws.ID)
		if err != nil {
			w.Fatal(err)
		}
		found(w.T, ledger.Standing{Session: s, User: u, Workspace: ws, Member: m, Instance: in, Stamp: stamp, Removals: true})(r.Standing(s.ID, ws.Slug))
		missing[ledger.Standing](w.T)(r.Standing(s.ID, "")) // it is deleted
		missing[ledger.Standing](w.T)(r.Standing("s-2", ws.Slug))
		missing[ledger.Standing](w.T)(r.Standing(s.ID, "elsewhere"))
		session, user, err := r.SignedIn(s.ID)
		found(w.T, s)(session, err)
		found(w.T, u)(user, err)
		_, _, err = r.SignedIn("s-2")
		missing[ledger.Session](w.T)(ledger.Session{}, err)
	})
}

func standingOfNoMember(w *world) {
	s, u, ws := w.stands(false)
	w.read(func(r ledger.Reader) { missing[ledger.Standing](w.T)(r.Standing(s.ID, "")) })
	first, second := workspaceRow(w.newID()), workspaceRow(w.newID())
	w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(first) }, func(tx ledger.Tx) error { return tx.PutWorkspace(second) })
	w.putMember(second.ID, u, nil)
	m := w.putMember(first.ID, u, nil)
	w.read(func(r ledger.Reader) {
		st, err := r.Standing(s.ID, "")
		found(w.T, m)(st.Member, err)
		same(w.T, first, st.Workspace)
	})
	w.read(func(r ledger.Reader) {
		st, err := r.Standing(s.ID, ws.Slug)
		found(w.T, ledger.Member{})(st.Member, err)
		stamp, err := r.CatalogueStamp(st.Workspace.ID)
		found(w.T, st.Stamp)(stamp, err)
		same(w.T, false, st.Removals)
	})
}

func secretsOfMany(w *world) {
	_, _, ws := w.stands(false)
	var ids []ledger.ID
	var want []ledger.Secret
	for range 300 { // more than one statement takes
		t := tokenRow(w.newID(), ws.ID)
		second, first := secretRow(t.ID, 2), secretRow(t.ID, 1)
		w.do(func(tx ledger.Tx) error { return tx.PutToken(t) }, func(tx ledger.Tx) error { return tx.PutSecret(first) },
			func(tx ledger.Tx) error { return tx.PutSecret(second) })
		ids, want = append(ids, t.ID), append(want, second, first)
	}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.SecretsOf(ids))
		found(w.T, want[2:4])(r.SecretsOf(ids[1:2]))
		found[[]ledger.Secret](w.T, nil)(r.SecretsOf(nil))
	})
}

func ownersOfMany(w *world) {
	_, u, ws := w.stands(true)
	m, a := fullMember(w.newID(), ws.ID, u.ID), fullAccount(w.newID(), ws.ID)
	w.do(func(tx ledger.Tx) error { return tx.PutMember(m) }, func(tx ledger.Tx) error { return tx.PutServiceAccount(a) })
	w.read(func(r ledger.Reader) {
		members, accounts, err := r.Owners([]ledger.ID{m.ID, a.ID, ws.ID, 1 << 40})
		found(w.T, []ledger.Member{m})(members, err)
		found(w.T, []ledger.ServiceAccount{a})(accounts, err)
	})
}

func usersOfManyNames(w *world) {
	a, b := w.putUser(nil), w.putUser(nil)
	w.putUser(nil)
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.User{a, b})(r.UsersNamed([]string{b.PublicID, a.PublicID, "nobody", string(make([]byte, 100)), token.Mask("tky", token.Personal, locatorOf(1))}))
		found[[]ledger.User](w.T, nil)(r.UsersNamed([]string{""}))
	})
}

func workspacesOfMany(w *world) {
	a, b, c := w.putUser(nil), w.putUser(nil), w.putUser(nil)
	first, second, gone := workspaceRow(w.newID()), workspaceRow(w.newID()), workspaceRow(w.newID())
	gone.DeletedAt = at(5)
	for _, ws := range []ledger.Workspace{first, second, gone} {
		w.do(func(tx ledger.Tx) error { return tx.PutWorkspace(ws) })
	}
	w.putMember(second.ID, a, nil)
	w.putMember(first.ID, a, nil)
	w.putMember(gone.ID, a, nil)
	w.putMember(first.ID, b, func(m *ledger.Member) { m.RemovedAt = at(3) })
	w.read(func(r ledger.Reader) {
		found(w.T, map[ledger.ID][]ledger.Workspace{a.ID: {first, second}})(r.WorkspacesOfEach([]ledger.ID{a.ID, b.ID, c.ID}))
	})
}
