package storetest

import "github.com/tokenry/tokenry/internal/authority"

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
func (w *world) putUser(change func(u *authority.User)) authority.User {
	w.Helper()
	u := userRow(w.newID())
	if change != nil {
		change(&u)
	}
	w.do(func(tx authority.Tx) error { return tx.PutUser(u) })
	return u
}

// putMember stores a membership of the user and answers it as it is read.
func (w *world) putMember(ws authority.ID, u authority.User, change func(m *authority.Member)) authority.Member {
	w.Helper()
	m := memberRow(w.newID(), ws, u.ID)
	m.UserPublicID, m.UserEmail, m.UserName = u.PublicID, u.Email, u.Name
	m.UserInstanceAdmin, m.UserDeactivatedAt = u.InstanceAdmin, u.DeactivatedAt
	if change != nil {
		change(&m)
	}
	w.do(func(tx authority.Tx) error { return tx.PutMember(m) })
	return m
}

// putAccount stores a service account with a change to it and answers its row.
func (w *world) putAccount(ws authority.ID, change func(a *authority.ServiceAccount)) authority.ServiceAccount {
	w.Helper()
	a := accountRow(w.newID(), ws)
	if change != nil {
		change(&a)
	}
	w.do(func(tx authority.Tx) error { return tx.PutServiceAccount(a) })
	return a
}

// userNames are exact: who asks has lower-cased the e-mail.
func userNames(w *world) {
	u := w.putUser(func(u *authority.User) { u.Email = "ada@example.com" })
	w.putUser(nil)
	w.putUser(nil) // no e-mail is not one that is taken
	for _, change := range []func(other *authority.User){
		func(other *authority.User) { other.Email = u.Email },
		func(other *authority.User) { other.PublicID = u.PublicID },
	} {
		w.refuse(authority.ErrDuplicate, func(tx authority.Tx) error {
			other := userRow(tx.NewID())
			change(&other)
			return tx.PutUser(other)
		})
	}
	w.read(func(r authority.Reader) {
		found(w.T, u)(r.User(authority.UserKey{ID: u.ID}))
		found(w.T, u)(r.User(authority.UserKey{PublicID: u.PublicID}))
		found(w.T, u)(r.User(authority.UserKey{Email: u.Email}))
		missing[authority.User](w.T)(r.User(authority.UserKey{Email: "Ada@example.com"}))
		missing[authority.User](w.T)(r.User(authority.UserKey{}))
	})
}

// userList has the deactivated too; they are not removed.
func userList(w *world) {
	want := []authority.User{w.putUser(nil), w.putUser(func(u *authority.User) { u.DeactivatedAt = at(1) }), w.putUser(nil)}
	w.read(func(r authority.Reader) {
		found(w.T, want)(r.Users(authority.Range{}))
		found(w.T, want[:1])(r.Users(authority.Range{Limit: 1}))
		found(w.T, want[1:])(r.Users(authority.Range{After: want[0].ID, Limit: 5}))
	})
}

// instanceAdmins: a deactivated one does not keep the last from being removed.
func instanceAdmins(w *world) {
	admin := func(u *authority.User) { u.InstanceAdmin = true }
	want := []authority.User{w.putUser(admin), w.putUser(admin)}
	w.putUser(nil)
	w.putUser(func(u *authority.User) { admin(u); u.DeactivatedAt = at(1) })
	w.read(func(r authority.Reader) { found(w.T, want)(r.InstanceAdmins()) })
}

// memberNames: in another workspace there is no such member, by any name.
func memberNames(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	u := w.putUser(func(u *authority.User) { u.Email = "ada@example.com" })
	m := w.putMember(ws, u, func(m *authority.Member) { m.ExternalID = "x1" })
	w.putMember(ws, w.putUser(nil), nil) // has neither e-mail nor external ID
	keys := []authority.MemberKey{{ID: m.ID}, {User: u.ID}, {PublicID: u.PublicID}, {Email: u.Email}, {ExternalID: "x1"}}
	w.read(func(r authority.Reader) {
		for _, k := range keys {
			found(w.T, m)(r.Member(ws, k))
			missing[authority.Member](w.T)(r.Member(other, k))
		}
		found(w.T, m)(r.Member(0, authority.MemberKey{ID: m.ID}))
		missing[authority.Member](w.T)(r.Member(0, authority.MemberKey{User: u.ID}))
		missing[authority.Member](w.T)(r.Member(ws, authority.MemberKey{ExternalID: "X1"}))
		missing[authority.Member](w.T)(r.Member(ws, authority.MemberKey{}))
	})
}

// memberComesBack: names are free after a removal, and lead to the new row.
func memberComesBack(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	u := w.putUser(func(u *authority.User) { u.Email = "ada@example.com" })
	named := func(m *authority.Member) { m.ExternalID = "x1" }
	gone := w.putMember(ws, u, func(m *authority.Member) { named(m); m.RemovedAt = at(1) })
	keys := []authority.MemberKey{{User: u.ID}, {PublicID: u.PublicID}, {Email: u.Email}, {ExternalID: "x1"}}
	w.read(func(r authority.Reader) {
		for _, k := range keys {
			missing[authority.Member](w.T)(r.Member(ws, k))
		}
		found(w.T, gone)(r.Member(ws, authority.MemberKey{ID: gone.ID}))
		found(w.T, gone)(r.Member(0, authority.MemberKey{ID: gone.ID}))
	})
	back := w.putMember(ws, u, named)
	w.putMember(other, u, named)
	w.read(func(r authority.Reader) {
		for _, k := range keys {
			found(w.T, back)(r.Member(ws, k))
		}
	})
	stranger := w.putUser(nil)
	w.refuse(authority.ErrDuplicate, func(tx authority.Tx) error { return tx.PutMember(memberRow(tx.NewID(), ws, u.ID)) })
	w.refuse(authority.ErrDuplicate, func(tx authority.Tx) error {
		m := memberRow(tx.NewID(), ws, stranger.ID)
		named(&m)
		return tx.PutMember(m)
	})
}

// memberList leaves out those removed and those of other workspaces.
func memberList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []authority.Member
	for range 3 {
		u := w.putUser(nil)
		w.putMember(other, u, nil)
		want = append(want, w.putMember(ws, u, nil))
		w.putMember(ws, w.putUser(nil), func(m *authority.Member) { m.RemovedAt = at(1) })
	}
	w.read(func(r authority.Reader) {
		found(w.T, want)(r.Members(ws, authority.Range{}))
		found(w.T, want[:2])(r.Members(ws, authority.Range{Limit: 2}))
		found(w.T, want[2:])(r.Members(ws, authority.Range{After: want[1].ID, Limit: 2}))
	})
}

// memberUser: the user's fields are its own; storing a membership leaves them.
func memberUser(w *world) {
	ws := w.putWorkspace(nil).ID
	m := w.putMember(ws, w.putUser(nil), func(m *authority.Member) { m.UserName, m.UserEmail = "Mallory", "m@example.com" })
	m.UserName, m.UserEmail = "", ""
	w.read(func(r authority.Reader) { found(w.T, m)(r.Member(ws, authority.MemberKey{ID: m.ID})) })
}

// accountNames are of exact case; only the public ID is unique in the instance.
func accountNames(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	a := w.putAccount(ws, func(a *authority.ServiceAccount) { a.Name = "ci" })
	w.putAccount(other, func(a *authority.ServiceAccount) { a.Name = "ci" })
	w.putAccount(ws, func(a *authority.ServiceAccount) { a.Name = "CI" })
	w.refuse(authority.ErrDuplicate, func(tx authority.Tx) error {
		double := accountRow(tx.NewID(), other)
		double.PublicID = a.PublicID
		return tx.PutServiceAccount(double)
	})
	w.read(func(r authority.Reader) {
		for _, k := range []authority.ServiceAccountKey{{ID: a.ID}, {PublicID: a.PublicID}} {
			found(w.T, a)(r.ServiceAccount(ws, k))
			missing[authority.ServiceAccount](w.T)(r.ServiceAccount(other, k))
		}
		found(w.T, a)(r.ServiceAccount(ws, authority.ServiceAccountKey{Name: "ci"}))
		found(w.T, a)(r.ServiceAccount(0, authority.ServiceAccountKey{ID: a.ID}))
		missing[authority.ServiceAccount](w.T)(r.ServiceAccount(0, authority.ServiceAccountKey{Name: "ci"}))
		missing[authority.ServiceAccount](w.T)(r.ServiceAccount(ws, authority.ServiceAccountKey{Name: "Ci"}))
		missing[authority.ServiceAccount](w.T)(r.ServiceAccount(ws, authority.ServiceAccountKey{}))
	})
}

// accountComesBack: by its name nothing of the old one is found again.
func accountComesBack(w *world) {
	ws := w.putWorkspace(nil).ID
	named := func(a *authority.ServiceAccount) { a.Name = "ci" }
	gone := w.putAccount(ws, func(a *authority.ServiceAccount) { named(a); a.RemovedAt = at(1) })
	w.read(func(r authority.Reader) {
		missing[authority.ServiceAccount](w.T)(r.ServiceAccount(ws, authority.ServiceAccountKey{Name: "ci"}))
		missing[authority.ServiceAccount](w.T)(r.ServiceAccount(ws, authority.ServiceAccountKey{PublicID: gone.PublicID}))
		found(w.T, gone)(r.ServiceAccount(ws, authority.ServiceAccountKey{ID: gone.ID}))
	})
	back := w.putAccount(ws, named)
	w.read(func(r authority.Reader) {
		found(w.T, back)(r.ServiceAccount(ws, authority.ServiceAccountKey{Name: "ci"}))
	})
	w.refuse(authority.ErrDuplicate, func(tx authority.Tx) error {
		third := accountRow(tx.NewID(), ws)
		named(&third)
		return tx.PutServiceAccount(third)
	})
}

// accountList leaves out those removed and those of other workspaces.
func accountList(w *world) {
	ws, other := w.putWorkspace(nil).ID, w.putWorkspace(nil).ID
	var want []authority.ServiceAccount
	for range 3 {
		w.putAccount(other, nil)
		want = append(want, w.putAccount(ws, nil))
		w.putAccount(ws, func(a *authority.ServiceAccount) { a.RemovedAt = at(1) })
	}
	w.read(func(r authority.Reader) {
		found(w.T, want)(r.ServiceAccounts(ws, authority.Range{}))
		found(w.T, want[:2])(r.ServiceAccounts(ws, authority.Range{Limit: 2}))
		found(w.T, want[2:])(r.ServiceAccounts(ws, authority.Range{After: want[1].ID, Limit: 2}))
	})
}

// textInLists: whatever has a name is found by a part of it, in any case of its
// ASCII letters; % and _ are not wild.
func textInLists(w *world) {
	ws := w.putWorkspace(func(ws *authority.Workspace) { ws.Slug, ws.Name, ws.ExternalID = "initech", "Initech 100%", "crm_7" })
	w.putWorkspace(func(ws *authority.Workspace) { ws.Slug, ws.Name, ws.ExternalID = "umbrella", "Umbrella 1000", "crmx7" })
	ada := w.putUser(func(u *authority.User) { u.Email, u.Name = "ada_l@example.com", "Ada Lovelace" })
	bob := w.putUser(func(u *authority.User) { u.Email, u.Name = "adaxl@example.com", "Bob" })
	gone := w.putMember(ws.ID, ada, func(m *authority.Member) { m.Name, m.RemovedAt = "Ada", at(1) })
	m := w.putMember(ws.ID, ada, func(m *authority.Member) { m.Name, m.ExternalID = "Countess", "Ext_1" })
	fired := w.putAccount(ws.ID, func(s *authority.ServiceAccount) { s.Name, s.RemovedAt = "night_backup", at(1) })
	n := w.putMember(ws.ID, bob, func(m *authority.Member) { m.Name, m.ExternalID = "Robert", "Extx1" })
	s := w.putAccount(ws.ID, func(s *authority.ServiceAccount) { s.Name, s.Description = "night_backup", "Copies 100% of it" })
	w.putAccount(ws.ID, func(s *authority.ServiceAccount) { s.Name, s.Description = "nightxbackup", "Copies 1000 of it" })
	r := w.putResource(ws.ID, "pay_ments")
	w.putResource(ws.ID, "payxments")
	w.read(func(tx authority.Reader) {
		for _, text := range []string{"NITEC", "100%", "CRM_"} {
			found(w.T, []authority.Workspace{ws})(tx.Workspaces(authority.Range{Text: text}))
		}
		for _, text := range []string{"DA_L", "lovelace"} {
			found(w.T, []authority.User{ada})(tx.Users(authority.Range{Text: text}))
		}
		for _, text := range []string{"da_l", "LOVE", "countess", "ext_", "lovelace ada", "countess da_l"} {
			found(w.T, []authority.Member{m})(tx.Members(ws.ID, authority.Range{Text: text}))
		}
		found(w.T, []authority.Member{n})(tx.Members(ws.ID, authority.Range{Text: "example", After: m.ID}))
		found(w.T, []authority.Member{m})(tx.Members(ws.ID, authority.Range{Text: "example", Limit: 1}))
		found(w.T, []authority.Member(nil))(tx.Members(ws.ID+1, authority.Range{Text: "example"}))
		for _, k := range []authority.MemberKey{{User: ada.ID}, {PublicID: ada.PublicID}, {Email: ada.Email}} {
			found(w.T, []authority.Member{m, gone})(tx.Memberships(ws.ID, k))
			found(w.T, []authority.Member(nil))(tx.Memberships(ws.ID+1, k))
		}
		found(w.T, []authority.Member{m})(tx.Memberships(ws.ID, authority.MemberKey{ExternalID: "Ext_1"}))
		found(w.T, []authority.ServiceAccount{s, fired})(tx.ServiceAccountsEver(ws.ID, authority.ServiceAccountKey{Name: "night_backup"}))
		found(w.T, []authority.ServiceAccount{fired})(tx.ServiceAccountsEver(ws.ID, authority.ServiceAccountKey{PublicID: fired.PublicID}))
		for _, text := range []string{"Night_", "100%", "copies NIGHT_"} {
			found(w.T, []authority.ServiceAccount{s})(tx.ServiceAccounts(ws.ID, authority.Range{Text: text}))
		}
		found(w.T, []authority.Resource{r})(tx.Resources(ws.ID, authority.Range{Text: "PAY_"}))
	})
}
