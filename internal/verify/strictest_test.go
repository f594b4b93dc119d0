package verify_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
)

func perTime(n int, w time.Duration) api.RateLimit {
	return api.RateLimit{Requests: n, Window: api.Duration(w)}
}

func TestTheStrictestOfSeveralRolesLetsTheLeastThroughOverTime(t *testing.T) {
	t.Parallel()
	hourly, second, tie := perTime(100, time.Hour), perTime(10, time.Second), perTime(200, 2*time.Hour)
	w := &verify.Workspace{RoleLimits: map[string]api.RateLimit{"hourly": hourly, "second": second, "tie": tie}}
	for _, order := range [][]string{{"hourly", "second"}, {"second", "hourly"}, {"tie", "hourly", "second"}, {"free", "hourly"}, {"hourly", "tie"}} {
		var sts []grant.Statement
		for _, r := range order {
			sts = append(sts, grant.Statement{Role: r})
		}
		got := verify.LimitOf(nil, sts, w)
		if got.Limit == nil || *got.Limit != hourly || got.Role != "hourly" || got.Source != verify.LimitOfRole {
			t.Errorf("of %v the strictest is %+v, want that of hourly", order, got)
		}
	}
}

func TestATokensOwnLimitGoesBeforeItsRolesAndTheirsBeforeThePolicys(t *testing.T) {
	t.Parallel()
	own, role, policy := perTime(1000, time.Second), perTime(10, time.Second), perTime(1, time.Hour)
	w := &verify.Workspace{RoleLimits: map[string]api.RateLimit{"role": role}, Policy: api.Policy{RateLimit: &policy}}
	has, none := []grant.Statement{{Role: "role"}}, []grant.Statement{{Scopes: []string{"*"}}}
	for _, c := range []struct {
		own  *api.RateLimit
		sts  []grant.Statement
		want api.RateLimit
		from verify.LimitSource
	}{{&own, has, own, verify.LimitOfToken}, {nil, has, role, verify.LimitOfRole}, {nil, none, policy, verify.LimitOfPolicy}} {
		if got := verify.LimitOf(c.own, c.sts, w); got.Limit == nil || *got.Limit != c.want || got.Source != c.from {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
	if got := verify.LimitOf(nil, none, &verify.Workspace{}); got.Limit != nil || got.Source != verify.LimitOfNobody {
		t.Errorf("without any limit: %+v", got)
	}
}

// What holds does not depend on the order in which roles are named; what is
// enforced is what is answered; and a limit that is looser than no other is
// within each.
func TestAllAgreeOnTheStrictestLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draw := rapid.Custom(func(rt *rapid.T) api.RateLimit {
			return perTime(rapid.IntRange(1, 12).Draw(rt, "n"), time.Duration(rapid.IntRange(1, 12).Draw(rt, "s"))*time.Second)
		})
		names := []string{"a", "b", "c", "d"}[:rapid.IntRange(1, 4).Draw(rt, "roles")]
		limits := map[string]api.RateLimit{}
		var sts []grant.Statement
		for _, n := range names {
			limits[n] = draw.Draw(rt, n)
			sts = append(sts, grant.Statement{Role: n})
		}
		w := &verify.Workspace{RoleLimits: limits}
		got := *verify.LimitOf(nil, sts, w).Limit
		again := *verify.LimitOf(nil, rapid.Permutation(sts).Draw(rt, "order"), w).Limit
		if got != again {
			rt.Fatalf("in another order: %v and %v", got, again)
		}
		for _, n := range names {
			other := limits[n]
			if !verify.Looser(&got, &other) && verify.Looser(&other, &got) || got == other {
				continue
			}
			if perSecond(got) > perSecond(other) || perSecond(got) == perSecond(other) && got.Requests > other.Requests {
				rt.Fatalf("%v holds, and %v is stricter", got, other)
			}
		}
		o := open(t, verify.Config{})
		o.editSpace(home, func(w *verify.Workspace) { w.RoleLimits = limits })
		_, secret := o.issue(func(t *verify.Token) { t.Statements = sts })
		if r := o.ask(verify.Request{Token: secret}).Rate; r.Limit != got.Requests || r.Window != got.Window.Std() {
			rt.Fatalf("%v is enforced, and %v is what holds", r, got)
		}
	})
}

func perSecond(l api.RateLimit) float64 { return float64(l.Requests) / l.Window.Std().Seconds() }

func TestARequestThatCostsMoreThanALimitIsNotToldToWait(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*office) string{
		"the token's": func(o *office) string { _, s := o.issue(limit(10, time.Hour)); return s },
		"the workspace's": func(o *office) string {
			o.editSpace(home, workspaceLimit(10, time.Hour))
			_, s := o.issue(limit(100, time.Hour))
			return s
		},
	} {
		o := open(t, verify.Config{})
		secret := set(o)
		for range 11 { // also when the limit is used up, and also a peek
			for _, peek := range []bool{false, true} {
				d := o.ask(verify.Request{Token: secret, Cost: 11, Peek: peek})
				if d.Code != api.CodeCostExceedsLimit || d.Rate.RetryAfter != 0 || d.Rate.Limit != 10 {
					t.Fatalf("%s limit: %s %+v", name, d.Code, d.Rate)
				}
			}
			o.ask(verify.Request{Token: secret, Cost: 1})
		}
	}
}
