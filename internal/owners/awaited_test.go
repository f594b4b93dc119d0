package owners_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// Who may have taken power away is answered once every node knows of it; who only gave
// some, or made something that nobody knew before, waits for nobody.
func TestWhatMayTakePowerAwayIsAnsweredOnceEveryNodeKnows(t *testing.T) {
	t.Parallel()
	w, nodes := officetest.AmongNodes(t)
	furnished(w)
	eve, err := w.GetUser(w.Ctx, w.Root, "eve@example.com")
	officetest.Must(t, err)
	gives := []string{
		"create a member", "activate a member", "create a service account", "enable a service account",
		"create a workspace", "resume a workspace", "add an administrator", "activate a user",
	}
	all, c := verbs(), w.Person("ada@example.com")
	for _, d := range deeds("user:" + eve.ID) {
		nodes.Since()
		v := all[slices.IndexFunc(all, func(v verb) bool { return v.name == d.verb })]
		officetest.Must(t, v.do(w, c))
		now, err := w.Revision(w.Ctx)
		officetest.Must(t, err)
		if waited := slices.Contains(nodes.Since(), now); waited == slices.Contains(gives, d.verb) {
			t.Errorf("%s waits for the nodes: %t", d.verb, waited)
		}
	}
	if nodes.Late {
		t.Error("a change was awaited before this node knew of it itself")
	}
}

// Whoever is refused because somebody else was faster is told who that was, and what they
// did; and only whoever may read the audit of that place.
func TestWhoWasTooLateIsToldWhoWasFaster(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	root := instanceCaller(w)
	in := api.CreateMember{Email: "warden@example.com", Rights: officetest.Rights("members:write")}
	officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in)))
	all := verbs()
	for name, action := range map[string]string{
		"edit a member": "member.edited", "edit a service account": "service_account.edited",
		"edit a workspace": "workspace.edited", "add an administrator": "admin.added",
	} {
		v := all[slices.IndexFunc(all, func(v verb) bool { return v.name == name })]
		late := w.Person("ada@example.com")
		late.Expected = authority.At(revisionOf(w, v.target))
		officetest.Must(t, v.do(w, root))
		err := v.do(w, late)
		w.Refused(err, api.CodeChangedMeanwhile)
		if told := officetest.Told(err); !strings.Contains(told, "last by root@example.com") || !strings.Contains(told, "("+action+")") {
			t.Errorf("%s: told %s", name, told)
		}
	}
	blind := w.Person(in.Email)
	blind.Expected = authority.At(1)
	err := officetest.Second(w.EditMember(w.Ctx, blind, "acme", "eve@example.com", api.EditMember{}))
	w.Refused(err, api.CodeChangedMeanwhile)
	if told := officetest.Told(err); strings.Contains(told, "root@") {
		t.Errorf("who may not read the audit is told %s", told)
	}
}
