package owners_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// The last sign-in is the last that succeeded, of that person, and nothing else that they
// did or that was tried in their name; single sign-on is told once for each issuer.
func TestTheLastSignInIsTheLastThatSucceeded(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	eve, bob := w.Member("eve@example.com", "Viewer"), w.Member("bob@example.com", "Viewer")
	note := func(action string, user ledger.ID) {
		t.Helper()
		w.Clock.Pass(officetest.Day / 24)
		officetest.Must(t, w.SignIn(w.Ctx, eve, func(tx *office.SignInTx) error {
			u, err := tx.User(ledger.UserKey{ID: user})
			if err != nil {
				return err
			}
			return tx.Note(action, u, u, nil)
		}))
	}
	note("signin.succeeded", eve.User)
	want := w.Clock.Now()
	note("signin.failed", eve.User)
	note("signin.succeeded", bob.User)
	w.Fill(1, func(tx ledger.Tx, _ ledger.ID, _ int) error {
		for _, i := range []ledger.Identity{{Issuer: "https://id.example.com", Subject: "1"}, {Issuer: "https://id.example.com", Subject: "2"}, {Issuer: "https://other.example.com", Subject: "1"}} {
			i.User, i.CreatedAt = eve.User, w.Clock.Now()
			if err := tx.AddIdentity(i); err != nil {
				return err
			}
		}
		return nil
	})
	s, err := w.SignInStateOf(w.Ctx, w.Root, "eve@example.com")
	if err != nil || !s.LastAt.Equal(want) || !cmp.Equal(s.Providers, []string{"https://id.example.com", "https://other.example.com"}) || s.Sessions != 1 {
		t.Errorf("she signed in at %v by %v, %v; want %v", s.LastAt, s.Providers, err, want)
	}
	w.Refused(officetest.Second(w.SignInStateOf(w.Ctx, w.Root, "nobody@example.com")), api.CodeNotFound)
}

// Who stopped somebody, and when, is who did so first: whoever stops them once more does
// not put their name to it, and what a service account is said to be is replaced as said.
func TestTheFirstWhoStopsSomebodyIsNamed(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	root := instanceCaller(w)
	officetest.Must(t, officetest.Second(w.DeactivateUser(w.Ctx, root, "eve@example.com")))
	first, err := w.GetUser(w.Ctx, root, "eve@example.com")
	officetest.Must(t, err)
	w.Clock.Pass(officetest.Day / 24)
	again, err := w.DeactivateUser(w.Ctx, w.Person("ada@example.com"), "eve@example.com")
	if err != nil || deref(again.Value.DeactivatedBy) != "root@example.com" || !again.Value.DeactivatedAt.Equal(*first.DeactivatedAt) {
		t.Errorf("stopped again: %+v, %v", again.Value, err)
	}
	describe := func(in api.EditServiceAccount) api.ServiceAccount {
		t.Helper()
		done, err := w.EditServiceAccount(w.Ctx, w.Root, "acme", "ci", in)
		officetest.Must(t, err)
		return done.Value
	}
	describe(api.EditServiceAccount{Description: api.Some("builds"), Contacts: api.Some([]string{"OPS@example.com", "dev@example.com"})})
	if s := describe(api.EditServiceAccount{Contacts: api.Some([]string{"ops@example.com"})}); s.Description != "builds" || !cmp.Equal(s.Contacts, []string{"ops@example.com"}) {
		t.Errorf("of the contacts one is said: %+v", s)
	}
	if s := describe(api.EditServiceAccount{Contacts: api.Null[[]string](), Description: api.Null[string]()}); s.Description != "" || len(s.Contacts) != 0 || len(s.Grants) != 1 {
		t.Errorf("both are taken away: %+v", s)
	}
}

// A service account that is an Owner is an Owner's to change, as a member is.
func TestAnAccountThatIsAnOwnerIsAnOwnersToChange(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	officetest.Must(t, officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "root", Rights: officetest.RoleOn("Owner", "*")})))
	admin := w.Member("admin@example.com", "Administrator")
	for name, err := range map[string]error{
		"narrowed": officetest.Second(w.EditServiceAccount(w.Ctx, admin, "acme", "root", api.EditServiceAccount{Rights: officetest.Rights("tickets:read")})),
		"renamed":  officetest.Second(w.EditServiceAccount(w.Ctx, admin, "acme", "root", api.EditServiceAccount{Description: api.Some("x")})),
		"disabled": officetest.Second(w.DisableServiceAccount(w.Ctx, admin, "acme", "root", false)),
		"removed":  officetest.Second(w.RemoveServiceAccount(w.Ctx, admin, "acme", "root", false)),
	} {
		if api.AsError(err).Code != api.CodeGrantExceedsOwn {
			t.Errorf("%s by an Administrator: %v", name, err)
		}
	}
	// It keeps no Owner's place: the last one is a person.
	w.Refused(w.DropMember(w.Ctx, "ada@example.com"), api.CodeLastOwner)
	officetest.Must(t, officetest.Second(w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "root", false)))
}
