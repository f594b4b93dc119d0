package office_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// judged is what the verbs answer of a person, judged and undone.
func judged(w *officetest.World, u api.User) office.UserAbilities {
	w.Helper()
	c := w.Root
	c.Rehearse = true
	_, deactivate := w.DeactivateUser(w.Ctx, c, u.ID)
	_, demote := w.RemoveAdmin(w.Ctx, c, u.ID)
	_, erase := w.EraseUser(w.Ctx, w.Root, u.ID, true)
	return office.UserAbilities{
		Deactivate: u.Active && deactivate == nil, // to stop who is stopped is no button
		Demote:     u.InstanceAdmin && demote == nil,
		Erase:      u.ErasedAt == nil && erase == nil,
	}
}

// TestWhatMayBeDoneWithAPersonIsWhatTheVerbsAnswer: of the last administrator of the
// instance and of one of two, of a member and of who is in no workspace, of who is
// stopped and of who was erased.
func TestWhatMayBeDoneWithAPersonIsWhatTheVerbsAnswer(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("office")
		w.MemberOf("office", "gone@example.com", "Viewer", "*")
		w.Member("vera@example.com", "Viewer")
		for _, owner := range []string{"olga@example.com", "oscar@example.com"} { // each workspace keeps one, whoever goes
			w.MemberOf("acme", owner, "Owner", "*")
			w.MemberOf("office", owner, "Owner", "*")
		}
		person := func(email string) api.User {
			w.Helper()
			u, err := w.GetUser(w.Ctx, w.Root, email)
			officetest.Must(w.T, err)
			return u
		}
		_, err := w.RemoveMember(w.Ctx, w.Root, "office", "gone@example.com", false)
		officetest.Must(w.T, err)
		gone := person("gone@example.com")
		agree := func(when string) {
			w.Helper()
			people, _, err := w.ListUsers(w.Ctx, w.Root, authority.Page{Limit: 50})
			officetest.Must(w.T, err)
			can, err := w.UserAbilities(w.Ctx, w.Root, people)
			officetest.Must(w.T, err)
			if len(people) < 3 {
				w.Fatalf("%s: only %d people", when, len(people))
			}
			for _, u := range people {
				if diff := cmp.Diff(judged(w, u), can[u.ID]); diff != "" {
					w.Errorf("%s, of %v (active %v, administrator %v), verbs - abilities +:\n%s", when, u.Email, u.Active, u.InstanceAdmin, diff)
				}
			}
		}
		agree("with one administrator")
		_, err = w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "vera@example.com"})
		officetest.Must(w.T, err)
		agree("with two")
		_, err = w.DeactivateUser(w.Ctx, w.Root, "vera@example.com")
		officetest.Must(w.T, err)
		agree("with one of them stopped")
		_, err = w.EraseUser(w.Ctx, w.Root, gone.ID, false)
		officetest.Must(w.T, err)
		agree("with somebody erased")

		_, err = w.UserAbilities(w.Ctx, w.Person("vera@example.com"), nil)
		if err == nil {
			w.Error("who does not administer the instance is told what may be done with people")
		}
	})
}
