package office_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/retention"
	"github.com/tokenry/tokenry/token"
)

const day = 24 * time.Hour

// forgotten remembers what usage it was told to forget.
type forgotten struct {
	tokens     []token.Locator
	workspaces []ledger.ID
}

func (f *forgotten) ForgetUsage(_ context.Context, ts []token.Locator) error {
	f.tokens = append(f.tokens, ts...)
	return nil
}

func (f *forgotten) TrimUsage(_ context.Context, ws ledger.ID, _ time.Time) error {
	f.workspaces = append(f.workspaces, ws)
	return nil
}

// forgetting is the same instance on a node that has usage to forget.
func (w *world) forgetting() *forgotten {
	f := &forgotten{}
	w.Office = office.New(authority.Options{Store: w.store, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader, Forget: f})
	w.Observe(w.engine)
	return f
}

// purge runs one that must succeed, and answers what it deleted.
func (w *world) purge() retention.Purged {
	w.Helper()
	done, err := w.Purge(w.ctx, func(context.Context) error { return nil })
	must(w.T, err)
	return done
}

// keeps sets how long a workspace keeps what ended; 0 inherits.
func (w *world) keeps(ws string, days int) {
	w.Helper()
	p := api.PatchPolicy{Retention: api.Null[api.Duration]()}
	if days > 0 {
		p.Retention = api.Some(api.Duration(days) * api.Day)
	}
	must(w.T, third(w.EditPolicy(w.ctx, w.root, ws, p)))
}

// whole verifies the audit, which must be whole, and answers its heads.
func (w *world) whole(expect ...string) (heads []string, chains map[string]audit.Chain) {
	w.Helper()
	all, err := audit.Verify(w.ctx, w.store, w.keys, expect...)
	must(w.T, err)
	chains = map[string]audit.Chain{}
	for _, c := range all {
		heads, chains[c.Name] = append(heads, c.Head), c
	}
	return heads, chains
}

func TestPurgeDeletesWhatEndedLongerAgoThanItIsKept(t *testing.T) {
	each(t, func(w *world) {
		f := w.forgetting()
		w.keeps("acme", 10)
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		w.account("ci", "tickets:read")
		deleted, revoked := w.create(w.root, ask("personal", "")), w.create(w.root, ask("personal", ""))
		kept := w.create(w.root, ask("personal", ""))
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Day)
		expired := w.create(w.root, in)
		bobs, robots := w.create(w.root, ask("personal", "bob@example.com")), w.create(w.root, ask("service", "ci"))
		must(w.T, third(w.DeleteToken(w.ctx, w.root, "acme", deleted.Token.ID, api.RevokeToken{})))
		must(w.T, third(w.RevokeToken(w.ctx, w.root, "acme", revoked.Token.ID, api.RevokeToken{})))
		_, _, _, err := w.RemoveMember(w.ctx, w.root, "acme", "bob@example.com", false)
		must(w.T, err)
		_, _, _, err = w.RemoveServiceAccount(w.ctx, w.root, "acme", "ci", false)
		must(w.T, err)

		w.clock.pass(10 * day)
		if done := w.purge(); done != (retention.Purged{}) {
			w.Errorf("purged on the last day: %+v", done)
		}
		w.clock.pass(time.Second)
		done := w.purge()
		if done.Tokens != 4 || done.Members != 1 || done.ServiceAccounts != 1 || done.AuditEvents == 0 {
			w.Errorf("purged %+v", done)
		}
		for _, i := range []authority.Issued{deleted, revoked, bobs, robots} {
			w.deny(api.CodeUnknown, i.Secret)
			_, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
			w.refused(err, api.CodeNotFound)
		}
		w.allow(kept.Secret)
		w.deny(api.CodeExpired, expired.Secret)
		if len(f.tokens) != 4 {
			w.Errorf("the usage of %v was forgotten", f.tokens)
		}
		if again := w.purge(); again != (retention.Purged{}) {
			w.Errorf("a second time: %+v", again)
		}
		w.whole()
	})
}

func TestPurgedAuditIsWholeFromItsAnchorOn(t *testing.T) {
	each(t, func(w *world) {
		w.keeps("acme", 10)
		for range 3 {
			w.create(w.root, ask("personal", ""))
		}
		old, _ := w.whole()
		w.clock.pass(11 * day)
		w.create(w.root, ask("personal", ""))
		before, _ := w.whole(old...)
		w.purge()
		_, chains := w.whole(append(old, before...)...)
		if acme := chains["acme"]; acme.Purged == 0 || acme.Rows != 2 {
			w.Errorf("the chain is %+v, want the last token's creation and the purge", acme)
		}
		if instance := chains["instance"]; instance.Purged != 0 {
			w.Errorf("the instance keeps its own longer: %+v", instance)
		}
		events, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, page(0))
		must(w.T, err)
		want := fmt.Sprintf(`"audit_events":%d`, chains["acme"].Purged)
		if e := events[0]; e.Action != "retention.purged" || e.Actor != "retention" || !strings.Contains(string(e.After), want) {
			w.Errorf("the purge told %+v: %s, want %s", e, e.After, want)
		}
		_, err = audit.Verify(w.ctx, w.store, w.keys, "acme@99:00")
		if !errors.Is(err, audit.ErrBroken) {
			w.Errorf("a head after the end: %v", err)
		}
		// Nothing but the events of purges is no reason to purge.
		w.clock.pass(11 * day)
		w.purge()
		w.clock.pass(11 * day)
		if done := w.purge(); done != (retention.Purged{}) {
			w.Errorf("purged its own events: %+v", done)
		}
		w.whole()
	})
}

func TestRetentionIsInheritedLiveAndActsAtTheNextRun(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		w.workspace("initech")
		w.keeps("initech", 90)
		w.clock.pass(20 * day)
		purged := func() (names []string) {
			w.Helper()
			w.purge()
			_, chains := w.whole()
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
		w.keeps("globex", 15)
		if diff := cmp.Diff([]string{"globex"}, purged()); diff != "" {
			w.Errorf("after a workspace was lowered: %s", diff)
		}
		must(w.T, third(w.EditInstancePolicy(w.ctx, w.root, api.PatchPolicy{Retention: api.Some(10 * api.Day)})))
		if diff := cmp.Diff([]string{"acme", "globex", "instance"}, purged()); diff != "" {
			w.Errorf("after the instance was lowered: %s", diff)
		}
	})
}

func TestADeletedWorkspaceLeavesItsSlug(t *testing.T) {
	each(t, func(w *world) {
		f := w.forgetting()
		w.workspace("globex")
		w.keeps("globex", 10)
		w.memberOf("globex", "bob@example.com", "Viewer", "*")
		i, err := w.CreateToken(w.ctx, w.root, "globex", scoped("workspace", "", "tickets:read"))
		must(w.T, err)
		must(w.T, third(w.OnboardResource(w.ctx, w.root, "globex", api.CreateResource{Name: "payments"})))
		must(w.T, third(w.DeleteWorkspace(w.ctx, w.root, "globex")))
		w.clock.pass(11 * day)
		done := w.purge()
		if done.Workspaces != 1 || done.Tokens != 1 || done.Members != 1 || done.Resources != 1 {
			w.Errorf("purged %+v", done)
		}
		w.deny(api.CodeUnknown, i.Secret)
		if len(f.workspaces) != 1 || len(f.tokens) != 1 {
			w.Errorf("usage: %+v", f)
		}
		_, _, err = w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: "globex"})
		w.refused(err, api.CodeAlreadyExists)
		w.clock.pass(400 * day)
		w.purge()
		if again := w.purge(); again != (retention.Purged{}) {
			w.Errorf("a purged workspace is purged again: %+v", again)
		}
		w.whole()
	})
}

// beside opens the database beside the store, as somebody who may write to it.
func (w *world) beside() *sql.DB {
	w.Helper()
	if path, ok := strings.CutPrefix(w.url, "sqlite:"); ok {
		db, err := sql.Open("sqlite", path)
		must(w.T, err)
		w.Cleanup(func() { _ = db.Close() })
		return db
	}
	config, err := pgx.ParseConfig(w.url)
	must(w.T, err)
	db := stdlib.OpenDB(*config)
	w.Cleanup(func() { _ = db.Close() })
	return db
}

// attack is what somebody who may write to the database does to it, and what
// the verification says of it.
type attack struct{ name, statement, says string }

// attacked tries each attack, and undoes it.
func (w *world) attacked(attacks []attack, expect ...string) {
	w.Helper()
	db := w.beside()
	for _, a := range attacks {
		for _, s := range []string{"CREATE TABLE kept_audit AS SELECT * FROM audit", "CREATE TABLE kept_anchors AS SELECT * FROM audit_anchors", a.statement} {
			_, err := db.ExecContext(w.ctx, s)
			must(w.T, err)
		}
		_, err := audit.Verify(w.ctx, w.store, w.keys, expect...)
		if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), a.says) {
			w.Errorf("%s: got %v, want %q", a.name, err, a.says)
		}
		for _, s := range []string{
			"DELETE FROM audit", "DELETE FROM audit_anchors", "INSERT INTO audit SELECT * FROM kept_audit",
			"INSERT INTO audit_anchors SELECT * FROM kept_anchors", "DROP TABLE kept_audit", "DROP TABLE kept_anchors",
		} {
			_, err := db.ExecContext(w.ctx, s)
			must(w.T, err)
		}
		w.whole(expect...)
	}
}

// workspaceID is the row number of acme, which SQL names it by.
func (w *world) workspaceID() (id ledger.ID) {
	w.Helper()
	must(w.T, w.store.Read(w.ctx, func(r ledger.Reader) error {
		ws, err := r.Workspace(ledger.WorkspaceKey{Slug: "acme"})
		id = ws.ID
		return err
	}))
	return id
}

func TestAPurgedChainNamesWhatElseIsMissing(t *testing.T) {
	each(t, func(w *world) {
		w.keeps("acme", 10)
		for range 3 {
			w.create(w.root, ask("personal", ""))
		}
		w.clock.pass(11 * day)
		for range 3 {
			w.create(w.root, ask("personal", ""))
		}
		w.purge()
		heads, chains := w.whole()
		ws, anchor := w.workspaceID(), chains["acme"].Purged
		of := func(statement string, n int64) string {
			return strings.NewReplacer("@ws", fmt.Sprint(ws), "@n", fmt.Sprint(anchor+n)).Replace(statement)
		}
		row := func(n int64) string { return fmt.Sprintf("row %d", anchor+n) }
		w.attacked([]attack{
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
		w.attacked([]attack{
			{"nothing left of a workspace", of(`DELETE FROM audit WHERE workspace = @ws; DELETE FROM audit_anchors WHERE workspace = @ws`, 0), "every row after row 0 was removed"},
			{"nothing left of the instance", `DELETE FROM audit WHERE workspace = 0`, "instance: every row"},
		})
	})
}

func TestABrokenChainIsNotPurged(t *testing.T) {
	each(t, func(w *world) {
		w.keeps("acme", 10)
		w.create(w.root, ask("personal", ""))
		w.clock.pass(11 * day)
		statement := fmt.Sprintf(`UPDATE audit SET actor = 'eve' WHERE workspace = %d AND sequence = 2`, w.workspaceID())
		_, err := w.beside().ExecContext(w.ctx, statement)
		must(w.T, err)
		_, err = w.Purge(w.ctx, func(context.Context) error { return nil })
		if !errors.Is(err, audit.ErrBroken) || !strings.Contains(err.Error(), "acme: row 2") {
			w.Errorf("the purge answered %v", err)
		}
		_, err = audit.Verify(w.ctx, w.store, w.keys)
		if !errors.Is(err, audit.ErrBroken) {
			w.Errorf("the evidence is gone: %v", err)
		}
	})
}
