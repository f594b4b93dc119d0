package office_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// patch is an edit of a token.
func patch(f func(*api.TokenFields)) api.EditToken {
	var in api.EditToken
	f(&in.TokenFields)
	return in
}

func limitOf(requests int) api.RateLimit {
	return api.RateLimit{Requests: requests, Window: api.Duration(time.Minute)}
}

// TestNobodyBringsBackMoreThanTheyCover: whatever gives a token life, reach, speed
// or power needs cover of all it may do then; relabelling and narrowing do not.
func TestNobodyBringsBackMoreThanTheyCover(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("workspace", "", "tickets:write")
		in.AllowedIPs, in.RateLimit = api.Some([]string{"10.0.0.0/16"}), api.Some(limitOf(10))
		in.ExpiresIn, in.NotBefore = api.Some(30*api.Day), api.Some(w.clock.Now().Add(time.Hour))
		id := w.create(w.root, in).Token.ID
		weak := w.with(w.create(w.root, scoped("workspace", "", "tokens:edit", "tokens:disable", "policy:write")))
		strong := w.with(w.create(w.root, scoped("workspace", "", "tokens:edit", "tokens:disable", "policy:write", "tickets:write")))
		more := map[string]api.EditToken{
			"longer life":     patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(60 * api.Day) }),
			"wider addresses": patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }),
			"any address":     patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() }),
			"a higher limit":  patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(20)) }),
			"no limit":        patch(func(in *api.TokenFields) { in.RateLimit = api.Null[api.RateLimit]() }),
			"an earlier start": patch(func(in *api.TokenFields) {
				in.NotBefore = api.Some(w.clock.Now().Add(time.Minute))
			}),
			"no start": patch(func(in *api.TokenFields) { in.NotBefore = api.Null[time.Time]() }),
			"narrower and longer": patch(func(in *api.TokenFields) {
				in.AllowedIPs, in.ExpiresIn = api.Some([]string{"10.0.0.1"}), api.Some(90*api.Day)
			}),
		}
		for what, edit := range more {
			if err := third(w.EditToken(w.ctx, weak, "acme", id, edit)); !errors.Is(err, api.CodeGrantExceedsOwn) {
				w.Errorf("%s: %v, want grant_exceeds_own", what, err)
			}
		}
		less := patch(func(in *api.TokenFields) {
			in.Label, in.AllowedIPs, in.RateLimit = api.Some("renamed"), api.Some([]string{"10.0.1.0/24"}), api.Some(limitOf(5))
			in.ExpiresIn, in.NotBefore = api.Some(20*api.Day), api.Some(w.clock.Now().Add(2*time.Hour))
		})
		must(w.T, third(w.EditToken(w.ctx, weak, "acme", id, less)))
		for what, edit := range more {
			if err := third(w.EditToken(w.ctx, strong, "acme", id, edit)); err != nil {
				w.Errorf("%s with cover: %v", what, err)
			}
			must(w.T, third(w.EditToken(w.ctx, w.root, "acme", id, less)))
		}
		must(w.T, third(w.DisableToken(w.ctx, weak, "acme", id, api.DisableToken{})))
		w.refused(third(w.EnableToken(w.ctx, weak, "acme", id)), api.CodeGrantExceedsOwn)
		must(w.T, third(w.EnableToken(w.ctx, strong, "acme", id)))
	})
}

// TestASecretIsKeptOnlyByWhoCoversIt: turning recoverable on lets others see the
// next secret.
func TestASecretIsKeptOnlyByWhoCoversIt(t *testing.T) {
	each(t, func(w *world) {
		_, _, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})
		must(w.T, err)
		in := scoped("workspace", "", "tickets:write")
		in.Recoverable = api.Some(false)
		id := w.create(w.root, in).Token.ID
		weak := w.with(w.create(w.root, scoped("workspace", "", "tokens:edit")))
		keep := patch(func(in *api.TokenFields) { in.Recoverable = api.Some(true) })
		w.refused(third(w.EditToken(w.ctx, weak, "acme", id, keep)), api.CodeGrantExceedsOwn)
		must(w.T, third(w.EditToken(w.ctx, w.root, "acme", id, keep)))
	})
}

// TestAnEditRevivesNoExpiredToken: the attack was tokens:edit alone against an
// expired token of the instance, whose old secret then worked again.
func TestAnEditRevivesNoExpiredToken(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("personal", "", "*", "instance:admin")
		in.ExpiresIn, in.AllowedIPs = api.Some(api.Duration(time.Minute)), api.Some([]string{"10.0.0.1"})
		dead := w.create(w.root, in)
		editor := w.with(w.create(w.root, scoped("workspace", "", "tokens:edit")))
		w.clock.pass(time.Hour)
		for _, c := range []authority.Caller{editor, w.root, w.person("ada@example.com")} {
			for _, edit := range []api.EditToken{
				patch(func(in *api.TokenFields) { in.ExpiresIn, in.AllowedIPs = api.Some(300*api.Day), api.Null[[]string]() }),
				patch(func(in *api.TokenFields) { in.ExpiresAt = api.Some(w.clock.Now().Add(time.Hour)) }),
				patch(func(in *api.TokenFields) { in.ExpiresAt = api.Null[time.Time]() }),
				patch(func(in *api.TokenFields) { in.Never = api.Some(true) }),
			} {
				err := third(w.EditToken(w.ctx, c, "acme", dead.Token.ID, edit))
				w.refused(err, api.CodeExpired)
				if status := api.AsError(err).Status(); status != 409 {
					w.Errorf("an expired token that is edited answers %d, want 409", status)
				}
			}
		}
		w.deny(api.CodeExpired, dead.Secret)
		must(w.T, third(w.EditToken(w.ctx, editor, "acme", dead.Token.ID, patch(func(in *api.TokenFields) { in.Label = api.Some("old") }))))
		renewed, err := w.RotateToken(w.ctx, w.person("ada@example.com"), "acme", dead.Token.ID, api.RotateToken{Renew: true, Overlap: api.Some(api.Day)})
		must(w.T, err)
		w.deny(api.CodeRetired, dead.Secret)
		if renewed.Token.Status != api.StatusActive {
			w.Errorf("renewed: %s", renewed.Token.Status)
		}
	})
}

// TestAnAPITokenBringsNothingBackThatReachesFurther: what it enables or renews from
// the dead has no more addresses and no looser limit than it has itself.
func TestAnAPITokenBringsNothingBackThatReachesFurther(t *testing.T) {
	each(t, func(w *world) {
		wide := w.create(w.root, scoped("workspace", "", "tickets:read")).Token.ID
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		brief := w.create(w.root, in).Token.ID
		in = scoped("workspace", "", "tickets:read", "tokens:disable", "tokens:edit")
		in.AllowedIPs = api.Some([]string{"10.0.0.0/8"})
		near := w.with(w.create(w.root, in))
		near.Addr = netip.MustParseAddr("10.1.2.3")
		in.AllowedIPs, in.RateLimit = api.Opt[[]string]{}, api.Some(limitOf(5))
		slow := w.with(w.create(w.root, in))
		must(w.T, third(w.DisableToken(w.ctx, near, "acme", wide, api.DisableToken{})))
		w.clock.pass(time.Hour)
		for field, c := range map[string]authority.Caller{"allowed_ips": near, "rate_limit": slow} {
			w.refusedField(third(w.EnableToken(w.ctx, c, "acme", wide)), api.CodeGrantExceedsOwn, field)
			_, err := w.RotateToken(w.ctx, c, "acme", brief, api.RotateToken{Renew: true})
			w.refusedField(err, api.CodeGrantExceedsOwn, field)
		}
		must(w.T, third(w.EnableToken(w.ctx, w.root, "acme", wide)))
	})
}

// TestAnOwnersTokensComeBackByWhoCoversThem: activating a member and enabling a
// service account bring all of their tokens back.
func TestAnOwnersTokensComeBackByWhoCoversThem(t *testing.T) {
	each(t, func(w *world) {
		w.account("robot", "tickets:write", "workspace:delete")
		w.memberOf("acme", "eve@example.com", "Team Member", "*")
		weak := w.with(w.create(w.root, scoped("workspace", "", "service-accounts:write", "members:write", "tickets:read")))
		strong := w.member("admin@example.com", "Administrator")
		must(w.T, fourth(w.DisableServiceAccount(w.ctx, weak, "acme", "robot", false)))
		must(w.T, fourth(w.DeactivateMember(w.ctx, weak, "acme", "eve@example.com", false)))
		w.refused(third(w.EnableServiceAccount(w.ctx, weak, "acme", "robot")), api.CodeGrantExceedsOwn)
		w.refused(third(w.EnableServiceAccount(w.ctx, strong, "acme", "robot")), api.CodeGrantExceedsOwn)
		w.refused(third(w.ActivateMember(w.ctx, weak, "acme", "eve@example.com")), api.CodeGrantExceedsOwn)
		must(w.T, third(w.ActivateMember(w.ctx, strong, "acme", "eve@example.com")))
		must(w.T, third(w.EnableServiceAccount(w.ctx, w.root, "acme", "robot")))
	})
}

// TestARoleIsSpedUpByWhoCoversIt: a role's limit is that of everybody who has it.
func TestARoleIsSpedUpByWhoCoversIt(t *testing.T) {
	each(t, func(w *world) {
		at := authority.Where{Workspace: "acme"}
		slow, fast := limitOf(10), limitOf(100)
		put := api.PutRole{Scopes: []string{"tickets:write"}, RateLimit: &slow}
		must(w.T, fourth(w.PutRole(w.ctx, w.root, at, "Desk", put)))
		weak := w.with(w.create(w.root, scoped("workspace", "", "roles:write", "policy:write")))
		in := scoped("workspace", "", "roles:write", "policy:write", "tickets:write")
		in.RateLimit = api.Some(limitOf(50))
		limited := w.with(w.create(w.root, in))
		put.RateLimit = &fast
		w.refused(fourth(w.PutRole(w.ctx, weak, at, "Desk", put)), api.CodeGrantExceedsOwn)
		w.refusedField(fourth(w.PutRole(w.ctx, limited, at, "Desk", put)), api.CodeGrantExceedsOwn, "rate_limit")
		must(w.T, fourth(w.PutRole(w.ctx, w.root, at, "Desk", put)))
		put.RateLimit = &slow
		must(w.T, fourth(w.PutRole(w.ctx, weak, at, "Desk", put)))
	})
}

// TestAnOwnerIsSpedUpByWhoCoversIt: of an owner's roles the strictest limits its
// tokens, so taking that role away, or another in its place, gives speed.
func TestAnOwnerIsSpedUpByWhoCoversIt(t *testing.T) {
	each(t, func(w *world) {
		at, slow := in("acme"), limitOf(10)
		must(w.T, fourth(w.PutRole(w.ctx, w.root, at, "Slow", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &slow})))
		w.putRole(at, "Fast", "tickets:read")
		w.memberOf("acme", "eve@example.com", "Slow", "*")
		must(w.T, third(w.CreateServiceAccount(w.ctx, w.root, "acme", api.CreateServiceAccount{Name: "robot", Rights: roleOn("Slow", "*")})))
		weak := w.with(w.create(w.root, scoped("workspace", "", "members:write", "service-accounts:write", "roles:write")))
		ask := scoped("workspace", "", "members:write", "service-accounts:write", "roles:write", "tickets:read")
		ask.RateLimit = api.Some(limitOf(50))
		limited := w.with(w.create(w.root, ask))
		listed := api.Rights{Role: api.Opt[string]{Set: true, Null: true}, Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"*"})}
		for _, rights := range []api.Rights{roleOn("Fast", "*"), listed} {
			member := func(c authority.Caller) error {
				return third(w.EditMember(w.ctx, c, "acme", "eve@example.com", api.EditMember{Rights: rights}))
			}
			account := func(c authority.Caller) error {
				return third(w.EditServiceAccount(w.ctx, c, "acme", "robot", api.EditServiceAccount{Rights: rights}))
			}
			for _, edit := range []func(authority.Caller) error{member, account} {
				w.refused(edit(weak), api.CodeGrantExceedsOwn)
				w.refusedField(edit(limited), api.CodeGrantExceedsOwn, "rate_limit")
			}
		}
		put := api.CreateMember{Rights: roleOn("Fast", "*")}
		w.refused(fourth(w.PutMember(w.ctx, weak, "acme", "eve@example.com", put)), api.CodeGrantExceedsOwn)
		w.refusedField(third(w.DeleteRole(w.ctx, limited, at, "Slow", "Fast")), api.CodeGrantExceedsOwn, "rate_limit")

		none := api.Rights{Grants: api.Some([]api.Statement{})} // what is nothing has no speed
		must(w.T, third(w.EditServiceAccount(w.ctx, weak, "acme", "robot", api.EditServiceAccount{Rights: none})))
		must(w.T, third(w.EditMember(w.ctx, w.root, "acme", "eve@example.com", api.EditMember{Rights: roleOn("Fast", "*")})))
		must(w.T, third(w.EditMember(w.ctx, weak, "acme", "eve@example.com", api.EditMember{Rights: roleOn("Slow", "*")})))
	})
}

// TestARetryIsJudgedAsAFreshCall: by the addresses, limit, life and policy that hold
// when it comes, and gives no secret that a fresh call would not.
func TestARetryIsJudgedAsAFreshCall(t *testing.T) {
	t.Parallel()
	for what, tighten := range map[string]func(w *world, maker string){
		"the caller's addresses": func(w *world, maker string) {
			must(w.T, third(w.EditToken(w.ctx, w.root, "acme", maker, patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }))))
		},
		"the caller's limit": func(w *world, maker string) {
			must(w.T, third(w.EditToken(w.ctx, w.root, "acme", maker, patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(1)) }))))
		},
		"the caller's life": func(w *world, maker string) {
			must(w.T, third(w.EditToken(w.ctx, w.root, "acme", maker, patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(api.Day) }))))
		},
		"the policy": func(w *world, _ string) {
			_, _, err := w.EditPolicy(w.ctx, w.root, "acme", api.PatchPolicy{RequireIPAllowList: api.Some(true)})
			must(w.T, err)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			each(t, func(w *world) {
				w.account("robot", "tokens:create", "tickets:read")
				maker := w.create(w.root, ask("service", "robot"))
				c := w.with(maker)
				c.Retry = authority.Retry{Key: "k", Route: "POST tokens"}
				asked := scoped("workspace", "", "tickets:read")
				w.create(c, asked)
				w.create(c, asked)
				tighten(w, maker.Token.ID)
				out, err := w.CreateToken(w.ctx, c, "acme", asked)
				if err == nil {
					w.Errorf("a retry gave the secret of a token with addresses %v, limit %v, expiry %v", out.Token.AllowedIPs, out.Token.RateLimit, out.Token.ExpiresAt)
				}
			})
		})
	}
}

// TestARenewalThatIsRetriedLivesNoLonger than the first one let it.
func TestARenewalThatIsRetriedLivesNoLonger(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(30 * api.Day)
		id := w.create(w.root, in).Token.ID
		c := w.root
		c.Retry = authority.Retry{Key: "k", Route: "POST rotate"}
		first, err := w.RotateToken(w.ctx, c, "acme", id, api.RotateToken{Renew: true})
		must(w.T, err)
		w.clock.pass(time.Hour)
		second, err := w.RotateToken(w.ctx, c, "acme", id, api.RotateToken{Renew: true})
		must(w.T, err)
		if !second.Token.ExpiresAt.Equal(*first.Token.ExpiresAt) {
			w.Errorf("expires %v after the retry, %v before", second.Token.ExpiresAt, first.Token.ExpiresAt)
		}
	})
}

func roleOn(name string, resources ...string) api.Rights {
	return api.Rights{Role: api.Some(name), Resources: api.Some(resources)}
}
