package verify_test

import (
	"crypto/rand"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// remove deletes a token's row as if it had never been, so that a long test
// holds no more than the engine does.
func (o *office) remove(l token.Locator, k verify.OwnerKey) {
	o.Apply(o.commit(func() verify.Changes {
		delete(o.tokens, l)
		if k != ada {
			delete(o.owners, k)
		}
		delete(o.source.reads, any(l))
		delete(o.source.reads, any(k))
		return verify.Changes{Tokens: []token.Locator{l}, Owners: []verify.OwnerKey{k}}
	}))
}

// Tokens come and go, every tenth with an owner, rights, a long label and
// metadata of its own, in workspaces that are soon left.
func TestMemoryIsBoundedUnderChurn(t *testing.T) {
	t.Parallel()
	rounds := 100_000
	if testing.Short() {
		rounds = 20_000
	}
	o := open(t, verify.Config{Capacity: 1_000, Unknown: 1_000})
	var settled verify.Stats
	for i := range rounds {
		row, secret := o.mint()
		what := scoped(secret, "payments", "tickets:read")
		if i%10 < 2 {
			what.Resource = o.dress(&row, i)
		}
		o.put(row)
		o.expect(api.CodeOK, what)
		if i%2 == 0 { // the others stay until they are evicted
			o.edit(row.Locator, func(t *verify.Token) { t.Revoked = true })
			o.expect(api.CodeRevoked, bearer(secret))
			o.remove(row.Locator, row.Owner)
			o.expect(api.CodeUnknown, bearer(secret))
		}
		if i == rounds/2 {
			settled = o.Stats()
		}
	}
	end := o.Stats()
	if end.Tokens != 1_000 || end.Owners > 1_000 || end.Unknown > 1_000 || end.Workspaces > 2_024 {
		t.Errorf("in memory: %+v", end)
	}
	if end.Bytes > settled.Bytes*11/10 {
		t.Errorf("%d bytes grew to %d", settled.Bytes, end.Bytes)
	}
	if end.Evictions < int64(rounds/2-1_000) {
		t.Errorf("%d evictions: the test proves nothing", end.Evictions)
	}
	for _, l := range o.locators() {
		o.Apply(verify.Changes{Tokens: []token.Locator{l}})
	}
	if s := o.Stats(); s.Tokens != 0 || s.Owners != 0 {
		t.Errorf("after all is gone: %+v", s)
	}
}

// dress gives a token everything of its own and returns the one resource it is for.
func (o *office) dress(row *verify.Token, i int) (resource string) {
	resource = fmt.Sprint("system-", i)
	row.Owner = verify.OwnerKey{Type: verify.OwnerServiceAccount, ID: int64(i)}
	row.Statements = on([]string{resource}, "tickets:read")
	row.Label = fmt.Sprintf("a label that is too long for a slot %032d", i)
	row.Metadata = []byte(`{"team":"a"}`)
	row.Workspace = home + int64(i)
	owner := o.owners[ada]
	owner.Key, owner.Statements = row.Owner, on([]string{"*"}, fmt.Sprintf("tickets:read-%d", i), "tickets:read")
	o.set(func() { o.owners[row.Owner], o.spaces[row.Workspace] = owner, o.spaces[home] })
	return resource
}

// Plain tokens come and go in pairs that share their statements; what is left
// is what was there at first.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Capacity: 100})
	_, stays := o.issue(nil)
	var first verify.Stats
	for i := range 10_000 {
		var pair [2]token.Locator
		for j := range pair {
			var secret string
			pair[j], secret = o.issue(func(t *verify.Token) { t.Statements = on([]string{fmt.Sprint(i)}, "tickets:read") })
			o.expect(api.CodeOK, bearer(secret))
		}
		for _, l := range pair {
			o.remove(l, ada)
		}
		o.expect(api.CodeOK, bearer(stays))
		if i == 1_000 {
			first = o.Stats()
		}
	}
	if s := o.Stats(); s.Bytes > first.Bytes*11/10 || s.Tokens != 1 {
		t.Errorf("%+v became %+v", first, s)
	}
}

// Not parallel: it measures the heap. Grants that were rendered are not counted
// by Stats, but bounded all the same.
func TestRenderedGrantsAreBounded(t *testing.T) {
	o := open(t, verify.Config{Capacity: 10})
	before := uint64(0)
	for i := range 6_000 {
		l, secret := o.issue(func(t *verify.Token) { t.Statements = on([]string{fmt.Sprint(i)}, "tickets:read") })
		o.expect(api.CodeOK, bearer(secret))
		o.remove(l, verify.OwnerKey{})
		if i == 1_000 {
			before = heap()
		}
	}
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew by %d bytes", after-before)
	}
	runtime.KeepAlive(o)
}

func (o *office) locators() []token.Locator {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []token.Locator
	for l := range o.tokens {
		out = append(out, l)
	}
	return out
}

func TestGarbageGrowsNothingAndEvictsNobody(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Capacity: 10, Unknown: 256})
	var secrets []string
	for range 10 {
		_, secret := o.issue(nil)
		o.expect(api.CodeOK, bearer(secret))
		secrets = append(secrets, secret)
	}
	before := o.Stats()
	for range 5_000 {
		_, garbage := o.mint()
		o.expect(api.CodeUnknown, bearer(garbage))
	}
	after := o.Stats()
	if after.Tokens != 10 || after.Evictions != 0 || after.Bytes != before.Bytes || after.Unknown > 256 || after.Unknown < 200 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	o.set(func() { o.failure = fmt.Errorf("gone") })
	for _, secret := range secrets {
		o.expect(api.CodeOK, bearer(secret))
	}
}

func TestWhoIsUsedStays(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Capacity: 16})
	l, hot := o.issue(nil)
	for range 500 {
		_, once := o.issue(nil)
		o.expect(api.CodeOK, bearer(once))
		o.expect(api.CodeOK, bearer(hot))
	}
	if n := o.readsOf(l); n != 1 {
		t.Errorf("a token in use was read %d times, want 1", n)
	}
}

func TestAFullMemoryOfUsedTokensStillTakesNewOnes(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Capacity: 70})
	var secrets []string
	for range 150 {
		_, secret := o.issue(nil)
		secrets = append(secrets, secret)
		for _, s := range secrets[max(0, len(secrets)-70):] {
			o.expect(api.CodeOK, bearer(s))
		}
	}
	if s := o.Stats(); s.Tokens != 70 {
		t.Errorf("%d tokens in memory", s.Tokens)
	}
}

func TestStats(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	if s := o.Stats(); s.Tokens != 0 || s.Owners != 0 || s.Fills != 0 {
		t.Errorf("at first: %+v", s)
	}
	_, secret := o.issue(limit(5, time.Hour))
	o.expect(api.CodeOK, bearer(secret))
	_, garbage := o.mint()
	o.expect(api.CodeUnknown, bearer(garbage))
	s := o.Stats()
	if s.Tokens != 1 || s.Unknown != 1 || s.Owners != 1 || s.Workspaces != 1 || s.Meters != 1 || s.Fills != 4 || s.Revision != o.revision {
		t.Errorf("after one of each: %+v", s)
	}
	o.Apply(verify.Changes{All: true})
	if s := o.Stats(); s.Tokens != 0 || s.Unknown != 0 || s.Owners != 0 || s.Bytes >= 1<<20 || s.Revision != o.revision {
		t.Errorf("after all was dropped: %+v", s)
	}
}

// Not parallel: it counts what the whole program allocates.
func TestAKnownTokenCostsNoAllocation(t *testing.T) {
	o := open(t, verify.Config{})
	statements := on([]string{"payments", "billing"}, "tickets:read")
	narrow := func(t *verify.Token) { t.Statements = statements }
	_, secret := o.issue(narrow)
	rotated, first := o.issue(narrow)
	second := o.rotate(rotated, 0)
	_, listed := o.issue(func(t *verify.Token) { t.AllowedIPs = prefixes("10.0.0.0/8", "2001:db8::/32") })
	_, limited := o.issue(limit(1_000, time.Hour))
	_, spent := o.issue(limit(1, time.Hour))
	revoked, dead := o.issue(nil)
	o.edit(revoked, func(t *verify.Token) { t.Revoked = true })
	_, described := o.issue(func(t *verify.Token) {
		t.Label, t.Metadata = "a label of more than thirty-two bytes in all", []byte(`{"team":"a"}`)
	})
	_, garbage := o.mint()
	o.expect(api.CodeOK, bearer(spent))
	for _, tt := range []struct {
		what string
		req  verify.Request
		want api.Code
	}{
		{"hit", scoped(secret, "payments", "tickets:read"), api.CodeOK},
		{"any resource", scoped(secret, verify.AnyResource, "tickets:read"), api.CodeOK},
		{"long label and metadata", bearer(described), api.CodeOK},
		{"scope refused", scoped(secret, "payments", "tickets:write"), api.CodeInsufficientScope},
		{"resource refused", scoped(secret, "other", "tickets:read"), api.CodeResourceDenied},
		{"address refused", bearer(listed), api.CodeIPDenied},
		{"retired", bearer(first), api.CodeRetired},
		{"rotated", bearer(second), api.CodeOK},
		{"revoked", bearer(dead), api.CodeRevoked},
		{"limited", bearer(limited), api.CodeOK},
		{"limit reached", bearer(spent), api.CodeRateLimited},
		{"wrong secret", bearer(corrupt(t, secret)), api.CodeUnknown},
		{"unknown", bearer(garbage), api.CodeUnknown},
		{"malformed", bearer(secret + " "), api.CodeMalformed},
	} {
		o.expect(tt.want, tt.req)
		ctx := t.Context()
		var d verify.Decision
		allocs := testing.AllocsPerRun(100, func() {
			if err := o.Verify(ctx, &tt.req, &d); err != nil || d.Code != tt.want {
				t.Fatal(d.Code, err)
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", tt.what, allocs)
		}
	}
}

func TestTheZeroConfigWorks(t *testing.T) {
	t.Parallel()
	keys, err := token.GenerateKeyring(rand.Reader, epoch)
	must(t, err)
	e := verify.New(newSource(), keys, verify.Config{})
	var d verify.Decision
	must(t, e.Verify(t.Context(), &verify.Request{Token: "x"}, &d))
	if d.Code != api.CodeMalformed || time.Since(d.At) > time.Minute {
		t.Errorf("answered %s at %s", d.Code, d.At)
	}
	var g grant.Grant
	if got := verify.Permits(g, nil, "", false); got != api.CodeOK {
		t.Errorf("nothing asked: %s", got)
	}
}
