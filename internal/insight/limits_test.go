package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// limit draws a limit, or none. Windows are whole seconds that the requests do not
// always divide.
func limit(t *rapid.T, name string) *api.RateLimit {
	if rapid.Bool().Draw(t, name+" is none") {
		return nil
	}
	window := rapid.SampledFrom([]time.Duration{time.Second, 7 * time.Second, time.Minute, time.Hour, 24 * time.Hour}).Draw(t, name+" window")
	return &api.RateLimit{Requests: rapid.IntRange(1, 9).Draw(t, name+" requests"), Window: api.Duration(window)}
}

// orNull is what a patch writes for a limit.
func orNull(l *api.RateLimit) api.Opt[api.RateLimit] {
	if l == nil {
		return api.Null[api.RateLimit]()
	}
	return api.Some(*l)
}

// roles draws statements that name some of the roles.
func roles(t *rapid.T, name string) (out []api.Statement) {
	for _, role := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"Slow", "Fast", "Viewer"}), 1, 3, rapid.ID).Draw(t, name) {
		out = append(out, api.Statement{Role: role, Resources: []string{"*"}})
	}
	return out
}

// limited is a world with a token whose limits are set anew.
type limited struct {
	*officetest.World
	by     authority.Caller
	id     string
	secret token.Secret
}

func newLimited(t *testing.T) *limited {
	t.Helper()
	w := &limited{World: officetest.NewWorld(t, storetest.SQLite(t))}
	w.by = authority.Caller{Machine: "test"} // whose time never comes
	w.WriteRole(officetest.Acme(), "Slow", "tickets:read")
	w.WriteRole(officetest.Acme(), "Fast", "tickets:read", "tickets:write")
	w.Account("ci", "tickets:read")
	w.fresh()
	return w
}

// fresh goes on with a new token.
func (w *limited) fresh() {
	w.Helper()
	i := w.Create(w.by, officetest.Scoped("service", "ci", "tickets:read"))
	w.id, w.secret = i.Token.ID, i.Secret
}

// set writes limits of everybody who can give one, and answers them for the story.
func (w *limited) set(t *rapid.T) (story string) {
	slow, fast, own := limit(t, "slow"), limit(t, "fast"), limit(t, "own")
	each, all := limit(t, "policy"), limit(t, "workspace")
	for name, l := range map[string]*api.RateLimit{"Slow": slow, "Fast": fast} {
		_, err := w.PutRole(w.Ctx, w.by, officetest.Acme(), name, api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: l})
		officetest.Must(w.T, err)
	}
	_, err := w.EditPolicy(w.Ctx, w.by, "acme", api.PatchPolicy{RateLimit: orNull(each), WorkspaceRateLimit: orNull(all)})
	officetest.Must(w.T, err)
	owner := roles(t, "owner's roles")
	_, err = w.EditServiceAccount(w.Ctx, w.by, "acme", "ci", api.EditServiceAccount{Rights: api.Rights{Grants: api.Some(owner)}})
	officetest.Must(w.T, err)
	rights := api.Rights{Grants: api.Null[[]api.Statement]()} // it inherits
	if rapid.Bool().Draw(t, "names rights") {
		rights.Grants = api.Some(roles(t, "token's roles"))
	}
	_, err = w.EditToken(w.Ctx, w.by, "acme", w.id, officetest.Patch(func(f *api.TokenFields) { f.Rights, f.RateLimit = rights, orNull(own) }))
	officetest.Must(w.T, err)
	return fmt.Sprintf("slow %v, fast %v, own %v, policy %v, workspace %v, owner %v, token %v", slow, fast, own, each, all, owner, rights.Grants)
}

// ask is what the engine decides of a request of some cost, counting nothing.
func (w *limited) ask(cost int) (d verify.Decision) {
	w.Helper()
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: w.secret.Reveal(), Cost: cost, Peek: true}, &d))
	return d
}

// What is told of a token's limits is what verification holds it against: the token's
// own, the strictest of its roles', the policy's, and the one of the workspace, through
// every way of setting them. A request costs as much as the smallest at most.
func TestTheLimitsThatAreToldAreThoseThatHold(t *testing.T) {
	t.Parallel()
	w := newLimited(t)
	rapid.Check(t, func(rt *rapid.T) {
		story := w.set(rt)
		own, err := w.RateLimit(w.Ctx, w.by, "acme", w.id)
		officetest.Must(t, err)
		p, err := w.GetPolicy(w.Ctx, w.by, "acme")
		officetest.Must(t, err)
		told := []*api.RateLimit{own, p.WorkspaceRateLimit}
		least := 0
		for _, l := range told {
			if l != nil && (least == 0 || l.Requests < least) {
				least = l.Requests
			}
		}
		d := w.ask(1)
		if d.Code != api.CodeOK || d.Rate.Limited != (least > 0) {
			rt.Fatalf("%s: told %v, and a request is %s, limited %t", story, told, d.Code, d.Rate.Limited)
		}
		if !d.Rate.Limited {
			if d = w.ask(1_000_000); d.Code != api.CodeOK {
				rt.Fatalf("%s: told of no limit, and a dear request is %s", story, d.Code)
			}
			w.explains(rt, story, told)
			return
		}
		held := api.RateLimit{Requests: d.Rate.Limit, Window: api.Duration(d.Rate.Window)}
		if (own == nil || held != *own) && (told[1] == nil || held != *told[1]) || d.Rate.Limit != least {
			rt.Fatalf("%s: told %v, and held against %v", story, told, held)
		}
		if d = w.ask(least); d.Code != api.CodeOK {
			rt.Fatalf("%s: told %v, and a request of the whole limit is %s", story, told, d.Code)
		}
		if d = w.ask(least + 1); d.Code != api.CodeCostExceedsLimit || d.Rate.Limit != least {
			rt.Fatalf("%s: told %v, and a request beyond the limit is %s of %d", story, told, d.Code, d.Rate.Limit)
		}
		w.explains(rt, story, told)
	})
}

// explains says that an explanation names each limit that is told, and no other.
func (w *limited) explains(t *rapid.T, story string, told []*api.RateLimit) {
	v, err := w.Explain(w.Ctx, w.by, "acme", api.ExplainRequest{Token: w.secret.Reveal(), Resource: "any"})
	officetest.Must(w.T, err)
	text := v.Checks[len(v.Checks)-1].Detail
	n := 0
	for _, l := range told {
		if l == nil {
			continue
		}
		if n++; !strings.Contains(text, fmt.Sprintf("%d in %s, from ", l.Requests, l.Window)) {
			t.Fatalf("%s: told %v, and explained as %q", story, told, text)
		}
	}
	if got := strings.Count(text, ", from "); got != n {
		t.Fatalf("%s: told of %d limits, and explained as %q", story, n, text)
	}
}

// A limit that is used up refuses until as much of its window has passed as it says, and
// a token never gets more through than each limit lets.
func TestALimitLetsThroughWhatItSaysAndNoMore(t *testing.T) {
	t.Parallel()
	w := newLimited(t)
	rapid.Check(t, func(rt *rapid.T) {
		w.Clock.Pass(25 * time.Hour) // what the workspace used before has drained
		w.fresh()
		story := w.set(rt)
		own, err := w.RateLimit(w.Ctx, w.by, "acme", w.id)
		officetest.Must(t, err)
		p, err := w.GetPolicy(w.Ctx, w.by, "acme")
		officetest.Must(t, err)
		passed := 0
		for range 12 {
			var d verify.Decision
			officetest.Must(t, w.Engine.Verify(w.Ctx, &verify.Request{Token: w.secret.Reveal(), Cost: 1}, &d))
			if d.Code == api.CodeOK {
				passed++
				continue
			}
			if d.Code != api.CodeRateLimited || d.Rate.RetryAfter <= 0 {
				rt.Fatalf("%s: refused with %s, again in %v", story, d.Code, d.Rate.RetryAfter)
			}
			w.Clock.Pass(d.Rate.RetryAfter - 1)
			if early := w.ask(1); early.Code != api.CodeRateLimited {
				rt.Fatalf("%s: %s before it said", story, early.Code)
			}
			w.Clock.Pass(1)
			if then := w.ask(1); then.Code != api.CodeOK {
				rt.Fatalf("%s: %s when it said", story, then.Code)
			}
			break
		}
		want := 12
		for _, l := range []*api.RateLimit{own, p.WorkspaceRateLimit} {
			if l != nil {
				want = min(want, l.Requests)
			}
		}
		if passed != want {
			rt.Fatalf("%s: %d requests passed at once, told %v and %v", story, passed, own, p.WorkspaceRateLimit)
		}
	})
}
