package office_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// sqlite is a world over one store, where none matters.
func sqlite(t *testing.T) *officetest.World {
	t.Helper()
	return officetest.NewWorld(t, storetest.SQLite(t))
}

// What comes back with a backup is nobody's session, and sends nothing that went out since;
// a notice of an expiry may come twice, so that none is lost. The audit says so.
func TestARestoreEndsSessionsAndSendsNothingTwice(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	ada, eve := w.Person("ada@example.com"), w.Member("eve@example.com", "Viewer")
	told := w.Listener(officetest.Acme())
	w.Create(eve, officetest.Inheriting(""))
	w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
		for i, kind := range []string{ledger.MailExpiry, ledger.MailIssued} {
			if err := tx.PutMail(ledger.Mail{ID: ledger.ID(9000 + i), PublicID: kind, Kind: kind, Recipient: "eve@example.com", Workspace: ws, State: ledger.MailPending, CreatedAt: w.Clock.Now(), NextAttemptAt: w.Clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	officetest.Must(t, officetest.Second(w.GetWorkspace(w.Ctx, ada, "acme")))
	out, err := w.NoteRestore(w.Ctx, office.Restored{TakenAt: w.Clock.Now(), Revision: 7, Heads: []string{"acme:1"}, Since: "nothing"})
	if err != nil || out.Webhooks != len(told()) || out.Webhooks == 0 || out.Mails != 1 {
		t.Errorf("not sent: %+v of %d, %v", out, len(told()), err)
	}
	for name, c := range map[string]authority.Caller{"ada": ada, "eve": eve} {
		if err := officetest.Second(w.GetWorkspace(w.Ctx, c, "acme")); err == nil {
			t.Errorf("%s is signed in yet", name)
		}
	}
	var left []string
	officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		rows, err := r.DueMails(w.Clock.Now().Add(officetest.Day), "", 10)
		for _, m := range rows {
			left = append(left, m.Kind)
		}
		return err
	}))
	if len(left) != 1 || left[0] != ledger.MailExpiry {
		t.Errorf("due yet: %v", left)
	}
	if e := w.Last(""); e.Action != "instance.restored" || e.Actor != "restore" || len(e.After) == 0 {
		t.Errorf("the audit tells %s by %s: %s", e.Action, e.Actor, e.After)
	}
}

// The way back in is a token of an administrator of the instance that works: of one who is
// active, made in a workspace where they are, and which is not suspended; and it is over
// after a day.
func TestTheWayBackInWorks(t *testing.T) {
	t.Parallel()
	const ada, root = "ada@example.com", "root@example.com"
	for name, c := range map[string]struct {
		before func(w *officetest.World)
		owner  string
	}{
		"as it was set up": {func(*officetest.World) {}, ada},
		"where their first workspace is suspended": {func(w *officetest.World) {
			w.MemberOf("office", ada, "Viewer", "*")
			officetest.Must(w.T, officetest.Second(w.SuspendWorkspace(w.Ctx, w.Root, "acme")))
		}, ada},
		"where they are stopped in their first workspace": {func(w *officetest.World) {
			w.MemberOf("office", ada, "Viewer", "*")
			w.MemberOf("acme", "eve@example.com", "Owner", "*")
			officetest.Must(w.T, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", ada, false)))
		}, ada},
		"where the first administrator is stopped": {func(w *officetest.World) {
			w.MemberOf("acme", "eve@example.com", "Owner", "*")
			officetest.Must(w.T, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, ada)))
		}, root},
		"where the first administrator is nowhere": {func(w *officetest.World) {
			w.MemberOf("acme", "eve@example.com", "Owner", "*")
			officetest.Must(w.T, w.DropMember(w.Ctx, ada))
		}, root},
		"where every token is bound to addresses and hours": {func(w *officetest.World) {
			p := api.PatchPolicy{RequireIPAllowList: api.Some(true), MaxLifetime: api.Some(api.Day / 24), DefaultLifetime: api.Some(api.Day / 24), PersonalTokens: api.Some(api.PersonalNobody)}
			officetest.Must(w.T, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, p)))
		}, ada},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sqlite(t)
			w.Workspace("office")
			w.MemberOf("office", root, "Owner", "*")
			officetest.Must(t, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: root})))
			c.before(w)
			i, err := w.RecoveryToken(w.Ctx, office.RestoreCaller())
			officetest.Must(t, err)
			if i.Token.Owner.Address != c.owner || i.Token.ExpiresAt == nil || i.Token.ExpiresAt.After(w.Clock.Now().Add(officetest.Day)) {
				t.Errorf("it is of %s until %v", i.Token.Owner.Address, i.Token.ExpiresAt)
			}
			w.Allow(i.Secret)
			officetest.Must(t, w.Administers(w.Ctx, w.With(i)))
		})
	}
}
