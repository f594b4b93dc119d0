package retention_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "modernc.org/sqlite"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/retention"
)

// forgetting is the same instance on a node that has usage to forget.
func forgetting(w *officetest.World) *officetest.Forgotten {
	f := &officetest.Forgotten{}
	w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Forget: f})
	w.Observe(w.Engine)
	return f
}

// purge runs one that must succeed, and answers what it deleted.
func purge(w *officetest.World) retention.Purged {
	w.Helper()
	done, err := w.Purge(w.Ctx, func(context.Context) error { return nil })
	officetest.Must(w.T, err)
	return done
}

// keeps sets how long a workspace keeps what ended; 0 inherits.
func keeps(w *officetest.World, ws string, days int) {
	w.Helper()
	p := api.PatchPolicy{Retention: api.Null[api.Duration]()}
	if days > 0 {
		p.Retention = api.Some(api.Duration(days) * api.Day)
	}
	officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, ws, p)))
}

func TestPurgeDeletesWhatEndedLongerAgoThanItIsKept(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		f := forgetting(w)
		keeps(w, "acme", 10)
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		w.Account("ci", "tickets:read")
		deleted, revoked := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		kept := w.Create(w.Root, officetest.Ask("personal", ""))
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Day)
		expired := w.Create(w.Root, in)
		bobs, robots := w.Create(w.Root, officetest.Ask("personal", "bob@example.com")), w.Create(w.Root, officetest.Ask("service", "ci"))
		officetest.Must(w.T, officetest.Second(w.DeleteToken(w.Ctx, w.Root, "acme", deleted.Token.ID, api.RevokeToken{})))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", revoked.Token.ID, api.RevokeToken{})))
		_, err := w.RemoveMember(w.Ctx, w.Root, "acme", "bob@example.com", false)
		officetest.Must(w.T, err)
		_, err = w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "ci", false)
		officetest.Must(w.T, err)

		w.Clock.Pass(10 * officetest.Day)
		if done := purge(w); done != (retention.Purged{}) {
			w.Errorf("purged on the last day: %+v", done)
		}
		w.Clock.Pass(time.Second)
		done := purge(w)
		if done.Tokens != 4 || done.Members != 1 || done.ServiceAccounts != 1 || done.AuditEvents == 0 {
			w.Errorf("purged %+v", done)
		}
		for _, i := range []authority.Issued{deleted, revoked, bobs, robots} {
			w.Deny(api.CodeUnknown, i.Secret)
			_, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
			w.Refused(err, api.CodeNotFound)
		}
		w.Allow(kept.Secret)
		w.Deny(api.CodeExpired, expired.Secret)
		if len(f.Tokens) != 4 {
			w.Errorf("the usage of %v was forgotten", f.Tokens)
		}
		if again := purge(w); again != (retention.Purged{}) {
			w.Errorf("a second time: %+v", again)
		}
		w.Whole()
	})
}

func TestPurgedAuditIsWholeFromItsAnchorOn(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		keeps(w, "acme", 10)
		for range 3 {
			w.Create(w.Root, officetest.Ask("personal", ""))
		}
		old, _ := w.Whole()
		w.Clock.Pass(11 * officetest.Day)
		w.Create(w.Root, officetest.Ask("personal", ""))
		before, _ := w.Whole(old...)
		purge(w)
		_, chains := w.Whole(append(old, before...)...)
		if acme := chains["acme"]; acme.Purged == 0 || acme.Rows != 2 {
			w.Errorf("the chain is %+v, want the last token's creation and the purge", acme)
		}
		if instance := chains["instance"]; instance.Purged != 0 {
			w.Errorf("the instance keeps its own longer: %+v", instance)
		}
		events, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, officetest.Page(0))
		officetest.Must(w.T, err)
		want := fmt.Sprintf(`"audit_events":%d`, chains["acme"].Purged)
		if e := events[0]; e.Action != "retention.purged" || e.Actor != "retention" || !strings.Contains(string(e.After), want) {
			w.Errorf("the purge told %+v: %s, want %s", e, e.After, want)
		}
		_, err = audit.Verify(w.Ctx, w.Store, w.Keys, "acme@99:00")
		if !errors.Is(err, audit.ErrBroken) {
			w.Errorf("a head after the end: %v", err)
		}
		// Nothing but the events of purges is no reason to purge.
		w.Clock.Pass(11 * officetest.Day)
		purge(w)
		w.Clock.Pass(11 * officetest.Day)
		if done := purge(w); done != (retention.Purged{}) {
			w.Errorf("purged its own events: %+v", done)
		}
		w.Whole()
	})
}

func TestRetentionIsInheritedLiveAndActsAtTheNextRun(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		w.Workspace("initech")
		keeps(w, "initech", 90)
		w.Clock.Pass(20 * officetest.Day)
		purged := func() (names []string) {
			w.Helper()
			purge(w)
			_, chains := w.Whole()
			for _, name := range []string{"acme", "globex", "initech", "instance"} {
				if chains[name].Purged > 0 {
					names = append(names, name)
				}
			}
			return names
		}
		if got := purged(); got != nil {
			w.Errorf("purged %v after 20 of 400 days", got)
		}
		keeps(w, "globex", 15)
		if diff := cmp.Diff([]string{"globex"}, purged()); diff != "" {
			w.Errorf("after a workspace was lowered: %s", diff)
		}
		officetest.Must(w.T, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{Retention: api.Some(10 * api.Day)})))
		if diff := cmp.Diff([]string{"acme", "globex", "instance"}, purged()); diff != "" {
			w.Errorf("after the instance was lowered: %s", diff)
		}
	})
}

func TestADeletedWorkspaceLeavesItsSlug(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		f := forgetting(w)
		w.Workspace("globex")
		keeps(w, "globex", 10)
		w.MemberOf("globex", "bob@example.com", "Viewer", "*")
		i, err := w.CreateToken(w.Ctx, w.Root, "globex", officetest.Scoped("workspace", "", "tickets:read"))
		officetest.Must(w.T, err)
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "globex", api.CreateResource{Name: "payments"})))
		officetest.Must(w.T, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "globex")))
		w.Clock.Pass(11 * officetest.Day)
		done := purge(w)
		if done.Workspaces != 1 || done.Tokens != 1 || done.Members != 1 || done.Resources != 1 {
			w.Errorf("purged %+v", done)
		}
		w.Deny(api.CodeUnknown, i.Secret)
		if len(f.Workspaces) != 1 || len(f.Tokens) != 1 {
			w.Errorf("usage: %+v", f)
		}
		_, err = w.CreateWorkspace(w.Ctx, w.Root, api.CreateWorkspace{Slug: "globex"})
		w.Refused(err, api.CodeAlreadyExists)
		w.Clock.Pass(400 * officetest.Day)
		purge(w)
		if again := purge(w); again != (retention.Purged{}) {
			w.Errorf("a purged workspace is purged again: %+v", again)
		}
		w.Whole()
	})
}

// attacked tries each attack, and undoes it.
// attack is what somebody who may write to the database does to it, and what
// the verification says of it.
type attack struct{ name, statement, says string }

func attacked(w *officetest.World, attacks []attack, expect ...string) {
	w.Helper()
	db := w.Beside()
	for _, a := range attacks {
		for _, s := range []string{"CREATE TABLE kept_audit AS SELECT * FROM audit", "CREATE TABLE kept_anchors AS SELECT * FROM audit_anchors", a.statement} {
			_, err := db.ExecContext(w.Ctx, s)
			officetest.Must(w.T, err)
		}
		_, err := audit.Verify(w.Ctx, w.Store, w.Keys, expect...)
		if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), a.says) {
			w.Errorf("%s: got %v, want %q", a.name, err, a.says)
		}
		for _, s := range []string{
			"DELETE FROM audit", "DELETE FROM audit_anchors", "INSERT INTO audit SELECT * FROM kept_audit",
			"INSERT INTO audit_anchors SELECT * FROM kept_anchors", "DROP TABLE kept_audit", "DROP TABLE kept_anchors",
		} {
			_, err := db.ExecContext(w.Ctx, s)
			officetest.Must(w.T, err)
		}
		w.Whole(expect...)
	}
}

func TestAPurgedChainNamesWhatElseIsMissing(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		keeps(w, "acme", 10)
		for range 3 {
			w.Create(w.Root, officetest.Ask("personal", ""))
		}
		w.Clock.Pass(11 * officetest.Day)
		for range 3 {
			w.Create(w.Root, officetest.Ask("personal", ""))
		}
		purge(w)
		heads, chains := w.Whole()
		ws, anchor := w.WorkspaceID(), chains["acme"].Purged
		of := func(statement string, n int64) string {
			return strings.NewReplacer("@ws", fmt.Sprint(ws), "@n", fmt.Sprint(anchor+n)).Replace(statement)
		}
		row := func(n int64) string { return fmt.Sprintf("row %d", anchor+n) }
		attacked(w, []attack{
			{"a changed row", of(`UPDATE audit SET payload = replace(payload, 'token', 'taken') WHERE workspace = @ws AND sequence = @n`, 2), row(2)},
			{"a changed column", of(`UPDATE audit SET actor = 'eve' WHERE workspace = @ws AND sequence = @n`, 2), row(2)},
			{"a changed salt", of(`UPDATE audit SET salt = NULL WHERE workspace = @ws AND sequence = @n`, 2), row(2)},
			{"a removed row", of(`DELETE FROM audit WHERE workspace = @ws AND sequence = @n`, 2), row(2) + " was removed"},
			{"the row after the anchor", of(`DELETE FROM audit WHERE workspace = @ws AND sequence = @n`, 1), row(1) + " was removed"},
			{"reordered rows", of(`UPDATE audit SET sequence = CASE sequence WHEN @n THEN 999 ELSE sequence END WHERE workspace = @ws`, 1), row(1)},
			{"a cut tail", of(`DELETE FROM audit WHERE workspace = @ws AND sequence > @n`, 2), "expected head"},
			{"everything after", of(`DELETE FROM audit WHERE workspace = @ws`, 0), "expected head"},
			{"a removed anchor", of(`DELETE FROM audit_anchors WHERE workspace = @ws`, 0), "no anchor says that they were purged"},
			{"an anchor further on", of(`UPDATE audit_anchors SET sequence = @n WHERE workspace = @ws`, 1), "is forged"},
			{"a purge that was none", of(`DELETE FROM audit WHERE workspace = @ws AND sequence = @n`, 1) + of(`; UPDATE audit_anchors SET sequence = @n,
				hash = (SELECT hash FROM kept_audit WHERE workspace = @ws AND sequence = @n) WHERE workspace = @ws`, 1), "is forged"},
			{"an anchor for a whole chain", `INSERT INTO audit_anchors SELECT 0, sequence, hash, occurred_at, seal, key_id FROM audit_anchors`, "is forged"},
			{"a row of before", of(`INSERT INTO audit SELECT workspace, 1, revision, occurred_at, action, actor, actor_token, on_behalf, target, token, payload,
				payload_digest, hash, key_id, salt, erasure FROM kept_audit WHERE workspace = @ws AND sequence = @n`, 1), "row 1 was inserted before the anchor"},
		}, heads...)
		attacked(w, []attack{
			{"nothing left of a workspace", of(`DELETE FROM audit WHERE workspace = @ws; DELETE FROM audit_anchors WHERE workspace = @ws`, 0), "every row after row 0 was removed"},
			{"nothing left of the instance", `DELETE FROM audit WHERE workspace = 0`, "instance: every row"},
		})
	})
}

func TestABrokenChainIsNotPurged(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		keeps(w, "acme", 10)
		w.Create(w.Root, officetest.Ask("personal", ""))
		w.Clock.Pass(11 * officetest.Day)
		statement := fmt.Sprintf(`UPDATE audit SET actor = 'eve' WHERE workspace = %d AND sequence = 2`, w.WorkspaceID())
		_, err := w.Beside().ExecContext(w.Ctx, statement)
		officetest.Must(w.T, err)
		_, err = w.Purge(w.Ctx, func(context.Context) error { return nil })
		if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), "acme: row 2") {
			w.Errorf("the purge answered %v", err)
		}
		_, err = audit.Verify(w.Ctx, w.Store, w.Keys)
		if !errors.Is(err, audit.ErrBroken) {
			w.Errorf("the evidence is gone: %v", err)
		}
	})
}
