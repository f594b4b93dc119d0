package rights_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

func TestNobodyHandsOnMoreThanTheyHave(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("strong", "*")
		w.Account("weak", "tickets:read")
		manager := w.Member("mo@example.com", "Workspace Manager")
		admin := w.Member("admin@example.com", "Administrator")
		w.MemberOf("acme", "payments@example.com", "Administrator", "payments")
		narrow := w.Person("payments@example.com")
		org := w.Create(w.Root, officetest.Scoped("workspace", "", "*"))
		var give api.CreateMember
		give.Email, give.Role, give.Resources = "new@example.com", api.Some("Team Member"), api.Some([]string{"*"})
		var widen api.EditMember
		widen.Resources = api.Some([]string{"*"})
		var strong api.EditServiceAccount
		strong.Scopes = api.Some([]string{"*"})

		for name, err := range map[string]error{
			"token with more scopes":         officetest.Second(w.CreateToken(w.Ctx, manager, "acme", officetest.Scoped("workspace", "", "members:write"))),
			"token with everything":          officetest.Second(w.CreateToken(w.Ctx, manager, "acme", officetest.Scoped("workspace", "", "*"))),
			"admin is another name for *":    officetest.Second(w.CreateToken(w.Ctx, manager, "acme", officetest.Scoped("workspace", "", "admin"))),
			"own token that says more":       officetest.Second(w.CreateToken(w.Ctx, manager, "acme", officetest.Scoped("personal", "", "*"))),
			"token of a stronger account":    officetest.Second(w.CreateToken(w.Ctx, admin, "acme", officetest.Ask("service", "strong"))),
			"token on more resources":        officetest.Second(w.CreateToken(w.Ctx, narrow, "acme", officetest.Scoped("workspace", "", "tickets:read"))),
			"secret of a stronger token":     officetest.Second(w.RotateToken(w.Ctx, admin, "acme", org.Token.ID, api.RotateToken{})),
			"reset of a stronger token":      officetest.Second(w.ResetToken(w.Ctx, admin, "acme", org.Token.ID)),
			"transfer of a stronger token":   officetest.Second(w.TransferToken(w.Ctx, admin, "acme", org.Token.ID, api.TransferToken{Owner: "strong"})),
			"member on more resources":       officetest.Second(w.CreateMember(w.Ctx, narrow, "acme", give)),
			"widening one's own membership":  officetest.Second(w.EditMember(w.Ctx, narrow, "acme", "me", widen)),
			"widening a service account":     officetest.Second(w.EditServiceAccount(w.Ctx, admin, "acme", "weak", strong)),
			"a role beyond one's own":        officetest.Second(w.PutRole(w.Ctx, admin, officetest.In("acme"), "Root", api.PutRole{Scopes: []string{"*"}})),
			"extending one's own role":       officetest.Second(w.PutRole(w.Ctx, admin, officetest.In("acme"), "Administrator", api.PutRole{Scopes: []string{"tokens:impersonate"}})),
			"extending the role of managers": officetest.Second(w.PutRole(w.Ctx, narrow, officetest.In("acme"), "Workspace Manager", api.PutRole{Scopes: []string{"members:write"}})),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeGrantExceedsOwn) })
		}
		officetest.Must(w.T, officetest.Second(w.CreateToken(w.Ctx, narrow, "acme", onPayments())))
	})
}

func onPayments() api.CreateToken {
	in := officetest.Scoped("workspace", "", "tickets:read")
	in.Resources = api.Some([]string{"payments"})
	return in
}

func TestATokensOwnEffectiveGrantIsItsCeiling(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		// The owner may everything; the token may make and edit tokens, and read tickets.
		c := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "tokens:create", "tokens:edit", "tokens:read", "tickets:read")))
		w.Create(c, officetest.Scoped("personal", "", "tickets:read"))
		var wider api.EditToken
		wider.Scopes, wider.Resources = api.Some([]string{"tickets:write"}), api.Some([]string{"*"})
		var inherit api.EditToken
		inherit.Grants = api.Null[[]api.Statement]()
		for name, err := range map[string]error{
			"more than itself":     officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Scoped("personal", "", "tickets:write"))),
			"inheriting its owner": officetest.Second(w.CreateToken(w.Ctx, c, "acme", officetest.Ask("personal", ""))),
			"widening itself":      officetest.Second(w.EditToken(w.Ctx, c, "acme", "self", wider)),
			"itself inheriting":    officetest.Second(w.EditToken(w.Ctx, c, "acme", "self", inherit)),
			"widening its owner":   officetest.Second(w.EditMember(w.Ctx, c, "acme", "me", api.EditMember{})),
		} {
			w.Run(name, func(t *testing.T) {
				code := api.CodeGrantExceedsOwn
				if name == "widening its owner" {
					code = api.CodeInsufficientScope
				}
				(&officetest.World{T: t}).Refused(err, code)
			})
		}
	})
}

func TestOtherPeoplesSecretsNeedImpersonation(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Viewer")
		admin := w.Member("admin@example.com", "Administrator")
		hers := w.Create(eve, officetest.Ask("personal", ""))
		for name, err := range map[string]error{
			"create": officetest.Second(w.CreateToken(w.Ctx, admin, "acme", officetest.Ask("personal", "eve@example.com"))),
			"rotate": officetest.Second(w.RotateToken(w.Ctx, admin, "acme", hers.Token.ID, api.RotateToken{})),
			"reset":  officetest.Second(w.ResetToken(w.Ctx, admin, "acme", hers.Token.ID)),
		} {
			w.Run(name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeInsufficientScope) })
		}
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, admin, "acme", hers.Token.ID, api.DisableToken{})))
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, admin, "acme", hers.Token.ID)))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, admin, "acme", hers.Token.ID, api.RevokeToken{})))

		owner := w.Member("owner@example.com", "Owner")
		w.Create(owner, officetest.Ask("personal", "eve@example.com"))
		acting := w.Root
		acting.ActAs = "eve@example.com"
		i := w.Create(acting, officetest.Ask("personal", ""))
		if i.Token.Owner.Address != "eve@example.com" {
			w.Errorf("acting as eve made a token of %s", i.Token.Owner.Address)
		}
		_, err := w.CreateToken(w.Ctx, acting, "acme", officetest.Scoped("workspace", "", "tickets:read"))
		w.Refused(err, api.CodeInsufficientScope)
		stranger := w.With(w.Create(w.Root, officetest.Scoped("personal", "", "*")))
		stranger.ActAs = "eve@example.com"
		_, err = w.CreateToken(w.Ctx, stranger, "acme", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestOwnPersonalTokensByPolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		viewer, manager := w.Member("eve@example.com", "Viewer"), w.Member("mo@example.com", "Workspace Manager")
		for _, c := range []struct {
			policy          string
			viewer, manager bool
		}{{api.PersonalMembers, true, true}, {api.PersonalManagers, false, true}, {api.PersonalNobody, false, false}} {
			var p api.PatchPolicy
			p.PersonalTokens = api.Some(c.policy)
			officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
			for who, want := range map[*authority.Caller]bool{&viewer: c.viewer, &manager: c.manager} {
				_, err := w.CreateToken(w.Ctx, *who, "acme", officetest.Ask("personal", ""))
				if (err == nil) != want {
					w.Errorf("policy %s: %v, want allowed %v", c.policy, err, want)
				}
			}
		}
	})
}

func TestAnAPITokenNeedsTheScopeAlsoForItsOwnersTokens(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		viewer := w.Member("eve@example.com", "Viewer")
		hers := w.Create(viewer, officetest.Ask("personal", ""))
		c := w.With(hers)
		_, err := w.CreateToken(w.Ctx, c, "acme", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.DisableToken(w.Ctx, c, "acme", hers.Token.ID, api.DisableToken{})
		w.Refused(err, api.CodeInsufficientScope)
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, viewer, "acme", hers.Token.ID, api.DisableToken{})))
	})
}

// TestDemotingWhileCreating has no round in which a token above the demoted
// rights is usable afterwards.
func TestDemotingWhileCreating(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 50
	}
	officetest.Each(t, func(w *officetest.World) {
		mo := w.Member("mo@example.com", "Administrator")
		var demote, promote api.EditMember
		demote.Role, promote.Role = api.Some("Viewer"), api.Some("Administrator")
		// A database that cannot be reached now did nothing: whoever demotes tries again.
		edit := func(in api.EditMember) {
			_, err := w.EditMember(w.Ctx, w.Root, "acme", "mo@example.com", in)
			for tries := 0; errors.Is(err, api.CodeUnavailable) && tries < 3; tries++ {
				_, err = w.EditMember(w.Ctx, w.Root, "acme", "mo@example.com", in)
			}
			officetest.Must(w.T, err)
		}
		for range rounds {
			var wg sync.WaitGroup
			wg.Add(2)
			var made authority.Issued
			go func() {
				defer wg.Done()
				made, _ = w.CreateToken(w.Ctx, mo, "acme", officetest.Scoped("personal", "", "members:write"))
			}()
			go func() {
				defer wg.Done()
				edit(demote)
			}()
			wg.Wait()
			if !made.Secret.IsZero() {
				w.Deny(api.CodeInsufficientScope, made.Secret, "members:write")
			}
			edit(promote)
		}
	})
}

func TestRightsAreLive(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		eve := w.Member("eve@example.com", "Team Member")
		w.Account("deployer", "tickets:read", "tickets:write")
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:write"}})))
		agent := officetest.Ask("workspace", "")
		agent.Role, agent.Resources = api.Some("Agent"), api.Some([]string{"*"})
		tokens := map[string]token.Secret{
			"personal": w.Create(eve, officetest.Ask("personal", "")).Secret, "service": w.Create(w.Root, officetest.Ask("service", "deployer")).Secret,
			"workspace": w.Create(w.Root, agent).Secret,
		}
		for _, s := range tokens {
			w.Allow(s, "tickets:write") // memory is warm
		}
		var viewer api.EditMember
		viewer.Role = api.Some("Viewer")
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", viewer)))
		w.Deny(api.CodeInsufficientScope, tokens["personal"], "tickets:write")
		w.Allow(tokens["personal"], "tickets:read")

		var narrow api.EditServiceAccount
		narrow.Scopes = api.Some([]string{"tickets:read"})
		officetest.Must(w.T, officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", "deployer", narrow)))
		w.Deny(api.CodeInsufficientScope, tokens["service"], "tickets:write")

		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:read"}})))
		w.Deny(api.CodeInsufficientScope, tokens["workspace"], "tickets:write")
		officetest.Must(w.T, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read", api.PutScope{Implies: []string{"tickets:write"}})))
		w.Allow(tokens["workspace"], "tickets:write")
		officetest.Must(w.T, officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read")))
		w.Deny(api.CodeInsufficientScope, tokens["workspace"], "tickets:write")
	})
}

func TestTenantsAreSealed(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Workspace("globex")
		w.MemberOf("globex", "gil@example.com", "Owner", "*")
		gil := w.Person("gil@example.com")
		w.Member("eve@example.com", "Viewer")
		w.Account("deployer", "tickets:read")
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		theirs, err := w.CreateToken(w.Ctx, gil, "globex", officetest.Scoped("workspace", "", "*"))
		officetest.Must(w.T, err)
		for who, c := range map[string]authority.Caller{"person": gil, "token": w.With(theirs)} {
			for name, err := range map[string]error{
				"workspace":        officetest.Second(w.GetWorkspace(w.Ctx, c, "acme")),
				"no such":          officetest.Second(w.GetWorkspace(w.Ctx, c, "nowhere")),
				"token by theirs":  officetest.Second(w.GetToken(w.Ctx, c, "globex", i.Token.ID)),
				"token by ours":    officetest.Second(w.GetToken(w.Ctx, c, "acme", i.Token.ID)),
				"edit":             officetest.Second(w.EditToken(w.Ctx, c, "globex", i.Token.ID, api.EditToken{})),
				"revoke":           officetest.Second(w.RevokeToken(w.Ctx, c, "globex", i.Token.ID, api.RevokeToken{})),
				"rotate":           officetest.Second(w.RotateToken(w.Ctx, c, "globex", i.Token.ID, api.RotateToken{})),
				"member":           officetest.Second(w.GetMember(w.Ctx, c, "globex", "eve@example.com")),
				"deactivate":       officetest.Second(w.DeactivateMember(w.Ctx, c, "globex", "eve@example.com", false)),
				"service account":  officetest.Second(w.GetServiceAccount(w.Ctx, c, "globex", "deployer")),
				"their workspace":  officetest.Second(w.EditWorkspace(w.Ctx, c, "acme", api.EditWorkspace{})),
				"their policy":     officetest.Second(w.GetPolicy(w.Ctx, c, "acme")),
				"their audit":      officetest.Third(w.Audit(w.Ctx, c, "acme", api.AuditFilter{}, officetest.Page(0))),
				"tokens of theirs": officetest.Third(w.ListTokens(w.Ctx, c, "acme", api.TokenFilter{}, officetest.Page(0))),
			} {
				w.Run(who+"/"+name, func(t *testing.T) { (&officetest.World{T: t}).Refused(err, api.CodeNotFound) })
			}
			_, err := w.GetUser(w.Ctx, c, "eve@example.com")
			w.Refused(err, api.CodeInsufficientScope)
		}
		w.Allow(i.Secret, "tickets:read")
		ts, _, err := w.ListTokens(w.Ctx, gil, "globex", api.TokenFilter{}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(ts) != 1 {
			w.Errorf("globex lists %d tokens, want its own one", len(ts))
		}
	})
}

func TestOnboardingByPolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.MemberOf("acme", "all@example.com", "Team Member", "*")
		w.MemberOf("acme", "one@example.com", "Team Member", "payments")
		w.MemberOf("acme", "eve@example.com", "Viewer", "*")
		all, one, eve := w.Person("all@example.com"), w.Person("one@example.com"), w.Person("eve@example.com")
		onboard := func(c authority.Caller, name string) error {
			return officetest.Second(w.OnboardResource(w.Ctx, c, "acme", api.CreateResource{Name: name}))
		}
		officetest.Must(w.T, onboard(all, "billing"))
		w.Refused(onboard(one, "search"), api.CodeOnboardingRestricted)
		w.Refused(onboard(eve, "search"), api.CodeInsufficientScope)
		w.Refused(onboard(all, "billing"), api.CodeAlreadyExists)
		var p api.PatchPolicy
		p.Onboarding = api.Some(api.OnboardAnyMember)
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		officetest.Must(w.T, onboard(one, "search"))
		officetest.Must(w.T, onboard(eve, "chat"))
		i := w.Create(one, officetest.Ask("personal", ""))
		var grant api.EditMember
		grant.Resources = api.Some([]string{"payments", "search"})
		w.DenyOn(i.Secret, "tickets:read", "search")
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "one@example.com", grant)))
		w.AllowOn(i.Secret, "tickets:read", "search")
		officetest.Must(w.T, officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "search")))
		w.DenyOn(i.Secret, "tickets:read", "search")
	})
}

func TestDeletingTheLastNameNeverTurnsAListIntoInherit(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "billing"})))
		officetest.Must(w.T, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read", api.PutScope{})))
		only := officetest.Ask("personal", "")
		only.Resources = api.Some([]string{"billing"})
		byResource, byScope := w.Create(w.Root, only), w.Create(w.Root, officetest.Scoped("personal", "", "tickets:read"))
		w.AllowOn(byResource.Secret, "tickets:read", "billing")
		officetest.Must(w.T, officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "billing")))
		officetest.Must(w.T, officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read")))
		w.DenyOn(byResource.Secret, "tickets:read", "billing")
		w.Deny(api.CodeInsufficientScope, byScope.Secret, "tickets:read")
		w.Deny(api.CodeInsufficientScope, byScope.Secret, "tickets:write")
	})
}

func TestARoleInUseNeedsAReplacement(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:write"}})))
		agent := officetest.Ask("workspace", "")
		agent.Role, agent.Resources = api.Some("Agent"), api.Some([]string{"*"})
		i := w.Create(w.Root, agent)
		_, err := w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Agent", "")
		w.Refused(err, api.CodeRoleInUse)
		w.Allow(i.Secret, "tickets:write")
		officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.In("acme"), "Agent", "Viewer")))
		w.Deny(api.CodeInsufficientScope, i.Secret, "tickets:write")
		w.Allow(i.Secret, "tickets:read")
	})
}

func TestInstanceDefaultsAreInheritedLiveAndCanBeLocked(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var p api.PatchPolicy
		p.MaxLifetime, p.Locked = api.Some(30*api.Day), api.Some([]string{"max_lifetime"})
		officetest.Must(w.T, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, p)))
		have, err := w.GetPolicy(w.Ctx, w.Root, "acme")
		officetest.Must(w.T, err)
		if have.MaxLifetime != 30*api.Day || len(have.Locked) != 1 {
			w.Errorf("policy: %+v", have)
		}
		p = api.PatchPolicy{}
		p.MaxLifetime = api.Some(365 * api.Day)
		_, err = w.EditPolicy(w.Ctx, w.Root, "acme", p)
		w.RefusedField(err, api.CodeLocked, "max_lifetime")
		i := w.Create(w.Person("ada@example.com"), officetest.Ask("personal", ""))
		if want := w.Clock.Now().Add(30 * 24 * time.Hour); !i.Token.ExpiresAt.Equal(want) {
			w.Errorf("expires %v, want %v", i.Token.ExpiresAt, want)
		}
		at := authority.Where{Instance: true}
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Agent", api.PutRole{Scopes: []string{"tickets:read"}})))
		roles, err := w.ListRoles(w.Ctx, w.Root, officetest.In("acme"))
		officetest.Must(w.T, err)
		if last := roles[len(roles)-1]; last.Name != "Agent" || !last.Inherited {
			w.Errorf("last role: %+v", last)
		}
	})
}

func TestAuditHasEveryMutationAndNoSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked})))
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: i.Token.ID}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(rows) != 2 || rows[0].Action != "token.revoked" || rows[1].Action != "token.created" {
			w.Fatalf("events: %+v", rows)
		}
		if rows[0].Actor != "ada@example.com" || rows[0].ActorToken == nil || rows[0].RequestID != "req-1" || rows[0].Before == nil {
			w.Errorf("event: %+v", rows[0])
		}
		all, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, officetest.Page(0))
		officetest.Must(w.T, err)
		for n, row := range all {
			if row.Sequence != int64(len(all)-n) {
				w.Errorf("row %d has sequence %d", n, row.Sequence)
			}
			text := fmt.Sprintf("%s %s %+v", row.Before, row.After, row)
			if officetest.ContainsAny(text, i.Secret.Reveal()[17:], w.Secret.Reveal()[17:]) {
				w.Errorf("the audit holds a secret: %s", row.Action)
			}
		}
	})
}

func TestGivingUpAScopesOwnVersionStaysWithinTheCallersRights(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		implying := api.PutScope{Implies: []string{"tickets:write"}}
		officetest.Must(w.T, officetest.Second(w.PutScope(w.Ctx, w.Root, authority.Where{Instance: true}, "tickets:read", implying)))
		officetest.Must(w.T, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read", api.PutScope{})))
		reader := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "roles:write"))
		w.Refused(officetest.Second(w.DeleteScope(w.Ctx, w.With(reader), officetest.In("acme"), "tickets:read")), api.CodeGrantExceedsOwn)
		w.Deny(api.CodeInsufficientScope, reader.Secret, "tickets:write")
		officetest.Must(w.T, officetest.Second(w.DeleteScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:read")))
		w.Allow(reader.Secret, "tickets:write")
	})
}

func TestARolesLimitAboveThePolicysNeedsPolicyWrite(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		limit := func(n int) *api.RateLimit { return &api.RateLimit{Requests: n, Window: api.Duration(time.Minute)} }
		var p api.PatchPolicy
		p.RateLimit = api.Some(*limit(10))
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		writer := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "roles:write")))
		put := func(c authority.Caller, n int) error {
			return officetest.Second(w.PutRole(w.Ctx, c, officetest.In("acme"), "Agent", api.PutRole{RateLimit: limit(n)}))
		}
		officetest.Must(w.T, put(writer, 5))
		w.Refused(put(writer, 11), api.CodeInsufficientScope)
		officetest.Must(w.T, put(w.Root, 100))
		officetest.Must(w.T, put(writer, 50))
	})
}

func TestWhoMayNotListLearnsNoOwners(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		blind := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))
		for _, owner := range []string{"ada@example.com", "nobody@example.com", "robot"} {
			_, _, err := w.ListTokens(w.Ctx, blind, "acme", api.TokenFilter{Owner: api.Some(owner)}, officetest.Page(0))
			w.Refused(err, api.CodeInsufficientScope)
		}
	})
}

func TestAnExpiryInTheYearOneIsNotNever(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var p api.PatchPolicy
		p.AllowNever = api.Some(true)
		officetest.Must(w.T, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "acme", p)))
		ada, asked := w.Person("ada@example.com"), officetest.Ask("personal", "")
		asked.ExpiresAt = api.Some(time.Time{})
		_, err := w.CreateToken(w.Ctx, ada, "acme", asked)
		w.RefusedField(err, api.CodeInvalidField, "expires_at")
		i := w.Create(ada, officetest.Ask("personal", ""))
		_, err = w.EditToken(w.Ctx, ada, "acme", i.Token.ID, api.EditToken{TokenFields: api.TokenFields{ExpiresAt: asked.ExpiresAt}})
		w.RefusedField(err, api.CodeInvalidField, "expires_at")
	})
}

func TestARetryAfterADemotionGivesNoSecret(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("robot", "tokens:create", "tickets:read")
		bot := w.With(w.Create(w.Root, officetest.Ask("service", "robot")))
		bot.Retry = authority.Retry{Key: "k", Route: "POST tokens"}
		asked := officetest.Scoped("workspace", "", "tickets:read")
		made := w.Create(bot, asked)
		var demote api.EditServiceAccount
		demote.Scopes = api.Some([]string{"tickets:read"})
		officetest.Must(w.T, officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", "robot", demote)))
		_, err := w.CreateToken(w.Ctx, bot, "acme", asked)
		w.Refused(err, api.CodeInsufficientScope)
		w.Allow(made.Secret, "tickets:read")
	})
}

func TestTheAuditKeepsNoTokenThatSomebodyWroteIntoIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		c, secret := w.Root, w.Secret.Reveal()
		c.Agent = strings.Repeat("x", 270) + " " + secret
		i := w.Create(c, officetest.Ask("personal", ""))
		found := api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log: \"" + secret}
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, c, "acme", i.Token.ID, found)))
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Token: i.Token.ID}, officetest.Page(0))
		officetest.Must(w.T, err)
		for _, row := range rows {
			if text := fmt.Sprintf("%s %s %s", row.Before, row.After, *row.UserAgent); officetest.ContainsAny(text, secret[17:25]) {
				w.Errorf("%s holds a secret, or a part of one", row.Action)
			}
		}
		if len(rows) != 2 || !strings.Contains(string(rows[0].After), "in a log") {
			w.Errorf("events: %+v", rows)
		}
	})
}
