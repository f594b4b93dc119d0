package rights_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// Each verb leaves one row in the chain of where it was done, which says how that was
// before and is now; and it is told to the endpoints of that place, and to the instance's.
func TestTheAuditAndTheEndpointsSayWhatEachVerbDid(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	here, everywhere := w.Listener(officetest.Acme()), w.Listener(officetest.Instance())
	c := w.Person("ada@example.com")
	var told, toldHere []string
	for _, at := range []authority.Where{officetest.Acme(), officetest.Instance()} {
		extended := []string{"description", "scopes"}
		if !at.Instance {
			extended = []string{"description", "inherited", "scopes"} // it was the instance's, and is its own
		}
		for _, d := range []struct {
			do             func() error
			action, target string
			// changed are the fields that are otherwise behind it; nil is something new.
			changed []string
		}{
			{func() error {
				return officetest.Second(w.PutRole(w.Ctx, c, at, "Night", api.PutRole{Scopes: []string{"tickets:read"}}))
			}, "role.written", "role:Night", nil},
			{func() error {
				return officetest.Second(w.PutRole(w.Ctx, c, at, "Night", api.PutRole{Scopes: []string{"tickets:write"}, Description: "At night"}))
			}, "role.written", "role:Night", []string{"description", "scopes"}},
			{func() error {
				return officetest.Second(w.PutRole(w.Ctx, c, at, "Viewer", api.PutRole{Scopes: []string{"tickets:write"}}))
			}, "role.written", "role:Viewer", extended},
			{func() error { return officetest.Second(w.DeleteRole(w.Ctx, c, at, "Night", "Viewer")) }, "role.deleted", "role:Night",
				[]string{"built_in", "description", "display_name", "inherited", "locked", "name", "replacement", "scopes"}},
			{func() error {
				return officetest.Second(w.PutScope(w.Ctx, c, at, "bills:read", api.PutScope{}))
			}, "scope.written", "scope:bills:read", nil},
			{func() error {
				return officetest.Second(w.PutScope(w.Ctx, c, at, "bills:read", api.PutScope{Roles: []string{"Viewer"}, Implies: []string{"bills:list"}}))
			}, "scope.written", "scope:bills:read", []string{"implies", "roles"}},
			{func() error { return officetest.Second(w.DeleteScope(w.Ctx, c, at, "bills:read")) }, "scope.deleted", "scope:bills:read",
				[]string{"built_in", "description", "implies", "inherited", "locked", "name", "roles"}},
			{func() error {
				p := api.PatchPolicy{AllowNever: api.Some(!at.Instance)}
				if at.Instance {
					return officetest.Second(w.EditInstancePolicy(w.Ctx, c, p))
				}
				return officetest.Second(w.EditPolicy(w.Ctx, c, at.Workspace, p))
			}, "policy.edited", "policy", nil},
		} {
			was := w.Last(at.Workspace).Sequence
			officetest.Must(t, d.do())
			e := w.Last(at.Workspace)
			if e.Action != d.action || e.Target != d.target || e.Sequence != was+1 || e.Actor != "ada@example.com" {
				t.Errorf("row %d behind %d is %s of %s by %s, want %s of %s", e.Sequence, was, e.Action, e.Target, e.Actor, d.action, d.target)
			}
			if got := officetest.Changed(e); d.changed != nil && !cmp.Equal(got, d.changed) || d.changed == nil && d.action != "policy.edited" && e.Before != nil {
				t.Errorf("%s of %s changed %v, want %v", d.action, d.target, got, d.changed)
			}
			told = append(told, d.action)
			if !at.Instance {
				toldHere = append(toldHere, d.action)
			}
		}
	}
	for _, do := range []func() error{
		func() error {
			return officetest.Second(w.OnboardResource(w.Ctx, c, "acme", api.CreateResource{Name: "shop"}))
		},
		func() error { return officetest.Second(w.DeleteResource(w.Ctx, c, "acme", "shop")) },
	} {
		officetest.Must(t, do())
		e := w.Last("acme")
		if e.Target != "resource:shop" || (e.Action == "resource.created") != (e.Before == nil) || (e.Action == "resource.deleted") != (e.After == nil) {
			t.Errorf("the resource: %s of %s, from %s to %s", e.Action, e.Target, e.Before, e.After)
		}
		told, toldHere = append(told, e.Action), append(toldHere, e.Action)
	}
	if got := everywhere(); !cmp.Equal(got, told) {
		t.Errorf("the instance's endpoint was told %s", cmp.Diff(told, got))
	}
	if got := here(); !cmp.Equal(got, toldHere) {
		t.Errorf("the workspace's endpoint was told %s", cmp.Diff(toldHere, got))
	}
}

// What names mean is told to every node before it is answered, as any of them could let
// through what it no longer means; a resource, which nobody had, is not.
func TestWhatNamesMeanIsAnsweredOnceEveryNodeKnows(t *testing.T) {
	t.Parallel()
	w, nodes := officetest.AmongNodes(t)
	w.WriteRole(officetest.Acme(), "Agent", "tickets:write")
	w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
	onboard := func() error {
		return officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "shop"}))
	}
	nodes.Since()
	officetest.Must(t, onboard())
	if got := nodes.Since(); len(got) > 0 {
		t.Errorf("a resource on board waits for %v", got)
	}
	for _, v := range verbs() {
		officetest.Must(t, v.do(w, w.Person("ada@example.com")))
		if got := nodes.Since(); len(got) == 0 || nodes.Of.All || nodes.Late {
			t.Errorf("%s waits for %v, concerns all %t, before memory knew %t", v.name, got, nodes.Of.All, nodes.Late)
		}
	}
	for name, do := range map[string]func() error{
		"a role": func() error {
			return officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Instance(), "Night", api.PutRole{}))
		},
		"a scope": func() error {
			return officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Instance(), "bills:read", api.PutScope{}))
		},
		"a policy": func() error {
			return officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{AllowNever: api.Some(true)}))
		},
	} {
		officetest.Must(t, do())
		if got := nodes.Since(); len(got) == 0 || !nodes.Of.All {
			t.Errorf("%s of the instance waits for %v, and concerns all %t", name, got, nodes.Of.All)
		}
	}
}
