package tokens_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// What belongs to the instance is asked of a workspace by its name: that name
// must say nothing to whoever has no business there.
func TestInstanceVerbsTellNothingOfForeignWorkspaces(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		w.MemberOf("globex", "gil@example.com", "Owner", "*")
		ours := w.Member("oz@example.com", "Owner")
		gil := w.Person("gil@example.com")
		withPassword := api.CreateMember{Email: "new@example.com", Password: "correct horse battery"}
		for name, try := range map[string]func(authority.Caller, string) error{
			"suspend": func(c authority.Caller, ref string) error {
				return officetest.Second(w.SuspendWorkspace(w.Ctx, c, ref))
			},
			"resume": func(c authority.Caller, ref string) error { return officetest.Second(w.ResumeWorkspace(w.Ctx, c, ref)) },
			"do to many": func(c authority.Caller, ref string) error {
				return w.BulkTokens(w.Ctx, c, ref, api.BulkTokens{Action: api.BulkRevoke, IDs: []string{"000000000000"}},
					func(r api.BulkResult) error { return api.Errorf(api.CodeInsufficientScope, "%s", r.Code) })
			},
			"put": func(c authority.Caller, ref string) error {
				return officetest.Second(w.PutWorkspace(w.Ctx, c, ref, api.PutWorkspace{}))
			},
			"set a password": func(c authority.Caller, ref string) error {
				return officetest.Second(w.CreateMember(w.Ctx, c, ref, withPassword))
			},
		} {
			w.Run(name, func(t *testing.T) {
				v := &officetest.World{T: t}
				v.Refused(try(gil, "acme"), api.CodeNotFound)
				v.Refused(try(gil, "nowhere"), api.CodeNotFound)
				v.Refused(try(ours, "acme"), api.CodeInsufficientScope)
			})
		}
	})
}

// Who acts as a member has the member's rights and no others, also where the
// token behind it could do more.
func TestActingAsAMemberGivesNoPowerOverTheInstance(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Member("eve@example.com", "Owner")
		acting := w.Root
		acting.ActAs = "eve@example.com"
		officetest.Must(w.T, officetest.Third(w.ListTokens(w.Ctx, acting, "acme", api.TokenFilter{}, officetest.Page(0))))
		for name, err := range map[string]error{
			"users":     officetest.Third(w.ListUsers(w.Ctx, acting, officetest.Page(0))),
			"admins":    officetest.Second(w.AddAdmin(w.Ctx, acting, api.AddAdmin{User: "eve@example.com"})),
			"workspace": officetest.Second(w.CreateWorkspace(w.Ctx, acting, api.CreateWorkspace{Slug: "evil"})),
			"suspend":   officetest.Second(w.SuspendWorkspace(w.Ctx, acting, "acme")),
			"policy":    officetest.Second(w.EditInstancePolicy(w.Ctx, acting, api.PatchPolicy{})),
			"roles":     officetest.Second(w.PutRole(w.Ctx, acting, authority.Where{Instance: true}, "Evil", api.PutRole{})),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeInsufficientScope) })
		}
	})
}

func TestAnOwnerOfSomeResourcesIsNotTheLastOwner(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var narrow api.EditMember
		narrow.Resources = api.Some([]string{"payments"})
		w.Refused(officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "me", narrow)), api.CodeLastOwner)
		w.MemberOf("acme", "oz@example.com", "Owner", "payments")
		w.Refused(officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "me", narrow)), api.CodeLastOwner)
		w.MemberOf("acme", "olga@example.com", "Owner", "*")
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "me", narrow)))
	})
}

// A person's name is what each workspace calls them; no workspace learns what
// another does.
func TestANameStaysInItsWorkspace(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		w.MemberOf("globex", "gil@example.com", "Owner", "*")
		secret := api.CreateMember{Email: "eve@example.com", Name: api.Some("Eve (on notice)")}
		secret.Role = api.Some("Viewer")
		officetest.Must(w.T, officetest.Second(w.CreateMember(w.Ctx, w.Root, "acme", secret)))
		invite := api.CreateMember{Email: "eve@example.com"}
		invite.Role = api.Some("Viewer")
		m, err := w.CreateMember(w.Ctx, w.Person("gil@example.com"), "globex", invite)
		officetest.Must(w.T, err)
		if m.Value.Name != "" {
			w.Errorf("globex is told that acme calls the person %q", m.Value.Name)
		}
	})
}

// By the policy any_member every member on-boards. A token does so in the
// member's place unless it was made for less.
func TestATokenThatWasMadeForLessDoesNotOnboard(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var p api.PatchPolicy
		p.Onboarding = api.Some(api.OnboardAnyMember)
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		eve := w.Member("eve@example.com", "Viewer")
		onboard := func(c authority.Caller, name string) error {
			return officetest.Second(w.OnboardResource(w.Ctx, c, "acme", api.CreateResource{Name: name}))
		}
		officetest.Must(w.T, onboard(w.With(w.Create(eve, officetest.Ask("personal", ""))), "one"))
		narrow := officetest.Ask("personal", "")
		narrow.Resources = api.Some([]string{"one"})
		officetest.Must(w.T, onboard(w.With(w.Create(eve, narrow)), "two"))
		w.Refused(onboard(w.With(w.Create(eve, officetest.Scoped("personal", "", "tickets:read"))), "three"), api.CodeInsufficientScope)
		nothing := officetest.Ask("personal", "")
		nothing.Grants = api.Some([]api.Statement{})
		w.Refused(onboard(w.With(w.Create(eve, nothing)), "four"), api.CodeInsufficientScope)
		ada := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "resources:create")))
		officetest.Must(w.T, onboard(ada, "five"))
	})
}

// The scopes of the instance are handed on by whoever holds instance:admin, also
// with a token, and by nobody else.
func TestInstanceScopesComeFromInstanceAdministrators(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		owner := w.Member("oz@example.com", "Owner")
		verifier := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "instance:verify")))
		for _, scope := range []string{"instance:verify", "instance:admin"} {
			backEnd := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", scope)))
			w.Refused(officetest.Second(w.CreateToken(w.Ctx, owner, "acme", officetest.Scoped("workspace", "", scope))), api.CodeInsufficientScope)
			w.Refused(officetest.Second(w.CreateToken(w.Ctx, verifier, "acme", officetest.Scoped("workspace", "", scope))), api.CodeInsufficientScope)
			acting := w.Root
			acting.ActAs = "oz@example.com"
			w.Refused(officetest.Second(w.CreateToken(w.Ctx, acting, "acme", officetest.Scoped("workspace", "", scope))), api.CodeInsufficientScope)
			if scope == "instance:admin" {
				w.Create(backEnd, officetest.Scoped("workspace", "", "instance:verify"))
			}
		}
	})
}
