package tokens_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

func limitOf(requests int) api.RateLimit {
	return api.RateLimit{Requests: requests, Window: api.Duration(time.Minute)}
}

// TestNobodyBringsBackMoreThanTheyCover: whatever gives a token life, reach, speed
// or power needs cover of all it may do then; relabelling and narrowing do not.
func TestNobodyBringsBackMoreThanTheyCover(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("workspace", "", "tickets:write")
		in.AllowedIPs, in.RateLimit = api.Some([]string{"10.0.0.0/16"}), api.Some(limitOf(10))
		in.ExpiresIn, in.NotBefore = api.Some(30*api.Day), api.Some(w.Clock.Now().Add(time.Hour))
		id := w.Create(w.Root, in).Token.ID
		weak := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:edit", "tokens:disable", "policy:write")))
		strong := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:edit", "tokens:disable", "policy:write", "tickets:write")))
		more := map[string]api.EditToken{
			"longer life":     officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(60 * api.Day) }),
			"wider addresses": officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }),
			"any address":     officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Null[[]string]() }),
			"a higher limit":  officetest.Patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(20)) }),
			"no limit":        officetest.Patch(func(in *api.TokenFields) { in.RateLimit = api.Null[api.RateLimit]() }),
			"an earlier start": officetest.Patch(func(in *api.TokenFields) {
				in.NotBefore = api.Some(w.Clock.Now().Add(time.Minute))
			}),
			"no start": officetest.Patch(func(in *api.TokenFields) { in.NotBefore = api.Null[time.Time]() }),
			"narrower and longer": officetest.Patch(func(in *api.TokenFields) {
				in.AllowedIPs, in.ExpiresIn = api.Some([]string{"10.0.0.1"}), api.Some(90*api.Day)
			}),
		}
		for what, edit := range more {
			if err := officetest.Second(w.EditToken(w.Ctx, weak, "acme", id, edit)); !errors.Is(err, api.CodeGrantExceedsOwn) {
				w.Errorf("%s: %v, want grant_exceeds_own", what, err)
			}
		}
		less := officetest.Patch(func(in *api.TokenFields) {
			in.Label, in.AllowedIPs, in.RateLimit = api.Some("renamed"), api.Some([]string{"10.0.1.0/24"}), api.Some(limitOf(5))
			in.ExpiresIn, in.NotBefore = api.Some(20*api.Day), api.Some(w.Clock.Now().Add(2*time.Hour))
		})
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, weak, "acme", id, less)))
		for what, edit := range more {
			if err := officetest.Second(w.EditToken(w.Ctx, strong, "acme", id, edit)); err != nil {
				w.Errorf("%s with cover: %v", what, err)
			}
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", id, less)))
		}
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, weak, "acme", id, api.DisableToken{})))
		w.Refused(officetest.Second(w.EnableToken(w.Ctx, weak, "acme", id)), api.CodeGrantExceedsOwn)
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, strong, "acme", id)))
	})
}

// TestASecretIsKeptOnlyByWhoCoversIt: turning recoverable on lets others see the
// next secret.
func TestASecretIsKeptOnlyByWhoCoversIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{Recoverable: api.Some(true)})
		officetest.Must(w.T, err)
		in := officetest.Scoped("workspace", "", "tickets:write")
		in.Recoverable = api.Some(false)
		id := w.Create(w.Root, in).Token.ID
		weak := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:edit")))
		keep := officetest.Patch(func(in *api.TokenFields) { in.Recoverable = api.Some(true) })
		w.Refused(officetest.Second(w.EditToken(w.Ctx, weak, "acme", id, keep)), api.CodeGrantExceedsOwn)
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", id, keep)))
	})
}

// TestAnEditRevivesNoExpiredToken: the attack was tokens:edit alone against an
// expired token of the instance, whose old secret then worked again.
func TestAnEditRevivesNoExpiredToken(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("personal", "", "*", "instance:admin")
		in.ExpiresIn, in.AllowedIPs = api.Some(api.Duration(time.Minute)), api.Some([]string{"10.0.0.1"})
		dead := w.Create(w.Root, in)
		editor := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:edit")))
		w.Clock.Pass(time.Hour)
		for _, c := range []authority.Caller{editor, w.Root, w.Person("ada@example.com")} {
			for _, edit := range []api.EditToken{
				officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn, in.AllowedIPs = api.Some(300*api.Day), api.Null[[]string]() }),
				officetest.Patch(func(in *api.TokenFields) { in.ExpiresAt = api.Some(w.Clock.Now().Add(time.Hour)) }),
				officetest.Patch(func(in *api.TokenFields) { in.ExpiresAt = api.Null[time.Time]() }),
				officetest.Patch(func(in *api.TokenFields) { in.Never = api.Some(true) }),
			} {
				err := officetest.Second(w.EditToken(w.Ctx, c, "acme", dead.Token.ID, edit))
				w.Refused(err, api.CodeExpired)
				if status := api.AsError(err).Status(); status != 409 {
					w.Errorf("an expired token that is edited answers %d, want 409", status)
				}
			}
		}
		w.Deny(api.CodeExpired, dead.Secret)
		officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, editor, "acme", dead.Token.ID, officetest.Patch(func(in *api.TokenFields) { in.Label = api.Some("old") }))))
		renewed, err := w.RotateToken(w.Ctx, w.Person("ada@example.com"), "acme", dead.Token.ID, api.RotateToken{Renew: true, Overlap: api.Some(api.Day)})
		officetest.Must(w.T, err)
		w.Deny(api.CodeRetired, dead.Secret)
		if renewed.Token.Status != api.StatusActive {
			w.Errorf("renewed: %s", renewed.Token.Status)
		}
	})
}

// TestAnAPITokenBringsNothingBackThatReachesFurther: what it enables or renews from
// the dead has no more addresses and no looser limit than it has itself.
func TestAnAPITokenBringsNothingBackThatReachesFurther(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		wide := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")).Token.ID
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(api.Duration(time.Minute))
		brief := w.Create(w.Root, in).Token.ID
		in = officetest.Scoped("workspace", "", "tickets:read", "tokens:disable", "tokens:edit")
		in.AllowedIPs = api.Some([]string{"10.0.0.0/8"})
		near := w.With(w.Create(w.Root, in))
		near.Addr = netip.MustParseAddr("10.1.2.3")
		in.AllowedIPs, in.RateLimit = api.Opt[[]string]{}, api.Some(limitOf(5))
		slow := w.With(w.Create(w.Root, in))
		officetest.Must(w.T, officetest.Second(w.DisableToken(w.Ctx, near, "acme", wide, api.DisableToken{})))
		w.Clock.Pass(time.Hour)
		for field, c := range map[string]authority.Caller{"allowed_ips": near, "rate_limit": slow} {
			w.RefusedField(officetest.Second(w.EnableToken(w.Ctx, c, "acme", wide)), api.CodeGrantExceedsOwn, field)
			_, err := w.RotateToken(w.Ctx, c, "acme", brief, api.RotateToken{Renew: true})
			w.RefusedField(err, api.CodeGrantExceedsOwn, field)
		}
		officetest.Must(w.T, officetest.Second(w.EnableToken(w.Ctx, w.Root, "acme", wide)))
	})
}

// TestAnOwnersTokensComeBackByWhoCoversThem: activating a member and enabling a
// service account bring all of their tokens back.
func TestAnOwnersTokensComeBackByWhoCoversThem(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("robot", "tickets:write", "workspace:delete")
		w.MemberOf("acme", "eve@example.com", "Team Member", "*")
		weak := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "service-accounts:write", "members:write", "tickets:read")))
		strong := w.Member("admin@example.com", "Administrator")
		officetest.Must(w.T, officetest.Second(w.DisableServiceAccount(w.Ctx, weak, "acme", "robot", false)))
		officetest.Must(w.T, officetest.Second(w.DeactivateMember(w.Ctx, weak, "acme", "eve@example.com", false)))
		w.Refused(officetest.Second(w.EnableServiceAccount(w.Ctx, weak, "acme", "robot")), api.CodeGrantExceedsOwn)
		w.Refused(officetest.Second(w.EnableServiceAccount(w.Ctx, strong, "acme", "robot")), api.CodeGrantExceedsOwn)
		w.Refused(officetest.Second(w.ActivateMember(w.Ctx, weak, "acme", "eve@example.com")), api.CodeGrantExceedsOwn)
		officetest.Must(w.T, officetest.Second(w.ActivateMember(w.Ctx, strong, "acme", "eve@example.com")))
		officetest.Must(w.T, officetest.Second(w.EnableServiceAccount(w.Ctx, w.Root, "acme", "robot")))
	})
}

// TestARoleIsSpedUpByWhoCoversIt: a role's limit is that of everybody who has it.
func TestARoleIsSpedUpByWhoCoversIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		at := authority.Where{Workspace: "acme"}
		slow, fast := limitOf(10), limitOf(100)
		put := api.PutRole{Scopes: []string{"tickets:write"}, RateLimit: &slow}
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Desk", put)))
		weak := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "roles:write", "policy:write")))
		in := officetest.Scoped("workspace", "", "roles:write", "policy:write", "tickets:write")
		in.RateLimit = api.Some(limitOf(50))
		limited := w.With(w.Create(w.Root, in))
		put.RateLimit = &fast
		w.Refused(officetest.Second(w.PutRole(w.Ctx, weak, at, "Desk", put)), api.CodeGrantExceedsOwn)
		w.RefusedField(officetest.Second(w.PutRole(w.Ctx, limited, at, "Desk", put)), api.CodeGrantExceedsOwn, "rate_limit")
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Desk", put)))
		put.RateLimit = &slow
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, weak, at, "Desk", put)))
	})
}

// TestAnOwnerIsSpedUpByWhoCoversIt: of an owner's roles the strictest limits its
// tokens, so taking that role away, or another in its place, gives speed.
func TestAnOwnerIsSpedUpByWhoCoversIt(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		at, slow := officetest.In("acme"), limitOf(10)
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, at, "Slow", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: &slow})))
		w.WriteRole(at, "Fast", "tickets:read")
		w.MemberOf("acme", "eve@example.com", "Slow", "*")
		officetest.Must(w.T, officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "robot", Rights: officetest.RoleOn("Slow", "*")})))
		weak := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "members:write", "service-accounts:write", "roles:write")))
		ask := officetest.Scoped("workspace", "", "members:write", "service-accounts:write", "roles:write", "tickets:read")
		ask.RateLimit = api.Some(limitOf(50))
		limited := w.With(w.Create(w.Root, ask))
		listed := api.Rights{Role: api.Opt[string]{Set: true, Null: true}, Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"*"})}
		for _, rights := range []api.Rights{officetest.RoleOn("Fast", "*"), listed} {
			member := func(c authority.Caller) error {
				return officetest.Second(w.EditMember(w.Ctx, c, "acme", "eve@example.com", api.EditMember{Rights: rights}))
			}
			account := func(c authority.Caller) error {
				return officetest.Second(w.EditServiceAccount(w.Ctx, c, "acme", "robot", api.EditServiceAccount{Rights: rights}))
			}
			for _, edit := range []func(authority.Caller) error{member, account} {
				w.Refused(edit(weak), api.CodeGrantExceedsOwn)
				w.RefusedField(edit(limited), api.CodeGrantExceedsOwn, "rate_limit")
			}
		}
		put := api.CreateMember{Rights: officetest.RoleOn("Fast", "*")}
		w.Refused(officetest.Second(w.PutMember(w.Ctx, weak, "acme", "eve@example.com", put)), api.CodeGrantExceedsOwn)
		w.RefusedField(officetest.Second(w.DeleteRole(w.Ctx, limited, at, "Slow", "Fast")), api.CodeGrantExceedsOwn, "rate_limit")

		none := api.Rights{Grants: api.Some([]api.Statement{})} // what is nothing has no speed
		officetest.Must(w.T, officetest.Second(w.EditServiceAccount(w.Ctx, weak, "acme", "robot", api.EditServiceAccount{Rights: none})))
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Fast", "*")})))
		officetest.Must(w.T, officetest.Second(w.EditMember(w.Ctx, weak, "acme", "eve@example.com", api.EditMember{Rights: officetest.RoleOn("Slow", "*")})))
	})
}

// TestARetryIsJudgedAsAFreshCall: by the addresses, limit, life and policy that hold
// when it comes, and gives no secret that a fresh call would not.
func TestARetryIsJudgedAsAFreshCall(t *testing.T) {
	t.Parallel()
	for what, tighten := range map[string]func(w *officetest.World, maker string){
		"the caller's addresses": func(w *officetest.World, maker string) {
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", maker, officetest.Patch(func(in *api.TokenFields) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) }))))
		},
		"the caller's limit": func(w *officetest.World, maker string) {
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", maker, officetest.Patch(func(in *api.TokenFields) { in.RateLimit = api.Some(limitOf(1)) }))))
		},
		"the caller's life": func(w *officetest.World, maker string) {
			officetest.Must(w.T, officetest.Second(w.EditToken(w.Ctx, w.Root, "acme", maker, officetest.Patch(func(in *api.TokenFields) { in.ExpiresIn = api.Some(api.Day) }))))
		},
		"the policy": func(w *officetest.World, _ string) {
			_, err := w.EditPolicy(w.Ctx, w.Root, "acme", api.PatchPolicy{RequireIPAllowList: api.Some(true)})
			officetest.Must(w.T, err)
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			officetest.Each(t, func(w *officetest.World) {
				w.Account("robot", "tokens:create", "tickets:read")
				maker := w.Create(w.Root, officetest.Ask("service", "robot"))
				c := w.With(maker)
				c.Retry = authority.Retry{Key: "k", Route: "POST tokens"}
				asked := officetest.Scoped("workspace", "", "tickets:read")
				w.Create(c, asked)
				w.Create(c, asked)
				tighten(w, maker.Token.ID)
				out, err := w.CreateToken(w.Ctx, c, "acme", asked)
				if err == nil {
					w.Errorf("a retry gave the secret of a token with addresses %v, limit %v, expiry %v", out.Token.AllowedIPs, out.Token.RateLimit, out.Token.ExpiresAt)
				}
			})
		})
	}
}

// TestARenewalThatIsRetriedLivesNoLonger than the first one let it.
func TestARenewalThatIsRetriedLivesNoLonger(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("workspace", "", "tickets:read")
		in.ExpiresIn = api.Some(30 * api.Day)
		id := w.Create(w.Root, in).Token.ID
		c := w.Root
		c.Retry = authority.Retry{Key: "k", Route: "POST rotate"}
		first, err := w.RotateToken(w.Ctx, c, "acme", id, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		w.Clock.Pass(time.Hour)
		second, err := w.RotateToken(w.Ctx, c, "acme", id, api.RotateToken{Renew: true})
		officetest.Must(w.T, err)
		if !second.Token.ExpiresAt.Equal(*first.Token.ExpiresAt) {
			w.Errorf("expires %v after the retry, %v before", second.Token.ExpiresAt, first.Token.ExpiresAt)
		}
	})
}
