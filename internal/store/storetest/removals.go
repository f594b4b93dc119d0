package storetest

import (
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
)

// removalCases are about what removals leave.
func removalCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"a removal keeps every field":               removalFields,
		"what an owner left is found in order":      unended,
		"what names a word is found within windows": naming,
	}
}

func removalFields(w *world) {
	x := full(w.T, authority.Removal{
		ID: w.newID(), Workspace: 2, Kind: authority.RemovedRole, Name: "Bücher", Owner: 3, Replacement: "Viewer", Undecided: true,
		By: "ada@example.com", CreatedAt: at(1), Total: 4, Done: 5, Place: 6, Part: authority.PartTokens, After: 7,
	})
	plain := authority.Removal{ID: w.newID(), Kind: authority.RemovedScope, Name: "a:b", CreatedAt: at(0)}
	w.do(func(tx authority.Tx) error { return tx.PutRemoval(plain) }, func(tx authority.Tx) error { return tx.PutRemoval(x) })
	w.read(func(r authority.Reader) { found(w.T, []authority.Removal{x, plain})(r.Removals()) })
	plain.Done = 9
	w.do(func(tx authority.Tx) error { return tx.PutRemoval(plain) }, func(tx authority.Tx) error { return tx.DeleteRemoval(x.ID) },
		func(tx authority.Tx) error { return tx.DeleteRemoval(x.ID) })
	w.read(func(r authority.Reader) { found(w.T, []authority.Removal{plain})(r.Removals()) })
}

// unended: revoked ones are left out, deleted and expired ones are not.
func unended(w *world) {
	ws := w.putWorkspace(nil).ID
	member, account, other := w.putMember(ws, w.putUser(nil), nil).ID, w.putAccount(ws, nil).ID, w.putAccount(ws, nil).ID
	first := w.putToken(ws, func(t *authority.Token) { t.OwnerMember, t.ExpiresAt = member, at(0) }).ID
	w.putToken(ws, func(t *authority.Token) { t.OwnerMember, t.RevokedAt = member, at(0) })
	second := w.putToken(ws, func(t *authority.Token) { t.OwnerMember, t.DisabledAt = member, at(0) }).ID
	w.putToken(ws, func(t *authority.Token) { t.OwnerServiceAccount = other })
	third := w.putToken(ws, func(t *authority.Token) { t.OwnerServiceAccount = account }).ID
	ofMember := authority.Removal{Kind: authority.RemovedMember, Owner: member}
	ofAccount := authority.Removal{Kind: authority.RemovedServiceAccount, Owner: account}
	later := ofMember
	later.After = first
	w.read(func(r authority.Reader) {
		found(w.T, []authority.ID{first, second})(r.Unended(ws, ofMember, 9))
		found(w.T, []authority.ID{first})(r.Unended(ws, ofMember, 1))
		found(w.T, []authority.ID{second})(r.Unended(ws, later, 9))
		found(w.T, []authority.ID{third})(r.Unended(ws, ofAccount, 9))
		found(w.T, int64(2))(r.CountUnended(ws, ofMember))
		found(w.T, int64(1))(r.CountUnended(ws, ofAccount))
	})
}

// naming: a word is a whole string of the document, with whatever is in it.
func naming(w *world) {
	ws, elsewhere := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	words := []string{"pay", "pay_x", "payments", `quo"te\`, "50%", "Bücher <&>"}
	var rows []authority.ID
	for _, place := range []authority.ID{ws, elsewhere} {
		for _, word := range words {
			t := w.putToken(place, func(t *authority.Token) {
				t.Grants = []grant.Statement{{Scopes: []string{"a:b"}, Resources: []string{"x", word}}}
			})
			if place == ws {
				rows = append(rows, t.ID)
			}
		}
	}
	w.read(func(r authority.Reader) {
		for i, word := range words {
			w.named(word, r, ws, 0, 99, []authority.ID{rows[i]}, rows[len(rows)-1])
		}
		w.named("pay", r, ws, 0, 1, []authority.ID{rows[0]}, rows[0])
		w.named("pay", r, ws, rows[0], 2, nil, rows[2])
		w.named("pay", r, ws, rows[len(rows)-1], 2, nil, 0)
		w.named("x", r, ws, rows[1], 2, []authority.ID{rows[2], rows[3]}, rows[3])
	})
}

func (w *world) named(word string, r authority.Reader, ws, after authority.ID, window int, want []authority.ID, last authority.ID) {
	w.Helper()
	got, through, err := r.Naming(ws, authority.PartTokens, after, word, window)
	found(w.T, want)(got, err)
	if through != last {
		w.Errorf("looking for %q after %d ended at %d, want %d", word, after, through, last)
	}
	for _, part := range []authority.Part{authority.PartMembers, authority.PartAccounts} {
		if got, through, err := r.Naming(ws, part, 0, word, window); len(got) > 0 || through != 0 || err != nil {
			w.Errorf("part %d: %v %d %v, want nothing", part, got, through, err)
		}
	}
}
