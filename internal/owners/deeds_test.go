package owners_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// deed is what the audit keeps of a verb: in which chain (the instance's is ""), what of
// whom, and which fields are otherwise behind it. Nil is something new.
type deed struct {
	verb, chain, action, target string
	changed                     []string
}

// deeds are in an order in which each finds something to do.
func deeds(user string) []deed {
	stopped := []string{"active", "deactivated_at", "deactivated_by"}
	disabled := []string{"active", "disabled_at", "disabled_by"}
	return []deed{
		{"create a member", "acme", "member.created", "member:new@example.com", nil},
		{"edit a member", "acme", "member.edited", "member:eve@example.com", []string{"name"}},
		{"replace a member", "acme", "member.edited", "member:eve@example.com", []string{"grants", "name", "resources", "role", "scopes"}},
		{"deactivate a member", "acme", "member.deactivated", "member:eve@example.com", stopped},
		{"activate a member", "acme", "member.activated", "member:eve@example.com", stopped},
		{"create a service account", "acme", "service_account.created", "service_account:fresh", nil},
		{"edit a service account", "acme", "service_account.edited", "service_account:ci", []string{"description"}},
		{"disable a service account", "acme", "service_account.disabled", "service_account:ci", disabled},
		{"enable a service account", "acme", "service_account.enabled", "service_account:ci", disabled},
		{"remove a service account", "acme", "service_account.removed", "service_account:ci", []string{"active"}},
		{"add an administrator", "", "admin.added", user, []string{"instance_admin"}},
		{"remove an administrator", "", "admin.removed", user, []string{"instance_admin"}},
		{"deactivate a user", "", "user.deactivated", user, stopped},
		{"activate a user", "", "user.activated", user, stopped},
		{"remove a member", "acme", "member.removed", "member:eve@example.com", []string{"active"}},
		{"create a workspace", "new", "workspace.created", "new", nil},
		{"edit a workspace", "acme", "workspace.edited", "acme", []string{"name"}},
		{"suspend a workspace", "acme", "workspace.suspended", "acme", []string{"suspended_at", "suspended_by"}},
		{"resume a workspace", "acme", "workspace.resumed", "acme", []string{"suspended_at", "suspended_by"}},
		{"delete a workspace", "acme", "workspace.deleted", "acme", []string{"external_id"}},
	}
}

// Each verb leaves one row in the chain of where it was done, which says by whom, with
// what, on what, and how that was before and is now; and it is told to the endpoints of
// that place under the same name, and to the instance's.
func TestTheAuditAndTheEndpointsSayWhatEachVerbDid(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	officetest.Must(t, officetest.Second(w.EditWorkspace(w.Ctx, w.Root, "acme", api.EditWorkspace{ExternalID: api.Some("c-1")})))
	here, everywhere := w.Listener(officetest.Acme()), w.Listener(officetest.Instance())
	eve, err := w.GetUser(w.Ctx, w.Root, "eve@example.com")
	officetest.Must(t, err)
	c := w.Person("ada@example.com")
	c.RequestID, c.Agent = "req-7", "a test"
	all := verbs()
	var told, toldHere []string
	for _, d := range deeds("user:" + eve.ID) {
		v := all[slices.IndexFunc(all, func(v verb) bool { return v.name == d.verb })]
		was := int64(0)
		if d.chain != "new" {
			was = w.Last(d.chain).Sequence
		}
		officetest.Must(t, v.do(w, c))
		e := w.Last(d.chain)
		if e.Action != d.action || e.Target != d.target || e.Sequence != was+1 {
			t.Errorf("%s: row %d behind %d is %s of %s", d.verb, e.Sequence, was, e.Action, e.Target)
		}
		if e.Actor != "ada@example.com" || e.RequestID != "req-7" || e.UserAgent == nil || e.ActorToken != nil {
			t.Errorf("%s was done by %s, in the request %q", d.verb, e.Actor, e.RequestID)
		}
		if made := e.Before == nil; made != (d.changed == nil) || !made && !cmp.Equal(officetest.Changed(e), d.changed) {
			t.Errorf("%s: it was new (%t), or changed in %v, want %v", d.verb, made, officetest.Changed(e), d.changed)
		}
		told = append(told, d.action)
		if d.chain == "acme" {
			toldHere = append(toldHere, d.action)
		}
	}
	if got := everywhere(); !cmp.Equal(got, told) {
		t.Errorf("the instance's endpoint was told %v", cmp.Diff(told, got))
	}
	if got := here(); !cmp.Equal(got, toldHere) {
		t.Errorf("the workspace's endpoint was told %v", cmp.Diff(toldHere, got))
	}
	if len(told) != len(all) {
		t.Errorf("%d verbs, and %d of them are told of", len(all), len(told))
	}
}

// Who acts as a member is in the audit beside the member, and so is a token.
func TestTheAuditNamesWhoActedAndForWhom(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	w.Member("boss@example.com", "Administrator")
	edit := func(c authority.Caller) api.AuditEvent {
		t.Helper()
		officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, c, "acme", "eve@example.com", api.EditMember{Name: api.Some("Eve")})))
		return w.Last("acme")
	}
	if e := edit(officetest.As(w.Person("ada@example.com"), "boss@example.com")); e.Actor != "ada@example.com" || e.OnBehalf == nil || *e.OnBehalf != "boss@example.com" {
		t.Errorf("acting for boss: by %s for %v", e.Actor, e.OnBehalf)
	}
	key := w.Create(w.Root, officetest.Scoped("workspace", "", "members:write"))
	if e := edit(w.With(key)); e.Actor != "acme@workspace" || e.ActorToken == nil || *e.ActorToken != key.Token.Locator {
		t.Errorf("by a token: %s with %v", e.Actor, e.ActorToken)
	}
	w.Refused(officetest.Second(w.EditMember(w.Ctx, officetest.As(w.Person("boss@example.com"), "eve@example.com"), "acme", "eve@example.com", api.EditMember{})),
		api.CodeInsufficientScope)
}
