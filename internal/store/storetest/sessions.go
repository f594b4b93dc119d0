package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
)

func signInCases() map[string]func(w *world) {
	return map[string]func(w *world){
		"every field is kept and can be emptied":           everySignInField,
		"sessions are listed newest first and end":         sessionList,
		"an alias of a code is taken while it is there":    codeAlias,
		"codes of a purpose are counted while they live":   codeCount,
		"codes of one person and purpose are forgotten":    codesOf,
		"an identity has one person":                       identityOnce,
		"issuer and subject are compared to the byte":      identityBytes,
		"who has no way to sign in is found":               outsiders,
		"factors of a kind are forgotten":                  factorsOf,
		"the twenty latest places are remembered":          places,
		"what is over is swept and nothing else":           sweep,
		"deleting what is not there is no error":           deleteNothing,
		"a refused mutation leaves no session and no code": signInAfterRefusal,
	}
}

func sessionRow(id string, user ledger.ID, created int) ledger.Session {
	return ledger.Session{
		ID: id, User: user, Digest: digestOf(1), Key: 1, CreatedAt: at(created), LastSeenAt: at(created), ExpiresAt: at(created + 24),
	}
}

func codeRow(id, purpose string, user ledger.ID, expires int) ledger.OneTimeCode {
	return ledger.OneTimeCode{ID: id, Purpose: purpose, User: user, Digest: digestOf(2), Key: 1, CreatedAt: at(0), ExpiresAt: at(expires)}
}

func factorRow(id, user ledger.ID, kind string) ledger.Factor {
	return ledger.Factor{ID: id, User: user, Kind: kind, CreatedAt: at(0)}
}

func everySignInField(w *world) {
	user := w.putUser(nil).ID
	kept(w, full(w.T, ledger.Session{
		ID: "s1", User: user, Digest: digestOf(7), Key: 1<<32 - 1, Method: "oidc:corp", Portal: "acme", CreatedAt: at(1), LastSeenAt: at(2),
		ExpiresAt: at(3), ConfirmedAt: at(4), Address: "2001:db8::1", Agent: "Firefox/140 é",
	}), ledger.Tx.PutSession, func(r ledger.Reader) (ledger.Session, error) { return r.Session("s1") }, sessionRow("s1", user, 0))
	kept(w, full(w.T, ledger.Attempts{Name: "n1", Count: 7, LastAt: at(1), ExpiresAt: at(2)}), ledger.Tx.PutAttempts,
		func(r ledger.Reader) (ledger.Attempts, error) { return r.Attempts("n1") },
		ledger.Attempts{Name: "n1", LastAt: at(3), ExpiresAt: at(4)})
	kept(w, full(w.T, ledger.OneTimeCode{
		ID: "c1", Purpose: "reset", User: user, Alias: "alias", Digest: digestOf(9), Key: 3, Data: json.RawMessage(`{"b":1, "a":"<é>"}`),
		CreatedAt: at(1), ExpiresAt: at(2),
	}), ledger.Tx.PutCode, func(r ledger.Reader) (ledger.OneTimeCode, error) { return r.Code("c1") }, codeRow("c1", "device", 0, 5))
	id := w.newID()
	kept(w, full(w.T, ledger.Factor{
		ID: id, User: user, Kind: "totp", Name: "App", Digest: digestOf(4), Key: 2, Sealed: []byte{0, 0xff}, LastStep: 1 << 40,
		CreatedAt: at(1), ConfirmedAt: at(2),
	}), ledger.Tx.PutFactor, func(r ledger.Reader) (ledger.Factor, error) { return only(r.FactorsOf(user)) }, factorRow(id, user, "recovery"))
	i := full(w.T, ledger.Identity{Issuer: "https://op", Subject: "u-1", User: user, Email: "ada@example.com", CreatedAt: at(1)})
	w.do(func(tx ledger.Tx) error { return tx.AddIdentity(i) })
	w.read(func(r ledger.Reader) { found(w.T, i)(r.Identity("https://op", "u-1")) })
}

func sessionList(w *world) {
	a, b := w.putUser(nil).ID, w.putUser(nil).ID
	rows := []ledger.Session{sessionRow("a1", a, 1), sessionRow("a2", a, 3), sessionRow("a3", a, 2), sessionRow("b1", b, 1)}
	for _, s := range rows {
		w.do(func(tx ledger.Tx) error { return tx.PutSession(s) })
	}
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Session{rows[1], rows[2], rows[0]})(r.SessionsOf(a))
		missing[ledger.Session](w.T)(r.Session("A1"))
		missing[ledger.Session](w.T)(r.Session(""))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteSession("a1") })
	w.do(func(tx ledger.Tx) error { return tx.DeleteSessionsOf(a, "a2") })
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Session{rows[1]})(r.SessionsOf(a))
		found(w.T, []ledger.Session{rows[3]})(r.SessionsOf(b))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteSessionsOf(a, "") })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.Session(nil))(r.SessionsOf(a)) })
}

func codeAlias(w *world) {
	named := func(id, alias string) func(tx ledger.Tx) error {
		return func(tx ledger.Tx) error {
			c := codeRow(id, "device", 0, 1)
			c.Alias = alias
			return tx.PutCode(c)
		}
	}
	w.do(named("c1", "x"), named("c2", ""), named("c3", ""))
	w.refuse(ledger.ErrDuplicate, named("c4", "x"))
	w.read(func(r ledger.Reader) {
		c, err := r.CodeByAlias("x")
		if err != nil || c.ID != "c1" {
			w.Errorf("found %q, %v", c.ID, err)
		}
		missing[ledger.OneTimeCode](w.T)(r.CodeByAlias(""))
		missing[ledger.OneTimeCode](w.T)(r.CodeByAlias("X"))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteCode("c1") }, named("c4", "x"))
}

func codeCount(w *world) {
	for i := range 6 {
		w.do(func(tx ledger.Tx) error { return tx.PutCode(codeRow(fmt.Sprint(i), "device", 0, i)) })
	}
	w.do(func(tx ledger.Tx) error { return tx.PutCode(codeRow("other", "portal", 0, 9)) })
	w.read(func(r ledger.Reader) {
		found(w.T, 3)(r.CountCodes("device", at(2), 100))
		found(w.T, 2)(r.CountCodes("device", at(2), 2))
		found(w.T, 0)(r.CountCodes("Device", at(2), 2))
	})
}

func codesOf(w *world) {
	a, b := w.putUser(nil).ID, w.putUser(nil).ID
	for _, c := range []ledger.OneTimeCode{codeRow("1", "reset", a, 1), codeRow("2", "reset", a, 1), codeRow("3", "portal", a, 1), codeRow("4", "reset", b, 1)} {
		w.do(func(tx ledger.Tx) error { return tx.PutCode(c) })
	}
	w.do(func(tx ledger.Tx) error { return tx.DeleteCodesOf(a, "reset") })
	w.read(func(r ledger.Reader) {
		missing[ledger.OneTimeCode](w.T)(r.Code("1"))
		missing[ledger.OneTimeCode](w.T)(r.Code("2"))
		found(w.T, codeRow("3", "portal", a, 1))(r.Code("3"))
		found(w.T, codeRow("4", "reset", b, 1))(r.Code("4"))
	})
}

func identityOnce(w *world) {
	a, b := w.putUser(nil).ID, w.putUser(nil).ID
	i := ledger.Identity{Issuer: "https://op", Subject: "u", User: a, CreatedAt: at(0)}
	w.do(func(tx ledger.Tx) error { return tx.AddIdentity(i) })
	for _, user := range []ledger.ID{a, b} {
		w.refuse(ledger.ErrDuplicate, func(tx ledger.Tx) error {
			other := i
			other.User = user
			return tx.AddIdentity(other)
		})
	}
	w.read(func(r ledger.Reader) {
		found(w.T, []ledger.Identity{i})(r.IdentitiesOf(a))
		found(w.T, []ledger.Identity(nil))(r.IdentitiesOf(b))
	})
	w.do(func(tx ledger.Tx) error { return tx.DeleteIdentity(i.Issuer, i.Subject) })
	w.read(func(r ledger.Reader) { missing[ledger.Identity](w.T)(r.Identity(i.Issuer, i.Subject)) })
}

func identityBytes(w *world) {
	user := w.putUser(nil).ID
	for _, issuer := range []string{"https://op", "https://op/", "https://OP"} {
		for _, subject := range []string{"u", "U", "u "} {
			w.do(func(tx ledger.Tx) error {
				return tx.AddIdentity(ledger.Identity{Issuer: issuer, Subject: subject, User: user, CreatedAt: at(0)})
			})
		}
	}
	w.read(func(r ledger.Reader) {
		missing[ledger.Identity](w.T)(r.Identity("https://op//", "u"))
		missing[ledger.Identity](w.T)(r.Identity("https://op", ""))
	})
}

// outsiders have an e-mail and neither a password, an identity nor a passkey; a password
// stands alone without a passkey or an app that was confirmed.
func outsiders(w *world) {
	ws := w.putWorkspace(nil).ID
	member := func(email, hash string) ledger.Member {
		u := w.putUser(func(u *ledger.User) { u.Email, u.PasswordHash = email, hash })
		return w.putMember(ws, u, nil)
	}
	factor := func(m ledger.Member, kind string, confirmed int) {
		f := factorRow(w.newID(), m.User, kind)
		if confirmed > 0 {
			f.ConfirmedAt = at(confirmed)
		}
		w.do(func(tx ledger.Tx) error { return tx.PutFactor(f) })
	}
	fresh, told, nameless, alone, begun := member("a@example.com", ""), member("b@example.com", ""), member("", ""), member("c@example.com", "x"), member("d@example.com", "x")
	app, key, keyed, elsewhere := member("e@example.com", "x"), member("f@example.com", "x"), member("g@example.com", ""), member("h@example.com", "")
	factor(fresh, "totp", 1) // an app alone opens nothing
	factor(begun, "totp", 0)
	factor(begun, "recovery", 1)
	factor(app, "totp", 1)
	factor(key, "passkey", 0)
	factor(keyed, "passkey", 1)
	code := codeRow("c1", "invitation", told.User, 3)
	code.Data = []byte(`{"by":"x"}`)
	w.do(func(tx ledger.Tx) error {
		return tx.AddIdentity(ledger.Identity{Issuer: "https://op", Subject: "u", User: elsewhere.User, CreatedAt: at(0)})
	},
		func(tx ledger.Tx) error { return tx.PutCode(code) },
		func(tx ledger.Tx) error { return tx.PutCode(codeRow("c2", "reset", fresh.User, 3)) })
	all := []ledger.Member{fresh, told, nameless, alone, begun, app, key, keyed, elsewhere}
	w.read(func(r ledger.Reader) {
		found(w.T, all)(r.Members(ws, ledger.Range{}))
		found(w.T, []ledger.Member{fresh, told})(r.Members(ws, ledger.Range{Only: ledger.OnlyInvited}))
		found(w.T, []ledger.Member{told})(r.Members(ws, ledger.Range{Only: ledger.OnlyInvited, Text: "b@"}))
		found(w.T, []ledger.Member{alone, begun})(r.Members(ws, ledger.Range{Only: ledger.OnlyOneFactor}))
		some, err := r.Users(ledger.Range{Only: ledger.OnlyOneFactor})
		if err != nil {
			w.Fatal(err)
		}
		for _, m := range all {
			is := slices.ContainsFunc(some, func(u ledger.User) bool { return u.ID == m.User })
			if is != (m.User == alone.User || m.User == begun.User) {
				w.Errorf("of the users whose password stands alone, %s is one: %v", m.UserEmail, is)
			}
		}
		var users []ledger.ID
		for _, m := range all {
			users = append(users, m.User)
		}
		found(w.T, []ledger.Outsider{{User: fresh.User}, {User: told.User, Code: ledger.OneTimeCode{ID: "c1", Data: code.Data, CreatedAt: at(0), ExpiresAt: at(3)}}})(r.Outsiders(users))
		found(w.T, []ledger.Outsider{{User: told.User, Code: ledger.OneTimeCode{ID: "c1", Data: code.Data, CreatedAt: at(0), ExpiresAt: at(3)}}})(r.Outsiders([]ledger.ID{told.User, ws}))
		found[[]ledger.Outsider](w.T, nil)(r.Outsiders(nil))
	})
}

func factorsOf(w *world) {
	a, b := w.putUser(nil).ID, w.putUser(nil).ID
	rows := []ledger.Factor{
		factorRow(w.newID(), a, "totp"), factorRow(w.newID(), a, "recovery"), factorRow(w.newID(), a, "recovery"), factorRow(w.newID(), b, "recovery"),
	}
	for _, f := range rows {
		w.do(func(tx ledger.Tx) error { return tx.PutFactor(f) })
	}
	w.read(func(r ledger.Reader) { found(w.T, rows[:3])(r.FactorsOf(a)) })
	w.do(func(tx ledger.Tx) error { return tx.DeleteFactor(rows[1].ID) })
	w.read(func(r ledger.Reader) { found(w.T, []ledger.Factor{rows[0], rows[2]})(r.FactorsOf(a)) })
	w.do(func(tx ledger.Tx) error { return tx.DeleteFactorsOf(a, "recovery") })
	w.read(func(r ledger.Reader) {
		found(w.T, rows[:1])(r.FactorsOf(a))
		found(w.T, rows[3:])(r.FactorsOf(b))
	})
}

func places(w *world) {
	a, b := w.putUser(nil).ID, w.putUser(nil).ID
	remember := func(user ledger.ID, n, when int) {
		w.do(func(tx ledger.Tx) error { return tx.RememberAddress(user, fmt.Sprint("p", n), at(when)) })
	}
	remember(b, 0, 0)
	for n := range 20 {
		remember(a, n, n)
	}
	remember(a, 0, 50) // seen again
	remember(a, 20, 51)
	w.read(func(r ledger.Reader) {
		for n, want := range map[int]bool{0: true, 1: false, 2: true, 20: true, 21: false} {
			found(w.T, want)(r.KnownAddress(a, fmt.Sprint("p", n)))
		}
		found(w.T, true)(r.KnownAddress(b, "p0"))
		found(w.T, false)(r.KnownAddress(b, "p2"))
	})
}

func sweep(w *world) {
	user := w.putUser(nil).ID
	w.do(func(tx ledger.Tx) error {
		for i, id := range []string{"over", "ends now", "lives"} {
			end := i + 24
			s, c := sessionRow(id, user, i), codeRow(id, "reset", user, end)
			for _, err := range []error{tx.PutSession(s), tx.PutCode(c),
				tx.PutAttempts(ledger.Attempts{Name: id, Count: 1, LastAt: at(0), ExpiresAt: at(end)})} {
				if err != nil {
					return err
				}
			}
		}
		return tx.RememberAddress(user, "p", at(0))
	})
	invitation := codeRow("told", "invitation", user, 1)
	w.do(func(tx ledger.Tx) error { return tx.PutCode(invitation) }, func(tx ledger.Tx) error { return tx.SweepSignIn(at(25)) })
	w.read(func(r ledger.Reader) {
		found(w.T, invitation)(r.Code("told"))
		for _, id := range []string{"over", "ends now"} {
			missing[ledger.Session](w.T)(r.Session(id))
			missing[ledger.OneTimeCode](w.T)(r.Code(id))
			missing[ledger.Attempts](w.T)(r.Attempts(id))
		}
		found(w.T, sessionRow("lives", user, 2))(r.Session("lives"))
		found(w.T, codeRow("lives", "reset", user, 26))(r.Code("lives"))
		found(w.T, ledger.Attempts{Name: "lives", Count: 1, LastAt: at(0), ExpiresAt: at(26)})(r.Attempts("lives"))
		found(w.T, true)(r.KnownAddress(user, "p"))
	})
}

func deleteNothing(w *world) {
	for _, f := range []func(tx ledger.Tx) error{
		func(tx ledger.Tx) error { return tx.DeleteSession("x") },
		func(tx ledger.Tx) error { return tx.DeleteSessionsOf(99, "") },
		func(tx ledger.Tx) error { return tx.DeleteAttempts("x") },
		func(tx ledger.Tx) error { return tx.DeleteCode("x") },
		func(tx ledger.Tx) error { return tx.DeleteCodesOf(99, "x") },
		func(tx ledger.Tx) error { return tx.DeleteIdentity("x", "y") },
		func(tx ledger.Tx) error { return tx.DeleteFactor(99) },
		func(tx ledger.Tx) error { return tx.DeleteFactorsOf(99, "totp") },
		func(tx ledger.Tx) error { return tx.SweepSignIn(time.Time{}.Add(time.Hour)) },
	} {
		w.do(f)
	}
}

// signInAfterRefusal: a refused mutation leaves no session behind.
func signInAfterRefusal(w *world) {
	user := w.putUser(nil).ID
	w.refuse(errRefused, func(tx ledger.Tx) error {
		if err := tx.PutSession(sessionRow("s", user, 0)); err != nil {
			return err
		}
		if err := tx.PutCode(codeRow("c", "reset", user, 1)); err != nil {
			return err
		}
		return errRefused
	})
	w.read(func(r ledger.Reader) {
		missing[ledger.Session](w.T)(r.Session("s"))
		missing[ledger.OneTimeCode](w.T)(r.Code("c"))
	})
}
