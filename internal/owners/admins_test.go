package owners_test

import (
	"crypto/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// Nobody is told that the last administrator would go where nobody goes: making them one
// again, or active again, takes nobody away.
func TestWhatTakesNoAdministratorAwayIsNotRefusedForTheLast(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	done, err := w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "ada@example.com"})
	if err != nil || !done.Value.InstanceAdmin {
		t.Errorf("the only administrator, made one again: %+v, %v", done.Value, err)
	}
	done, err = w.ActivateUser(w.Ctx, w.Root, "ada@example.com")
	if err != nil || !done.Value.Active {
		t.Errorf("the only administrator, activated again: %+v, %v", done.Value, err)
	}
}

// An administrator who is deactivated keeps nobody's place: the last active one stays,
// and who was deactivated meanwhile is let go of.
func TestOnlyActiveAdministratorsCount(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Member("eve@example.com", "Owner")
	officetest.Must(t, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "eve@example.com"})))
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "eve@example.com")))
	w.Refused(officetest.Second(w.RemoveAdmin(w.Ctx, w.Root, "ada@example.com")), api.CodeLastInstanceAdmin)
	admins, err := w.ListAdmins(w.Ctx, w.Root)
	if err != nil || len(admins) != 1 || *admins[0].Email != "ada@example.com" {
		t.Errorf("the administrators are %+v, %v", admins, err)
	}
	officetest.Must(t, officetest.Second(w.RemoveAdmin(w.Ctx, w.Root, "eve@example.com")))
	back, err := w.ActivateUser(w.Ctx, w.Root, "eve@example.com")
	if err != nil || back.Value.InstanceAdmin || !back.Value.Active {
		t.Errorf("she comes back as a plain user: %+v, %v", back.Value, err)
	}
}

// What was erased stays as it is: nobody makes it an administrator, stops it, or brings
// it back; and its address is free for somebody else, who has nothing of it.
func TestWhatWasErasedIsNobodyToChange(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Member("eve@example.com", "Viewer")
	eve, err := w.GetUser(w.Ctx, w.Root, "eve@example.com")
	officetest.Must(t, err)
	officetest.Must(t, w.DropMember(w.Ctx, "eve@example.com"))
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, w.Root, eve.ID)))
	officetest.Must(t, officetest.Second(w.EraseUser(w.Ctx, w.Root, eve.ID, false)))
	gone, err := w.GetUser(w.Ctx, w.Root, eve.ID)
	officetest.Must(t, err)
	for name, err := range map[string]error{
		"made an administrator": officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: eve.ID})),
		"made a plain user":     officetest.Second(w.RemoveAdmin(w.Ctx, w.Root, eve.ID)),
		"deactivated":           officetest.Second(w.DeactivateUser(w.Ctx, w.Root, eve.ID)),
		"activated":             officetest.Second(w.ActivateUser(w.Ctx, w.Root, eve.ID)),
	} {
		if api.AsError(err).Code != api.CodeErased {
			t.Errorf("%s: %v", name, err)
		}
	}
	if still, err := w.GetUser(w.Ctx, w.Root, eve.ID); err != nil || !cmp.Equal(still, gone) || still.Active || still.Email != nil {
		t.Errorf("it is %+v, %v", still, err)
	}
	w.Refused(officetest.Second(w.GetUser(w.Ctx, w.Root, "eve@example.com")), api.CodeNotFound)
	again, err := w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com"})
	if err != nil || again.Value.ID == eve.ID || !again.Value.Active {
		t.Errorf("somebody of that address: %+v, %v", again.Value, err)
	}
}

// A password is set by the instance's administrators alone, of people they make; and it is
// they who must be administrators when it is stored, not only before it was hashed.
func TestAPasswordIsSetByWhoeverAdministersTheInstanceThen(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	root := instanceCaller(w)
	boss := w.Member("boss@example.com", "Owner")
	hashing := func() {}
	w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader,
		HashPassword: func(string) (string, error) { hashing(); return "a hash", nil }})
	w.Observe(w.Engine)
	ask := func(c authority.Caller, email string) error {
		return officetest.Second(w.CreateMember(w.Ctx, c, "acme", api.CreateMember{Email: email, Password: "correct horse battery"}))
	}
	hashing = func() { t.Error("a password was hashed for somebody who may not set one") }
	w.Refused(ask(boss, "eve@example.com"), api.CodeInsufficientScope)
	w.Refused(ask(officetest.As(root, "boss@example.com"), "eve@example.com"), api.CodeInsufficientScope)
	w.Refused(officetest.Second(w.PutMember(w.Ctx, boss, "acme", "eve@example.com", api.CreateMember{Password: "x"})), api.CodeInsufficientScope)
	hashing = func() {}
	officetest.Must(t, ask(root, "eve@example.com"))
	if s, err := w.SignInStateOf(w.Ctx, root, "eve@example.com"); err != nil || !s.Password {
		t.Errorf("she has a password: %t, %v", s.Password, err)
	}
	w.RefusedField(officetest.Second(w.PutMember(w.Ctx, root, "acme", "eve@example.com", api.CreateMember{Password: "another one"})), api.CodeInvalidField, "password")

	// While the password of bob is hashed, root becomes a plain user, and stays an Owner.
	w.MemberOf("acme", "root@example.com", "Owner", "*")
	hashing = func() {
		officetest.Must(t, officetest.Second(w.RemoveAdmin(w.Ctx, w.Person("ada@example.com"), "root@example.com")))
	}
	w.Refused(ask(root, "bob@example.com"), api.CodeInsufficientScope)
	w.Refused(officetest.Second(w.GetMember(w.Ctx, w.Root, "acme", "bob@example.com")), api.CodeNotFound)
	hashing = func() {}
	officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, root, "acme", api.CreateMember{Email: "bob@example.com"})))
}

// People are listed to administrators of the instance alone, in pages, by their names,
// with the workspaces that they are in: also where they are deactivated, and not where
// they were removed or which is gone.
func TestPeopleAreListedToTheInstanceAlone(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	w.Workspace("initech")
	for _, email := range []string{"eve@example.com", "bob@example.com"} {
		w.MemberOf("acme", email, "Owner", "*")
		w.MemberOf("globex", email, "Viewer", "*")
	}
	w.MemberOf("initech", "eve@example.com", "Viewer", "*")
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "globex", "eve@example.com", false)))
	officetest.Must(t, officetest.Second(w.RemoveMember(w.Ctx, w.Root, "globex", "bob@example.com", false)))
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "initech")))
	for name, err := range map[string]error{
		"the list":  officetest.Third(w.ListUsers(w.Ctx, w.Person("eve@example.com"), officetest.Page(0))),
		"one":       officetest.Second(w.GetUser(w.Ctx, w.Person("eve@example.com"), "eve@example.com")),
		"the heads": officetest.Second(w.ListAdmins(w.Ctx, w.Person("eve@example.com"))),
	} {
		if api.AsError(err).Code != api.CodeInsufficientScope {
			t.Errorf("%s to an Owner: %v", name, err)
		}
	}
	found := map[string][]string{}
	for page, pages := (authority.Page{Limit: 2}), 0; ; pages++ {
		rows, next, err := w.ListUsers(w.Ctx, w.Root, page)
		officetest.Must(t, err)
		if len(rows) > 2 || pages > 2 {
			t.Fatalf("page %d has %d rows", pages, len(rows))
		}
		for _, u := range rows {
			found[*u.Email] = u.Workspaces
		}
		if page.After = next; next == 0 {
			break
		}
	}
	if want := map[string][]string{"ada@example.com": {"acme"}, "eve@example.com": {"acme", "globex"}, "bob@example.com": {"acme"}}; !cmp.Equal(found, want) {
		t.Errorf("people: %s", cmp.Diff(want, found))
	}
	rows, _, err := w.ListUsers(w.Ctx, w.Root, authority.Page{Text: "EVE@"})
	if err != nil || len(rows) != 1 || *rows[0].Email != "eve@example.com" {
		t.Errorf("called eve: %+v, %v", rows, err)
	}
	w.RefusedField(officetest.Third(w.ListUsers(w.Ctx, w.Root, authority.Page{Text: string(slices.Repeat([]byte("x"), 301))})), api.CodeInvalidField, "q")
}
