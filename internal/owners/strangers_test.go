package owners_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// ofInstance says that a verb is about nothing of acme.
func (v verb) ofInstance() bool { return v.target == "user" || v.name == "create a workspace" }

// Who is an Owner elsewhere, is stopped, acts through a portal or is nobody does none of
// it; and what of acme they may not know of, they are told as of what there is not.
func TestNoVerbIsDoneByWhoHasNoBusinessThere(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	w.Workspace("globex")
	w.MemberOf("globex", "gil@example.com", "Owner", "*")
	theirs, err := w.CreateToken(w.Ctx, w.Person("gil@example.com"), "globex", officetest.Scoped("workspace", "", "*"))
	officetest.Must(t, err)
	stopped := w.Member("stopped@example.com", "Owner")
	omar := w.Member("omar@example.com", "Owner")
	ended := w.Create(omar, officetest.Inheriting(""))
	officetest.Must(t, officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "stopped@example.com", false)))
	officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, omar, "acme", ended.Token.ID, api.RevokeToken{})))
	for name, x := range map[string]struct {
		c authority.Caller
		// here is the answer about acme, everywhere that about what is the instance's.
		here, everywhere api.Code
	}{
		"an Owner elsewhere":   {w.Person("gil@example.com"), api.CodeNotFound, api.CodeInsufficientScope},
		"a token elsewhere":    {w.With(theirs), api.CodeNotFound, api.CodeInsufficientScope},
		"who was stopped here": {stopped, api.CodeOwnerInactive, api.CodeInsufficientScope},
		"a revoked token":      {w.With(ended), api.CodeRevoked, api.CodeRevoked},
		"a portal":             {storetest.InPortal(t, w.Store, w.Person("ada@example.com").User, "acme"), api.CodeNotFound, api.CodeInsufficientScope},
		"a portal elsewhere":   {storetest.InPortal(t, w.Store, w.Person("ada@example.com").User, "globex"), api.CodeNotFound, api.CodeInsufficientScope},
		"nobody":               {authority.Caller{}, api.CodeMissingToken, api.CodeMissingToken},
	} {
		for _, v := range verbs() {
			want := x.here
			if v.ofInstance() {
				want = x.everywhere
			}
			if strings.HasPrefix(name, "a portal") && v.scope == "instance:admin" {
				want = api.CodeInsufficientScope // it is no administrator there, and what is the instance's stays so
				if name == "a portal elsewhere" && !v.ofInstance() {
					want = api.CodeNotFound
				}
			}
			before := map[string]int64{"acme": w.Last("acme").Sequence, "": w.Last("").Sequence}
			if err := v.do(w, x.c); api.AsError(err).Code != want {
				t.Errorf("%s: %s: %v, want %s", name, v.name, err, want)
			}
			for chain, was := range before {
				if e := w.Last(chain); e.Sequence > was && e.Action != "denied" {
					t.Errorf("%s: %s left %s in the audit", name, v.name, e.Action)
				}
			}
		}
	}
	if v, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com"); err != nil || !v.Active || v.Name != "" || *v.Role != "Viewer" {
		t.Errorf("eve, whom all of them tried to change: %+v, %v", v, err)
	}
}

// An id of one workspace means nothing in another, by whatever it is named.
func TestAnIDOfAnotherWorkspaceNamesNobodyHere(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	w.Workspace("globex")
	officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", api.EditMember{ExternalID: api.Some("e-1")})))
	eve, err := w.GetMember(w.Ctx, w.Root, "acme", "eve@example.com")
	officetest.Must(t, err)
	ci, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", "ci")
	officetest.Must(t, err)
	for _, ref := range []string{eve.ID, "eve@example.com", "ext:e-1"} {
		for name, err := range map[string]error{
			"shown":       officetest.Second(w.GetMember(w.Ctx, w.Root, "globex", ref)),
			"edited":      officetest.Second(w.EditMember(w.Ctx, w.Root, "globex", ref, api.EditMember{})),
			"deactivated": officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "globex", ref, false)),
			"activated":   officetest.Second(w.ActivateMember(w.Ctx, w.Root, "globex", ref)),
			"removed":     officetest.Second(w.RemoveMember(w.Ctx, w.Root, "globex", ref, false)),
		} {
			if api.AsError(err).Code != api.CodeNotFound {
				t.Errorf("%s by %s: %v", name, ref, err)
			}
		}
	}
	for _, ref := range []string{ci.ID, "ci", "ci@acme.service", "ci@globex.service"} {
		for name, err := range map[string]error{
			"shown":    officetest.Second(w.GetServiceAccount(w.Ctx, w.Root, "globex", ref)),
			"edited":   officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "globex", ref, api.EditServiceAccount{})),
			"disabled": officetest.Second(w.DisableServiceAccount(w.Ctx, w.Root, "globex", ref, false)),
			"enabled":  officetest.Second(w.EnableServiceAccount(w.Ctx, w.Root, "globex", ref)),
			"removed":  officetest.Second(w.RemoveServiceAccount(w.Ctx, w.Root, "globex", ref, false)),
		} {
			if api.AsError(err).Code != api.CodeNotFound {
				t.Errorf("%s by %s: %v", name, ref, err)
			}
		}
	}
	for _, ref := range []string{ci.ID, "ci", "ci@acme.service"} {
		if v, err := w.GetServiceAccount(w.Ctx, w.Root, "acme", ref); err != nil || v.ID != ci.ID {
			t.Errorf("at home by %s: %+v, %v", ref, v, err)
		}
	}
	w.Refused(officetest.Second(w.GetServiceAccount(w.Ctx, w.Root, "acme", "ci@globex.service")), api.CodeNotFound)
	w.Refused(officetest.Second(w.GetMember(w.Ctx, w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "*"))), "acme", "me")), api.CodeNotFound)
}

// In a workspace that is suspended its own people do nothing, and the instance everything:
// what is to be cleared up there need not come alive for it.
func TestASuspendedWorkspaceIsChangedByTheInstanceAlone(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	root := instanceCaller(w)
	furnished(w)
	boss := w.Member("boss@example.com", "Owner")
	officetest.Must(t, officetest.Second(w.SuspendWorkspace(w.Ctx, root, "acme")))
	for _, v := range verbs() {
		want := api.CodeWorkspaceSuspended
		if v.ofInstance() {
			want = api.CodeInsufficientScope
		}
		w.Refused(v.do(w, boss), want)
	}
	rehearsing := root
	rehearsing.Rehearse = true
	for _, v := range verbs() {
		if err := v.do(w, rehearsing); err != nil {
			t.Errorf("%s by the instance: %v", v.name, err)
		}
	}
}

// Who may not read members learns of themselves alone: of somebody else as much as of
// nobody.
func TestWhoMayNotReadMembersLearnsOfThemselvesAlone(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	furnished(w)
	in := api.CreateMember{Email: "shy@example.com", Rights: officetest.Rights("tickets:read")}
	made, err := w.CreateMember(w.Ctx, w.Root, "acme", in)
	officetest.Must(t, err)
	shy := w.Person(in.Email)
	var answers []string
	for _, ref := range []string{"eve@example.com", "nobody@example.com", "usr_none", "ext:none"} {
		_, err := w.GetMember(w.Ctx, shy, "acme", ref)
		w.Refused(err, api.CodeInsufficientScope)
		answers = append(answers, officetest.Told(err))
	}
	officetest.Alike(w, "a member that is there, and one that is not", answers)
	for _, ref := range []string{"me", "shy@example.com", "SHY@example.com", made.Value.ID} {
		if v, err := w.GetMember(w.Ctx, shy, "acme", ref); err != nil || v.ID != made.Value.ID || len(v.Effective) != 1 {
			t.Errorf("herself by %s: %+v, %v", ref, v, err)
		}
	}
	w.Refused(officetest.Third(w.ListMembers(w.Ctx, shy, "acme", officetest.Page(0))), api.CodeInsufficientScope)
	w.Refused(officetest.Third(w.ListServiceAccounts(w.Ctx, shy, "acme", officetest.Page(0))), api.CodeInsufficientScope)
	w.Refused(officetest.Second(w.GetServiceAccount(w.Ctx, shy, "acme", "ci")), api.CodeInsufficientScope)
}

// Lists of who owns tokens come in pages, are narrowed by a name, and say what each may do
// to whoever asks for it.
func TestMembersAndAccountsAreListedInPages(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for i := range 3 {
		w.MemberOf("acme", fmt.Sprintf("m%d@example.com", i), "Viewer", "*")
		w.Account(fmt.Sprintf("ci%d", i), "tickets:read")
	}
	officetest.Must(t, w.DropMember(w.Ctx, "m1@example.com"))
	officetest.Must(t, officetest.Second(w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "ci1", false)))
	reading := w.Person("m0@example.com") // a Viewer reads both
	members := func(page authority.Page) (names []string, next int64, told bool, err error) {
		rows, next, err := w.ListMembers(w.Ctx, reading, "acme", page)
		for _, m := range rows {
			names, told = append(names, m.Address), len(m.Effective) > 0
		}
		return names, next, told, err
	}
	accounts := func(page authority.Page) (names []string, next int64, told bool, err error) {
		rows, next, err := w.ListServiceAccounts(w.Ctx, reading, "acme", page)
		for _, s := range rows {
			names, told = append(names, s.Name), len(s.Effective) > 0
		}
		return names, next, told, err
	}
	for name, x := range map[string]struct {
		list func(authority.Page) ([]string, int64, bool, error)
		all  []string
		text string
	}{
		"members":          {members, []string{"ada@example.com", "m0@example.com", "m2@example.com"}, "M2@"},
		"service accounts": {accounts, []string{"ci0", "ci2"}, "I2"},
	} {
		var got []string
		for page := (authority.Page{Limit: 1}); ; {
			names, next, told, err := x.list(page)
			if err != nil || len(names) != 1 || told {
				t.Fatalf("%s: a page of one is %v, with rights %t, %v", name, names, told, err)
			}
			got = append(got, names...)
			if page.After = next; next == 0 {
				break
			}
		}
		found, _, told, err := x.list(authority.Page{Text: x.text, Effective: true})
		if !cmp.Equal(got, x.all) || err != nil || !cmp.Equal(found, x.all[len(x.all)-1:]) || !told {
			t.Errorf("%s: %v; called %s: %v with rights %t, %v", name, got, x.text, found, told, err)
		}
		_, _, _, err = x.list(authority.Page{Text: strings.Repeat("a ", 17)})
		w.RefusedField(err, api.CodeInvalidField, "q")
	}
}
