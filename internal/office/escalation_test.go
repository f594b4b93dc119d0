package office_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/token"
)

func TestNobodyHandsOnMoreThanTheyHave(t *testing.T) {
	each(t, func(w *world) {
		w.account("strong", "*")
		w.account("weak", "tickets:read")
		manager := w.member("mo@example.com", "Workspace Manager")
		admin := w.member("admin@example.com", "Administrator")
		w.memberOf("acme", "payments@example.com", "Administrator", "payments")
		narrow := w.person("payments@example.com")
		org := w.create(w.root, scoped("workspace", "", "*"))
		var give api.CreateMember
		give.Email, give.Role, give.Resources = "new@example.com", api.Some("Team Member"), api.Some([]string{"*"})
		var widen api.EditMember
		widen.Resources = api.Some([]string{"*"})
		var strong api.EditServiceAccount
		strong.Scopes = api.Some([]string{"*"})

		for name, err := range map[string]error{
			"token with more scopes":         second(w.CreateToken(w.ctx, manager, "acme", scoped("workspace", "", "members:write"))),
			"token with everything":          second(w.CreateToken(w.ctx, manager, "acme", scoped("workspace", "", "*"))),
			"admin is another name for *":    second(w.CreateToken(w.ctx, manager, "acme", scoped("workspace", "", "admin"))),
			"own token that says more":       second(w.CreateToken(w.ctx, manager, "acme", scoped("personal", "", "*"))),
			"token of a stronger account":    second(w.CreateToken(w.ctx, admin, "acme", ask("service", "strong"))),
			"token on more resources":        second(w.CreateToken(w.ctx, narrow, "acme", scoped("workspace", "", "tickets:read"))),
			"secret of a stronger token":     second(w.RotateToken(w.ctx, admin, "acme", org.Token.ID, api.RotateToken{})),
			"reset of a stronger token":      second(w.ResetToken(w.ctx, admin, "acme", org.Token.ID)),
			"transfer of a stronger token":   second(w.TransferToken(w.ctx, admin, "acme", org.Token.ID, api.TransferToken{Owner: "strong"})),
			"member on more resources":       third(w.CreateMember(w.ctx, narrow, "acme", give)),
			"widening one's own membership":  third(w.EditMember(w.ctx, narrow, "acme", "me", widen)),
			"widening a service account":     third(w.EditServiceAccount(w.ctx, admin, "acme", "weak", strong)),
			"a role beyond one's own":        fourthErr(w.PutRole(w.ctx, admin, in("acme"), "Root", api.PutRole{Scopes: []string{"*"}})),
			"extending one's own role":       fourthErr(w.PutRole(w.ctx, admin, in("acme"), "Administrator", api.PutRole{Scopes: []string{"tokens:impersonate"}})),
			"extending the role of managers": fourthErr(w.PutRole(w.ctx, narrow, in("acme"), "Workspace Manager", api.PutRole{Scopes: []string{"members:write"}})),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeGrantExceedsOwn) })
		}
		must(w.T, second(w.CreateToken(w.ctx, narrow, "acme", onPayments())))
	})
}

func fourthErr[A, B, C any](_ A, _ B, _ C, err error) error { return err }

func in(ws string) authority.Where { return authority.Where{Workspace: ws} }

func onPayments() api.CreateToken {
	in := scoped("workspace", "", "tickets:read")
	in.Resources = api.Some([]string{"payments"})
	return in
}

func TestATokensOwnEffectiveGrantIsItsCeiling(t *testing.T) {
	each(t, func(w *world) {
		// The owner may everything; the token may make and edit tokens, and read tickets.
		c := w.with(w.create(w.root, scoped("personal", "", "tokens:create", "tokens:edit", "tokens:read", "tickets:read")))
		w.create(c, scoped("personal", "", "tickets:read"))
		var wider api.EditToken
		wider.Scopes, wider.Resources = api.Some([]string{"tickets:write"}), api.Some([]string{"*"})
		var inherit api.EditToken
		inherit.Grants = api.Null[[]api.Statement]()
		for name, err := range map[string]error{
			"more than itself":     second(w.CreateToken(w.ctx, c, "acme", scoped("personal", "", "tickets:write"))),
			"inheriting its owner": second(w.CreateToken(w.ctx, c, "acme", ask("personal", ""))),
			"widening itself":      third(w.EditToken(w.ctx, c, "acme", "self", wider)),
			"itself inheriting":    third(w.EditToken(w.ctx, c, "acme", "self", inherit)),
			"widening its owner":   third(w.EditMember(w.ctx, c, "acme", "me", api.EditMember{})),
		} {
			w.Run(name, func(t *testing.T) {
				code := api.CodeGrantExceedsOwn
				if name == "widening its owner" {
					code = api.CodeInsufficientScope
				}
				(&world{T: t}).refused(err, code)
			})
		}
	})
}

func TestOtherPeoplesSecretsNeedImpersonation(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Viewer")
		admin := w.member("admin@example.com", "Administrator")
		hers := w.create(eve, ask("personal", ""))
		for name, err := range map[string]error{
			"create": second(w.CreateToken(w.ctx, admin, "acme", ask("personal", "eve@example.com"))),
			"rotate": second(w.RotateToken(w.ctx, admin, "acme", hers.Token.ID, api.RotateToken{})),
			"reset":  second(w.ResetToken(w.ctx, admin, "acme", hers.Token.ID)),
		} {
			w.Run(name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeInsufficientScope) })
		}
		must(w.T, third(w.DisableToken(w.ctx, admin, "acme", hers.Token.ID, api.DisableToken{})))
		must(w.T, third(w.EnableToken(w.ctx, admin, "acme", hers.Token.ID)))
		must(w.T, third(w.RevokeToken(w.ctx, admin, "acme", hers.Token.ID, api.RevokeToken{})))

		owner := w.member("owner@example.com", "Owner")
		w.create(owner, ask("personal", "eve@example.com"))
		acting := w.root
		acting.ActAs = "eve@example.com"
		i := w.create(acting, ask("personal", ""))
		if i.Token.Owner.Address != "eve@example.com" {
			w.Errorf("acting as eve made a token of %s", i.Token.Owner.Address)
		}
		_, err := w.CreateToken(w.ctx, acting, "acme", scoped("workspace", "", "tickets:read"))
		w.refused(err, api.CodeInsufficientScope)
		stranger := w.with(w.create(w.root, scoped("personal", "", "*")))
		stranger.ActAs = "eve@example.com"
		_, err = w.CreateToken(w.ctx, stranger, "acme", ask("personal", ""))
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestOwnPersonalTokensByPolicy(t *testing.T) {
	each(t, func(w *world) {
		viewer, manager := w.member("eve@example.com", "Viewer"), w.member("mo@example.com", "Workspace Manager")
		for _, c := range []struct {
			policy          string
			viewer, manager bool
		}{{api.PersonalMembers, true, true}, {api.PersonalManagers, false, true}, {api.PersonalNobody, false, false}} {
			var p api.PatchPolicy
			p.PersonalTokens = api.Some(c.policy)
			must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
			for who, want := range map[*authority.Caller]bool{&viewer: c.viewer, &manager: c.manager} {
				_, err := w.CreateToken(w.ctx, *who, "acme", ask("personal", ""))
				if (err == nil) != want {
					w.Errorf("policy %s: %v, want allowed %v", c.policy, err, want)
				}
			}
		}
	})
}

func TestAnAPITokenNeedsTheScopeAlsoForItsOwnersTokens(t *testing.T) {
	each(t, func(w *world) {
		viewer := w.member("eve@example.com", "Viewer")
		hers := w.create(viewer, ask("personal", ""))
		c := w.with(hers)
		_, err := w.CreateToken(w.ctx, c, "acme", ask("personal", ""))
		w.refused(err, api.CodeInsufficientScope)
		_, _, err = w.DisableToken(w.ctx, c, "acme", hers.Token.ID, api.DisableToken{})
		w.refused(err, api.CodeInsufficientScope)
		must(w.T, third(w.DisableToken(w.ctx, viewer, "acme", hers.Token.ID, api.DisableToken{})))
	})
}

// TestDemotingWhileCreating has no round in which a token above the demoted
// rights is usable afterwards.
func TestDemotingWhileCreating(t *testing.T) {
	rounds := 1000
	if testing.Short() {
		rounds = 50
	}
	each(t, func(w *world) {
		mo := w.member("mo@example.com", "Administrator")
		var demote, promote api.EditMember
		demote.Role, promote.Role = api.Some("Viewer"), api.Some("Administrator")
		for range rounds {
			var wg sync.WaitGroup
			wg.Add(2)
			var made authority.Issued
			go func() {
				defer wg.Done()
				made, _ = w.CreateToken(w.ctx, mo, "acme", scoped("personal", "", "members:write"))
			}()
			go func() {
				defer wg.Done()
				must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "mo@example.com", demote)))
			}()
			wg.Wait()
			if !made.Secret.IsZero() {
				w.deny(api.CodeInsufficientScope, made.Secret, "members:write")
			}
			must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "mo@example.com", promote)))
		}
	})
}

func TestRightsAreLive(t *testing.T) {
	each(t, func(w *world) {
		eve := w.member("eve@example.com", "Team Member")
		w.account("deployer", "tickets:read", "tickets:write")
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:write"}})))
		agent := ask("workspace", "")
		agent.Role, agent.Resources = api.Some("Agent"), api.Some([]string{"*"})
		tokens := map[string]token.Secret{
			"personal": w.create(eve, ask("personal", "")).Secret, "service": w.create(w.root, ask("service", "deployer")).Secret,
			"workspace": w.create(w.root, agent).Secret,
		}
		for _, s := range tokens {
			w.allow(s, "tickets:write") // memory is warm
		}
		var viewer api.EditMember
		viewer.Role = api.Some("Viewer")
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", viewer)))
		w.deny(api.CodeInsufficientScope, tokens["personal"], "tickets:write")
		w.allow(tokens["personal"], "tickets:read")

		var narrow api.EditServiceAccount
		narrow.Scopes = api.Some([]string{"tickets:read"})
		must(w.T, third(w.EditServiceAccount(w.ctx, w.root, "acme", "deployer", narrow)))
		w.deny(api.CodeInsufficientScope, tokens["service"], "tickets:write")

		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:read"}})))
		w.deny(api.CodeInsufficientScope, tokens["workspace"], "tickets:write")
		must(w.T, fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "tickets:read", api.PutScope{Implies: []string{"tickets:write"}})))
		w.allow(tokens["workspace"], "tickets:write")
		must(w.T, third(w.DeleteScope(w.ctx, w.root, in("acme"), "tickets:read")))
		w.deny(api.CodeInsufficientScope, tokens["workspace"], "tickets:write")
	})
}

func TestTenantsAreSealed(t *testing.T) {
	each(t, func(w *world) {
		w.workspace("globex")
		w.memberOf("globex", "gil@example.com", "Owner", "*")
		gil := w.person("gil@example.com")
		w.member("eve@example.com", "Viewer")
		w.account("deployer", "tickets:read")
		i := w.create(w.root, scoped("workspace", "", "tickets:read"))
		theirs, err := w.CreateToken(w.ctx, gil, "globex", scoped("workspace", "", "*"))
		must(w.T, err)
		for who, c := range map[string]authority.Caller{"person": gil, "token": w.with(theirs)} {
			for name, err := range map[string]error{
				"workspace":        second(w.GetWorkspace(w.ctx, c, "acme")),
				"no such":          second(w.GetWorkspace(w.ctx, c, "nowhere")),
				"token by theirs":  second(w.GetToken(w.ctx, c, "globex", i.Token.ID)),
				"token by ours":    second(w.GetToken(w.ctx, c, "acme", i.Token.ID)),
				"edit":             third(w.EditToken(w.ctx, c, "globex", i.Token.ID, api.EditToken{})),
				"revoke":           third(w.RevokeToken(w.ctx, c, "globex", i.Token.ID, api.RevokeToken{})),
				"rotate":           second(w.RotateToken(w.ctx, c, "globex", i.Token.ID, api.RotateToken{})),
				"member":           second(w.GetMember(w.ctx, c, "globex", "eve@example.com")),
				"deactivate":       fourth(w.DeactivateMember(w.ctx, c, "globex", "eve@example.com", false)),
				"service account":  second(w.GetServiceAccount(w.ctx, c, "globex", "deployer")),
				"their workspace":  third(w.EditWorkspace(w.ctx, c, "acme", api.EditWorkspace{})),
				"their policy":     second(w.GetPolicy(w.ctx, c, "acme")),
				"their audit":      third(w.Audit(w.ctx, c, "acme", api.AuditFilter{}, page(0))),
				"tokens of theirs": third(w.ListTokens(w.ctx, c, "acme", api.TokenFilter{}, page(0))),
			} {
				w.Run(who+"/"+name, func(t *testing.T) { (&world{T: t}).refused(err, api.CodeNotFound) })
			}
			_, err := w.GetUser(w.ctx, c, "eve@example.com")
			w.refused(err, api.CodeInsufficientScope)
		}
		w.allow(i.Secret, "tickets:read")
		ts, _, err := w.ListTokens(w.ctx, gil, "globex", api.TokenFilter{}, page(0))
		must(w.T, err)
		if len(ts) != 1 {
			w.Errorf("globex lists %d tokens, want its own one", len(ts))
		}
	})
}

func TestOnboardingByPolicy(t *testing.T) {
	each(t, func(w *world) {
		w.memberOf("acme", "all@example.com", "Team Member", "*")
		w.memberOf("acme", "one@example.com", "Team Member", "payments")
		w.memberOf("acme", "eve@example.com", "Viewer", "*")
		all, one, eve := w.person("all@example.com"), w.person("one@example.com"), w.person("eve@example.com")
		onboard := func(c authority.Caller, name string) error {
			return third(w.OnboardResource(w.ctx, c, "acme", api.CreateResource{Name: name}))
		}
		must(w.T, onboard(all, "billing"))
		w.refused(onboard(one, "search"), api.CodeOnboardingRestricted)
		w.refused(onboard(eve, "search"), api.CodeInsufficientScope)
		w.refused(onboard(all, "billing"), api.CodeAlreadyExists)
		var p api.PatchPolicy
		p.Onboarding = api.Some(api.OnboardAnyMember)
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		must(w.T, onboard(one, "search"))
		must(w.T, onboard(eve, "chat"))
		i := w.create(one, ask("personal", ""))
		var grant api.EditMember
		grant.Resources = api.Some([]string{"payments", "search"})
		w.denyOn(i.Secret, "tickets:read", "search")
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "one@example.com", grant)))
		w.allowOn(i.Secret, "tickets:read", "search")
		must(w.T, third(w.DeleteResource(w.ctx, w.root, "acme", "search")))
		w.denyOn(i.Secret, "tickets:read", "search")
	})
}

func TestDeletingTheLastNameNeverTurnsAListIntoInherit(t *testing.T) {
	each(t, func(w *world) {
		must(w.T, third(w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: "billing"})))
		must(w.T, fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "tickets:read", api.PutScope{})))
		only := ask("personal", "")
		only.Resources = api.Some([]string{"billing"})
		byResource, byScope := w.create(w.root, only), w.create(w.root, scoped("personal", "", "tickets:read"))
		w.allowOn(byResource.Secret, "tickets:read", "billing")
		must(w.T, third(w.DeleteResource(w.ctx, w.root, "acme", "billing")))
		must(w.T, third(w.DeleteScope(w.ctx, w.root, in("acme"), "tickets:read")))
		w.denyOn(byResource.Secret, "tickets:read", "billing")
		w.deny(api.CodeInsufficientScope, byScope.Secret, "tickets:read")
		w.deny(api.CodeInsufficientScope, byScope.Secret, "tickets:write")
	})
}

func TestARoleInUseNeedsAReplacement(t *testing.T) {
	each(t, func(w *world) {
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, in("acme"), "Agent", api.PutRole{Scopes: []string{"tickets:write"}})))
		agent := ask("workspace", "")
		agent.Role, agent.Resources = api.Some("Agent"), api.Some([]string{"*"})
		i := w.create(w.root, agent)
		_, _, err := w.DeleteRole(w.ctx, w.root, in("acme"), "Agent", "")
		w.refused(err, api.CodeRoleInUse)
		w.allow(i.Secret, "tickets:write")
		must(w.T, third(w.DeleteRole(w.ctx, w.root, in("acme"), "Agent", "Viewer")))
		w.deny(api.CodeInsufficientScope, i.Secret, "tickets:write")
		w.allow(i.Secret, "tickets:read")
	})
}

func TestInstanceDefaultsAreInheritedLiveAndCanBeLocked(t *testing.T) {
	each(t, func(w *world) {
		var p api.PatchPolicy
		p.MaxLifetime, p.Locked = api.Some(30*api.Day), api.Some([]string{"max_lifetime"})
		must(w.T, third(w.EditInstancePolicy(w.ctx, w.root, p)))
		have, err := w.GetPolicy(w.ctx, w.root, "acme")
		must(w.T, err)
		if have.MaxLifetime != 30*api.Day || len(have.Locked) != 1 {
			w.Errorf("policy: %+v", have)
		}
		p = api.PatchPolicy{}
		p.MaxLifetime = api.Some(365 * api.Day)
		_, _, err = w.EditPolicy(w.ctx, w.root, "acme", p)
		w.refusedField(err, api.CodeLocked, "max_lifetime")
		i := w.create(w.person("ada@example.com"), ask("personal", ""))
		if want := w.clock.Now().Add(30 * 24 * time.Hour); !i.Token.ExpiresAt.Equal(want) {
			w.Errorf("expires %v, want %v", i.Token.ExpiresAt, want)
		}
		at := authority.Where{Instance: true}
		must(w.T, fourthErr(w.PutRole(w.ctx, w.root, at, "Agent", api.PutRole{Scopes: []string{"tickets:read"}})))
		roles, err := w.ListRoles(w.ctx, w.root, in("acme"))
		must(w.T, err)
		if last := roles[len(roles)-1]; last.Name != "Agent" || !last.Inherited {
			w.Errorf("last role: %+v", last)
		}
	})
}

func TestAuditHasEveryMutationAndNoSecret(t *testing.T) {
	each(t, func(w *world) {
		i := w.create(w.root, ask("personal", ""))
		must(w.T, third(w.RevokeToken(w.ctx, w.root, "acme", i.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked})))
		rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: i.Token.ID}, page(0))
		must(w.T, err)
		if len(rows) != 2 || rows[0].Action != "token.revoked" || rows[1].Action != "token.created" {
			w.Fatalf("events: %+v", rows)
		}
		if rows[0].Actor != "ada@example.com" || rows[0].ActorToken == nil || rows[0].RequestID != "req-1" || rows[0].Before == nil {
			w.Errorf("event: %+v", rows[0])
		}
		all, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{}, page(0))
		must(w.T, err)
		for n, row := range all {
			if row.Sequence != int64(len(all)-n) {
				w.Errorf("row %d has sequence %d", n, row.Sequence)
			}
			text := fmt.Sprintf("%s %s %+v", row.Before, row.After, row)
			if containsAny(text, i.Secret.Reveal()[17:], w.secret.Reveal()[17:]) {
				w.Errorf("the audit holds a secret: %s", row.Action)
			}
		}
	})
}

func TestGivingUpAScopesOwnVersionStaysWithinTheCallersRights(t *testing.T) {
	each(t, func(w *world) {
		implying := api.PutScope{Implies: []string{"tickets:write"}}
		must(w.T, fourthErr(w.PutScope(w.ctx, w.root, authority.Where{Instance: true}, "tickets:read", implying)))
		must(w.T, fourthErr(w.PutScope(w.ctx, w.root, in("acme"), "tickets:read", api.PutScope{})))
		reader := w.create(w.root, scoped("workspace", "", "tickets:read", "roles:write"))
		w.refused(third(w.DeleteScope(w.ctx, w.with(reader), in("acme"), "tickets:read")), api.CodeGrantExceedsOwn)
		w.deny(api.CodeInsufficientScope, reader.Secret, "tickets:write")
		must(w.T, third(w.DeleteScope(w.ctx, w.root, in("acme"), "tickets:read")))
		w.allow(reader.Secret, "tickets:write")
	})
}

func TestARolesLimitAboveThePolicysNeedsPolicyWrite(t *testing.T) {
	each(t, func(w *world) {
		limit := func(n int) *api.RateLimit { return &api.RateLimit{Requests: n, Window: api.Duration(time.Minute)} }
		var p api.PatchPolicy
		p.RateLimit = api.Some(*limit(10))
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		writer := w.with(w.create(w.root, scoped("workspace", "", "roles:write")))
		put := func(c authority.Caller, n int) error {
			return fourthErr(w.PutRole(w.ctx, c, in("acme"), "Agent", api.PutRole{RateLimit: limit(n)}))
		}
		must(w.T, put(writer, 5))
		w.refused(put(writer, 11), api.CodeInsufficientScope)
		must(w.T, put(w.root, 100))
		must(w.T, put(writer, 50))
	})
}

func TestWhoMayNotListLearnsNoOwners(t *testing.T) {
	each(t, func(w *world) {
		blind := w.with(w.create(w.root, scoped("workspace", "", "tickets:read")))
		for _, owner := range []string{"ada@example.com", "nobody@example.com", "robot"} {
			_, _, err := w.ListTokens(w.ctx, blind, "acme", api.TokenFilter{Owner: api.Some(owner)}, page(0))
			w.refused(err, api.CodeInsufficientScope)
		}
	})
}

func TestAnExpiryInTheYearOneIsNotNever(t *testing.T) {
	each(t, func(w *world) {
		var p api.PatchPolicy
		p.AllowNever = api.Some(true)
		must(w.T, third(w.EditPolicy(w.ctx, w.root, "acme", p)))
		ada, asked := w.person("ada@example.com"), ask("personal", "")
		asked.ExpiresAt = api.Some(time.Time{})
		_, err := w.CreateToken(w.ctx, ada, "acme", asked)
		w.refusedField(err, api.CodeInvalidField, "expires_at")
		i := w.create(ada, ask("personal", ""))
		_, _, err = w.EditToken(w.ctx, ada, "acme", i.Token.ID, api.EditToken{TokenFields: api.TokenFields{ExpiresAt: asked.ExpiresAt}})
		w.refusedField(err, api.CodeInvalidField, "expires_at")
	})
}

func TestARetryAfterADemotionGivesNoSecret(t *testing.T) {
	each(t, func(w *world) {
		w.account("robot", "tokens:create", "tickets:read")
		bot := w.with(w.create(w.root, ask("service", "robot")))
		bot.Retry = authority.Retry{Key: "k", Route: "POST tokens"}
		asked := scoped("workspace", "", "tickets:read")
		made := w.create(bot, asked)
		var demote api.EditServiceAccount
		demote.Scopes = api.Some([]string{"tickets:read"})
		must(w.T, third(w.EditServiceAccount(w.ctx, w.root, "acme", "robot", demote)))
		_, err := w.CreateToken(w.ctx, bot, "acme", asked)
		w.refused(err, api.CodeInsufficientScope)
		w.allow(made.Secret, "tickets:read")
	})
}

func TestTheAuditKeepsNoTokenThatSomebodyWroteIntoIt(t *testing.T) {
	each(t, func(w *world) {
		c, secret := w.root, w.secret.Reveal()
		c.Agent = strings.Repeat("x", 270) + " " + secret
		i := w.create(c, ask("personal", ""))
		found := api.RevokeToken{Reason: api.ReasonLeaked, Comment: "in a log: \"" + secret}
		must(w.T, third(w.RevokeToken(w.ctx, c, "acme", i.Token.ID, found)))
		rows, _, err := w.Audit(w.ctx, w.root, "acme", api.AuditFilter{Token: i.Token.ID}, page(0))
		must(w.T, err)
		for _, row := range rows {
			if text := fmt.Sprintf("%s %s %s", row.Before, row.After, *row.UserAgent); containsAny(text, secret[17:25]) {
				w.Errorf("%s holds a secret, or a part of one", row.Action)
			}
		}
		if len(rows) != 2 || !strings.Contains(string(rows[0].After), "in a log") {
			w.Errorf("events: %+v", rows)
		}
	})
}
