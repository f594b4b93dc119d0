package owners_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// sqlite is a world over one store, where none matters.
func sqlite(t *testing.T) *officetest.World {
	t.Helper()
	return officetest.NewWorld(t, storetest.SQLite(t))
}

// verb is one of this room, as it is done to eve, a Viewer of acme, to the service
// account ci, or to acme.
type verb struct {
	name string
	// scope is what it needs; instance:admin is for people who are no members.
	scope string
	// target is what it changes, in the words of Revision below; empty is something new.
	target string
	do     func(w *officetest.World, c authority.Caller) error
}

func verbs() []verb {
	const eve, ci = "eve@example.com", "ci"
	name := api.EditMember{Name: api.Some("Eve")}
	described := api.EditServiceAccount{Description: api.Some("builds")}
	return []verb{
		{"create a member", "members:write", "", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.CreateMember(w.Ctx, c, "acme", api.CreateMember{Email: "new@example.com"}))
		}},
		{"edit a member", "members:write", eve, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.EditMember(w.Ctx, c, "acme", eve, name))
		}},
		{"replace a member", "members:write", eve, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.PutMember(w.Ctx, c, "acme", eve, api.CreateMember{}))
		}},
		{"deactivate a member", "members:write", eve, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeactivateMember(w.Ctx, c, "acme", eve, false))
		}},
		{"activate a member", "members:write", eve, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.ActivateMember(w.Ctx, c, "acme", eve))
		}},
		{"remove a member", "members:write", eve, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.RemoveMember(w.Ctx, c, "acme", eve, false))
		}},
		{"create a service account", "service-accounts:write", "", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.CreateServiceAccount(w.Ctx, c, "acme", api.CreateServiceAccount{Name: "fresh"}))
		}},
		{"edit a service account", "service-accounts:write", ci, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.EditServiceAccount(w.Ctx, c, "acme", ci, described))
		}},
		{"disable a service account", "service-accounts:write", ci, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DisableServiceAccount(w.Ctx, c, "acme", ci, false))
		}},
		{"enable a service account", "service-accounts:write", ci, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.EnableServiceAccount(w.Ctx, c, "acme", ci))
		}},
		{"remove a service account", "service-accounts:write", ci, func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.RemoveServiceAccount(w.Ctx, c, "acme", ci, false))
		}},
		{"edit a workspace", "policy:write", "acme", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.EditWorkspace(w.Ctx, c, "acme", api.EditWorkspace{Name: api.Some("Acme")}))
		}},
		{"delete a workspace", "workspace:delete", "acme", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeleteWorkspace(w.Ctx, c, "acme"))
		}},
		{"suspend a workspace", "instance:admin", "acme", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.SuspendWorkspace(w.Ctx, c, "acme"))
		}},
		{"resume a workspace", "instance:admin", "acme", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.ResumeWorkspace(w.Ctx, c, "acme"))
		}},
		{"create a workspace", "instance:admin", "", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.CreateWorkspace(w.Ctx, c, api.CreateWorkspace{Slug: "new"}))
		}},
		{"add an administrator", "instance:admin", "user", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.AddAdmin(w.Ctx, c, api.AddAdmin{User: eve}))
		}},
		{"remove an administrator", "instance:admin", "user", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.RemoveAdmin(w.Ctx, c, eve))
		}},
		{"deactivate a user", "instance:admin", "user", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.DeactivateUser(w.Ctx, c, eve))
		}},
		{"activate a user", "instance:admin", "user", func(w *officetest.World, c authority.Caller) error {
			return officetest.Second(w.ActivateUser(w.Ctx, c, eve))
		}},
	}
}

// furnished has what the verbs are about.
func furnished(w *officetest.World) {
	w.Helper()
	w.Member("eve@example.com", "Viewer")
	w.Account("ci", "tickets:read")
}

// revisionOf is that of what a verb changes.
func revisionOf(w *officetest.World, target string) (revision int64) {
	w.Helper()
	var err error
	switch target {
	case "acme":
		var v api.Workspace
		v, err = w.GetWorkspace(w.Ctx, w.Root, target)
		revision = v.Revision
	case "ci":
		var v api.ServiceAccount
		v, err = w.GetServiceAccount(w.Ctx, w.Root, "acme", target)
		revision = v.Revision
	case "user":
		var v api.User
		v, err = w.GetUser(w.Ctx, w.Root, "eve@example.com")
		revision = v.Revision
	default:
		var v api.Member
		v, err = w.GetMember(w.Ctx, w.Root, "acme", target)
		revision = v.Revision
	}
	officetest.Must(w.T, err)
	return revision
}

// Whoever has everything but the one scope is refused, and nothing is changed.
func TestEachVerbNeedsItsScope(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	for i, v := range verbs() {
		scopes := slices.DeleteFunc(grant.BuiltIn(), func(s string) bool { return s == v.scope })
		in := api.CreateMember{Email: fmt.Sprintf("without%d@example.com", i), Rights: officetest.Rights(scopes...)}
		officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in)))
		before := int64(0)
		if v.target != "" {
			before = revisionOf(w, v.target)
		}
		if err := v.do(w, w.Person(in.Email)); api.AsError(err).Code != api.CodeInsufficientScope {
			t.Errorf("%s without %s: %v", v.name, v.scope, err)
		}
		if v.target != "" && revisionOf(w, v.target) != before {
			t.Errorf("%s was refused, and done", v.name)
		}
	}
}

// Who changes something as it was when they read it is refused once it is not so any
// more, and let through while it is.
func TestEachVerbKeepsToTheRevisionThatItsCallerSaw(t *testing.T) {
	t.Parallel()
	for _, v := range verbs() {
		if v.target == "" {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := sqlite(t)
			furnished(w)
			saw := w.Person("ada@example.com")
			seen := revisionOf(w, v.target)
			saw.Expected = authority.At(seen - 1)
			w.Refused(v.do(w, saw), api.CodeChangedMeanwhile)
			if now := revisionOf(w, v.target); now != seen {
				t.Errorf("it was refused, and went from revision %d to %d", seen, now)
			}
			saw.Expected = authority.At(seen)
			officetest.Must(t, v.do(w, saw))
		})
	}
}

// A rehearsal answers as the verb would, and leaves nothing behind.
func TestARehearsalOfAVerbChangesNothing(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	i := w.Create(w.Person("eve@example.com"), officetest.Inheriting(""))
	rehearsing := w.Person("ada@example.com")
	rehearsing.Rehearse = true
	before, err := w.Revision(w.Ctx)
	officetest.Must(t, err)
	for _, v := range verbs() {
		if err := v.do(w, rehearsing); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		after, err := w.Revision(w.Ctx)
		officetest.Must(t, err)
		if before != after || len(w.PendingRemovals()) > 0 {
			t.Errorf("a rehearsal to %s took the instance from revision %d to %d", v.name, before, after)
		}
		w.Allow(i.Secret)
	}
}

// A request that is sent again, because its answer was lost, makes nothing twice.
func TestACreationSentAgainMakesNothingTwice(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		for _, v := range verbs() {
			if !strings.HasPrefix(v.name, "create") {
				continue
			}
			named := w.Root
			named.Retry = authority.Retry{Key: v.name, Route: v.name}
			officetest.Must(w.T, v.do(w, named))
			first, err := w.Revision(w.Ctx)
			officetest.Must(w.T, err)
			officetest.Must(w.T, v.do(w, named))
			if again, err := w.Revision(w.Ctx); err != nil || again != first {
				w.Errorf("%s sent again took the instance from revision %d to %d, %v", v.name, first, again, err)
			}
			if err := v.do(w, w.Root); api.AsError(err).Code != api.CodeAlreadyExists {
				w.Errorf("%s by another request: %v", v.name, err)
			}
			other := named
			other.Retry.Body[0] = 1
			if err := v.do(w, other); api.AsError(err).Code != api.CodeIdempotencyKeyReused {
				w.Errorf("%s under the same key with another body: %v", v.name, err)
			}
		}
	})
}

// What a request says of a person, an account or a workspace is refused by its field.
func TestWhatCannotBeIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	long := strings.Repeat("x", 1000)
	officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", api.EditMember{ExternalID: api.Some("e-1")})))
	member := func(in api.CreateMember) error { return officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in)) }
	put := func(who string, in api.CreateMember) error {
		return officetest.Second(w.PutMember(w.Ctx, w.Root, "acme", who, in))
	}
	account := func(in api.CreateServiceAccount) error {
		return officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", in))
	}
	workspace := func(in api.CreateWorkspace) error { return officetest.Second(w.CreateWorkspace(w.Ctx, w.Root, in)) }
	contacts := make([]string, 21)
	for i := range contacts {
		contacts[i] = fmt.Sprintf("c%d@example.com", i)
	}
	for name, c := range map[string]struct {
		err   error
		code  api.Code
		field string
	}{
		"nobody":                     {member(api.CreateMember{}), api.CodeInvalidField, "email"},
		"no address":                 {member(api.CreateMember{Email: "eve"}), api.CodeInvalidField, "email"},
		"a member already":           {member(api.CreateMember{Email: "EVE@example.com"}), api.CodeAlreadyExists, "email"},
		"an id that another has":     {member(api.CreateMember{Email: "bob@example.com", ExternalID: api.Some("e-1")}), api.CodeAlreadyExists, "external_id"},
		"a long name":                {member(api.CreateMember{Email: "bob@example.com", Name: api.Some(long)}), api.CodeInvalidField, "name"},
		"a password of who is there": {put("eve@example.com", api.CreateMember{Password: "correct horse battery"}), api.CodeInvalidField, "password"},
		"another e-mail":             {put("ext:e-1", api.CreateMember{Email: "bob@example.com"}), api.CodeInvalidField, "email"},
		"an e-mail beside the path":  {put("bob@example.com", api.CreateMember{Email: "eve@example.com"}), api.CodeInvalidField, "email"},
		"an id beside the path":      {put("ext:e-2", api.CreateMember{ExternalID: api.Some("e-3")}), api.CodeInvalidField, "external_id"},
		"nobody's id":                {put("usr_none", api.CreateMember{}), api.CodeNotFound, ""},
		"an account without a name":  {account(api.CreateServiceAccount{}), api.CodeInvalidField, "name"},
		"an account that is there":   {account(api.CreateServiceAccount{Name: "ci"}), api.CodeAlreadyExists, "name"},
		"too many contacts":          {account(api.CreateServiceAccount{Name: "x", Contacts: api.Some(contacts)}), api.CodeInvalidField, "contacts"},
		"a contact that is none":     {account(api.CreateServiceAccount{Name: "x", Contacts: api.Some([]string{"ops"})}), api.CodeInvalidField, "contacts"},
		"a slug that is there":       {workspace(api.CreateWorkspace{Slug: "acme"}), api.CodeAlreadyExists, "slug"},
		"a slug that is none":        {workspace(api.CreateWorkspace{Slug: "Not A Slug"}), api.CodeInvalidField, "slug"},
	} {
		if e := api.AsError(c.err); e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("%s: %v, want %s of %q", name, c.err, c.code, c.field)
		}
	}
	officetest.Must(t, account(api.CreateServiceAccount{Name: "x", Contacts: api.Some(contacts[:20])}))
}

// Who is put where nobody is is made; who is there is replaced, and what the request
// does not say of them is gone.
func TestPuttingAMemberMakesOrReplacesThem(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		put := func(who string, in api.CreateMember) authority.Done[api.Member] {
			w.Helper()
			done, err := w.PutMember(w.Ctx, w.Root, "acme", who, in)
			officetest.Must(w.T, err)
			return done
		}
		made := put("ext:7", api.CreateMember{Email: "eve@example.com", Name: api.Some("Eve"), Rights: officetest.RoleOn("Viewer", "*")})
		if v := made.Value; !made.Made || *v.ExternalID != "7" || v.Name != "Eve" || len(v.Grants) != 1 {
			w.Errorf("made %t: %+v", made.Made, v)
		}
		again := put("ext:7", api.CreateMember{Rights: officetest.RoleOn("Team Member", "*")})
		if v := again.Value; again.Made || v.ID != made.Value.ID || v.Name != "" || v.ExternalID == nil || len(v.Grants) != 1 || v.Grants[0].Role != "Team Member" {
			w.Errorf("replaced %t: %+v", !again.Made, v)
		}
		if v := put("eve@example.com", api.CreateMember{}).Value; len(v.Grants) != 0 {
			w.Errorf("replaced by nothing, and may %+v", v.Grants)
		}
		absent := w.Root
		absent.Expected.Absent = true
		w.Refused(officetest.Second(w.PutMember(w.Ctx, absent, "acme", "ext:7", api.CreateMember{})), api.CodeChangedMeanwhile)
		there := w.Root
		there.Expected = authority.Expected{Given: true, Any: true}
		w.Refused(officetest.Second(w.PutMember(w.Ctx, there, "acme", "ext:8", api.CreateMember{})), api.CodeChangedMeanwhile)
	})
}

// Narrowing somebody needs no rights of one's own; widening needs what is given.
func TestNarrowingNeedsNoRightsOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Member("eve@example.com", "Team Member")
	w.Account("ci", "tickets:read", "tickets:write")
	in := api.CreateMember{Email: "warden@example.com", Rights: officetest.Rights("members:write", "service-accounts:write", "tickets:read")}
	officetest.Must(t, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", in)))
	warden := w.Person(in.Email)
	for _, c := range []struct {
		to   api.Rights
		code api.Code
	}{
		{officetest.Rights("tickets:write"), api.CodeOK},                             // less than there was, and not the warden's
		{officetest.Rights("tickets:write", "tokens:read"), api.CodeGrantExceedsOwn}, // more, and not the warden's
		{officetest.Rights("tickets:read"), api.CodeOK},                              // more than there was, and the warden's
		{officetest.RoleOn("Owner", "*"), api.CodeGrantExceedsOwn},
		{officetest.RoleOn("Nobody", "*"), api.CodeInvalidField},
		{api.Rights{Grants: api.Some([]api.Statement{})}, api.CodeOK},
	} {
		for what, err := range map[string]error{
			"a member":          officetest.Second(w.EditMember(w.Ctx, warden, "acme", "eve@example.com", api.EditMember{Rights: c.to})),
			"a service account": officetest.Second(w.EditServiceAccount(w.Ctx, warden, "acme", "ci", api.EditServiceAccount{Rights: c.to})),
		} {
			if got := api.AsError(err); (err == nil) != (c.code == api.CodeOK) || err != nil && got.Code != c.code {
				t.Errorf("%s to %+v: %v, want %s", what, c.to, err, c.code)
			}
		}
	}
}

// The instance is never left without an active administrator, whichever way the last
// would go; and what was erased is nobody to change.
func TestTheLastInstanceAdministratorStays(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		w.Member("eve@example.com", "Owner") // so that acme has another Owner
		for what, f := range map[string]func() error{
			"plain":       func() error { return officetest.Second(w.RemoveAdmin(w.Ctx, w.Root, "ada@example.com")) },
			"deactivated": func() error { return officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "ada@example.com")) },
		} {
			if err := f(); api.AsError(err).Code != api.CodeLastInstanceAdmin {
				w.Errorf("%s: %v", what, err)
			}
		}
		officetest.Must(w.T, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "eve@example.com"})))
		admins, err := w.ListAdmins(w.Ctx, w.Root)
		officetest.Must(w.T, err)
		var ids []string
		for _, u := range admins {
			ids = append(ids, *u.Email)
		}
		if slices.Sort(ids); !cmp.Equal(ids, []string{"ada@example.com", "eve@example.com"}) {
			w.Errorf("the administrators are %v", ids)
		}
		officetest.Must(w.T, officetest.Second(w.RemoveAdmin(w.Ctx, w.Person("eve@example.com"), "ada@example.com")))
		w.Refused(officetest.Second(w.AddAdmin(w.Ctx, w.Person("ada@example.com"), api.AddAdmin{User: "ada@example.com"})), api.CodeInsufficientScope)
		w.Refused(officetest.Second(w.RemoveAdmin(w.Ctx, w.Person("eve@example.com"), "eve@example.com")), api.CodeLastInstanceAdmin)
		w.Refused(officetest.Second(w.DeactivateUser(w.Ctx, w.Person("eve@example.com"), "nobody@example.com")), api.CodeNotFound)
	})
}

// Before a person is deactivated it is said which of their tokens stop, in every
// workspace, of the live ones alone; and nothing is changed by asking.
func TestADeactivationSaysWhatItStops(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Viewer")
		w.Workspace("globex")
		w.MemberOf("globex", "eve@example.com", "Viewer", "*")
		here := w.Create(eve, officetest.Inheriting(""))
		ended := w.Create(eve, officetest.Inheriting(""))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, eve, "acme", ended.Token.ID, api.RevokeToken{})))
		there, err := w.CreateToken(w.Ctx, eve, "globex", officetest.Inheriting(""))
		officetest.Must(w.T, err)
		v, hit, err := w.DeactivationOf(w.Ctx, w.Root, "eve@example.com")
		officetest.Must(w.T, err)
		var ids []string
		for _, t := range hit.Tokens {
			ids = append(ids, t.ID)
		}
		slices.Sort(ids)
		want := []string{here.Token.ID, there.Token.ID}
		slices.Sort(want)
		if !v.Active || !hit.DryRun || hit.More || !cmp.Equal(ids, want) {
			w.Errorf("it would stop %v, want %v; the person is active: %t", ids, want, v.Active)
		}
		w.Allow(here.Secret)
		_, _, err = w.DeactivationOf(w.Ctx, w.Root, "ada@example.com")
		w.Refused(err, api.CodeLastOwner)
	})
}

// How a person signs in is told to an administrator of the instance: kinds and numbers,
// and what has ended or was never confirmed does not count.
func TestHowAPersonSignsInIsToldInKindsAndNumbers(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Viewer") // who is signed in by it
		_, err := w.SignInStateOf(w.Ctx, eve, "eve@example.com")
		w.Refused(err, api.CodeInsufficientScope)
		at := w.Clock.Now()
		w.Fill(1, func(tx ledger.Tx, _ ledger.ID, _ int) error {
			for i, f := range []ledger.Factor{{Kind: "totp", ConfirmedAt: at}, {Kind: "totp"}, {Kind: "recovery", ConfirmedAt: at}, {Kind: "passkey"}} {
				f.ID, f.User, f.CreatedAt = ledger.ID(9000+i), eve.User, at
				if err := tx.PutFactor(f); err != nil {
					return err
				}
			}
			return nil
		})
		s, err := w.SignInStateOf(w.Ctx, w.Root, "eve@example.com")
		officetest.Must(w.T, err)
		if s.Password || !s.LastAt.IsZero() || s.Sessions != 1 || !cmp.Equal(s.Factors, []string{"totp"}) || s.Providers != nil {
			w.Errorf("she signs in so: %+v", s)
		}
		w.Clock.Pass(400 * 24 * time.Hour)
		if s, err = w.SignInStateOf(w.Ctx, w.Root, "eve@example.com"); err == nil && s.Sessions != 0 {
			w.Errorf("a year later %d sessions are open", s.Sessions)
		}
	})
}
