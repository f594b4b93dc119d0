package tokens_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

func TestAFirstTokenListsEverythingAndInstanceAdmin(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		v, err := w.Whoami(w.Ctx, w.Root)
		officetest.Must(w.T, err)
		if v.Principal.Address != "ada@example.com" || v.Workspace != "acme" || !v.InstanceAdmin {
			w.Errorf("whoami: %+v", v)
		}
		w.Allow(w.Secret, "tickets:read", "tokens:impersonate", "instance:admin")
		_, err = w.Bootstrap(w.Ctx, officetest.BootstrapAgain())
		w.Refused(err, api.CodeAlreadyDone)
	})
}

func TestEachKindOfTokenIsIssuedAndWorks(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		w.Account("deployer", "tickets:read", "tickets:write")
		for _, c := range []struct {
			in      api.CreateToken
			kind    token.Kind
			address string
		}{
			{officetest.Ask("personal", ""), token.Personal, "ada@example.com"},
			{officetest.Ask("", "ada@example.com"), token.Personal, "ada@example.com"},
			{officetest.Ask("service", "deployer"), token.Service, "deployer@acme.service"},
			{officetest.Ask("", "deployer"), token.Service, "deployer@acme.service"},
			{officetest.Scoped("workspace", "", "tickets:read"), token.Workspace, "acme@workspace"},
		} {
			i := w.Create(w.Root, c.in)
			p, err := token.Parse(i.Secret.Reveal())
			officetest.Must(w.T, err)
			if p.Kind != c.kind || i.Token.ID != c.address+"_"+p.Locator.String() {
				w.Errorf("got kind %v, id %s; want %v of %s", p.Kind, i.Token.ID, c.kind, c.address)
			}
			if !i.Token.Usable || i.Token.Status != api.StatusActive || i.Token.CreatedBy != "ada@example.com" {
				w.Errorf("token: %+v", i.Token)
			}
			w.Allow(i.Secret, "tickets:read")
		}
	})
}

func TestAnInheritingTokenDiffersFromOneWithNothing(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		inherits := w.Create(w.Root, officetest.Ask("personal", ""))
		nothing := officetest.Ask("personal", "")
		nothing.Scopes = api.Some([]string{})
		empty := w.Create(w.Root, nothing)
		w.Allow(inherits.Secret, "tickets:read")
		w.Deny(api.CodeInsufficientScope, empty.Secret, "tickets:read")
		if inherits.Token.Grants != nil || empty.Token.Grants == nil {
			w.Errorf("grants: %v and %v; want null and []", inherits.Token.Grants, empty.Token.Grants)
		}
	})
}

func TestTheShorthandIsShownAsItIsAsked(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		show := func(r api.Rights) string {
			in := officetest.Ask("personal", "")
			in.Rights = r
			v := w.Create(w.Root, in).Token
			b, err := json.Marshal([]any{v.Role, v.Scopes, v.Resources})
			officetest.Must(w.T, err)
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
	officetest.Each(t, func(w *officetest.World) {
		inherits := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Deny(api.CodeInsufficientScope, inherits.Secret, "instance:admin")
		star := w.Create(w.Root, officetest.Scoped("personal", "", "*"))
		w.Deny(api.CodeInsufficientScope, star.Secret, "instance:verify")
		w.Member("omar@example.com", "Owner")
		_, err := w.CreateToken(w.Ctx, w.Person("omar@example.com"), "acme", officetest.Scoped("personal", "", "instance:admin"))
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestLifetimesFollowThePolicy(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		boss := w.Person("ada@example.com")
		now := w.Clock.Now()
		i := w.Create(boss, officetest.Ask("personal", ""))
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
				in := officetest.Ask("personal", "")
				c.set(&in)
				_, err := w.CreateToken(w.Ctx, boss, "acme", in)
				(&officetest.World{T: t}).RefusedField(err, c.code, c.field)
			})
		}
	})
}

func TestAnAbsurdExpiryIsOutsideThePolicyWhoeverAsks(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Ask("personal", "")
		in.ExpiresAt = api.Some(w.Clock.Now().AddDate(5, 0, 0))
		_, err := w.CreateToken(w.Ctx, w.Root, "acme", in)
		w.RefusedField(err, api.CodeOutsidePolicy, "expires_at")
	})
}

func TestACallerWhoIsNoMemberHasToNameAnOwner(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		maker := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tokens:create")))
		_, err := w.CreateToken(w.Ctx, maker, "acme", officetest.Ask("", ""))
		w.RefusedField(err, api.CodeInvalidField, "owner")
		reader := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))
		_, err = w.CreateToken(w.Ctx, reader, "acme", officetest.Ask("", ""))
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestValidityIsCheckedAtEveryVerification(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Ask("personal", "")
		in.ExpiresIn, in.NotBefore = api.Some(2*api.Duration(time.Hour)), api.Some(w.Clock.Now().Add(time.Hour))
		i := w.Create(w.Root, in)
		w.Deny(api.CodeNotYetValid, i.Secret)
		w.Clock.Pass(time.Hour)
		w.Allow(i.Secret)
		w.Clock.Pass(time.Hour - time.Microsecond)
		w.Allow(i.Secret)
		w.Clock.Pass(time.Microsecond)
		w.Deny(api.CodeExpired, i.Secret)
		v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if v.Status != api.StatusExpired || v.Usable || v.BlockedBy == nil || *v.BlockedBy != "expired" {
			w.Errorf("status %s, usable %v, blocked by %v", v.Status, v.Usable, v.BlockedBy)
		}
	})
}

func TestBadRequestsNameTheFieldAndNeverRepeatIt(t *testing.T) {
	const canary = "CANARY"
	officetest.Each(t, func(w *officetest.World) {
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
				in := officetest.Ask("personal", "")
				c.in(&in)
				_, err := w.CreateToken(w.Ctx, w.Root, "acme", in)
				(&officetest.World{T: t}).RefusedField(err, api.CodeInvalidField, c.field)
				if err != nil && strings.Contains(err.Error(), canary) {
					t.Errorf("the error repeats what was submitted: %v", err)
				}
			})
		}
		if ts, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{}, officetest.Page(0)); err != nil || len(ts) != 1 {
			w.Errorf("%d tokens after refusals (%v), want the first alone", len(ts), err)
		}
	})
}

func TestWhatAnAPITokenMakesNeverOutlivesItNorIsLooser(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		in := officetest.Scoped("personal", "", "*")
		in.ExpiresIn = api.Some(10 * api.Day)
		in.AllowedIPs = api.Some([]string{"192.0.2.0/24"})
		in.RateLimit = api.Some(api.RateLimit{Requests: 10, Window: api.Duration(time.Minute)})
		maker := w.Create(w.Root, in)
		c := w.With(maker)
		c.Addr = netip.MustParseAddr("192.0.2.7")

		child := w.Create(c, officetest.Scoped("personal", "", "tickets:read"))
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
			"expires_at":  func(in *api.CreateToken) { in.ExpiresAt = api.Some(w.Clock.Now().Add(11 * 24 * time.Hour)) },
			"allowed_ips": func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{"192.0.0.0/16"}) },
			"rate_limit": func(in *api.CreateToken) {
				in.RateLimit = api.Some(api.RateLimit{Requests: 11, Window: api.Duration(time.Minute)})
			},
		} {
			in := officetest.Scoped("personal", "", "tickets:read")
			set(&in)
			_, err := w.CreateToken(w.Ctx, c, "acme", in)
			w.RefusedField(err, api.CodeGrantExceedsOwn, field)
		}
	})
}

func TestTokenLimits(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		var p api.PatchPolicy
		p.MaxTokens = api.Some(api.MaxTokens{PerOwner: 2, Total: 3})
		_, err := w.EditPolicy(w.Ctx, w.Root, "acme", p)
		officetest.Must(w.T, err)
		second := w.Create(w.Root, officetest.Ask("personal", "")) // the first token counts
		_, err = w.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", ""))
		w.Refused(err, api.CodeTokenLimitReached)
		w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		_, err = w.CreateToken(w.Ctx, w.Root, "acme", officetest.Scoped("workspace", "", "tickets:read"))
		w.Refused(err, api.CodeTokenLimitReached)
		_, err = w.RevokeToken(w.Ctx, w.Root, "acme", second.Token.ID, api.RevokeToken{})
		officetest.Must(w.T, err)
		w.Create(w.Root, officetest.Ask("personal", ""))
	})
}

func TestWhoCanIsAskedAboutOneScope(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		for _, pattern := range []string{"tickets:*", "*", "tickets", "product:read"} {
			_, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Can: api.Some(pattern)}, officetest.Page(0))
			w.RefusedField(err, api.CodeInvalidField, "can")
		}
		ts, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Can: api.Some("tickets:read")}, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(ts) != 1 {
			w.Errorf("%d tokens can, want the first", len(ts))
		}
	})
}
