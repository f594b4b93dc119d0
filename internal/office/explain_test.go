package office_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/token"
)

func (w *watched) explain(in api.ExplainRequest) api.Explanation {
	w.Helper()
	v, err := w.Explain(w.ctx, w.root, "acme", in)
	must(w.T, err)
	w.wellFormed(v)
	return v
}

// wellFormed: passed or skipped, then perhaps one failed, then not reached.
func (w *watched) wellFormed(v api.Explanation) {
	w.Helper()
	if len(v.Checks) != 14 {
		w.Errorf("%d checks", len(v.Checks))
	}
	failed := false
	for _, c := range v.Checks {
		switch {
		case failed != (c.Result == api.CheckNotReached):
			w.Errorf("%s is %s after a failed check: %v", c.Check, c.Result, failed)
		case c.Result == api.CheckFailed:
			failed = true
			if c.Check != v.Code || c.Remedy == "" {
				w.Errorf("%s failed with remedy %q, and the answer is %s", c.Check, c.Remedy, v.Code)
			}
		}
	}
	if failed == v.Allowed {
		w.Errorf("allowed is %v with %s", v.Allowed, v.Code)
	}
}

// TestExplainSaysWhatVerifyAnswers breaks a token in every way.
func TestExplainSaysWhatVerifyAnswers(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.account("ci", "tickets:read")
		w.workspace("other")
		fresh := func(f func(in *api.CreateToken)) token.Secret {
			w.Helper()
			in := scoped("service", "ci", "tickets:read", "tickets:write")
			if f != nil {
				f(&in)
			}
			// The ceiling is the caller's, so the scope that the owner lacks may be listed.
			i := w.create(w.root, in)
			return i.Secret
		}
		id := func(s token.Secret) string {
			p, err := token.Parse(s.Reveal())
			must(w.T, err)
			return p.Locator.String()
		}
		for name, c := range map[string]struct {
			want   api.Code
			make   func() token.Secret
			scopes []string
			remedy string
		}{
			"ok":        {want: api.CodeOK, make: func() token.Secret { return fresh(nil) }, scopes: []string{"tickets:read"}},
			"malformed": {want: api.CodeMalformed, make: func() token.Secret { return token.NewSecret("tkyp_x") }},
			"unknown": {want: api.CodeUnknown, make: func() token.Secret {
				return token.NewSecret("tkyp_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh4C6Pp7")
			}},
			"retired": {want: api.CodeRetired, make: func() token.Secret {
				s := fresh(nil)
				_, err := w.ResetToken(w.ctx, w.root, "acme", id(s))
				must(w.T, err)
				return s
			}},
			"revoked": {want: api.CodeRevoked, make: func() token.Secret {
				s := fresh(nil)
				_, _, err := w.RevokeToken(w.ctx, w.root, "acme", id(s), api.RevokeToken{})
				must(w.T, err)
				return s
			}},
			"disabled": {want: api.CodeDisabled, remedy: "enable", make: func() token.Secret {
				s := fresh(nil)
				_, _, err := w.DisableToken(w.ctx, w.root, "acme", id(s), api.DisableToken{})
				must(w.T, err)
				return s
			}},
			"not yet": {want: api.CodeNotYetValid, make: func() token.Secret {
				return fresh(func(in *api.CreateToken) { in.NotBefore = api.Some(w.clock.Now().Add(time.Hour)) })
			}},
			"address": {want: api.CodeIPDenied, remedy: "allowed_ips", make: func() token.Secret {
				return fresh(func(in *api.CreateToken) { in.AllowedIPs = api.Some([]string{"10.0.0.0/8"}) })
			}},
			"the owner lacks it": {want: api.CodeInsufficientScope, remedy: "never has more than its owner",
				make: func() token.Secret { return fresh(nil) }, scopes: []string{"tickets:write"}},
			"the token lacks it": {want: api.CodeInsufficientScope, remedy: "its owner has it", scopes: []string{"tickets:read"}, make: func() token.Secret {
				return fresh(func(in *api.CreateToken) { in.Scopes = api.Some([]string{"tickets:write"}) })
			}},
		} {
			s := c.make()
			w.request = "req_" + strings.ReplaceAll(name, " ", "_")
			if got := w.use(s, "192.0.2.1", c.scopes...); got != c.want {
				w.Errorf("%s: verified as %s", name, got)
			}
			before := w.rec.Stats().Recorded
			for how, in := range map[string]api.ExplainRequest{
				"string":  {Token: s.Reveal(), Scopes: c.scopes, Resource: "any", Client: &api.Client{IP: "192.0.2.1"}},
				"request": {RequestID: w.request},
			} {
				v := w.explain(in)
				if v.Code != c.want {
					w.Errorf("%s by %s: explained as %s", name, how, v.Code)
				}
				if !strings.Contains(remedyOf(v), c.remedy) {
					w.Errorf("%s by %s: the remedy is %q", name, how, remedyOf(v))
				}
				if how == "request" && (v.Decision == nil || v.Decision.Code != c.want || *v.Decision.IP != "192.0.2.1") {
					w.Errorf("%s: the decision is %+v", name, v.Decision)
				}
			}
			if w.rec.Stats().Recorded != before {
				w.Errorf("%s: explaining counted as a use", name)
			}
		}
	})
}

func remedyOf(v api.Explanation) string {
	for _, c := range v.Checks {
		if c.Result == api.CheckFailed {
			return c.Remedy
		}
	}
	return ""
}

func TestExplainTellsNothingToWhoHasNotTheSecret(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.workspace("other")
		in := scoped("workspace", "", "tickets:read")
		foreign, err := w.CreateToken(w.ctx, w.root, "other", in)
		must(w.T, err)
		own := w.create(w.root, ask("personal", ""))
		p, err := token.Parse(own.Secret.Reveal())
		must(w.T, err)
		forged, err := token.Mint(strings.NewReader(strings.Repeat("x", 256)), p.Prefix, p.Kind, p.Locator)
		must(w.T, err)
		for name, s := range map[string]token.Secret{"another tenant's": foreign.Secret, "a forged one": forged} {
			v := w.explain(api.ExplainRequest{Token: s.Reveal()})
			if v.Code != api.CodeUnknown || v.Token != nil {
				w.Errorf("%s is explained as %s with %v", name, v.Code, v.Token)
			}
		}
		w.asked = 0
		w.request = "req_foreign"
		w.uses(foreign.Secret, "192.0.2.1")
		for name, in := range map[string]api.ExplainRequest{
			"another tenant's request": {RequestID: "req_foreign"},
			"no request":               {RequestID: "req_none"},
			"another tenant's id":      {Token: foreign.Token.ID},
		} {
			if _, err := w.Explain(w.ctx, w.root, "acme", in); codeOf(err) != api.CodeNotFound {
				w.Errorf("%s: %v", name, err)
			}
		}
		v := w.explain(api.ExplainRequest{Token: own.Token.ID})
		if !v.Allowed || v.Checks[1].Result != api.CheckSkipped || v.Token == nil {
			w.Errorf("a token that is named is explained as %+v", v)
		}
	})
}

func TestExplainIsForWhoMayReadAndVerify(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.account("ci", "tokens:read", "tokens:verify")
		reader := w.with(w.create(w.root, scoped("service", "ci", "tokens:read")))
		both := w.with(w.create(w.root, scoped("service", "ci", "tokens:read", "tokens:verify")))
		i := w.create(w.root, ask("personal", ""))
		w.uses(i.Secret, "192.0.2.1")
		_, err := w.Explain(w.ctx, reader, "acme", api.ExplainRequest{Token: i.Token.ID})
		w.refused(err, api.CodeInsufficientScope)
		v, err := w.Explain(w.ctx, both, "acme", api.ExplainRequest{RequestID: w.request})
		must(w.T, err)
		if v.Decision.IP != nil || v.Token.LastUsedIP != nil {
			w.Error("an address is shown without usage:read")
		}
		for field, in := range map[string]api.ExplainRequest{
			"token":     {},
			"scopes":    {Token: i.Token.ID, Scopes: []string{"tickets:*"}},
			"resource":  {Token: i.Token.ID, Resource: "a b"},
			"client.ip": {Token: i.Token.ID, Client: &api.Client{IP: "here"}},
		} {
			_, err := w.Explain(w.ctx, w.root, "acme", in)
			w.refusedField(err, api.CodeInvalidField, field)
		}
	})
}

func TestUsageIsCountedAndActivityTold(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.create(w.root, scoped("personal", "", "tickets:read"))
		for n := range 30 {
			w.uses(i.Secret, "192.0.2.1", "tickets:read")
			if code := w.use(i.Secret, "192.0.2.2", "tickets:write"); code != api.CodeInsufficientScope {
				w.Errorf("refused with %s", code)
			}
			if n%10 == 9 {
				w.clock.pass(time.Hour)
			}
		}
		u, err := w.TokenUsage(w.ctx, w.root, "acme", i.Token.ID, time.Time{}, time.Time{}, "")
		must(w.T, err)
		if u.Bucket != api.BucketHour || len(u.Buckets) != 3 || u.Allowed != 30 || u.Reasons[api.CodeInsufficientScope] != 30 || len(u.Scopes) != 1 {
			w.Errorf("usage: %+v", u)
		}
		all, err := w.WorkspaceUsage(w.ctx, w.root, "acme", time.Time{}, time.Time{}, api.BucketDay)
		must(w.T, err)
		if all.Allowed != 30 || all.Denied != 30 || len(all.Buckets) != 1 || len(all.Denials) != 20 || *all.Denials[0].IP != "192.0.2.2" {
			w.Errorf("workspace: %+v", all)
		}
		acts, _, err := w.TokenActivity(w.ctx, w.root, "acme", i.Token.ID, page(0))
		must(w.T, err)
		if len(acts) != 2 || acts[0].Count != 30 || acts[0].Path != "/tickets" || !acts[0].LastAt.Equal(w.clock.Now().Add(-time.Hour)) {
			w.Errorf("activity: %+v", acts)
		}
		denials, next, err := w.ListDenials(w.ctx, w.root, "acme", i.Token.ID, authority.Page{Limit: 20})
		must(w.T, err)
		rest, end, err := w.ListDenials(w.ctx, w.root, "acme", i.Token.ID, authority.Page{Limit: 20, After: next})
		must(w.T, err)
		if len(denials) != 20 || len(rest) != 10 || end != 0 {
			w.Errorf("%d and %d denials", len(denials), len(rest))
		}
		for field, f := range map[string]func() error{
			"bucket": func() error {
				return second(w.TokenUsage(w.ctx, w.root, "acme", "self", time.Time{}, time.Time{}, "minute"))
			},
			"from": func() error {
				return second(w.TokenUsage(w.ctx, w.root, "acme", "self", w.clock.Now(), w.clock.Now(), ""))
			},
		} {
			w.refusedField(f(), api.CodeInvalidField, field)
		}
	})
}

func TestActivityIsPagedWithoutLoss(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.create(w.root, ask("personal", ""))
		for n := range 12 {
			w.uses(i.Secret, "192.0.2."+string(rune('1'+n%9)))
			if n%5 == 4 {
				w.clock.pass(time.Second)
			}
		}
		seen := map[string]bool{}
		for after := int64(0); ; {
			acts, next, err := w.TokenActivity(w.ctx, w.root, "acme", i.Token.ID, authority.Page{Limit: 2, After: after})
			must(w.T, err)
			for _, a := range acts {
				if seen[*a.IP] {
					w.Errorf("%s is listed twice", *a.IP)
				}
				seen[*a.IP] = true
			}
			if next == 0 {
				break
			}
			after = next
		}
		if len(seen) != 9 {
			w.Errorf("%d addresses are listed, want 9", len(seen))
		}
	})
}
