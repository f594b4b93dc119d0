package insight_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/usage"
	"github.com/tokenry/tokenry/token"
)

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
	w := &watched{World: officetest.NewWorld(t, url), Request: "req_0"}
	s, err := store.OpenUsage(t.Context(), store.Options{URL: url})
	officetest.Must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	w.Kept = s
	w.Rec = usage.New(usage.Config{Store: s, Now: w.Clock.Now, Node: "test"})
	w.Office = office.New(authority.Options{
		Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Usage: s, Decisions: w.Rec, Glance: time.Hour,
	})
	w.Observe(w.Engine)
	w.Asked, err = w.Resolve(w.Ctx, "acme")
	officetest.Must(t, err)
	return w
}

func TestATokenSaysWhenItWasLastUsed(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		if v := w.Get(w.Root, i.Token.ID); v.LastUsedAt != nil || v.LastUsedIP != nil || v.Secrets[0].LastUsedAt != nil {
			w.Errorf("never used, and shows %v from %v", v.LastUsedAt, v.LastUsedIP)
		}
		first := w.Clock.Now()
		w.Uses(i.Secret, "192.0.2.1")
		w.Clock.Pass(time.Minute)
		j, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{})
		officetest.Must(w.T, err)
		if j.Token.LastUsedAt == nil || !j.Token.LastUsedAt.Equal(first) {
			w.Errorf("the answer of a change shows %v", j.Token.LastUsedAt)
		}
		w.Uses(j.Secret, "192.0.2.2")
		v := w.Get(w.Root, i.Token.ID)
		if !v.LastUsedAt.Equal(w.Clock.Now()) || *v.LastUsedIP != "192.0.2.2" ||
			!v.Secrets[0].LastUsedAt.Equal(w.Clock.Now()) || !v.Secrets[1].LastUsedAt.Equal(first) {
			w.Errorf("used at %v from %v, secrets %+v", v.LastUsedAt, *v.LastUsedIP, v.Secrets)
		}
		viewer := w.Member("vic@example.com", "Viewer")
		if v := w.Get(viewer, i.Token.ID); v.LastUsedAt == nil || v.LastUsedIP != nil {
			w.Errorf("a viewer is shown %v from %v", v.LastUsedAt, v.LastUsedIP)
		}
	})
}

func TestTokensAreFoundByTheirUse(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		a, b := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		w.Clock.Pass(100 * 24 * time.Hour)
		w.Uses(a.Secret, "192.0.2.1")
		list := func(c authority.Caller, f api.TokenFilter) map[string]bool {
			w.Helper()
			vs, _, err := w.ListTokens(w.Ctx, c, "acme", f, officetest.Page(0))
			officetest.Must(w.T, err)
			ids := map[string]bool{}
			for _, v := range vs {
				ids[v.ID] = true
			}
			return ids
		}
		if ids := list(w.Root, api.TokenFilter{UnusedFor: api.Some(90 * api.Day)}); ids[a.Token.ID] || !ids[b.Token.ID] {
			w.Errorf("unused are %v", ids)
		}
		for from, want := range map[string]bool{"192.0.2.1": true, "192.0.2.0/24": true, "::ffff:192.0.2.1": true, "192.0.2.2": false} {
			if ids := list(w.Root, api.TokenFilter{UsedFrom: api.Some(from)}); ids[a.Token.ID] != want || ids[b.Token.ID] {
				w.Errorf("used from %s are %v", from, ids)
			}
		}
		_, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{UsedFrom: api.Some("here")}, officetest.Page(0))
		w.RefusedField(err, api.CodeInvalidField, "used_from")
		_, _, err = w.ListTokens(w.Ctx, w.Member("vic@example.com", "Viewer"), "acme", api.TokenFilter{UsedFrom: api.Some("192.0.2.1")}, officetest.Page(0))
		w.Refused(err, api.CodeInsufficientScope)
	})
}

func TestADryRunOfARemovalShowsTheLastUse(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.MemberOf("acme", "bob@example.com", "Viewer", "*")
		i := w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))
		w.Uses(i.Secret, "192.0.2.1")
		done, err := w.RemoveMember(w.Ctx, w.Root, "acme", "bob@example.com", true)
		officetest.Must(w.T, err)
		if len(done.Affected.Tokens) != 1 || done.Affected.Tokens[0].LastUsedAt == nil || done.Affected.Tokens[0].Status != api.StatusActive {
			w.Errorf("the dry run shows %+v", done.Affected.Tokens)
		}
	})
}

func TestTheInstanceCountsAllWorkspaces(t *testing.T) {
	t.Parallel()
	eachWatched(t, func(w *watched) {
		w.Workspace("globex")
		w.Workspace("idle")
		here := w.Create(w.Root, officetest.Ask("personal", ""))
		in := officetest.Scoped("workspace", "", "tickets:read")
		there, err := w.CreateToken(w.Ctx, w.Root, "globex", in)
		officetest.Must(w.T, err)
		w.Asked = 0
		w.Uses(here.Secret, "192.0.2.1")
		w.Clock.Pass(time.Hour)
		w.Uses(there.Secret, "192.0.2.1", "tickets:read")
		w.Uses(there.Secret, "192.0.2.1", "tickets:read")
		for _, s := range []token.Secret{there.Secret, token.NewSecret("tkyp_000000000000zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz000000")} {
			if code := w.Use(s, "192.0.2.1", "tickets:write"); code == api.CodeOK {
				w.Error("let through")
			}
		}
		v, err := w.InstanceUsage(w.Ctx, w.Root, time.Time{}, time.Time{}, "")
		officetest.Must(w.T, err)
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
		_, err = w.InstanceUsage(w.Ctx, w.Member("ova@example.com", "Owner"), time.Time{}, time.Time{}, "")
		w.Refused(err, api.CodeInsufficientScope)
		_, err = w.InstanceUsage(w.Ctx, w.Root, time.Time{}, time.Time{}, "week")
		w.RefusedField(err, api.CodeInvalidField, "bucket")
	})
}
