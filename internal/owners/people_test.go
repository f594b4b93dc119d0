package owners_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

func TestSuspendingStopsTokensAndReactivationBringsThemBack(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Account("deployer", "tickets:read")
		personal, service := w.Create(eve, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("service", "deployer"))
		org := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		for _, c := range []struct {
			name       string
			token      authority.Issued
			stop, back func() error
			code       api.Code
		}{
			{"member", personal,
				func() error {
					_, err := w.DeactivateMember(w.Ctx, w.Root, "acme", "eve@example.com", false)
					return err
				},
				func() error { return officetest.Second(w.ActivateMember(w.Ctx, w.Root, "acme", "eve@example.com")) }, api.CodeOwnerInactive},
			{"user", personal,
				func() error { return officetest.Second(w.DeactivateUser(w.Ctx, w.Root, "eve@example.com")) },
				func() error { return officetest.Second(w.ActivateUser(w.Ctx, w.Root, "eve@example.com")) }, api.CodeOwnerInactive},
			{"service account", service,
				func() error {
					_, err := w.DisableServiceAccount(w.Ctx, w.Root, "acme", "deployer", false)
					return err
				},
				func() error { return officetest.Second(w.EnableServiceAccount(w.Ctx, w.Root, "acme", "deployer")) }, api.CodeOwnerInactive},
		} {
			w.Run(c.name, func(t *testing.T) {
				w := &officetest.World{T: t, Ctx: w.Ctx, Engine: w.Engine}
				w.Allow(c.token.Secret)
				officetest.Must(t, c.stop())
				w.Deny(c.code, c.token.Secret)
				officetest.Must(t, c.back())
				w.Allow(c.token.Secret)
			})
		}
		w.Workspace("globex")
		boss := authority.Caller{Token: w.Root.Token, Secret: w.Root.Secret}
		hit, err := w.SuspensionOf(w.Ctx, authority.Caller{Machine: "test"}, "acme")
		officetest.Must(w.T, err)
		if !hit.DryRun || hit.More || !slices.ContainsFunc(hit.Tokens, func(t api.Token) bool { return t.ID == org.Token.ID }) {
			w.Errorf("dry run: %+v", hit)
		}
		w.Allow(org.Secret)
		_, err = w.SuspensionOf(w.Ctx, w.Member("ed@example.com", "Owner"), "acme")
		w.Refused(err, api.CodeInsufficientScope)
		officetest.Must(w.T, officetest.Second(w.SuspendWorkspace(w.Ctx, authority.Caller{Machine: "test"}, "acme")))
		w.Deny(api.CodeWorkspaceSuspended, org.Secret)
		w.Deny(api.CodeWorkspaceSuspended, personal.Secret)
		_, err = w.Whoami(w.Ctx, boss)
		w.Refused(err, api.CodeWorkspaceSuspended)
		officetest.Must(w.T, officetest.Second(w.ResumeWorkspace(w.Ctx, authority.Caller{Machine: "test"}, "acme")))
		w.Allow(org.Secret)
	})
}

func TestRemovingIsFinalAndTheSameNameGetsNothingBack(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Account("deployer", "tickets:read")
		personal, service := w.Create(eve, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("service", "deployer"))
		done, err := w.RemoveMember(w.Ctx, w.Root, "acme", "eve@example.com", true)
		officetest.Must(w.T, err)
		if !done.Affected.DryRun || len(done.Affected.Tokens) != 1 || done.Affected.Tokens[0].ID != personal.Token.ID {
			w.Errorf("dry run: %+v", done.Affected)
		}
		w.Allow(personal.Secret)

		_, err = w.RemoveMember(w.Ctx, w.Root, "acme", "eve@example.com", false)
		officetest.Must(w.T, err)
		_, err = w.RemoveServiceAccount(w.Ctx, w.Root, "acme", "deployer", false)
		officetest.Must(w.T, err)
		w.Deny(api.CodeRevoked, personal.Secret)
		w.Deny(api.CodeRevoked, service.Secret)

		w.Member("eve@example.com", "Team Member")
		w.Account("deployer", "tickets:read")
		w.Deny(api.CodeRevoked, personal.Secret)
		w.Deny(api.CodeRevoked, service.Secret)
		v, err := w.GetToken(w.Ctx, w.Root, "acme", personal.Token.ID)
		officetest.Must(w.T, err)
		if *v.RevokeReason != api.ReasonOwnerLeft || v.Usable {
			w.Errorf("after the owner came back: %+v", v)
		}
	})
}

func TestOrganisationTokensSurviveWhoeverMadeThem(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		boss := w.Member("boss@example.com", "Administrator")
		in := officetest.Ask("workspace", "")
		in.Role, in.Resources = api.Some("CI Token"), api.Some([]string{"*"})
		i := w.Create(boss, in)
		_, err := w.RemoveMember(w.Ctx, w.Root, "acme", "boss@example.com", false)
		officetest.Must(w.T, err)
		w.Allow(i.Secret, "tickets:write")
		v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if v.CreatedBy != "boss@example.com" || *v.Role != "CI Token" {
			w.Errorf("token: %+v", v)
		}
		again, err := w.ResetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if again.Token.ID != i.Token.ID || again.Token.Label != i.Token.Label || *again.Token.Role != "CI Token" {
			w.Errorf("regenerated: %+v", again.Token)
		}
	})
}

func TestTheLastActiveOwnerIsProtected(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var demote api.EditMember
		demote.Role = api.Some("Viewer")
		for name, err := range map[string]error{
			"demote":     officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "ada@example.com", demote)),
			"deactivate": officetest.Second(w.DeactivateMember(w.Ctx, w.Root, "acme", "ada@example.com", false)),
			"remove":     officetest.Second(w.RemoveMember(w.Ctx, w.Root, "acme", "ada@example.com", false)),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeLastOwner) })
		}
		_, err := w.DeactivateUser(w.Ctx, w.Root, "ada@example.com")
		w.Refused(err, api.CodeLastOwner)
		_, err = w.RemoveAdmin(w.Ctx, w.Root, "ada@example.com")
		w.Refused(err, api.CodeLastInstanceAdmin)
	})
}

func TestTwoOwnersCannotRemoveEachOtherAtTheSameMoment(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for range 20 {
			w.MemberOf("acme", "bob@example.com", "Owner", "*")
			both := []string{"ada@example.com", "bob@example.com"}
			callers := []authority.Caller{w.Person(both[1]), w.Person(both[0])}
			var wg sync.WaitGroup
			for i := range both {
				wg.Go(func() { _, _ = w.DeactivateMember(w.Ctx, callers[i], "acme", both[i], false) })
			}
			wg.Wait()
			active := 0
			for _, email := range both {
				v, err := w.GetMember(w.Ctx, authority.Caller{Machine: "test"}, "acme", email)
				officetest.Must(w.T, err)
				if v.Active {
					active++
				}
				officetest.Must(w.T, officetest.Second(w.ActivateMember(w.Ctx, authority.Caller{Machine: "test"}, "acme", email)))
			}
			if active == 0 {
				w.Fatal("the workspace was left without an active Owner")
			}
			_, err := w.RemoveMember(w.Ctx, authority.Caller{Machine: "test"}, "acme", "bob@example.com", false)
			officetest.Must(w.T, err)
		}
	})
}

func TestOnlyAnOwnerMakesAndUnmakesOwners(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		admin := w.Member("admin@example.com", "Administrator")
		w.Member("second@example.com", "Owner")
		w.Member("eve@example.com", "Viewer")
		var promote, demote api.EditMember
		promote.Role, demote.Role = api.Some("Owner"), api.Some("Viewer")
		w.Refused(officetest.Second(w.EditMember(w.Ctx, admin, "acme", "eve@example.com", promote)), api.CodeGrantExceedsOwn)
		w.Refused(officetest.Second(w.EditMember(w.Ctx, admin, "acme", "second@example.com", demote)), api.CodeGrantExceedsOwn)
		w.Refused(officetest.Second(w.RemoveMember(w.Ctx, admin, "acme", "second@example.com", false)), api.CodeGrantExceedsOwn)
		w.Refused(officetest.Second(w.DeactivateMember(w.Ctx, admin, "acme", "second@example.com", false)), api.CodeGrantExceedsOwn)
		promote.Role = api.Some("Workspace Manager")
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, admin, "acme", "eve@example.com", promote)))
	})
}

func TestMembersByExternalIDNeedNoEmail(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var in api.CreateMember
		in.Role, in.Resources, in.Name = api.Some("Team Member"), api.Some([]string{"*"}), api.Some("Eve")
		v, err := w.PutMember(w.Ctx, w.Root, "acme", "ext:user/42", in)
		officetest.Must(w.T, err)
		if !v.Made || v.Value.Email != nil || *v.Value.ExternalID != "user/42" || v.Value.Address != v.Value.ID {
			w.Errorf("created: %+v", v.Value)
		}
		in.Role = api.Some("Viewer")
		again, err := w.PutMember(w.Ctx, w.Root, "acme", "ext:user/42", in)
		officetest.Must(w.T, err)
		if again.Made || again.Value.ID != v.Value.ID || *again.Value.Role != "Viewer" {
			w.Errorf("replaced: %+v", again)
		}
		i := w.Create(w.Root, officetest.Scoped("personal", "ext:user/42", "tickets:read"))
		if i.Token.Owner.ExternalID == nil || *i.Token.Owner.ExternalID != "user/42" {
			w.Errorf("owner: %+v", i.Token.Owner)
		}
	})
}

func TestAddressesThatTokenryOwnsAreRefusedForPeople(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for _, email := range []string{
			"acme@workspace", "ci@acme.service", "ci@service", "a b@example.com", "ADA@EXAMPLE.COM", "ä@example.com",
			"x@example.com\nBcc: y@example.com", "<x@example.com>", "x@", "@example.com", "x", "a/b@example.com",
		} {
			_, err := w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: email})
			if err == nil {
				w.Errorf("%q was accepted", email)
			}
		}
	})
}

func TestAPortalSessionHasItsPersonsOwnTokensAndNothingElse(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		w.MemberOf("globex", "omar@example.com", "Owner", "*")
		omar := w.Member("omar@example.com", "Owner")
		org := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		omar = storetest.InPortal(w.T, w.Store, omar.User, "acme")
		own := w.Create(omar, officetest.Ask("personal", ""))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, omar, "acme", own.Token.ID, api.DisableToken{})))
		for name, err := range map[string]error{
			"an organisation's token":  officetest.Second(w.CreateToken(w.Ctx, omar, "acme", officetest.Scoped("workspace", "", "tickets:read"))),
			"somebody else's":          officetest.Second(w.GetToken(w.Ctx, omar, "acme", org.Token.ID)),
			"revoking somebody else's": officetest.Second(w.RevokeToken(w.Ctx, omar, "acme", org.Token.ID, api.RevokeToken{})),
			"members":                  officetest.Third(w.ListMembers(w.Ctx, omar, "acme", officetest.Page(0))),
			"on-boarding":              officetest.Second(w.OnboardResource(w.Ctx, omar, "acme", api.CreateResource{Name: "x"})),
			"writing the policy":       officetest.Second(w.EditPolicy(w.Ctx, omar, "acme", api.PatchPolicy{})),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeNotFound) })
		}
		ada := storetest.InPortal(w.T, w.Store, w.Person("ada@example.com").User, "acme")
		_, err := w.ListAdmins(w.Ctx, ada)
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.GetWorkspace(w.Ctx, omar, "globex")
		w.Refused(err, api.CodeNotFound)
		all, _, err := w.ListWorkspaces(w.Ctx, omar, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(all) != 1 || all[0].Slug != "acme" {
			w.Errorf("sees the workspaces %+v", all)
		}
	})
}
