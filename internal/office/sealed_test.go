package office_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// What belongs to the instance is asked of a workspace by its name: that name
// must say nothing to whoever has no business there.
func TestInstanceVerbsTellNothingOfForeignWorkspaces(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		w.memberOf("globex", "gil@example.com", "Owner", "*")
		ours := w.member("oz@example.com", "Owner")
		gil := w.person("gil@example.com")
		withPassword := api.CreateMember{Email: "new@example.com", Password: "correct horse battery"}
		for name, try := range map[string]func(authority.Caller, string) error{
			"suspend": func(c authority.Caller, ref string) error { return third(w.SuspendWorkspace(w.ctx, c, ref)) },
			"resume":  func(c authority.Caller, ref string) error { return third(w.ResumeWorkspace(w.ctx, c, ref)) },
			"do to many": func(c authority.Caller, ref string) error {
				return w.BulkTokens(w.ctx, c, ref, api.BulkTokens{Action: api.BulkRevoke, IDs: []string{"000000000000"}},
					func(r api.BulkResult) error { return api.Errorf(api.CodeInsufficientScope, "%s", r.Code) })
			},
			"put": func(c authority.Caller, ref string) error {
				return fourthErr(w.PutWorkspace(w.ctx, c, ref, api.PutWorkspace{}))
			},
			"set a password": func(c authority.Caller, ref string) error {
				return third(w.CreateMember(w.ctx, c, ref, withPassword))
			},
		} {
			w.Run(name, func(t *testing.T) {
				v := &world{T: t}
				v.refused(try(gil, "acme"), api.CodeNotFound)
				v.refused(try(gil, "nowhere"), api.CodeNotFound)
				v.refused(try(ours, "acme"), api.CodeInsufficientScope)
			})
		}
	})
}

// Who acts as a member has the member's rights and no others, also where the
// token behind it could do more.
func TestActingAsAMemberGivesNoPowerOverTheInstance(t *testing.T) {
	each(t, func(w *world) {
		w.member("eve@example.com", "Owner")
		acting := w.root
		acting.ActAs = "eve@example.com"
		must(w.T, third(w.ListTokens(w.ctx, acting, "acme", api.TokenFilter{}, page(0))))
		for name, err := range map[string]error{
			"users":     third(w.ListUsers(w.ctx, acting, page(0))),
			"admins":    third(w.AddAdmin(w.ctx, acting, api.AddAdmin{User: "eve@example.com"})),
			"workspace": third(w.CreateWorkspace(w.ctx, acting, api.CreateWorkspace{Slug: "evil"})),
			"suspend":   third(w.SuspendWorkspace(w.ctx, acting, "acme")),
			"policy":    third(w.EditInstancePolicy(w.ctx, acting, api.PatchPolicy{})),
			"roles":     fourthErr(w.PutRole(w.ctx, acting, authority.Where{Instance: true}, "Evil", api.PutRole{})),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeInsufficientScope) })
		}
	})
}

func TestAnOwnerOfSomeResourcesIsNotTheLastOwner(t *testing.T) {
	each(t, func(w *world) {
		var narrow api.EditMember
		narrow.Resources = api.Some([]string{"payments"})
		w.refused(third(w.EditMember(w.ctx, w.root, "acme", "me", narrow)), api.CodeLastOwner)
		w.memberOf("acme", "oz@example.com", "Owner", "payments")
		w.refused(third(w.EditMember(w.ctx, w.root, "acme", "me", narrow)), api.CodeLastOwner)
		w.memberOf("acme", "olga@example.com", "Owner", "*")
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "me", narrow)))
	})
}

// A person's name is what each workspace calls them; no workspace learns what
// another does.
func TestANameStaysInItsWorkspace(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		w.memberOf("globex", "gil@example.com", "Owner", "*")
		secret := api.CreateMember{Email: "eve@example.com", Name: api.Some("Eve (on notice)")}
		secret.Role = api.Some("Viewer")
		must(w.T, third(w.CreateMember(w.ctx, w.root, "acme", secret)))
		invite := api.CreateMember{Email: "eve@example.com"}
		invite.Role = api.Some("Viewer")
		m, _, err := w.CreateMember(w.ctx, w.person("gil@example.com"), "globex", invite)
		must(w.T, err)
		if m.Name != "" {
			w.Errorf("globex is told that acme calls the person %q", m.Name)
		}
	})
}

// By the policy any_member every member on-boards. A token does so in the
// member's place unless it was made for less.
func TestATokenThatWasMadeForLessDoesNotOnboard(t *testing.T) {
	each(t, func(w *world) {
		var p api.PatchPolicy
		p.Onboarding = api.Some(api.OnboardAnyMember)
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		eve := w.member("eve@example.com", "Viewer")
		onboard := func(c authority.Caller, name string) error {
			return third(w.OnboardResource(w.ctx, c, "acme", api.CreateResource{Name: name}))
		}
		must(w.T, onboard(w.with(w.create(eve, ask("personal", ""))), "one"))
		narrow := ask("personal", "")
		narrow.Resources = api.Some([]string{"one"})
		must(w.T, onboard(w.with(w.create(eve, narrow)), "two"))
		w.refused(onboard(w.with(w.create(eve, scoped("personal", "", "tickets:read"))), "three"), api.CodeInsufficientScope)
		nothing := ask("personal", "")
		nothing.Grants = api.Some([]api.Statement{})
		w.refused(onboard(w.with(w.create(eve, nothing)), "four"), api.CodeInsufficientScope)
		ada := w.with(w.create(w.root, scoped("personal", "", "resources:create")))
		must(w.T, onboard(ada, "five"))
	})
}

// The scopes of the instance are handed on by whoever holds instance:admin, also
// with a token, and by nobody else.
func TestInstanceScopesComeFromInstanceAdministrators(t *testing.T) {
	each(t, func(w *world) {
		owner := w.member("oz@example.com", "Owner")
		verifier := w.with(w.create(w.root, scoped("workspace", "", "instance:verify")))
		for _, scope := range []string{"instance:verify", "instance:admin"} {
			backEnd := w.with(w.create(w.root, scoped("workspace", "", scope)))
			w.refused(second(w.CreateToken(w.ctx, owner, "acme", scoped("workspace", "", scope))), api.CodeInsufficientScope)
			w.refused(second(w.CreateToken(w.ctx, verifier, "acme", scoped("workspace", "", scope))), api.CodeInsufficientScope)
			acting := w.root
			acting.ActAs = "oz@example.com"
			w.refused(second(w.CreateToken(w.ctx, acting, "acme", scoped("workspace", "", scope))), api.CodeInsufficientScope)
			if scope == "instance:admin" {
				w.create(backEnd, scoped("workspace", "", "instance:verify"))
			}
		}
	})
}
