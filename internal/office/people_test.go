package office_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func TestSuspendingStopsTokensAndReactivationBringsThemBack(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.account("deployer", "tickets:read")
		personal, service := w.create(eve, ask("personal", "")), w.create(w.root, ask("service", "deployer"))
		org := w.create(w.root, scoped("workspace", "", "tickets:read"))
		for _, c := range []struct {
			name       string
			token      authority.Issued
			stop, back func() error
			code       api.Code
		}{
			{"member", personal,
				func() error {
					_, _, _, err := w.DeactivateMember(w.ctx, w.root, "acme", "eve@example.com", false)
					return err
				},
				func() error { return third(w.ActivateMember(w.ctx, w.root, "acme", "eve@example.com")) }, api.CodeOwnerInactive},
			{"user", personal,
				func() error { return third(w.DeactivateUser(w.ctx, w.root, "eve@example.com")) },
				func() error { return third(w.ActivateUser(w.ctx, w.root, "eve@example.com")) }, api.CodeOwnerInactive},
			{"service account", service,
				func() error {
					_, _, _, err := w.DisableServiceAccount(w.ctx, w.root, "acme", "deployer", false)
					return err
				},
				func() error { return third(w.EnableServiceAccount(w.ctx, w.root, "acme", "deployer")) }, api.CodeOwnerInactive},
		} {
			w.Run(c.name, func(t *testing.T) {
				w := &world{T: t, ctx: w.ctx, engine: w.engine}
				w.allow(c.token.Secret)
				must(t, c.stop())
				w.deny(c.code, c.token.Secret)
				must(t, c.back())
				w.allow(c.token.Secret)
			})
		}
		w.workspace("globex")
		boss := authority.Caller{Token: w.root.Token, Secret: w.root.Secret}
		hit, err := w.SuspensionOf(w.ctx, authority.Caller{Machine: "test"}, "acme")
		must(w.T, err)
		if !hit.DryRun || hit.More || !slices.ContainsFunc(hit.Tokens, func(t api.Token) bool { return t.ID == org.Token.ID }) {
			w.Errorf("dry run: %+v", hit)
		}
		w.allow(org.Secret)
		_, err = w.SuspensionOf(w.ctx, w.member("ed@example.com", "Owner"), "acme")
		w.refused(err, api.CodeInsufficientScope)
		must(w.T, third(w.SuspendWorkspace(w.ctx, authority.Caller{Machine: "test"}, "acme")))
		w.deny(api.CodeWorkspaceSuspended, org.Secret)
		w.deny(api.CodeWorkspaceSuspended, personal.Secret)
		_, err = w.Whoami(w.ctx, boss)
		w.refused(err, api.CodeWorkspaceSuspended)
		must(w.T, third(w.ResumeWorkspace(w.ctx, authority.Caller{Machine: "test"}, "acme")))
		w.allow(org.Secret)
	})
}

func TestRemovingIsFinalAndTheSameNameGetsNothingBack(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.account("deployer", "tickets:read")
		personal, service := w.create(eve, ask("personal", "")), w.create(w.root, ask("service", "deployer"))
		_, hit, _, err := w.RemoveMember(w.ctx, w.root, "acme", "eve@example.com", true)
		must(w.T, err)
		if !hit.DryRun || len(hit.Tokens) != 1 || hit.Tokens[0].ID != personal.Token.ID {
			w.Errorf("dry run: %+v", hit)
		}
		w.allow(personal.Secret)

		_, _, _, err = w.RemoveMember(w.ctx, w.root, "acme", "eve@example.com", false)
		must(w.T, err)
		_, _, _, err = w.RemoveServiceAccount(w.ctx, w.root, "acme", "deployer", false)
		must(w.T, err)
		w.deny(api.CodeRevoked, personal.Secret)
		w.deny(api.CodeRevoked, service.Secret)

		w.member("eve@example.com", "Team Member")
		w.account("deployer", "tickets:read")
		w.deny(api.CodeRevoked, personal.Secret)
		w.deny(api.CodeRevoked, service.Secret)
		v, err := w.GetToken(w.ctx, w.root, "acme", personal.Token.ID)
		must(w.T, err)
		if *v.RevokeReason != api.ReasonOwnerLeft || v.Usable {
			w.Errorf("after the owner came back: %+v", v)
		}
	})
}

func TestOrganisationTokensSurviveWhoeverMadeThem(t *testing.T) {
	each(t, func(w *world) {
		boss := w.member("boss@example.com", "Administrator")
		in := ask("workspace", "")
		in.Role, in.Resources = api.Some("CI Token"), api.Some([]string{"*"})
		i := w.create(boss, in)
		_, _, _, err := w.RemoveMember(w.ctx, w.root, "acme", "boss@example.com", false)
		must(w.T, err)
		w.allow(i.Secret, "tickets:write")
		v, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if v.CreatedBy != "boss@example.com" || *v.Role != "CI Token" {
			w.Errorf("token: %+v", v)
		}
		again, err := w.ResetToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if again.Token.ID != i.Token.ID || again.Token.Label != i.Token.Label || *again.Token.Role != "CI Token" {
			w.Errorf("regenerated: %+v", again.Token)
		}
	})
}

func TestTheLastActiveOwnerIsProtected(t *testing.T) {
	each(t, func(w *world) {
		var demote api.EditMember
		demote.Role = api.Some("Viewer")
		for name, err := range map[string]error{
			"demote":     third(w.EditMember(w.ctx, w.root, "acme", "ada@example.com", demote)),
			"deactivate": fourth(w.DeactivateMember(w.ctx, w.root, "acme", "ada@example.com", false)),
			"remove":     fourth(w.RemoveMember(w.ctx, w.root, "acme", "ada@example.com", false)),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeLastOwner) })
		}
		_, _, err := w.DeactivateUser(w.ctx, w.root, "ada@example.com")
		w.refused(err, api.CodeLastOwner)
		_, _, err = w.RemoveAdmin(w.ctx, w.root, "ada@example.com")
		w.refused(err, api.CodeLastInstanceAdmin)
	})
}

func fourth[A, B, C any](_ A, _ B, _ C, err error) error { return err }

func TestTwoOwnersCannotRemoveEachOtherAtTheSameMoment(t *testing.T) {
	each(t, func(w *world) {
		for range 20 {
			w.memberOf("acme", "bob@example.com", "Owner", "*")
			both := []string{"ada@example.com", "bob@example.com"}
			callers := []authority.Caller{w.person(both[1]), w.person(both[0])}
			var wg sync.WaitGroup
			for i := range both {
				wg.Go(func() { _, _, _, _ = w.DeactivateMember(w.ctx, callers[i], "acme", both[i], false) })
			}
			wg.Wait()
			active := 0
			for _, email := range both {
				v, err := w.GetMember(w.ctx, authority.Caller{Machine: "test"}, "acme", email)
				must(w.T, err)
				if v.Active {
					active++
				}
				must(w.T, third(w.ActivateMember(w.ctx, authority.Caller{Machine: "test"}, "acme", email)))
			}
			if active == 0 {
				w.Fatal("the workspace was left without an active Owner")
			}
			_, _, _, err := w.RemoveMember(w.ctx, authority.Caller{Machine: "test"}, "acme", "bob@example.com", false)
			must(w.T, err)
		}
	})
}

func TestOnlyAnOwnerMakesAndUnmakesOwners(t *testing.T) {
	each(t, func(w *world) {
		admin := w.member("admin@example.com", "Administrator")
		w.member("second@example.com", "Owner")
		w.member("eve@example.com", "Viewer")
		var promote, demote api.EditMember
		promote.Role, demote.Role = api.Some("Owner"), api.Some("Viewer")
		w.refused(third(w.EditMember(w.ctx, admin, "acme", "eve@example.com", promote)), api.CodeGrantExceedsOwn)
		w.refused(third(w.EditMember(w.ctx, admin, "acme", "second@example.com", demote)), api.CodeGrantExceedsOwn)
		w.refused(fourth(w.RemoveMember(w.ctx, admin, "acme", "second@example.com", false)), api.CodeGrantExceedsOwn)
		w.refused(fourth(w.DeactivateMember(w.ctx, admin, "acme", "second@example.com", false)), api.CodeGrantExceedsOwn)
		promote.Role = api.Some("Workspace Manager")
		must(w.T, third(w.EditMember(w.ctx, admin, "acme", "eve@example.com", promote)))
	})
}

func TestMembersByExternalIDNeedNoEmail(t *testing.T) {
	each(t, func(w *world) {
		var in api.CreateMember
		in.Role, in.Resources, in.Name = api.Some("Team Member"), api.Some([]string{"*"}), api.Some("Eve")
		v, created, _, err := w.PutMember(w.ctx, w.root, "acme", "ext:user/42", in)
		must(w.T, err)
		if !created || v.Email != nil || *v.ExternalID != "user/42" || v.Address != v.ID {
			w.Errorf("created: %+v", v)
		}
		in.Role = api.Some("Viewer")
		again, created, _, err := w.PutMember(w.ctx, w.root, "acme", "ext:user/42", in)
		must(w.T, err)
		if created || again.ID != v.ID || *again.Role != "Viewer" {
			w.Errorf("replaced: %+v", again)
		}
		i := w.create(w.root, scoped("personal", "ext:user/42", "tickets:read"))
		if i.Token.Owner.ExternalID == nil || *i.Token.Owner.ExternalID != "user/42" {
			w.Errorf("owner: %+v", i.Token.Owner)
		}
	})
}

func TestAddressesThatTokenryOwnsAreRefusedForPeople(t *testing.T) {
	each(t, func(w *world) {
		for _, email := range []string{
			"acme@workspace", "ci@acme.service", "ci@service", "a b@example.com", "ADA@EXAMPLE.COM", "ä@example.com",
			"x@example.com\nBcc: y@example.com", "<x@example.com>", "x@", "@example.com", "x", "a/b@example.com",
		} {
			_, _, err := w.CreateMember(w.ctx, w.root, "acme", api.CreateMember{Email: email})
			if err == nil {
				w.Errorf("%q was accepted", email)
			}
		}
	})
}

func TestAPortalSessionHasItsPersonsOwnTokensAndNothingElse(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		w.memberOf("globex", "omar@example.com", "Owner", "*")
		omar := w.member("omar@example.com", "Owner")
		org := w.create(w.root, scoped("workspace", "", "tickets:read"))
		omar = storetest.InPortal(w.T, w.store, omar.User, "acme")
		own := w.create(omar, ask("personal", ""))
		must(w.T, third(w.DisableToken(w.ctx, omar, "acme", own.Token.ID, api.DisableToken{})))
		for name, err := range map[string]error{
			"an organisation's token":  second(w.CreateToken(w.ctx, omar, "acme", scoped("workspace", "", "tickets:read"))),
			"somebody else's":          second(w.GetToken(w.ctx, omar, "acme", org.Token.ID)),
			"revoking somebody else's": third(w.RevokeToken(w.ctx, omar, "acme", org.Token.ID, api.RevokeToken{})),
			"members":                  third(w.ListMembers(w.ctx, omar, "acme", page(0))),
			"on-boarding":              third(w.OnboardResource(w.ctx, omar, "acme", api.CreateResource{Name: "x"})),
			"writing the policy":       third(w.EditPolicy(w.ctx, omar, "acme", api.PatchPolicy{})),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeNotFound) })
		}
		ada := storetest.InPortal(w.T, w.store, w.person("ada@example.com").User, "acme")
		_, err := w.ListAdmins(w.ctx, ada)
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.GetWorkspace(w.ctx, omar, "globex")
		w.refused(err, api.CodeNotFound)
		all, _, err := w.ListWorkspaces(w.ctx, omar, page(0))
		must(w.T, err)
		if len(all) != 1 || all[0].Slug != "acme" {
			w.Errorf("sees the workspaces %+v", all)
		}
	})
}
