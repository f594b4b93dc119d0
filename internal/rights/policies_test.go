package rights_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// Whoever may write a workspace's policy writes that one: what the instance locked stays,
// nobody but the instance locks, and each of the two is at a revision of its own.
func TestAPolicyIsWrittenByWhoseItIs(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	boss := w.Member("boss@example.com", "Owner")
	viewer := w.Member("eve@example.com", "Viewer")
	blind := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))
	never := api.PatchPolicy{AllowNever: api.Some(true)}
	for name, c := range map[string]struct {
		err  error
		code api.Code
	}{
		"a Viewer writes":             {officetest.Second(w.EditPolicy(w.Ctx, viewer, "acme", never)), api.CodeInsufficientScope},
		"an Owner the instance's":     {officetest.Second(w.EditInstancePolicy(w.Ctx, boss, never)), api.CodeInsufficientScope},
		"an Owner reads that":         {officetest.Second(w.GetInstancePolicy(w.Ctx, boss)), api.CodeInsufficientScope},
		"who may not, reads":          {officetest.Second(w.GetPolicy(w.Ctx, blind, "acme")), api.CodeInsufficientScope},
		"an Owner locks":              {officetest.Second(w.EditPolicy(w.Ctx, boss, "acme", api.PatchPolicy{Locked: api.Some([]string{"allow_never"})})), api.CodeInvalidField},
		"the instance locks nothing":  {officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{Locked: api.Some([]string{"allow_ever"})})), api.CodeInvalidField},
		"an Owner of what cannot be":  {officetest.Second(w.EditPolicy(w.Ctx, boss, "acme", api.PatchPolicy{PersonalTokens: api.Some("everybody")})), api.CodeInvalidField},
		"the instance, what cannot":   {officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{DefaultLifetime: api.Some(api.Duration(0))})), api.CodeInvalidField},
		"an Owner, somewhere else":    {officetest.Second(w.EditPolicy(w.Ctx, boss, "globex", never)), api.CodeNotFound},
		"the instance, as a member":   {officetest.Second(w.EditInstancePolicy(w.Ctx, officetest.As(w.Root, "boss@example.com"), never)), api.CodeInsufficientScope},
		"an Owner's personal session": {officetest.Second(w.EditPolicy(w.Ctx, storetest.InPortal(t, w.Store, boss.User, "acme"), "acme", never)), api.CodeNotFound},
	} {
		if api.AsError(c.err).Code != c.code {
			t.Errorf("%s: %v, want %s", name, c.err, c.code)
		}
	}
	if p, err := w.GetPolicy(w.Ctx, viewer, "acme"); err != nil || p.AllowNever || len(p.Overridden) != 0 {
		t.Errorf("all of that was refused, and the policy is %+v, %v", p, err)
	}
	inst, err := w.EditInstancePolicy(w.Ctx, w.Root, never)
	officetest.Must(t, err)
	own, err := w.EditPolicy(w.Ctx, boss, "acme", api.PatchPolicy{RevokeOnReuse: api.Some(true)})
	officetest.Must(t, err)
	if v := own.Value; !v.AllowNever || !v.RevokeOnReuse || slices.Contains(v.Overridden, "allow_never") || !slices.Contains(v.Overridden, "revoke_on_reuse") {
		t.Errorf("its own over the instance's: %+v", v)
	}
	if inst.Value.Revision == own.Value.Revision || own.Value.Revision != own.Revision || inst.Value.Revision != inst.Revision {
		t.Errorf("at the revisions %d and %d, made by %d and %d", inst.Value.Revision, own.Value.Revision, inst.Revision, own.Revision)
	}
	if v, err := w.GetInstancePolicy(w.Ctx, w.Root); err != nil || v.Revision != inst.Revision || !v.AllowNever {
		t.Errorf("the instance's, read: %+v, %v", v, err)
	}
	late := boss
	late.Expected = authority.At(inst.Value.Revision)
	w.Refused(officetest.Second(w.EditPolicy(w.Ctx, late, "acme", never)), api.CodeChangedMeanwhile)
	late = w.Root
	late.Expected = authority.At(own.Value.Revision)
	w.Refused(officetest.Second(w.EditInstancePolicy(w.Ctx, late, never)), api.CodeChangedMeanwhile)
	late.Expected = authority.At(inst.Value.Revision)
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, late, never)))
	// What is taken back is the instance's again, whatever that says then.
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, boss, "acme", api.PatchPolicy{AllowNever: api.Some(false)})))
	back, err := w.EditPolicy(w.Ctx, boss, "acme", api.PatchPolicy{AllowNever: api.Null[bool]()})
	if err != nil || !back.Value.AllowNever {
		t.Errorf("taken back: %+v, %v", back.Value, err)
	}
}

// A policy that keeps no secrets any more lets go of those that were kept, in a workspace
// and of the instance, but where a workspace says otherwise of its own.
func TestAPolicyThatKeepsNoSecretsLetsGoOfThem(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	w.MemberOf("globex", "ada@example.com", "Owner", "*")
	ada := w.Person("ada@example.com")
	keeps := func(on bool) api.PatchPolicy { return api.PatchPolicy{Recoverable: api.Some(on)} }
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, keeps(true))))
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, ada, "globex", keeps(true))))
	kept := map[string]string{}
	for _, ws := range []string{"acme", "globex"} {
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.Recoverable = api.Some(true)
		made, err := w.CreateToken(w.Ctx, ada, ws, in)
		officetest.Must(t, err)
		kept[ws] = made.Token.ID
	}
	is := func(acme, globex bool) {
		t.Helper()
		for ws, want := range map[string]bool{"acme": acme, "globex": globex} {
			if v, err := w.GetToken(w.Ctx, ada, ws, kept[ws]); err != nil || v.Recoverable != want {
				t.Errorf("the secret in %s is kept: %t, want %t, %v", ws, v.Recoverable, want, err)
			}
		}
	}
	is(true, true)
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, keeps(false))))
	is(false, true)
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, ada, "globex", keeps(false))))
	is(false, false)
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, keeps(true))))
	is(false, false) // what was let go of does not come back
}

// Whom to ask is told to everybody, also who is not signed in, and it is the instance's to
// say.
func TestWhomToAskIsToldToEverybody(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	if c, err := w.SupportContact(w.Ctx); err != nil || c != nil {
		t.Errorf("nobody is named yet: %+v, %v", c, err)
	}
	contact := api.SupportContact{Email: "help@example.com"}
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{SupportContact: api.Some(contact)})))
	if c, err := w.SupportContact(w.Ctx); err != nil || c != nil {
		t.Errorf("a workspace's own is for that: %+v, %v", c, err)
	}
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{SupportContact: api.Some(contact)})))
	if c, err := w.SupportContact(w.Ctx); err != nil || c == nil || c.Email != contact.Email {
		t.Errorf("the instance names %+v, %v", c, err)
	}
}

// Where every member may put a resource on board, that is for members: themselves, those
// who act for them, and tokens of theirs that were not told to do less.
func TestWhoPutsAResourceOnBoardWhereEveryMemberMay(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Policy(func(p *api.PatchPolicy) { p.Onboarding = api.Some(api.OnboardAnyMember) })
	w.Policy(func(p *api.PatchPolicy) { p.PersonalTokens = api.Some(api.PersonalMembers) })
	eve := w.Member("eve@example.com", "Viewer")
	w.Account("ci", "tickets:read")
	w.Workspace("globex")
	w.MemberOf("globex", "gil@example.com", "Owner", "*")
	token := func(in api.CreateToken) authority.Caller { return w.With(w.Create(eve, in)) }
	onShop := officetest.Ask("personal", "")
	onShop.Resources = api.Some([]string{"shop"})
	resources := 0
	for name, x := range map[string]struct {
		c    authority.Caller
		code api.Code
	}{
		"a member":                         {eve, ""},
		"who acts for a member":            {officetest.As(w.Root, "eve@example.com"), ""},
		"one who may nothing else, acting": {officetest.As(w.With(w.Create(w.Person("ada@example.com"), officetest.Scoped("personal", "", "instance:admin"))), "eve@example.com"), ""},
		"a member's token":                 {token(officetest.Inheriting("")), ""},
		"one of all she may do somewhere":  {token(onShop), ""},
		"one that was told to do less":     {token(officetest.Scoped("personal", "", "tickets:read")), api.CodeInsufficientScope},
		"a service account":                {w.With(w.Create(w.Root, officetest.Ask("service", "ci"))), api.CodeInsufficientScope},
		"the workspace's":                  {w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))), api.CodeInsufficientScope},
		"the workspace's, who may somehow": {w.With(w.Create(w.Root, on("shop", "resources:create"))), ""},
		"an Owner elsewhere":               {w.Person("gil@example.com"), api.CodeNotFound},
		"a member in a portal":             {storetest.InPortal(t, w.Store, eve.User, "acme"), api.CodeNotFound},
	} {
		resources++
		err := officetest.Second(w.OnboardResource(w.Ctx, x.c, "acme", api.CreateResource{Name: fmt.Sprintf("r%d", resources)}))
		if (err == nil) != (x.code == "") || err != nil && api.AsError(err).Code != x.code {
			t.Errorf("%s: %v, want %q", name, err, x.code)
		}
	}
}

func on(resource string, scopes ...string) api.CreateToken {
	in := officetest.Scoped("workspace", "", scopes...)
	in.Resources = api.Some([]string{resource})
	return in
}

// A resource is put on board once, under a name that means nothing else; a request that is
// sent again finds it, and whoever on-boards it sees no more for it.
func TestAResourceIsPutOnBoardOnce(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	c := w.Root
	c.Retry = authority.Retry{Key: "k", Route: "POST resources"}
	put := func(c authority.Caller, name string) (authority.Done[api.Resource], error) {
		return w.OnboardResource(w.Ctx, c, "acme", api.CreateResource{Name: name, Description: "Sales"})
	}
	first, err := put(c, "shop")
	officetest.Must(t, err)
	again, err := put(c, "shop")
	if err != nil || again.Value != first.Value || first.Value.CreatedBy != "ada@example.com" {
		t.Errorf("sent again: %+v, %v; first %+v", again, err, first)
	}
	w.RefusedField(officetest.Second(put(w.Root, "shop")), api.CodeAlreadyExists, "name")
	for _, name := range []string{"", "a b", "*", "any", "self", "-x", string(slices.Repeat([]byte("x"), 129)), w.Secret.Reveal()} {
		w.RefusedField(officetest.Second(put(w.Root, name)), api.CodeInvalidField, "name")
	}
	if v, err := w.GetResource(w.Ctx, w.Person("ada@example.com"), "acme", "shop"); err != nil || v != first.Value {
		t.Errorf("shown: %+v, %v", v, err)
	}
	blind := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "resources:create")))
	officetest.Must(t, officetest.Second(put(blind, "bank")))
	w.Refused(officetest.Second(w.GetResource(w.Ctx, blind, "acme", "bank")), api.CodeInsufficientScope)
	w.Refused(officetest.Third(w.ListResources(w.Ctx, blind, "acme", officetest.Page(0))), api.CodeInsufficientScope)
	w.Refused(officetest.Second(w.DeleteResource(w.Ctx, blind, "acme", "bank")), api.CodeInsufficientScope)
	w.Refused(officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "none")), api.CodeNotFound)
	rows, next, err := w.ListResources(w.Ctx, w.Root, "acme", authority.Page{Limit: 1})
	more, last, failed := w.ListResources(w.Ctx, w.Root, "acme", authority.Page{Limit: 1, After: next})
	if err != nil || failed != nil || len(rows) != 1 || rows[0].Name != "shop" || len(more) != 1 || more[0].Name != "bank" || last != 0 {
		t.Errorf("in pages: %+v and %+v (%v, %v)", rows, more, err, failed)
	}
	found, _, err := w.ListResources(w.Ctx, w.Root, "acme", authority.Page{Text: "BAN"})
	if err != nil || len(found) != 1 || found[0].Name != "bank" {
		t.Errorf("called ban: %+v, %v", found, err)
	}
}
