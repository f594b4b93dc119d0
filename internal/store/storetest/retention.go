package storetest

import (
	"encoding/json"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// retentionCases are about what is deleted for good.
func retentionCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"an anchor takes the place of purged rows":   auditIsPurged,
		"an erased row keeps its place":              auditIsErased,
		"rows about somebody are found":              auditAbout,
		"tokens that ended before a time":            endedTokens,
		"a token takes its rows with it":             tokenIsDeleted,
		"removed owners are found without tokens":    removedOwners,
		"deleted workspaces are listed":              deletedWorkspaces,
		"memberships of a user are listed":           membershipsOf,
		"a user's ways in are forgotten":             signInIsErased,
		"deliveries and mails about somebody":        outboxAbout,
		"an anchor is kept to the byte and replaced": anchorIsKept,
	}
}

func anchorRow(ws ledger.ID, sequence int64) ledger.AuditAnchor {
	hash, seal := digestOf(int(sequence)), digestOf(100)
	return ledger.AuditAnchor{Workspace: ws, Sequence: sequence, Hash: hash[:], At: at(1), Seal: seal[:], Key: 1<<32 - 1}
}

func anchorIsKept(w *world) {
	w.read(func(r ledger.Reader) { missing[ledger.AuditAnchor](w.T)(r.AuditAnchor(7)) })
	for _, sequence := range []int64{2, 5} {
		a := full(w.T, anchorRow(7, sequence))
		w.do(func(tx ledger.Tx) error { return tx.PurgeAudit(a) })
		w.read(func(r ledger.Reader) { found(w.T, a)(r.AuditAnchor(7)) })
	}
}

// auditIsPurged: the chains of others stay, and so does what comes after.
func auditIsPurged(w *world) {
	ws := w.putWorkspace(nil).ID
	own, instance := w.chain(ws, 5, nil), w.chain(0, 2, nil)
	w.do(func(tx ledger.Tx) error { return tx.PurgeAudit(anchorRow(ws, 3)) })
	w.read(func(r ledger.Reader) {
		found(w.T, own[3:])(r.AuditChain(ws, 0, 0))
		found(w.T, instance)(r.AuditChain(0, 0, 0))
		found(w.T, []ledger.ID{0, ws})(r.AuditChains())
	})
}

func auditIsErased(w *world) {
	rows := w.chain(0, 3, func(row *ledger.AuditRow) {
		row.Payload, row.Salt, row.OnBehalf, row.Target = json.RawMessage(`{}`), []byte{1}, "ada@example.com", "ada@example.com_x"
	})
	erased := rows[1]
	digest, seal := digestOf(1), digestOf(2)
	erased.Actor, erased.OnBehalf, erased.Target = "erased", "erased", "erased_x"
	erased.Payload, erased.Salt, erased.PayloadDigest, erased.Erasure = nil, nil, digest[:], seal[:]
	w.do(func(tx ledger.Tx) error { return tx.EraseAudit(erased) })
	rows[1] = erased
	w.read(func(r ledger.Reader) {
		found(w.T, rows)(r.AuditChain(0, 0, 0))
		found(w.T, rows[1:2])(r.Audit(0, ledger.AuditQuery{Actor: "erased"}))
	})
}

// auditAbout: a text is literal, case is folded, and a word that holds it is
// found too: whoever asks looks closer.
func auditAbout(w *world) {
	rows := w.chain(0, 7, func(row *ledger.AuditRow) {
		row.Actor = "eve"
		switch row.Sequence {
		case 1, 7:
			row.Actor = "a_a@example.com"
		case 2:
			row.OnBehalf = "a_a@example.com"
		case 3:
			row.Target = "a_a@example.com_x"
		case 4:
			row.Payload = json.RawMessage(`{"after":"To A_A@EXAMPLE.COM"}`)
		case 5:
			row.Payload = json.RawMessage(`{"after":"usr_1"}`)
		case 6:
			row.Payload = json.RawMessage(`{"after":"aXa@example.com"}`)
		}
	})
	w.chain(w.putWorkspace(nil).ID, 1, func(row *ledger.AuditRow) { row.Actor = "a_a@example.com" })
	w.read(func(r ledger.Reader) {
		found(w.T, append(rows[1:5:5], rows[6]))(r.AuditAbout(0, 1, 9, [3]string{"a_a@example.com", "never", "usr_1"}))
		found(w.T, rows[1:4])(r.AuditAbout(0, 1, 6, [3]string{"never", "a_a@example.com", "never"}))
	})
}

// endedTokens: expired and disabled ones do not end for good.
func endedTokens(w *world) {
	ws := w.putWorkspace(nil).ID
	revoked := w.putToken(ws, func(t *ledger.Token) { t.RevokedAt = at(1) })
	deleted := w.putToken(ws, func(t *ledger.Token) { t.RevokedAt, t.DeletedAt = at(2), at(9) })
	w.putToken(ws, func(t *ledger.Token) { t.RevokedAt = at(3) })
	lapsed := w.putToken(ws, func(t *ledger.Token) { t.DisabledAt, t.RevokeAt = at(0), at(1) })
	enabled := w.putToken(ws, func(t *ledger.Token) { t.RevokeAt = at(1) })
	w.putToken(ws, func(t *ledger.Token) { t.DisabledAt, t.RevokeAt = at(0), at(3) })
	w.putToken(ws, func(t *ledger.Token) { t.ExpiresAt, t.DisabledAt = at(1), at(1) })
	w.putToken(w.putWorkspace(nil).ID, func(t *ledger.Token) { t.RevokedAt = at(1) })
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Token{revoked, deleted, lapsed, enabled})(r.EndedTokens(ws, at(3), 9))
		found(w.T, []ledger.Token{revoked, deleted})(r.EndedTokens(ws, at(3), 2))
		found(w.T, []ledger.Token{revoked, lapsed})(r.EndedTokens(ws, at(2), 2))
		found(w.T, []ledger.Token(nil))(r.EndedTokens(ws, at(1), 2))
	})
}

func tokenIsDeleted(w *world) {
	ws := w.putWorkspace(nil).ID
	kept, gone := w.putToken(ws, nil), w.putToken(ws, nil)
	for _, t := range []ledger.ID{kept.ID, gone.ID} {
		w.do(func(tx ledger.Tx) error { return tx.PutSecret(secretRow(t, 1)) },
			func(tx ledger.Tx) error {
				return tx.PutNotice(ledger.Notice{Token: t, ExpiresAt: at(1), Step: 7, NoticedAt: at(2)})
			},
			func(tx ledger.Tx) error {
				return tx.PutReuseTold(ledger.ReuseTold{Token: t, Secret: 1, At: at(1)})
			},
			func(tx ledger.Tx) error { return tx.PutStrange(strangeRow(t)) })
	}
	w.do(func(tx ledger.Tx) error { return tx.DeleteToken(gone.ID) })
	w.read(func(r ledger.Reader) {
		missing[ledger.Token](w.T)(r.Token(gone.Locator))
		missing[ledger.Notice](w.T)(r.Notice(gone.ID, 7))
		missing[ledger.ReuseTold](w.T)(r.ReuseTold(gone.ID, 1))
		missing[ledger.Strange](w.T)(r.Strange(gone.ID))
		found(w.T, []ledger.Secret(nil))(r.Secrets(gone.ID))
		found(w.T, kept)(r.Token(kept.Locator))
		found(w.T, []ledger.Secret{secretRow(kept.ID, 1)})(r.Secrets(kept.ID))
	})
}

// removedOwners: who has tokens yet is left out, and cannot be deleted.
func removedOwners(w *world) {
	ws, u := w.putWorkspace(nil).ID, w.putUser(nil)
	removed := func(m *ledger.Member) { m.RemovedAt = at(1) }
	gone, owner := w.putMember(ws, u, removed), w.putMember(ws, u, removed)
	w.putMember(ws, u, func(m *ledger.Member) { m.RemovedAt = at(2) })
	w.putMember(ws, u, nil)
	goneAccount := w.putAccount(ws, func(s *ledger.ServiceAccount) { s.RemovedAt = at(1) })
	account := w.putAccount(ws, func(s *ledger.ServiceAccount) { s.RemovedAt = at(1) })
	w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerMember = token.Personal, owner.ID })
	w.putToken(ws, func(t *ledger.Token) { t.Kind, t.OwnerServiceAccount = token.Service, account.ID })
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Member{gone})(r.RemovedMembers(ws, at(2), 9))
		found(w.T, []ledger.ServiceAccount{goneAccount})(r.RemovedServiceAccounts(ws, at(2), 9))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteMember(gone.ID) },
		func(tx ledger.Tx) error { return tx.DeleteServiceAccount(goneAccount.ID) })
	w.read(func(r ledger.Reader) {
		missing[ledger.Member](w.T)(r.Member(ws, ledger.MemberKey{ID: gone.ID}))
		missing[ledger.ServiceAccount](w.T)(r.ServiceAccount(ws, ledger.ServiceAccountKey{ID: goneAccount.ID}))
	})
	for _, remove := range []func(tx ledger.Tx) error{
		func(tx ledger.Tx) error { return tx.DeleteMember(owner.ID) },
		func(tx ledger.Tx) error { return tx.DeleteServiceAccount(account.ID) },
	} {
		errs, err := w.Batch(w.Context(), []func(tx ledger.Tx) error{remove})
		if err == nil && errs[0] == nil {
			w.Error("an owner with a token was deleted")
		}
	}
}

func deletedWorkspaces(w *world) {
	first := w.putWorkspace(func(ws *ledger.Workspace) { ws.DeletedAt = at(1) })
	w.putWorkspace(nil)
	second := w.putWorkspace(func(ws *ledger.Workspace) { ws.DeletedAt, ws.PurgedAt = at(1), at(2) })
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Workspace{first, second})(r.DeletedWorkspaces(0, 9))
		found(w.T, []ledger.Workspace{first})(r.DeletedWorkspaces(0, 1))
		found(w.T, []ledger.Workspace{second})(r.DeletedWorkspaces(first.ID, 9))
	})
}

func membershipsOf(w *world) {
	ws, u := w.putWorkspace(nil).ID, w.putUser(nil)
	first := w.putMember(ws, u, func(m *ledger.Member) { m.RemovedAt = at(1) })
	second, third := w.putMember(ws, u, nil), w.putMember(w.putWorkspace(nil).ID, u, nil)
	w.putMember(ws, w.putUser(nil), nil)
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Member{first, second, third})(r.MembershipsOf(u.ID))
	})
}

func signInIsErased(w *world) {
	gone, stays := w.putUser(nil), w.putUser(nil)
	for _, u := range []ledger.User{gone, stays} {
		id := w.newID()
		w.do(func(tx ledger.Tx) error { return tx.PutSession(sessionRow("s"+u.PublicID, u.ID, 1)) },
			func(tx ledger.Tx) error { return tx.PutCode(codeRow("c"+u.PublicID, "reset", u.ID, 1)) },
			func(tx ledger.Tx) error { return tx.PutFactor(factorRow(id, u.ID, "totp")) },
			func(tx ledger.Tx) error {
				return tx.AddIdentity(ledger.Identity{Issuer: "op", Subject: u.PublicID, User: u.ID, CreatedAt: at(1)})
			},
			func(tx ledger.Tx) error { return tx.RememberAddress(u.ID, "192.0.2.1", at(1)) })
		w.waysIn(u, 1)
	}
	w.do(func(tx ledger.Tx) error { return tx.EraseSignIn(gone.ID) })
	w.waysIn(gone, 0)
	w.waysIn(stays, 1)
}

// waysIn counts each of a user's.
func (w *world) waysIn(u ledger.User, want int) {
	w.Helper()
	w.read(func(r ledger.Reader) {
		sessions, _ := r.SessionsOf(u.ID)
		identities, _ := r.IdentitiesOf(u.ID)
		factors, _ := r.FactorsOf(u.ID)
		_, noCode := r.Code("c" + u.PublicID)
		known, err := r.KnownAddress(u.ID, "192.0.2.1")
		if err != nil || len(sessions) != want || len(identities) != want || len(factors) != want ||
			(noCode == nil) != (want == 1) || known != (want == 1) {
			w.Errorf("%d sessions, %d identities, %d factors, code: %v, address: %v (%v); want %d of each",
				len(sessions), len(identities), len(factors), noCode, known, err, want)
		}
	})
}

func outboxAbout(w *world) {
	hook := webhookRow(w, 0, "whk_1")
	about, other := deliveryAt(w, hook.ID, "msg_1", 1), deliveryAt(w, hook.ID, "msg_2", 1)
	about.Payload = json.RawMessage(`{"actor":"Ada@example.com"}`)
	w.do(func(tx ledger.Tx) error { return tx.PutDelivery(about) })
	to := ledger.Mail{ID: w.newID(), PublicID: "m1", Recipient: "ada@example.com", CreatedAt: at(1)}
	tells := ledger.Mail{ID: w.newID(), PublicID: "m2", Facts: ledger.MailFacts{Actor: "usr_1"}, CreatedAt: at(1)}
	neither := ledger.Mail{ID: w.newID(), PublicID: "m3", Recipient: "bob@example.com", CreatedAt: at(1)}
	for _, m := range []ledger.Mail{to, tells, neither} {
		w.do(func(tx ledger.Tx) error { return tx.PutMail(m) })
	}
	text := [3]string{"ada@example.com", "never", "usr_1"}
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Delivery{about})(r.DeliveriesAbout(0, text, 9))
		found(w.T, []ledger.Delivery(nil))(r.DeliveriesAbout(about.ID, text, 9))
		found(w.T, []ledger.Mail{to, tells})(r.MailsAbout(0, text, 9))
		found(w.T, []ledger.Mail{to})(r.MailsAbout(0, text, 1))
		found(w.T, []ledger.Mail{tells})(r.MailsAbout(to.ID, text, 9))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteMail(to.ID) }, func(tx ledger.Tx) error { return tx.DeleteDelivery(about.ID) })
	w.read(func(r ledger.Reader) {
		missing[ledger.Mail](w.T)(r.Mail(to.ID))
		missing[ledger.Delivery](w.T)(r.DeliveryByID(about.ID))
		found(w.T, other)(r.DeliveryByID(other.ID))
	})
}
