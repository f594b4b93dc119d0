package authority_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/audit"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

type denied struct {
	Actor   string
	Target  string
	Call    string
	Code    api.Code
	Missing []string
	Count   int64
}

func deniedOf(w *officetest.World, rows []api.AuditEvent) (out []denied) {
	w.Helper()
	for _, row := range rows {
		var d struct {
			Call    string
			Code    api.Code
			Missing []string
			Count   int64
		}
		officetest.Must(w.T, json.Unmarshal(row.After, &d))
		out = append(out, denied{row.Actor, row.Target, d.Call, d.Code, d.Missing, d.Count})
	}
	return out
}

// denied is what the audit of acme says was refused, the latest first.
func denials(w *officetest.World, f api.AuditFilter) []denied {
	w.Helper()
	f.Action = "denied"
	rows, _, err := w.Audit(w.Ctx, w.Root, "acme", f, officetest.Page(0))
	officetest.Must(w.T, err)
	return deniedOf(w, rows)
}

func TestARefusedChangeIsAudited(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		bob := w.Member("bob@example.com", "Viewer")
		bob.Call = "DELETE /v1/workspaces/{ws}/tokens/{id}"
		victim := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Refused(officetest.Second(w.DeleteToken(w.Ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		want := denied{"bob@example.com", victim.Token.ID, bob.Call, api.CodeInsufficientScope, []string{"tokens:delete"}, 1}
		if diff := cmp.Diff([]denied{want}, denials(w, api.AuditFilter{Actor: "bob@example.com"})); diff != "" {
			w.Error(diff)
		}
		for range 50 { // within the minute they are counted
			w.Refused(officetest.Second(w.DeleteToken(w.Ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		}
		w.Clock.Pass(time.Minute)
		w.Refused(officetest.Second(w.DeleteToken(w.Ctx, bob, "acme", victim.Token.ID, api.RevokeToken{})), api.CodeInsufficientScope)
		again := want
		again.Count = 51
		if diff := cmp.Diff([]denied{again, want}, denials(w, api.AuditFilter{})); diff != "" {
			w.Error(diff)
		}
	})
}

// TestARefusalNamesTheToken that was meant, each of them, by whatever verb: its story shows
// who tried. What is not there, or not of the workspace, is not named.
func TestARefusalNamesTheToken(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		elsewhere, err := w.CreateToken(w.Ctx, w.Root, "globex", officetest.Scoped("workspace", "", "tokens:read"))
		officetest.Must(w.T, err)
		bob := w.Member("bob@example.com", "Viewer")
		one, two := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		for verb, refused := range map[string]func(id string) error{
			"revoke": func(id string) error {
				return officetest.Second(w.RevokeToken(w.Ctx, bob, "acme", id, api.RevokeToken{Reason: api.ReasonLeaked}))
			},
			"revoke with descendants": func(id string) error {
				return officetest.Second(w.RevokeToken(w.Ctx, bob, "acme", id, api.RevokeToken{Descendants: api.Some(true)}))
			},
			"disable": func(id string) error {
				return officetest.Second(w.DisableToken(w.Ctx, bob, "acme", id, api.DisableToken{}))
			},
			"edit": func(id string) error {
				return officetest.Second(w.EditToken(w.Ctx, bob, "acme", id, api.EditToken{TokenFields: api.TokenFields{Label: api.Some("mine")}}))
			},
		} {
			bob.Call = verb
			w.Clock.Pass(time.Minute)
			for _, id := range []string{one.Token.ID, two.Token.Locator, two.Token.ID} {
				w.Refused(refused(id), api.CodeInsufficientScope)
			}
			w.Refused(refused(elsewhere.Token.ID), api.CodeNotFound)
			for _, of := range []api.Token{one.Token, two.Token} {
				got := denials(w, api.AuditFilter{Token: of.Locator})
				if len(got) == 0 || got[0].Call != verb || got[0].Target != of.ID || got[0].Count != 1 {
					w.Errorf("%s of %s: %+v", verb, of.ID, got)
				}
			}
		}
		if got := denials(w, api.AuditFilter{Actor: "bob@example.com"}); len(got) != 8 {
			w.Errorf("%d refusals, want 8: %+v", len(got), got)
		}
	})
}

// Weakness: an audit that anybody can fill is an audit that nobody reads.
// Attack: refusals under ever new names. Proved: ten a minute of one caller, and
// another's are still written.
func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		bob, eve := w.Member("bob@example.com", "Viewer"), w.Member("eve@example.com", "Viewer")
		for i := range 40 {
			bob.Call = fmt.Sprint("call ", i)
			_, err := w.CreateMember(w.Ctx, bob, "acme", api.CreateMember{Email: "x@example.com"})
			w.Refused(err, api.CodeInsufficientScope)
		}
		_, err := w.CreateMember(w.Ctx, eve, "acme", api.CreateMember{Email: "x@example.com"})
		w.Refused(err, api.CodeInsufficientScope)
		if got := denials(w, api.AuditFilter{}); len(got) != 11 || got[0].Actor != "eve@example.com" {
			w.Errorf("%d events: %+v", len(got), got)
		}
	})
}

// TestWhereARefusalStands: in the chain of the workspace that was meant, else in
// the instance's; of a workspace that the caller has no business with, nowhere.
func TestWhereARefusalStands(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		i := w.Create(w.Root, officetest.Scoped("personal", "", "product:*"))
		c := w.With(i)
		c.ActAs = "ada@example.com"
		_, err := w.CreateToken(w.Ctx, c, "acme", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeInsufficientScope)
		c.ActAs = ""
		_, err = w.CreateWorkspace(w.Ctx, c, api.CreateWorkspace{Slug: "evil"})
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.CreateToken(w.Ctx, c, "globex", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeNotFound)
		_, err = w.CreateToken(w.Ctx, authority.Caller{}, "acme", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeMissingToken)
		if got := denials(w, api.AuditFilter{}); len(got) != 1 || got[0].Missing[0] != "instance:admin" {
			w.Errorf("acme: %+v", got)
		}
		rows, _, err := w.InstanceAudit(w.Ctx, w.Root, api.AuditFilter{Action: "denied", Actor: "ada@example.com", From: w.Clock.Now(), To: w.Clock.Now().Add(time.Second)}, officetest.Page(0))
		officetest.Must(w.T, err)
		if got := deniedOf(w, rows); len(got) != 1 || got[0].Target != "instance" || *rows[0].ActorToken != i.Token.Locator {
			w.Errorf("instance: %+v", got)
		}
		rows, _, err = w.Audit(w.Ctx, w.Root, "globex", api.AuditFilter{Action: "denied"}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(rows) != 0 {
			w.Errorf("globex: %+v", rows)
		}
		_, err = audit.Verify(w.Ctx, w.Store, w.Keys)
		officetest.Must(w.T, err)
	})
}
