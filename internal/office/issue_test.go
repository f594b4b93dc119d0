package office_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

func TestAFirstTokenListsEverythingAndInstanceAdmin(t *testing.T) {
	each(t, func(w *world) {
		v, err := w.Whoami(w.ctx, w.root)
		must(w.T, err)
		if v.Principal.Address != "ada@example.com" || v.Workspace != "acme" || !v.InstanceAdmin {
			w.Errorf("whoami: %+v", v)
		}
		w.allow(w.secret, "tickets:read", "tokens:impersonate", "instance:admin")
		_, err = w.Bootstrap(w.ctx, bootstrapAgain())
		w.refused(err, api.CodeAlreadyDone)
	})
}

func TestEachKindOfTokenIsIssuedAndWorks(t *testing.T) {
	each(t, func(w *world) {
		w.account("deployer", "tickets:read", "tickets:write")
		for _, c := range []struct {
			in      api.CreateToken
			kind    token.Kind
			address string
		}{
			{ask("personal", ""), token.Personal, "ada@example.com"},
			{ask("", "ada@example.com"), token.Personal, "ada@example.com"},
			{ask("service", "deployer"), token.Service, "deployer@acme.service"},
			{ask("", "deployer"), token.Service, "deployer@acme.service"},
			{scoped("workspace", "", "tickets:read"), token.Workspace, "acme@workspace"},
		} {
			i := w.create(w.root, c.in)
			p, err := token.Parse(i.Secret.Reveal())
			must(w.T, err)
			if p.Kind != c.kind || i.Token.ID != c.address+"_"+p.Locator.String() {
				w.Errorf("got kind %v, id %s; want %v of %s", p.Kind, i.Token.ID, c.kind, c.address)
			}
			if !i.Token.Usable || i.Token.Status != api.StatusActive || i.Token.CreatedBy != "ada@example.com" {
				w.Errorf("token: %+v", i.Token)
			}
			w.allow(i.Secret, "tickets:read")
		}
	})
}

func TestAnInheritingTokenDiffersFromOneWithNothing(t *testing.T) {
	each(t, func(w *world) {
		inherits := w.create(w.root, ask("personal", ""))
		nothing := ask("personal", "")
		nothing.Scopes = api.Some([]string{})
		empty := w.create(w.root, nothing)
		w.allow(inherits.Secret, "tickets:read")
		w.deny(api.CodeInsufficientScope, empty.Secret, "tickets:read")
		if inherits.Token.Grants != nil || empty.Token.Grants == nil {
			w.Errorf("grants: %v and %v; want null and []", inherits.Token.Grants, empty.Token.Grants)
		}
	})
}

func TestTheShorthandIsShownAsItIsAsked(t *testing.T) {
	each(t, func(w *world) {
		show := func(r api.Rights) string {
			in := ask("personal", "")
			in.Rights = r
			v := w.create(w.root, in).Token
			b, err := json.Marshal([]any{v.Role, v.Scopes, v.Resources})
			must(w.T, err)
			return string(b)
		}
		for want, r := range map[string]api.Rights{
			`[null,null,null]`:              {},
			`[null,[],[]]`:                  {Grants: api.Some([]api.Statement{})},
			`[null,["tickets:read"],["a"]]`: {Scopes: api.Some([]string{"tickets:read"}), Resources: api.Some([]string{"a"})},
			`[null,null,["a"]]`:             {Resources: api.Some([]string{"a"})}, // the owner's scopes, on a
			`["Viewer",null,["a"]]`:         {Role: api.Some("Viewer"), Resources: api.Some([]string{"a"})},
		} {
			if got := show(r); got != want {
				w.Errorf("got %s, want %s", got, want)
			}
		}
	})
}

func TestNothingInheritsInstanceScopes(t *testing.T) {
	each(t, func(w *world) {
		inherits := w.create(w.root, ask("personal", ""))
		w.deny(api.CodeInsufficientScope, inherits.Secret, "instance:admin")
		star := w.create(w.root, scoped("personal", "", "*"))
		w.deny(api.CodeInsufficientScope, star.Secret, "instance:verify")
		w.member("omar@example.com", "Owner")
		_, err := w.CreateToken(w.ctx, w.person("omar@example.com"), "acme", scoped("personal", "", "instance:admin"))
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestLifetimesFollowThePolicy(t *testing.T) {
	each(t, func(w *world) {
		boss := w.person("ada@example.com")
		now := w.clock.Now()
		i := w.create(boss, ask("personal", ""))
		if want := now.Add(365 * 24 * time.Hour); !i.Token.ExpiresAt.Equal(want) {
			w.Errorf("default expiry %v, want %v", i.Token.ExpiresAt, want)
		}
		for name, c := range map[string]struct {
			set   func(*api.CreateToken)
			code  api.Code
			field string
		}{
			"beyond the maximum": {func(in *api.CreateToken) { in.ExpiresIn = api.Some(366 * api.Day) }, api.CodeOutsidePolicy, "expires_at"},
			"never":              {func(in *api.CreateToken) { in.Never = api.Some(true) }, api.CodeOutsidePolicy, "never"},
			"null is never":      {func(in *api.CreateToken) { in.ExpiresAt = api.Null[time.Time]() }, api.CodeOutsidePolicy, "never"},
			"in the past":        {func(in *api.CreateToken) { in.ExpiresAt = api.Some(now.Add(-time.Second)) }, api.CodeInvalidField, "expires_at"},
			"now":                {func(in *api.CreateToken) { in.ExpiresAt = api.Some(now) }, api.CodeInvalidField, "expires_at"},
			"year 9999":          {func(in *api.CreateToken) { in.ExpiresAt = api.Some(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)) }, api.CodeInvalidField, "expires_at"},
			"two at once": {func(in *api.CreateToken) {
				in.ExpiresIn, in.Never = api.Some(api.Day), api.Some(true)
			}, api.CodeInvalidField, "expires_at"},
			"valid after its end": {func(in *api.CreateToken) {
				in.ExpiresIn, in.NotBefore = api.Some(api.Day), api.Some(now.Add(48*time.Hour))
			}, api.CodeInvalidField, "not_before"},
		} {
			w.Run(name, func(t *testing.T) {
				in := ask("personal", "")
				c.set(&in)
				_, err := w.CreateToken(w.ctx, boss, "acme", in)
				(&world{T: t}).refusedField(err, c.code, c.field)
			})
		}
	})
}

func TestAnAbsurdExpiryIsOutsideThePolicyWhoeverAsks(t *testing.T) {
	each(t, func(w *world) {
		in := ask("personal", "")
		in.ExpiresAt = api.Some(w.clock.Now().AddDate(5, 0, 0))
		_, err := w.CreateToken(w.ctx, w.root, "acme", in)
		w.refusedField(err, api.CodeOutsidePolicy, "expires_at")
	})
}

func TestACallerWhoIsNoMemberHasToNameAnOwner(t *testing.T) {
	each(t, func(w *world) {
		maker := w.with(w.create(w.root, scoped("workspace", "", "tokens:create")))
		_, err := w.CreateToken(w.ctx, maker, "acme", ask("", ""))
		w.refusedField(err, api.CodeInvalidField, "owner")
		reader := w.with(w.create(w.root, scoped("workspace", "", "tickets:read")))
		_, err = w.CreateToken(w.ctx, reader, "acme", ask("", ""))
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestValidityIsCheckedAtEveryVerification(t *testing.T) {
	each(t, func(w *world) {
		in := ask("personal", "")
		in.ExpiresIn, in.NotBefore = api.Some(2*api.Duration(time.Hour)), api.Some(w.clock.Now().Add(time.Hour))
		i := w.create(w.root, in)
		w.deny(api.CodeNotYetValid, i.Secret)
		w.clock.pass(time.Hour)
		w.allow(i.Secret)
		w.clock.pass(time.Hour - time.Microsecond)
		w.allow(i.Secret)
		w.clock.pass(time.Microsecond)
		w.deny(api.CodeExpired, i.Secret)
		v, err := w.GetToken(w.ctx, w.root, "acme", i.Token.ID)
		must(w.T, err)
		if v.Status != api.StatusExpired || v.Usable || v.BlockedBy == nil || *v.BlockedBy != "expired" {
			w.Errorf("status %s, usable %v, blocked by %v", v.Status, v.Usable, v.BlockedBy)
		}
	})
}

func TestBadRequestsNameTheFieldAndNeverRepeatIt(t *testing.T) {
	const canary = "CANARY"
	each(t, func(w *world) {
		for name, c := range map[string]struct {
			in    func(*api.CreateToken)
			field string
		}{
			"no label":          {func(in *api.CreateToken) { in.Label = api.Opt[string]{} }, "label"},
			"empty label":       {func(in *api.CreateToken) { in.Label = api.Some("") }, "label"},
			"blank label":       {func(in *api.CreateToken) { in.Label = api.Some("   ") }, "label"},
			"long label":        {func(in *api.CreateToken) { in.Label = api.Some(canary + strings.Repeat("é", 100)) }, "label"},
			"control character": {func(in *api.CreateToken) { in.Label = api.Some(canary + "\x07") }, "label"},
			"line end":          {func(in *api.CreateToken) { in.Label = api.Some(canary + "\n") }, "label"},
			"broken UTF-8":      {func(in *api.CreateToken) { in.Label = api.Some(canary + "\xff") }, "label"},
			"unknown kind":      {func(in *api.CreateToken) { in.Kind = canary }, "kind"},
			"ephemeral kind":    {func(in *api.CreateToken) { in.Kind = "ephemeral" }, "kind"},
			"unknown owner":     {func(in *api.CreateToken) { in.Owner = canary + "@example.com" }, "owner"},
			"unknown role":      {func(in *api.CreateToken) { in.Role = api.Some(canary) }, "role"},
			"bad scope":         {func(in *api.CreateToken) { in.Scopes = api.Some([]string{canary}) }, "scopes"},
			"bad resource":      {func(in *api.CreateToken) { in.Resources = api.Some([]string{canary + " x"}) }, "resources"},
			"bad address":       {func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{canary}) }, "allowed_ips"},
			"host bits":         {func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{"10.0.0.1/8"}) }, "allowed_ips"},
			"no addresses":      {func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{}) }, "allowed_ips"},
			"limit of nothing":  {func(in *api.CreateToken) { in.RateLimit = api.Some(api.RateLimit{Window: api.Day}) }, "rate_limit.requests"},
			"nested metadata":   {func(in *api.CreateToken) { in.Metadata = api.Some(api.Metadata{"a": []any{canary}}) }, "metadata"},
			"large metadata":    {func(in *api.CreateToken) { in.Metadata = api.Some(api.Metadata{"a": strings.Repeat(canary, 1000)}) }, "metadata"},
			"grants and role": {func(in *api.CreateToken) {
				in.Role, in.Grants = api.Some("Viewer"), api.Some([]api.Statement{{Role: canary}})
			}, "grants"},
		} {
			w.Run(name, func(t *testing.T) {
				in := ask("personal", "")
				c.in(&in)
				_, err := w.CreateToken(w.ctx, w.root, "acme", in)
				(&world{T: t}).refusedField(err, api.CodeInvalidField, c.field)
				if err != nil && strings.Contains(err.Error(), canary) {
					t.Errorf("the error repeats what was submitted: %v", err)
				}
			})
		}
		if ts, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{}, page(0)); err != nil || len(ts) != 1 {
			w.Errorf("%d tokens after refusals (%v), want the first alone", len(ts), err)
		}
	})
}

func TestWhatAnAPITokenMakesNeverOutlivesItNorIsLooser(t *testing.T) {
	each(t, func(w *world) {
		in := scoped("personal", "", "*")
		in.ExpiresIn = api.Some(10 * api.Day)
		in.AllowedIPs = api.Some([]string{"192.0.2.0/24"})
		in.RateLimit = api.Some(api.RateLimit{Requests: 10, Window: api.Duration(time.Minute)})
		maker := w.create(w.root, in)
		c := w.with(maker)
		c.Addr = netip.MustParseAddr("192.0.2.7")

		child := w.create(c, scoped("personal", "", "tickets:read"))
		if child.Token.ExpiresAt.After(*maker.Token.ExpiresAt) {
			w.Errorf("the child expires at %v, its maker at %v", child.Token.ExpiresAt, maker.Token.ExpiresAt)
		}
		if child.Token.CreatedWith == nil || *child.Token.CreatedWith != maker.Token.Locator {
			w.Errorf("created_with %v, want %s", child.Token.CreatedWith, maker.Token.Locator)
		}
		if len(child.Token.AllowedIPs) != 1 || child.Token.RateLimit == nil {
			w.Errorf("the child has addresses %v and limit %v", child.Token.AllowedIPs, child.Token.RateLimit)
		}
		for field, set := range map[string]func(*api.CreateToken){
			"expires_at":  func(in *api.CreateToken) { in.ExpiresAt = api.Some(w.clock.Now().Add(11 * 24 * time.Hour)) },
			"allowed_ips": func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{"192.0.0.0/16"}) },
			"rate_limit": func(in *api.CreateToken) {
				in.RateLimit = api.Some(api.RateLimit{Requests: 11, Window: api.Duration(time.Minute)})
			},
		} {
			in := scoped("personal", "", "tickets:read")
			set(&in)
			_, err := w.CreateToken(w.ctx, c, "acme", in)
			w.refusedField(err, api.CodeGrantExceedsOwn, field)
		}
	})
}

func TestTokenLimits(t *testing.T) {
	each(t, func(w *world) {
		var p api.PatchPolicy
		p.MaxTokens = api.Some(api.MaxTokens{PerOwner: 2, Total: 3})
		_, _, err := w.EditPolicy(w.ctx, w.root, "acme", p)
		must(w.T, err)
		second := w.create(w.root, ask("personal", "")) // the first token counts
		_, err = w.CreateToken(w.ctx, w.root, "acme", ask("personal", ""))
		w.refused(err, api.CodeTokenLimitReached)
		w.create(w.root, scoped("workspace", "", "tickets:read"))
		_, err = w.CreateToken(w.ctx, w.root, "acme", scoped("workspace", "", "tickets:read"))
		w.refused(err, api.CodeTokenLimitReached)
		_, _, err = w.RevokeToken(w.ctx, w.root, "acme", second.Token.ID, api.RevokeToken{})
		must(w.T, err)
		w.create(w.root, ask("personal", ""))
	})
}

func TestWhoCanIsAskedAboutOneScope(t *testing.T) {
	each(t, func(w *world) {
		for _, pattern := range []string{"tickets:*", "*", "tickets", "product:read"} {
			_, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Can: api.Some(pattern)}, page(0))
			w.refusedField(err, api.CodeInvalidField, "can")
		}
		ts, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Can: api.Some("tickets:read")}, page(0))
		must(w.T, err)
		if len(ts) != 1 {
			w.Errorf("%d tokens can, want the first", len(ts))
		}
	})
}
