package office

import (
	"context"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/tokens"
	"github.com/tokenry/tokenry/token"
)

// Restored is what the audit is told of a restored backup.
type Restored struct {
	TakenAt  time.Time `json:"taken_at"`
	Revision int64     `json:"revision"`
	// Heads are those of the audit's chains in the backup, see Chain.Head.
	Heads []string `json:"heads"`
	// Since says what was done about what happened after the backup was taken.
	Since string `json:"since"`
	NotSent
}

// NotSent counts what a backup had on its way to somebody and a restore does not
// send again.
type NotSent struct {
	Webhooks int `json:"webhooks_not_sent"`
	Mails    int `json:"mails_not_sent"`
}

// RestoreCaller is who brings a backup back: Tokenry itself, on a database that
// nobody serves yet.
func RestoreCaller() authority.Caller { return authority.Caller{Machine: "restore"} }

// NoteRestore ends every session, because one that was ended since the backup
// would be back, drops what was on its way to somebody, because it went out since,
// and records the restore on the instance's chain. Notices of expiries are kept:
// one that comes twice is better than one that never comes.
func (a *Office) NoteRestore(ctx context.Context, in Restored) (NotSent, error) {
	_, err := a.in.Apply(ctx, authority.Neither, RestoreCaller(), func(w *authority.Work) error {
		for u, err := range authority.Rows(w.Users, func(u ledger.User) ledger.ID { return u.ID }) {
			if err != nil {
				return err
			}
			if err := w.DeleteSessionsOf(u.ID, ""); err != nil {
				return err
			}
		}
		var err error
		if in.Webhooks, in.Mails, err = w.DropPending(ledger.MailExpiry, w.Now); err != nil {
			return err
		}
		return w.Note(authority.Machine(w.Caller), ledger.Workspace{}, authority.Event{Action: "instance.restored", Target: "instance", After: in})
	})
	return in.NotSent, err
}

// recoveryLife is how long a recovery token opens the door.
const recoveryLife = 24 * time.Hour

// RecoveryToken makes a token of an active administrator of the instance that may do
// everything for a day: the way back in after every token was stopped. It is for whoever
// has the database and the keyring, and so could make one anyway; no policy keeps them out.
func (a *Office) RecoveryToken(ctx context.Context, c authority.Caller) (out authority.Issued, err error) {
	out.Revision, err = a.in.MutateToken(ctx, authority.Gives, c, &out.Token, func(w *authority.Work) error {
		ac, err := a.in.EnterInstance(w.Snapshot, c)
		if err != nil {
			return err
		}
		m, ws, err := recoverer(w)
		if err != nil {
			return err
		}
		sp, err := a.in.Space(w.Snapshot, ws)
		if err != nil {
			return err
		}
		t := ledger.Token{
			Workspace: ws.ID, Kind: token.Personal, OwnerMember: m.ID, CreatedBy: ac.Principal.Address, CreatedByUser: ac.User, CreatedAt: w.Now,
			ExpiresAt: w.Now.Add(recoveryLife), Label: "Recovery after a restore",
			Grants: []grant.Statement{{Scopes: []string{"*", "instance:admin"}, Resources: []string{"*"}}},
		}
		if ac.With != nil {
			t.CreatedWith = ac.With.Locator
		}
		out.Token, out.Secret, err = tokens.Issue(w, ac, sp, t)
		return err
	})
	return out, err
}

// recoverer is the first administrator of the instance whose token works somewhere: a
// member who is not stopped, of a workspace that is not.
func recoverer(w *authority.Work) (m ledger.Member, ws ledger.Workspace, err error) {
	admins, err := w.InstanceAdmins()
	if err != nil {
		return m, ws, err
	}
	for _, u := range admins {
		rows, err := w.WorkspacesOf(u.ID)
		if err != nil {
			return m, ws, err
		}
		for _, ws = range rows {
			if !ws.SuspendedAt.IsZero() {
				continue
			}
			if m, err = w.Member(ws.ID, ledger.MemberKey{User: u.ID}); err != nil || authority.MemberOwner(m).Active {
				return m, ws, err
			}
		}
	}
	return m, ws, api.Errorf(api.CodeNotFound, "the backup has no active administrator of the instance who is an active member of a workspace that is not suspended")
}
