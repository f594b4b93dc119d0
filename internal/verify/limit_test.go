package verify_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
)

func limit(requests int, window time.Duration) func(*verify.Token) {
	return func(t *verify.Token) {
		t.RateLimit = &api.RateLimit{Requests: requests, Window: api.Duration(window)}
	}
}

func workspaceLimit(requests int, window time.Duration) func(*verify.Workspace) {
	return func(w *verify.Workspace) {
		w.Policy.WorkspaceRateLimit = &api.RateLimit{Requests: requests, Window: api.Duration(window)}
	}
}

// spend asks until it is refused and returns how often it was allowed.
func (o *office) spend(secret string) int {
	o.t.Helper()
	for n := range 10_000 {
		if d := o.ask(bearer(secret)); d.Code == api.CodeRateLimited {
			return n
		}
	}
	o.t.Fatal("no limit holds")
	return 0
}

func TestALimitLetsExactlySoManyThrough(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(limit(7, time.Second))
	if n := o.spend(secret); n != 7 {
		t.Errorf("%d passed at once, want 7", n)
	}
	o.clock.Pass(time.Second/7 - 1)
	o.expect(api.CodeRateLimited, bearer(secret))
	o.clock.Pass(2)
	o.expect(api.CodeOK, bearer(secret))
	o.expect(api.CodeRateLimited, bearer(secret))
	o.clock.Pass(2 * time.Second)
	if n := o.spend(secret); n != 7 {
		t.Errorf("%d passed after a rest, want 7", n)
	}
}

func TestTenThousandAtOnce(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{false, true} {
		o := open(t, verify.Config{})
		_, secret := o.issue(limit(100, time.Hour))
		secrets := []string{secret}
		if shared { // the limit is the workspace's, the tokens have room to spare
			o.editSpace(home, workspaceLimit(100, time.Hour))
			_, first := o.issue(limit(5_000, time.Hour))
			_, second := o.issue(nil)
			secrets = []string{first, second}
		}
		var passed atomic.Int64
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				for range 100 {
					if d := o.ask(bearer(secrets[i%len(secrets)])); d.Allowed() {
						passed.Add(1)
					}
				}
			})
		}
		all.Wait()
		if n := passed.Load(); n != 100 {
			t.Errorf("shared %v: %d passed, want 100", shared, n)
		}
	}
}

func TestARefusalConsumesNothing(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	o.editSpace(home, workspaceLimit(10, time.Hour))
	_, narrow := o.issue(limit(2, time.Hour))
	_, wide := o.issue(nil)
	o.spend(narrow)
	for range 50 {
		o.expect(api.CodeRateLimited, bearer(narrow))
	}
	if n := o.spend(wide); n != 8 {
		t.Errorf("the workspace had %d left, want 8", n)
	}
	_, other := o.issue(limit(5, time.Hour))
	for range 5 {
		o.expect(api.CodeRateLimited, bearer(other)) // the workspace refuses
	}
	o.editSpace(home, func(w *verify.Workspace) { w.Policy.WorkspaceRateLimit = nil })
	if n := o.spend(other); n != 5 {
		t.Errorf("the token had %d left, want 5", n)
	}
	_, denied := o.issue(func(t *verify.Token) {
		t.Statements = []grant.Statement{}
		limit(1, time.Hour)(t)
	})
	o.expect(api.CodeInsufficientScope, scoped(denied, "", "tickets:read"))
	o.expect(api.CodeOK, bearer(denied))
}

func TestCosts(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(limit(10, 10*time.Second))
	cost := func(n int) verify.Request { return verify.Request{Token: secret, Cost: n} }
	o.expect(api.CodeOK, cost(6))
	if r := o.ask(cost(0)).Rate; r != (verify.Rate{Limited: true, Limit: 10, Remaining: 4, Window: 10 * time.Second, Reset: 6 * time.Second, More: time.Second}) {
		t.Errorf("a peek shows %+v", r)
	}
	d := o.ask(cost(5))
	if d.Code != api.CodeRateLimited || d.Rate.RetryAfter != time.Second || d.Rate.Remaining != 4 {
		t.Errorf("5 of 4: %s %+v", d.Code, d.Rate)
	}
	if d := o.ask(cost(11)); d.Code != api.CodeCostExceedsLimit || d.Rate.RetryAfter != 0 || !d.Rate.Exceeded || d.Rate.Remaining != 4 {
		t.Errorf("more than the limit: %s %+v", d.Code, d.Rate)
	}
	for _, n := range []int{-1, math.MinInt, math.MaxInt, math.MaxInt / 2} {
		o.expect(api.CodeCostExceedsLimit, cost(n))
	}
	peek := cost(4)
	peek.Peek = true
	o.expect(api.CodeOK, peek)
	o.expect(api.CodeOK, cost(4))
	o.expect(api.CodeRateLimited, peek)
	o.expect(api.CodeOK, cost(0))
}

func TestWhichLimitHolds(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	o.editSpace(home, func(w *verify.Workspace) {
		w.RoleLimits = map[string]api.RateLimit{
			"CI Token": {Requests: 3, Window: api.Day}, "Viewer": {Requests: 4, Window: api.Day}, "Owner": {Requests: 6, Window: api.Day},
		}
		w.Policy.RateLimit = &api.RateLimit{Requests: 5, Window: api.Day}
	})
	as := func(roles ...string) func(*verify.Token) {
		return func(t *verify.Token) {
			for _, r := range roles {
				t.Statements = append(t.Statements, grant.Statement{Role: r, Resources: []string{"*"}})
			}
		}
	}
	tests := []struct {
		what   string
		change func(*verify.Token)
		want   int
	}{
		{"the token's own", limit(2, time.Hour), 2},
		{"its role's", as("CI Token"), 3},
		{"the strictest of its roles'", as("Viewer", "CI Token"), 3},
		{"its owner's role's, inherited", nil, 6},
		{"the policy's", func(t *verify.Token) { t.Statements = on([]string{"*"}, "tickets:read") }, 5},
		{"of a role without one", as("Administrator"), 5},
	}
	for _, tt := range tests {
		_, secret := o.issue(tt.change)
		if n := o.spend(secret); n != tt.want {
			t.Errorf("%s: %d passed, want %d", tt.what, n, tt.want)
		}
	}
}

func TestANewLimitActsAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(limit(2, 24*time.Hour))
	o.spend(secret)
	o.edit(l, limit(10, time.Minute))
	if n := o.spend(secret); n != 8 {
		t.Errorf("%d passed after the limit was widened, want 8: two were used", n)
	}
	o.edit(l, limit(4, time.Minute))
	o.expect(api.CodeRateLimited, bearer(secret))
	o.clock.Pass(15 * time.Second)
	o.expect(api.CodeOK, bearer(secret))
	o.edit(l, func(t *verify.Token) { t.RateLimit = nil })
	o.expect(api.CodeOK, bearer(secret))
	o.edit(l, limit(0, time.Minute))
	o.expect(api.CodeCostExceedsLimit, bearer(secret))
}

// What was used by a clock that was years ahead is as much as the limit holds, and
// drains from when the clock was set right.
func TestALimitUsedByAClockThatWasAheadDrains(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	l := verify.NewLimiter[string](api.RateLimit{Requests: 1, Window: api.Duration(time.Minute)}, 10)
	if _, ok := l.Take("k", 1, now.AddDate(10, 0, 0)); !ok {
		t.Fatal("the first is refused")
	}
	if _, ok := l.Take("k", 1, now); ok {
		t.Error("what was used is forgotten")
	}
	if r, ok := l.Take("k", 1, now.Add(time.Minute)); !ok {
		t.Errorf("a minute later it is refused for %s", r.RetryAfter)
	}
}

func TestUseOutlivesTheSnapshot(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Capacity: 1})
	_, secret := o.issue(limit(3, time.Hour))
	_, other := o.issue(nil)
	for range 3 {
		o.expect(api.CodeOK, bearer(secret))
		o.expect(api.CodeOK, bearer(other)) // evicts it
	}
	o.Apply(verify.Changes{All: true})
	o.expect(api.CodeRateLimited, bearer(secret))
	if n := o.Stats().Evictions; n < 5 {
		t.Errorf("%d evictions: the test proves nothing", n)
	}
}

func TestMetersAreBounded(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Meters: 512})
	for range 2_000 {
		_, secret := o.issue(limit(1, time.Hour))
		o.expect(api.CodeOK, bearer(secret))
	}
	if n := o.Stats().Meters; n > 512 {
		t.Errorf("%d meters, want 512 at most", n)
	}
}

// model is the limit as one would explain it: a bucket of requests that drains
// one every step.
type model struct {
	burst, step, full int64 // full: ns until it has drained
}

func TestLimitsFollowTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		o := open(t, verify.Config{})
		var own, shared model
		draw := func(label string) (model, int, time.Duration) {
			n := rapid.IntRange(1, 20).Draw(rt, label)
			w := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(rt, label+" window"))
			return model{burst: int64(n), step: (int64(w) + int64(n) - 1) / int64(n)}, n, w
		}
		m, n, w := draw("token")
		own = m
		_, secret := o.issue(limit(n, w))
		m, n, w = draw("workspace")
		shared = m
		o.editSpace(home, workspaceLimit(n, w))
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			pass := time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(rt, "pass"))
			o.clock.Pass(pass)
			own.full, shared.full = max(own.full-int64(pass), 0), max(shared.full-int64(pass), 0)
			cost := rapid.IntRange(0, 5).Draw(rt, "cost")
			want := api.CodeRateLimited
			switch {
			case int64(cost) > own.burst, int64(cost) > shared.burst:
				want = api.CodeCostExceedsLimit
			case own.fits(cost) && shared.fits(cost):
				want = api.CodeOK
				own.full += int64(cost) * own.step
				shared.full += int64(cost) * shared.step
			}
			if d := o.ask(verify.Request{Token: secret, Cost: cost}); d.Code != want || (d.Rate.RetryAfter > 0) != (want == api.CodeRateLimited) {
				rt.Fatalf("cost %d: %s, want %s", cost, d.Code, want)
			}
		}
	})
}

func (m model) fits(cost int) bool {
	return m.full+int64(cost)*m.step <= m.burst*m.step
}
