package storetest

import (
	"github.com/tokenry/tokenry/internal/ledger"
)

// peopleCases are about users, members and service accounts.
func peopleCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"a user is found by each of its names":       userNames,
		"users are listed in order":                  userList,
		"instance administrators are the active":     instanceAdmins,
		"a member is found in its workspace alone":   memberNames,
		"who left and came back is a new member":     memberComesBack,
		"members are listed in order":                memberList,
		"a member's user is read with it":            memberUser,
		"a service account is found by each name":    accountNames,
		"a name is free after an account is removed": accountComesBack,
		"service accounts are listed in order":       accountList,
		"lists are narrowed by a text":               textInLists,
	}
}

// putUser stores a user with a change to it and answers its row.
func (w *world) putUser(change func(u *ledger.User)) ledger.User {
	w.Helper()
	u := userRow(w.newID())
	if change != nil {
		change(&u)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutUser(u) })
	return u
}

// putMember stores a membership of the user and answers it as it is read.
func (w *world) putMember(ws ledger.ID, u ledger.User, change func(m *ledger.Member)) ledger.Member {
	w.Helper()
	m := memberRow(w.newID(), ws, u.ID)
	m.UserPublicID, m.UserEmail, m.UserName = u.PublicID, u.Email, u.Name
	m.UserInstanceAdmin, m.UserDeactivatedAt = u.InstanceAdmin, u.DeactivatedAt
	if change != nil {
		change(&m)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutMember(m) })
	return m
}

// putAccount stores a service account with a change to it and answers its row.
func (w *world) putAccount(ws ledger.ID, change func(a *ledger.ServiceAccount)) ledger.ServiceAccount {
	w.Helper()
	a := accountRow(w.newID(), ws)
	if change != nil {
		change(&a)
	}
	w.do(func(tx ledger.Tx) error { return tx.PutServiceAccount(a) })
	return a
}

// userNames are exact: who asks has lower-cased the e-mail.
func userNames(w *world) {
	u := w.putUser(func(u *ledger.User) { u.Email = "ada@example.com" })
	w.putUser(nil)
	w.putUser(nil) // no e-mail is not one that is taken
	for _, change := range []func(other *ledger.User){
		func(other *ledger.User) { other.Email = u.Email },
		func(other *ledger.User) { other.PublicID = u.PublicID },
	} {
		w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
			other := userRow(tx.NewID())
			change(&other)
			return tx.PutUser(other)
		})
	}
	w.read(func(r ledger.Reader) {
		found(w.T, u)(r.User(ledger.UserKey{ID: u.ID}))
		found(w.T, u)(r.User(ledger.UserKey{PublicID: u.PublicID}))
		found(w.T, u)(r.User(ledger.UserKey{Email: u.Email}))
		missing[ledger.User](w.T)(r.User(ledger.UserKey{Email: "Ada@example.com"}))
		missing[ledger.User](w.T)(r.User(ledger.UserKey{}))
	})
}

// userList has the deactivated too; they are not removed.
func userList(w *world) {
	want := []ledger.User{w.putUser(nil), w.putUser(func(u *ledger.User) { u.DeactivatedAt = at(1) }), w.putUser(nil)}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.Users(ledger.Range{}))
		found(w.T, want[:1])(r.Users(ledger.Range{Limit: 1}))
		found(w.T, want[1:])(r.Users(ledger.Range{After: want[0].ID, Limit: 5}))
	})
}

// instanceAdmins: a deactivated one does not keep the last from being removed.
func instanceAdmins(w *world) {
	admin := func(u *ledger.User) { u.InstanceAdmin = true }
	want := []ledger.User{w.putUser(admin), w.putUser(admin)}
	w.putUser(nil)
	w.putUser(func(u *ledger.User) { admin(u); u.DeactivatedAt = at(1) })
	w.read(func(r ledger.Reader) { found(w.T, want)(r.InstanceAdmins()) })
}

// memberNames: in another workspace there is no such member, by any name.
func memberNames(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	u := w.putUser(func(u *ledger.User) { u.Email = "ada@example.com" })
	m := w.putMember(ws, u, func(m *ledger.Member) { m.ExternalID = "x1" })
	w.putMember(ws, w.putUser(nil), nil) // has neither e-mail nor external ID
	keys := []ledger.MemberKey{{ID: m.ID}, {User: u.ID}, {PublicID: u.PublicID}, {Email: u.Email}, {ExternalID: "x1"}}
	w.read(func(r ledger.Reader) {
		for _, k := range keys {
			found(w.T, m)(r.Member(ws, k))
			missing[ledger.Member](w.T)(r.Member(other, k))
		}
		found(w.T, m)(r.Member(0, ledger.MemberKey{ID: m.ID}))
		missing[ledger.Member](w.T)(r.Member(0, ledger.MemberKey{User: u.ID}))
		missing[ledger.Member](w.T)(r.Member(ws, ledger.MemberKey{ExternalID: "X1"}))
		missing[ledger.Member](w.T)(r.Member(ws, ledger.MemberKey{}))
	})
}

// memberComesBack: names are free after a removal, and lead to the new row.
func memberComesBack(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	u := w.putUser(func(u *ledger.User) { u.Email = "ada@example.com" })
	named := func(m *ledger.Member) { m.ExternalID = "x1" }
	gone := w.putMember(ws, u, func(m *ledger.Member) { named(m); m.RemovedAt = at(1) })
	keys := []ledger.MemberKey{{User: u.ID}, {PublicID: u.PublicID}, {Email: u.Email}, {ExternalID: "x1"}}
	w.read(func(r ledger.Reader) {
		for _, k := range keys {
			missing[ledger.Member](w.T)(r.Member(ws, k))
		}
		found(w.T, gone)(r.Member(ws, ledger.MemberKey{ID: gone.ID}))
		found(w.T, gone)(r.Member(0, ledger.MemberKey{ID: gone.ID}))
	})
	back := w.putMember(ws, u, named)
	w.putMember(other, u, named)
	w.read(func(r ledger.Reader) {
		for _, k := range keys {
			found(w.T, back)(r.Member(ws, k))
		}
	})
	stranger := w.putUser(nil)
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error { return tx.PutMember(memberRow(tx.NewID(), ws, u.ID)) })
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		m := memberRow(tx.NewID(), ws, stranger.ID)
		named(&m)
		return tx.PutMember(m)
	})
}

// memberList leaves out those removed and those of other workspaces.
func memberList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []ledger.Member
	for range 3 {
		u := w.putUser(nil)
		w.putMember(other, u, nil)
		want = append(want, w.putMember(ws, u, nil))
		w.putMember(ws, w.putUser(nil), func(m *ledger.Member) { m.RemovedAt = at(1) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.Members(ws, ledger.Range{}))
		found(w.T, want[:2])(r.Members(ws, ledger.Range{Limit: 2}))
		found(w.T, want[2:])(r.Members(ws, ledger.Range{After: want[1].ID, Limit: 2}))
	})
}

// memberUser: the user's fields are its own; storing a membership leaves them.
func memberUser(w *world) {
	ws := w.putWorkspace(nil).ID
	m := w.putMember(ws, w.putUser(nil), func(m *ledger.Member) { m.UserName, m.UserEmail = "Mallory", "m@example.com" })
	m.UserName, m.UserEmail = "", ""
	w.read(func(r ledger.Reader) { found(w.T, m)(r.Member(ws, ledger.MemberKey{ID: m.ID})) })
}

// accountNames are of exact case; only the public ID is unique in the instance.
func accountNames(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	a := w.putAccount(ws, func(a *ledger.ServiceAccount) { a.Name = "ci" })
	w.putAccount(other, func(a *ledger.ServiceAccount) { a.Name = "ci" })
	w.putAccount(ws, func(a *ledger.ServiceAccount) { a.Name = "CI" })
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		double := accountRow(tx.NewID(), other)
		double.PublicID = a.PublicID
		return tx.PutServiceAccount(double)
	})
	w.read(func(r ledger.Reader) {
		for _, k := range []ledger.ServiceAccountKey{{ID: a.ID}, {PublicID: a.PublicID}} {
			found(w.T, a)(r.ServiceAccount(ws, k))
			missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(other, k))
		}
		found(w.T, a)(r.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "ci"}))
		found(w.T, a)(r.ServiceAccount(0, ledger.ServiceAccountKey{ID: a.ID}))
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(0, ledger.ServiceAccountKey{Name: "ci"}))
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "Ci"}))
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(ws, ledger.ServiceAccountKey{}))
	})
}

// accountComesBack: by its name nothing of the old one is found again.
func accountComesBack(w *world) {
	ws := w.putWorkspace(nil).ID
	named := func(a *ledger.ServiceAccount) { a.Name = "ci" }
	gone := w.putAccount(ws, func(a *ledger.ServiceAccount) { named(a); a.RemovedAt = at(1) })
	w.read(func(r ledger.Reader) {
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "ci"}))
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(ws, ledger.ServiceAccountKey{PublicID: gone.PublicID}))
		found(w.T, gone)(r.ServiceAccount(ws, ledger.ServiceAccountKey{ID: gone.ID}))
	})
	back := w.putAccount(ws, named)
	w.read(func(r ledger.Reader) {
		found(w.T, back)(r.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "ci"}))
	})
	w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
		third := accountRow(tx.NewID(), ws)
		named(&third)
		return tx.PutServiceAccount(third)
	})
}

// accountList leaves out those removed and those of other workspaces.
func accountList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []ledger.ServiceAccount
	for range 3 {
		w.putAccount(other, nil)
		want = append(want, w.putAccount(ws, nil))
		w.putAccount(ws, func(a *ledger.ServiceAccount) { a.RemovedAt = at(1) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, want)(r.ServiceAccounts(ws, ledger.Range{}))
		found(w.T, want[:2])(r.ServiceAccounts(ws, ledger.Range{Limit: 2}))
		found(w.T, want[2:])(r.ServiceAccounts(ws, ledger.Range{After: want[1].ID, Limit: 2}))
	})
}

// textInLists: whatever has a name is found by a part of it, in any case of its
// ASCII letters; % and _ are not wild.
func textInLists(w *world) {
	ws := w.putWorkspace(func(ws *ledger.Workspace) { ws.Slug, ws.Name, ws.ExternalID = "initech", "Initech 100%", "crm_7" })
	w.putWorkspace(func(ws *ledger.Workspace) { ws.Slug, ws.Name, ws.ExternalID = "umbrella", "Umbrella 1000", "crmx7" })
	ada := w.putUser(func(u *ledger.User) { u.Email, u.Name = "ada_l@example.com", "Ada Lovelace" })
	bob := w.putUser(func(u *ledger.User) { u.Email, u.Name = "adaxl@example.com", "Bob" })
	gone := w.putMember(ws.ID, ada, func(m *ledger.Member) { m.Name, m.RemovedAt = "Ada", at(1) })
	m := w.putMember(ws.ID, ada, func(m *ledger.Member) { m.Name, m.ExternalID = "Countess", "Ext_1" })
	fired := w.putAccount(ws.ID, func(s *ledger.ServiceAccount) { s.Name, s.RemovedAt = "night_backup", at(1) })
	n := w.putMember(ws.ID, bob, func(m *ledger.Member) { m.Name, m.ExternalID = "Robert", "Extx1" })
	s := w.putAccount(ws.ID, func(s *ledger.ServiceAccount) { s.Name, s.Description = "night_backup", "Copies 100% of it" })
	w.putAccount(ws.ID, func(s *ledger.ServiceAccount) { s.Name, s.Description = "nightxbackup", "Copies 1000 of it" })
	r := w.putResource(ws.ID, "pay_ments")
	w.putResource(ws.ID, "payxments")
	w.read(func(tx ledger.Reader) {
		for _, text := range []string{"NITEC", "100%", "CRM_"} {
			found(w.T, []ledger.Workspace{ws})(tx.Workspaces(ledger.Range{Text: text}))
		}
		for _, text := range []string{"DA_L", "lovelace"} {
			found(w.T, []ledger.User{ada})(tx.Users(ledger.Range{Text: text}))
		}
		for _, text := range []string{"da_l", "LOVE", "countess", "ext_", "lovelace ada", "countess da_l"} {
			found(w.T, []ledger.Member{m})(tx.Members(ws.ID, ledger.Range{Text: text}))
		}
		found(w.T, []ledger.Member{n})(tx.Members(ws.ID, ledger.Range{Text: "example", After: m.ID}))
		found(w.T, []ledger.Member{m})(tx.Members(ws.ID, ledger.Range{Text: "example", Limit: 1}))
		found(w.T, []ledger.Member(nil))(tx.Members(ws.ID+1, ledger.Range{Text: "example"}))
		for _, k := range []ledger.MemberKey{{User: ada.ID}, {PublicID: ada.PublicID}, {Email: ada.Email}} {
			found(w.T, []ledger.Member{m, gone})(tx.Memberships(ws.ID, k))
			found(w.T, []ledger.Member(nil))(tx.Memberships(ws.ID+1, k))
		}
		found(w.T, []ledger.Member{m})(tx.Memberships(ws.ID, ledger.MemberKey{ExternalID: "Ext_1"}))
		found(w.T, []ledger.ServiceAccount{s, fired})(tx.ServiceAccountsEver(ws.ID, ledger.ServiceAccountKey{Name: "night_backup"}))
		found(w.T, []ledger.ServiceAccount{fired})(tx.ServiceAccountsEver(ws.ID, ledger.ServiceAccountKey{PublicID: fired.PublicID}))
		for _, text := range []string{"Night_", "100%", "copies NIGHT_"} {
			found(w.T, []ledger.ServiceAccount{s})(tx.ServiceAccounts(ws.ID, ledger.Range{Text: text}))
		}
		found(w.T, []ledger.Resource{r})(tx.Resources(ws.ID, ledger.Range{Text: "PAY_"}))
	})
}
