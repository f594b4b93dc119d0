package form_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
)

// TestABoxSaysHowItsScopeWasUsed: a pattern by all that it lets through, and nothing of what
// a token has not or nobody counted.
func TestABoxSaysHowItsScopeWasUsed(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	p := form.Picker{
		Form: form.New(url.Values{"scope": {"tickets:*", "tickets:write", "orders:read", "tokens:read"}}),
		Uses: &form.Uses{Now: now, Scopes: []api.ScopeUse{
			{Scope: "tickets:read", LastUsedAt: ago(3), Count: 11}, {Scope: "tickets:write", LastUsedAt: ago(100), Count: 1}, {Scope: "members:read", LastUsedAt: ago(1), Count: 2},
		}},
	}
	for _, c := range []struct {
		scope api.Scope
		words string
		inUse bool
	}{
		{api.Scope{Name: "tickets:*"}, "used 12 times, last 3 days ago", true},
		{api.Scope{Name: "tickets:read"}, "used 11 times, last 3 days ago", true},
		{api.Scope{Name: "tickets:write"}, "used once, last 3 months ago: not in the last 90 days", false},
		{api.Scope{Name: "orders:read"}, "never used", false},
		{api.Scope{Name: "orders:write"}, "", false},
		{api.Scope{Name: "tokens:read", BuiltIn: true}, "", false},
		{api.Scope{Name: "members:read", BuiltIn: true}, "used 2 times, last 24 hours ago", true},
	} {
		if words, inUse := p.Use(c.scope); words != c.words || inUse != c.inUse {
			t.Errorf("%s: %q, %v; want %q", c.scope.Name, words, inUse, c.words)
		}
	}
	if recent := p.Uses.Recent(); len(recent) != 2 || recent[0].Scope != "tickets:read" {
		t.Errorf("in use are %v", recent)
	}
	p.Uses = nil
	if words, _ := p.Use(api.Scope{Name: "tickets:read"}); words != "" {
		t.Errorf("not counted: %q", words)
	}
}
