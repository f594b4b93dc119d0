package office_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
)

type denied struct {
	Actor   string
	Target  string
	Call    string
	Code    api.Code
	Missing []string
	Count   int64
}

func deniedOf(w *world, rows []api.AuditEvent) (out []denied) {
	w.Helper()
	for _, row := range rows {
		var d struct {
			Call    string
			Code    api.Code
			Missing []string
			Count   int64
		}
		must(w.T, json.Unmarshal(row.After, &d))
		out = append(out, denied{row.Actor, row.Target, d.Call, d.Code, d.Missing, d.Count})
	}
	return out
}

// denied is what the audit of acme says was refused, the latest first.
func (w *world) denied(f api.AuditFilter) []denied {
	w.Helper()
	f.Action = "denied"
	rows, _, err := w.Audit(w.ctx, w.root, "acme", f, page(0))
	must(w.T, err)
	return deniedOf(w, rows)
}

func TestARefusedChangeIsAudited(t *testing.T) {
	each(t, func(w *world) {
		bob := w.member("bob@example.com", "Viewer")
		bob.Call = "DELETE /v1/workspaces/{ws}/tokens/{id}"
		victim := w.create(w.root, ask("personal", ""))
		w.refused(third(w.DeleteToken(w.ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		want := denied{"bob@example.com", "acme", bob.Call, api.CodeInsufficientScope, []string{"tokens:delete"}, 1}
		if diff := cmp.Diff([]denied{want}, w.denied(api.AuditFilter{Actor: "bob@example.com"})); diff != "" {
			w.Error(diff)
		}
		for range 50 { // within the minute they are counted
			w.refused(third(w.DeleteToken(w.ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		}
		w.clock.pass(time.Minute)
		w.refused(third(w.DeleteToken(w.ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		again := want
		again.Count = 51
		if diff := cmp.Diff([]denied{again, want}, w.denied(api.AuditFilter{})); diff != "" {
			w.Error(diff)
		}
	})
}

// Weakness: an audit that anybody can fill is an audit that nobody reads.
// Attack: refusals under ever new names. Proved: ten a minute of one caller, and
// another's are still written.
func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	each(t, func(w *world) {
		bob, eve := w.member("bob@example.com", "Viewer"), w.member("eve@example.com", "Viewer")
		for i := range 40 {
			bob.Call = fmt.Sprint("call ", i)
			_, _, err := w.CreateMember(w.ctx, bob, "acme", api.CreateMember{Email: "x@example.com"})
			w.refused(err, api.CodeInsufficientScope)
		}
		_, _, err := w.CreateMember(w.ctx, eve, "acme", api.CreateMember{Email: "x@example.com"})
		w.refused(err, api.CodeInsufficientScope)
		if got := w.denied(api.AuditFilter{}); len(got) != 11 || got[0].Actor != "eve@example.com" {
			w.Errorf("%d events: %+v", len(got), got)
		}
	})
}

// TestWhereARefusalStands: in the chain of the workspace that was meant, else in
// the instance's; of a workspace that the caller has no business with, nowhere.
func TestWhereARefusalStands(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		i := w.create(w.root, scoped("personal", "", "product:*"))
		c := w.with(i)
		c.ActAs = "ada@example.com"
		_, err := w.CreateToken(w.ctx, c, "acme", ask("personal", ""))
		w.refused(err, api.CodeInsufficientScope)
		c.ActAs = ""
		_, _, err = w.CreateWorkspace(w.ctx, c, api.CreateWorkspace{Slug: "evil"})
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.CreateToken(w.ctx, c, "globex", ask("personal", ""))
		w.refused(err, api.CodeNotFound)
		_, err = w.CreateToken(w.ctx, authority.Caller{}, "acme", ask("personal", ""))
		w.refused(err, api.CodeMissingToken)
		if got := w.denied(api.AuditFilter{}); len(got) != 1 || got[0].Missing[0] != "instance:admin" {
			w.Errorf("acme: %+v", got)
		}
		rows, _, err := w.InstanceAudit(w.ctx, w.root, api.AuditFilter{Action: "denied", Actor: "ada@example.com", From: w.clock.Now(), To: w.clock.Now().Add(time.Second)}, page(0))
		must(w.T, err)
		if got := deniedOf(w, rows); len(got) != 1 || got[0].Target != "instance" || *rows[0].ActorToken != i.Token.Locator {
			w.Errorf("instance: %+v", got)
		}
		rows, _, err = w.Audit(w.ctx, w.root, "globex", api.AuditFilter{Action: "denied"}, page(0))
		must(w.T, err)
		if len(rows) != 0 {
			w.Errorf("globex: %+v", rows)
		}
		_, err = audit.Verify(w.ctx, w.store, w.keys)
		must(w.T, err)
	})
}
