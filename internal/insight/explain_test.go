package insight_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestExplainSaysWhatVerifyAnswers breaks a token in every way.
func TestExplainSaysWhatVerifyAnswers(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.Account("ci", "tickets:read")
		w.Workspace("other")
		fresh := func(f func(in *api.CreateToken)) token.Secret {
			w.Helper()
			in := officetest.Scoped("service", "ci", "tickets:read", "tickets:write")
			if f != nil {
				f(&in)
			}
			// The ceiling is the caller's, so the scope that the owner lacks may be listed.
			i := w.Create(w.Root, in)
			return i.Secret
		}
		id := func(s token.Secret) string {
			p, err := token.Parse(s.Reveal())
			officetest.Must(w.T, err)
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
				_, err := w.ResetToken(w.Ctx, w.Root, "acme", id(s))
				officetest.Must(w.T, err)
				return s
			}},
			"revoked": {want: api.CodeRevoked, make: func() token.Secret {
				s := fresh(nil)
				_, err := w.RevokeToken(w.Ctx, w.Root, "acme", id(s), api.RevokeToken{})
				officetest.Must(w.T, err)
				return s
			}},
			"disabled": {want: api.CodeDisabled, remedy: "enable", make: func() token.Secret {
				s := fresh(nil)
				_, err := w.DisableToken(w.Ctx, w.Root, "acme", id(s), api.DisableToken{})
				officetest.Must(w.T, err)
				return s
			}},
			"not yet": {want: api.CodeNotYetValid, make: func() token.Secret {
				return fresh(func(in *api.CreateToken) { in.NotBefore = api.Some(w.Clock.Now().Add(time.Hour)) })
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
			w.Request = "req_" + strings.ReplaceAll(name, " ", "_")
			if got := w.Use(s, "192.0.2.1", c.scopes...); got != c.want {
				w.Errorf("%s: verified as %s", name, got)
			}
			before := w.Rec.Stats().Recorded
			for how, in := range map[string]api.ExplainRequest{
				"string":  {Token: s.Reveal(), Scopes: c.scopes, Resource: "any", Client: &api.Client{IP: "192.0.2.1"}},
				"request": {RequestID: w.Request},
			} {
				v := w.Explained(in)
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
			if w.Rec.Stats().Recorded != before {
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
		w.Workspace("other")
		in := officetest.Scoped("workspace", "", "tickets:read")
		foreign, err := w.CreateToken(w.Ctx, w.Root, "other", in)
		officetest.Must(w.T, err)
		own := w.Create(w.Root, officetest.Ask("personal", ""))
		p, err := token.Parse(own.Secret.Reveal())
		officetest.Must(w.T, err)
		forged, err := token.Mint(strings.NewReader(strings.Repeat("x", 256)), p.Prefix, p.Kind, p.Locator)
		officetest.Must(w.T, err)
		for name, s := range map[string]token.Secret{"another tenant's": foreign.Secret, "a forged one": forged} {
			v := w.Explained(api.ExplainRequest{Token: s.Reveal()})
			if v.Code != api.CodeUnknown || v.Token != nil {
				w.Errorf("%s is explained as %s with %v", name, v.Code, v.Token)
			}
		}
		w.Asked = 0
		w.Request = "req_foreign"
		w.Uses(foreign.Secret, "192.0.2.1")
		for name, in := range map[string]api.ExplainRequest{
			"another tenant's request": {RequestID: "req_foreign"},
			"no request":               {RequestID: "req_none"},
			"another tenant's id":      {Token: foreign.Token.ID},
		} {
			if _, err := w.Explain(w.Ctx, w.Root, "acme", in); codeOf(err) != api.CodeNotFound {
				w.Errorf("%s: %v", name, err)
			}
		}
		v := w.Explained(api.ExplainRequest{Token: own.Token.ID})
		if !v.Allowed || v.Checks[1].Result != api.CheckSkipped || v.Token == nil {
			w.Errorf("a token that is named is explained as %+v", v)
		}
	})
}

func TestExplainIsForWhoMayReadAndVerify(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.Account("ci", "tokens:read", "tokens:verify")
		reader := w.With(w.Create(w.Root, officetest.Scoped("service", "ci", "tokens:read")))
		both := w.With(w.Create(w.Root, officetest.Scoped("service", "ci", "tokens:read", "tokens:verify")))
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Uses(i.Secret, "192.0.2.1")
		_, err := w.Explain(w.Ctx, reader, "acme", api.ExplainRequest{Token: i.Token.ID})
		w.Refused(err, api.CodeInsufficientScope)
		v, err := w.Explain(w.Ctx, both, "acme", api.ExplainRequest{RequestID: w.Request})
		officetest.Must(w.T, err)
		if v.Decision.IP != nil || v.Token.LastUsedIP != nil {
			w.Error("an address is shown without usage:read")
		}
		for field, in := range map[string]api.ExplainRequest{
			"token":     {},
			"scopes":    {Token: i.Token.ID, Scopes: []string{"tickets:*"}},
			"resource":  {Token: i.Token.ID, Resource: "a b"},
			"client.ip": {Token: i.Token.ID, Client: &api.Client{IP: "here"}},
		} {
			_, err := w.Explain(w.Ctx, w.Root, "acme", in)
			w.RefusedField(err, api.CodeInvalidField, field)
		}
	})
}

func TestUsageIsCountedAndActivityTold(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Scoped("personal", "", "tickets:read"))
		for n := range 30 {
			w.Uses(i.Secret, "192.0.2.1", "tickets:read")
			if code := w.Use(i.Secret, "192.0.2.2", "tickets:write"); code != api.CodeInsufficientScope {
				w.Errorf("refused with %s", code)
			}
			if n%10 == 9 {
				w.Clock.Pass(time.Hour)
			}
		}
		u, err := w.TokenUsage(w.Ctx, w.Root, "acme", i.Token.ID, time.Time{}, time.Time{}, "")
		officetest.Must(w.T, err)
		if u.Bucket != api.BucketHour || len(u.Buckets) != 3 || u.Allowed != 30 || u.Reasons[api.CodeInsufficientScope] != 30 || len(u.Scopes) != 1 {
			w.Errorf("usage: %+v", u)
		}
		all, err := w.WorkspaceUsage(w.Ctx, w.Root, "acme", time.Time{}, time.Time{}, api.BucketDay)
		officetest.Must(w.T, err)
		if all.Allowed != 30 || all.Denied != 30 || len(all.Buckets) != 1 || len(all.Denials) != 20 || *all.Denials[0].IP != "192.0.2.2" {
			w.Errorf("workspace: %+v", all)
		}
		acts, _, err := w.TokenActivity(w.Ctx, w.Root, "acme", i.Token.ID, officetest.Page(0))
		officetest.Must(w.T, err)
		if len(acts) != 2 || acts[0].Count != 30 || acts[0].Path != "/tickets" || !acts[0].LastAt.Equal(w.Clock.Now().Add(-time.Hour)) {
			w.Errorf("activity: %+v", acts)
		}
		denials, next, err := w.ListDenials(w.Ctx, w.Root, "acme", i.Token.ID, authority.Page{Limit: 20})
		officetest.Must(w.T, err)
		rest, end, err := w.ListDenials(w.Ctx, w.Root, "acme", i.Token.ID, authority.Page{Limit: 20, After: next})
		officetest.Must(w.T, err)
		if len(denials) != 20 || len(rest) != 10 || end != 0 {
			w.Errorf("%d and %d denials", len(denials), len(rest))
		}
		for field, f := range map[string]func() error{
			"bucket": func() error {
				return officetest.Second(w.TokenUsage(w.Ctx, w.Root, "acme", "self", time.Time{}, time.Time{}, "minute"))
			},
			"from": func() error {
				return officetest.Second(w.TokenUsage(w.Ctx, w.Root, "acme", "self", w.Clock.Now(), w.Clock.Now(), ""))
			},
		} {
			w.RefusedField(f(), api.CodeInvalidField, field)
		}
	})
}

func TestActivityIsPagedWithoutLoss(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		for n := range 12 {
			w.Uses(i.Secret, "192.0.2."+string(rune('1'+n%9)))
			if n%5 == 4 {
				w.Clock.Pass(time.Second)
			}
		}
		seen := map[string]bool{}
		for after := int64(0); ; {
			acts, next, err := w.TokenActivity(w.Ctx, w.Root, "acme", i.Token.ID, authority.Page{Limit: 2, After: after})
			officetest.Must(w.T, err)
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

// TestARequestThatNobodyCouldJudgeIsNotExplainedAsUnknown: the node that was asked lacks
// the key that the secret is under.
func TestARequestThatNobodyCouldJudgeIsNotExplainedAsUnknown(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		newer, _ := w.Newer()
		i, err := newer.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", ""))
		officetest.Must(w.T, err)
		req, d := verify.Request{Token: i.Secret.Reveal(), Workspace: w.Asked, Cost: 1}, verify.Decision{}
		if err := w.Engine.Verify(w.Ctx, &req, &d); codeOf(err) != api.CodeUnavailable {
			w.Fatalf("verified: %v", err)
		}
		u := usage.Of(&d, &req)
		u.Route, u.RequestID = usage.RouteVerify, w.Request
		w.Rec.Record(u)
		v := w.Explained(api.ExplainRequest{RequestID: w.Request})
		if v.Decision.Code != api.CodeUnavailable || v.Checks[1].Result != api.CheckSkipped || !v.Allowed {
			w.Errorf("explained as %s after %+v", v.Code, v.Checks)
		}
	})
}

// TestARefusalByAnotherNodeIsExplained: refusals are kept for all nodes, and over a
// restart. What this process does not remember of them it does not make up.
func TestARefusalByAnotherNodeIsExplained(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Workspace("other")
		elsewhere := office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Usage: w.Kept})
		refused := func(request string, s token.Secret, want api.Code) api.Explanation {
			w.Helper()
			if w.Request = request; w.Use(s, "192.0.2.1") != want {
				w.Errorf("%s was not refused with %s", request, want)
			}
			v, err := elsewhere.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{RequestID: request})
			officetest.Must(w.T, err)
			w.wellFormed(v)
			if v.Decision.Code != want || v.Decision.Route != "" || *v.Decision.IP != "192.0.2.1" {
				w.Errorf("%s was decided as %+v", request, v.Decision)
			}
			return v
		}
		_, err := w.ResetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if v := refused("req_retired", i.Secret, api.CodeRetired); v.Code != api.CodeRetired || v.Token == nil {
			w.Errorf("explained as %s", v.Code)
		}
		i = w.Create(w.Root, officetest.Ask("personal", ""))
		_, err = w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})
		officetest.Must(w.T, err)
		if v := refused("req_revoked", i.Secret, api.CodeRevoked); v.Code != api.CodeRevoked || v.Checks[2].Result != api.CheckSkipped {
			w.Errorf("explained as %s after %+v", v.Code, v.Checks)
		}
		for ws, request := range map[string]string{"other": "req_revoked", "acme": "req_none"} {
			_, err := elsewhere.Explain(w.Ctx, w.Root, ws, api.ExplainRequest{RequestID: request})
			if codeOf(err) != api.CodeNotFound || !strings.Contains(err.Error(), "no node remembers") {
				w.Errorf("%s in %s: %v", request, ws, err)
			}
		}
	})
}

// others are the nodes beside this one, which remember what its recorder does.
type others struct {
	*usage.Recorder
	from  ledger.DecisionLog
	asked int
	all   bool
}

func (*others) Decisions(string) []ledger.LoggedDecision { return nil }

func (o *others) Elsewhere(_ context.Context, workspace ledger.ID, id string) (*ledger.LoggedDecision, bool) {
	o.asked++
	for _, d := range o.from.Decisions(id) {
		if d.Workspace == workspace {
			return &d, true
		}
	}
	return nil, o.all
}

// TestWhatAnotherNodeAcceptedIsExplained as it would be there. Nobody is asked for whom it
// is nothing to know, and who was not heard is not taken for one that knows nothing.
func TestWhatAnotherNodeAcceptedIsExplained(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		w.Workspace("other")
		o := &others{from: w.Rec}
		here := office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Usage: w.Kept, Decisions: o})
		if w.Request = "req_accepted"; w.Use(i.Secret, "192.0.2.1") != api.CodeOK {
			w.Fatal("not accepted")
		}
		there, err := w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{RequestID: w.Request})
		officetest.Must(w.T, err)
		v, err := here.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{RequestID: w.Request})
		officetest.Must(w.T, err)
		w.wellFormed(v)
		if diff := cmp.Diff(there, v); diff != "" || o.asked != 1 {
			w.Errorf("asked %d times; there - here +:\n%s", o.asked, diff)
		}
		for _, all := range []bool{true, false} {
			o.all = all
			_, err := here.Explain(w.Ctx, w.Root, "other", api.ExplainRequest{RequestID: w.Request})
			if codeOf(err) != api.CodeNotFound || strings.Contains(err.Error(), "no node remembers") != all {
				w.Errorf("in another workspace: %v", err)
			}
		}
		o.asked = 0
		w.Account("ci", "tokens:read")
		blind := w.With(w.Create(w.Root, officetest.Scoped("service", "ci", "tokens:read")))
		if _, err := here.Explain(w.Ctx, blind, "acme", api.ExplainRequest{RequestID: w.Request}); err == nil || o.asked != 0 {
			w.Errorf("%v; asked %d times for one who may not", err, o.asked)
		}
	})
}
