package office_test

import (
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// watched is a world in which every verification is recorded.
type watched struct {
	*world
	rec *usage.Recorder
	// request is the id of the next verification, asked the workspace that it
	// names; 0 for none.
	request string
	asked   int64
}

// eachWatched runs f in a fresh world on each engine.
func eachWatched(t *testing.T, f func(w *watched)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, url string) {
		t.Helper()
		f(newWatched(t, url))
	})
}

func newWatched(t *testing.T, url string) *watched {
	t.Helper()
	w := &watched{world: newWorld(t, url), request: "req_0"}
	s, err := store.OpenUsage(t.Context(), store.Options{URL: url})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w.rec = usage.New(usage.Config{Store: s, Now: w.clock.Now, Node: "test"})
	w.Office = office.New(authority.Options{
		Store: w.store, Keys: w.keys, Now: w.clock.Now, Rand: rand.Reader, Usage: s, Decisions: w.rec,
	})
	w.Observe(w.engine)
	w.asked, err = w.Resolve(w.ctx, "acme")
	must(t, err)
	return w
}

// use verifies a secret as a resource server would, and records it.
func (w *watched) use(s token.Secret, from string, scopes ...string) api.Code {
	w.Helper()
	var d verify.Decision
	req := verify.Request{Token: s.Reveal(), Scopes: scopes, Addr: netip.MustParseAddr(from), Resource: "any", Workspace: w.asked, Cost: 1}
	must(w.T, w.engine.Verify(w.ctx, &req, &d))
	u := usage.Of(&d, &req)
	u.Route, u.RequestID, u.Agent, u.Method, u.Path = usage.RouteVerify, w.request, "curl/8", "GET", "/tickets"
	w.rec.Record(u)
	must(w.T, w.rec.Flush(w.ctx))
	return d.Code
}

// uses is use of a secret that must be let through.
func (w *watched) uses(s token.Secret, from string, scopes ...string) {
	w.Helper()
	if code := w.use(s, from, scopes...); code != api.CodeOK {
		w.Errorf("refused with %s", code)
	}
}

func (w *watched) get(c authority.Caller, id string) api.Token {
	w.Helper()
	v, err := w.GetToken(w.ctx, c, "acme", id)
	must(w.T, err)
	return v
}

func TestATokenSaysWhenItWasLastUsed(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.create(w.root, ask("personal", ""))
		if v := w.get(w.root, i.Token.ID); v.LastUsedAt != nil || v.LastUsedIP != nil || v.Secrets[0].LastUsedAt != nil {
			w.Errorf("never used, and shows %v from %v", v.LastUsedAt, v.LastUsedIP)
		}
		first := w.clock.Now()
		w.uses(i.Secret, "192.0.2.1")
		w.clock.pass(time.Minute)
		j, err := w.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{})
		must(w.T, err)
		if j.Token.LastUsedAt == nil || !j.Token.LastUsedAt.Equal(first) {
			w.Errorf("the answer of a change shows %v", j.Token.LastUsedAt)
		}
		w.uses(j.Secret, "192.0.2.2")
		v := w.get(w.root, i.Token.ID)
		if !v.LastUsedAt.Equal(w.clock.Now()) || *v.LastUsedIP != "192.0.2.2" ||
			!v.Secrets[0].LastUsedAt.Equal(w.clock.Now()) || !v.Secrets[1].LastUsedAt.Equal(first) {
			w.Errorf("used at %v from %v, secrets %+v", v.LastUsedAt, *v.LastUsedIP, v.Secrets)
		}
		viewer := w.member("vic@example.com", "Viewer")
		if v := w.get(viewer, i.Token.ID); v.LastUsedAt == nil || v.LastUsedIP != nil {
			w.Errorf("a viewer is shown %v from %v", v.LastUsedAt, v.LastUsedIP)
		}
	})
}

func TestTokensAreFoundByTheirUse(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		a, b := w.create(w.root, ask("personal", "")), w.create(w.root, ask("personal", ""))
		w.clock.pass(100 * 24 * time.Hour)
		w.uses(a.Secret, "192.0.2.1")
		list := func(c authority.Caller, f api.TokenFilter) map[string]bool {
			w.Helper()
			vs, _, err := w.ListTokens(w.ctx, c, "acme", f, page(0))
			must(w.T, err)
			ids := map[string]bool{}
			for _, v := range vs {
				ids[v.ID] = true
			}
			return ids
		}
		if ids := list(w.root, api.TokenFilter{UnusedFor: api.Some(90 * api.Day)}); ids[a.Token.ID] || !ids[b.Token.ID] {
			w.Errorf("unused are %v", ids)
		}
		for from, want := range map[string]bool{"192.0.2.1": true, "192.0.2.0/24": true, "::ffff:192.0.2.1": true, "192.0.2.2": false} {
			if ids := list(w.root, api.TokenFilter{UsedFrom: api.Some(from)}); ids[a.Token.ID] != want || ids[b.Token.ID] {
				w.Errorf("used from %s are %v", from, ids)
			}
		}
		_, _, err := w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{UsedFrom: api.Some("here")}, page(0))
		w.refusedField(err, api.CodeInvalidField, "used_from")
		_, _, err = w.ListTokens(w.ctx, w.member("vic@example.com", "Viewer"), "acme", api.TokenFilter{UsedFrom: api.Some("192.0.2.1")}, page(0))
		w.refused(err, api.CodeInsufficientScope)
	})
}

func TestADryRunOfARemovalShowsTheLastUse(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.memberOf("acme", "bob@example.com", "Viewer", "*")
		i := w.create(w.root, ask("personal", "bob@example.com"))
		w.uses(i.Secret, "192.0.2.1")
		_, hit, _, err := w.RemoveMember(w.ctx, w.root, "acme", "bob@example.com", true)
		must(w.T, err)
		if len(hit.Tokens) != 1 || hit.Tokens[0].LastUsedAt == nil || hit.Tokens[0].Status != api.StatusActive {
			w.Errorf("the dry run shows %+v", hit.Tokens)
		}
	})
}

func TestTheInstanceCountsAllWorkspaces(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.workspace("globex")
		w.workspace("idle")
		here := w.create(w.root, ask("personal", ""))
		in := scoped("workspace", "", "tickets:read")
		there, err := w.CreateToken(w.ctx, w.root, "globex", in)
		must(w.T, err)
		w.asked = 0
		w.uses(here.Secret, "192.0.2.1")
		w.clock.pass(time.Hour)
		w.uses(there.Secret, "192.0.2.1", "tickets:read")
		w.uses(there.Secret, "192.0.2.1", "tickets:read")
		for _, s := range []token.Secret{there.Secret, token.NewSecret("tkyp_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz000000")} {
			if code := w.use(s, "192.0.2.1", "tickets:write"); code == api.CodeOK {
				w.Error("let through")
			}
		}
		v, err := w.InstanceUsage(w.ctx, w.root, time.Time{}, time.Time{}, "")
		must(w.T, err)
		want := []api.WorkspaceCount{
			{Workspace: "globex", Allowed: 2, Denied: 1, Reasons: map[api.Code]int64{api.CodeInsufficientScope: 1}},
			{Workspace: "acme", Allowed: 1, Reasons: map[api.Code]int64{}},
		}
		if diff := cmp.Diff(want, v.Workspaces); diff != "" {
			w.Error(diff)
		}
		if v.Allowed != 3 || v.Denied != 2 || v.Reasons[api.CodeMalformed] != 1 || v.Bucket != api.BucketHour || len(v.Buckets) != 2 ||
			v.Buckets[0].Allowed != 1 || v.Buckets[1].Allowed != 2 || v.Buckets[1].Denied != 2 || v.Buckets[1].Reasons[api.CodeMalformed] != 1 {
			w.Errorf("together %+v", v.UsageSeries)
		}
		_, err = w.InstanceUsage(w.ctx, w.member("ova@example.com", "Owner"), time.Time{}, time.Time{}, "")
		w.refused(err, api.CodeInsufficientScope)
		_, err = w.InstanceUsage(w.ctx, w.root, time.Time{}, time.Time{}, "week")
		w.refusedField(err, api.CodeInvalidField, "bucket")
	})
}
