package storetest

import (
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
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
	x := full(w.T, ledger.Removal{
		ID: w.newID(), Workspace: 2, Kind: ledger.RemovedRole, Name: "Bücher", Owner: 3, Replacement: "Viewer", Undecided: true,
		By: "ada@example.com", CreatedAt: at(1), Total: 4, Done: 5, Place: 6, Part: ledger.PartTokens, After: 7,
	})
	plain := ledger.Removal{ID: w.newID(), Kind: ledger.RemovedScope, Name: "a:b", CreatedAt: at(0)}
	w.do(func(tx ledger.Tx) error { return tx.PutRemoval(plain) }, func(tx ledger.Tx) error { return tx.PutRemoval(x) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.Removal{x, plain})(r.Removals()) })
	plain.Done = 9
	w.do(func(tx ledger.Tx) error { return tx.PutRemoval(plain) }, func(tx ledger.Tx) error { return tx.DeleteRemoval(x.ID) },
		func(tx ledger.Tx) error { return tx.DeleteRemoval(x.ID) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.Removal{plain})(r.Removals()) })
}

// unended: revoked ones are left out, deleted and expired ones are not.
func unended(w *world) {
	ws := w.putWorkspace(nil).ID
	member, account, other := w.putMember(ws, w.putUser(nil), nil).ID, w.putAccount(ws, nil).ID, w.putAccount(ws, nil).ID
	first := w.putToken(ws, func(t *ledger.Token) { t.OwnerMember, t.ExpiresAt = member, at(0) }).ID
	w.putToken(ws, func(t *ledger.Token) { t.OwnerMember, t.RevokedAt = member, at(0) })
	second := w.putToken(ws, func(t *ledger.Token) { t.OwnerMember, t.DisabledAt = member, at(0) }).ID
	w.putToken(ws, func(t *ledger.Token) { t.OwnerServiceAccount = other })
	third := w.putToken(ws, func(t *ledger.Token) { t.OwnerServiceAccount = account }).ID
	ofMember := ledger.Removal{Kind: ledger.RemovedMember, Owner: member}
	ofAccount := ledger.Removal{Kind: ledger.RemovedServiceAccount, Owner: account}
	later := ofMember
	later.After = first
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.ID{first, second})(r.Unended(ws, ofMember, 9))
		found(w.T, []ledger.ID{first})(r.Unended(ws, ofMember, 1))
		found(w.T, []ledger.ID{second})(r.Unended(ws, later, 9))
		found(w.T, []ledger.ID{third})(r.Unended(ws, ofAccount, 9))
		found(w.T, int64(2))(r.CountUnended(ws, ofMember))
		found(w.T, int64(1))(r.CountUnended(ws, ofAccount))
	})
}

// naming: a word is a whole string of the document, with whatever is in it.
func naming(w *world) {
	ws, elsewhere := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	words := []string{"pay", "pay_x", "payments", `quo"te\`, "50%", "Bücher <&>"}
	var rows []ledger.ID
	for _, place := range []ledger.ID{ws, elsewhere} {
		for _, word := range words {
			t := w.putToken(place, func(t *ledger.Token) {
				t.Grants = []grant.Statement{{Scopes: []string{"a:b"}, Resources: []string{"x", word}}}
			})
			if place == ws {
				rows = append(rows, t.ID)
			}
		}
	}
	w.read(func(r ledger.Reader) {
		for i, word := range words {
			w.named(word, r, ws, 0, 99, []ledger.ID{rows[i]}, rows[len(rows)-1])
		}
		w.named("pay", r, ws, 0, 1, []ledger.ID{rows[0]}, rows[0])
		w.named("pay", r, ws, rows[0], 2, nil, rows[2])
		w.named("pay", r, ws, rows[len(rows)-1], 2, nil, 0)
		w.named("x", r, ws, rows[1], 2, []ledger.ID{rows[2], rows[3]}, rows[3])
	})
}

func (w *world) named(word string, r ledger.Reader, ws, after ledger.ID, window int, want []ledger.ID, last ledger.ID) {
	w.Helper()
	got, through, err := r.Naming(ws, ledger.PartTokens, after, word, window)
	found(w.T, want)(got, err)
	if through != last {
		w.Errorf("looking for %q after %d ended at %d, want %d", word, after, through, last)
	}
	for _, part := range []ledger.Part{ledger.PartMembers, ledger.PartAccounts} {
		if got, through, err := r.Naming(ws, part, 0, word, window); len(got) > 0 || through != 0 || err != nil {
			w.Errorf("part %d: %v %d %v, want nothing", part, got, through, err)
		}
	}
}
