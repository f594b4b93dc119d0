package grant_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestResourcePatterns(t *testing.T) {
	t.Parallel()
	g := on("tickets:read", "acme", "ac*", "site-1", "site-10", "site-2*", "ab")
	for _, r := range []string{"acme", "ac", "ac-dc", "acz", "site-1", "site-10", "site-2", "site-20", "ab"} {
		allow(t, g, "tickets:read", r)
	}
	for _, r := range []string{"a", "abc", "aa", "ad", "Acme", "site-", "site-100", "site-3", "", "*", "ac*", "ac/x", "site-2\n", "zz"} {
		deny(t, g, "tickets:read", r)
	}
	if diff := cmp.Diff([]string{"ab", "ac*", "site-1", "site-10", "site-2*"}, g.Resources()); diff != "" {
		t.Errorf("Resources (-want +got):\n%s", diff)
	}
}

func TestNestedResourcePatternsAddUp(t *testing.T) {
	t.Parallel()
	g := grant.Union(on("a:x", "*"), grant.Union(on("a:y", "p*"), grant.Union(on("a:z", "pq"), on("a:y", "pq", "k"))))
	want := map[string]string{"pq": "a:x a:y a:z", "pqr": "a:x a:y", "p": "a:x a:y", "k": "a:x a:y", "kk": "a:x", "z": "a:x", "": "a:x"}
	for r, held := range want {
		if diff := cmp.Diff(held, strings.Join(allowed(g, r), " ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", r, diff)
		}
	}
	statements := []grant.Statement{
		{Scopes: []string{"a:x"}, Resources: []string{"*"}},
		{Scopes: []string{"a:y"}, Resources: []string{"k", "p*"}},
		{Scopes: []string{"a:z"}, Resources: []string{"pq"}},
	}
	if diff := cmp.Diff(statements, g.Statements()); diff != "" {
		t.Errorf("Statements (-want +got):\n%s", diff)
	}
}

func allowed(g grant.Grant, resource string) []string {
	var out []string
	for _, s := range []string{"a:x", "a:y", "a:z"} {
		if g.Allows(s, resource) {
			out = append(out, s)
		}
	}
	return out
}

func TestScopesThatNeedNoResource(t *testing.T) {
	t.Parallel()
	g := on("tokens:read resources:create tickets:read instance:verify")
	for _, r := range []string{"", "acme"} {
		allow(t, g, "tokens:read", r)
		allow(t, g, "instance:verify", r)
		deny(t, g, "resources:create", r)
		deny(t, g, "tickets:read", r)
	}
	if !g.AllowsAny("tokens:read") || !g.AllowsAll("tokens:read") || g.AllowsAny("tickets:read") || g.AllowsAny("resources:create") {
		t.Error("AllowsAny or AllowsAll disagree with Allows")
	}
	if g.ReachesResource("acme") || g.ReachesResource("") {
		t.Error("a grant without resources reaches one")
	}
}

func TestOnOneResource(t *testing.T) {
	t.Parallel()
	g := on("tokens:read resources:create tickets:read", "acme")
	for _, s := range []string{"resources:create", "tickets:read"} {
		allow(t, g, s, "acme")
		deny(t, g, s, "other")
		deny(t, g, s, "")
		if !g.AllowsAny(s) || g.AllowsAll(s) {
			t.Errorf("%s: any %v, all %v", s, g.AllowsAny(s), g.AllowsAll(s))
		}
	}
	allow(t, g, "tokens:read", "other")
	if !g.ReachesResource("acme") || g.ReachesResource("acm") || g.ReachesResource("") || g.AllowsAny("x:y") || g.AllowsAny("!") {
		t.Error("the grant reaches other than its resource")
	}
}

func TestInstanceScopes(t *testing.T) {
	t.Parallel()
	for _, s := range grant.InstanceScopes() {
		for _, wide := range []string{"*", "admin", "product:*", "tokens:* product:* *"} {
			if on(wide, "*").HasInstance(s) {
				t.Errorf("%s contains %s", wide, s)
			}
		}
		if g := on("* "+s, "*"); !g.HasInstance(s) || !g.Covers(on("*", "*")) || on("*", "*").Covers(g) {
			t.Errorf("%s is not held beside *", s)
		}
	}
	if on("* instance:admin", "*").HasInstance("tokens:read") || on("instance:admin").HasInstance("instance:verify") {
		t.Error("HasInstance answers yes for another scope")
	}
}

func TestMissingKeepsTheOrderAsked(t *testing.T) {
	t.Parallel()
	g := grant.Union(on("tokens:read tickets:read", "acme"), on("wiki:read", "*"))
	asked := []string{"wiki:write", "tickets:read", "tokens:read", "wiki:read", "Wiki:read"}
	if diff := cmp.Diff([]string{"wiki:write", "Wiki:read"}, g.Missing(asked, "acme")); diff != "" {
		t.Errorf("on acme (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"wiki:write", "tickets:read", "Wiki:read"}, g.Missing(asked, "")); diff != "" {
		t.Errorf("on everything (-want +got):\n%s", diff)
	}
	if got := g.Missing(asked[1:4], "acme"); got != nil {
		t.Errorf("got %v, want nil", got)
	}
}

func TestScopesAreMinimal(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                                   "",
		"admin":                              "*",
		"* tokens:read tickets:read":         "*",
		"instance:admin * instance:verify":   "* instance:admin instance:verify",
		"product:* tickets:* wiki:read":      "product:*",
		"tickets:read tickets:* tickets:x":   "tickets:*",
		"product:read tickets:read":          "product:read",
		"product:read tickets:*":             "product:read tickets:*",
		"product:read tickets:write":         "product:read tickets:write",
		"members:write members:read":         "members:*",
		"members:read roles:*":               "members:read roles:*",
		"audit:*":                            "audit:read",
		"resources:* wiki:z wiki:a tokens:*": "resources:* tokens:* wiki:a wiki:z",
		strings.Join(grant.BuiltIn(), " ") + " product:*": "*",
	}
	for scopes, want := range tests {
		if got := strings.Join(on(scopes, "*").Scopes(), " "); got != want {
			t.Errorf("%s: got %s, want %s", scopes, got, want)
		}
	}
	if got := grant.Union(on("tickets:read", "a"), on("tickets:* tokens:read", "b")).Scopes(); !cmp.Equal(got, []string{"tickets:*", "tokens:read"}) {
		t.Errorf("over two statements: %v", got)
	}
	if got := (grant.Grant{}).Scopes(); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %#v", got)
	}
}

func TestResourcesOfScopes(t *testing.T) {
	t.Parallel()
	g := grant.Union(on("tickets:read tokens:read", "a*", "b"), grant.Union(on("tickets:write", "ab*", "c"), on("resources:read")))
	tests := map[string]string{
		"":                           "a* b c",
		"tickets:read":               "a* b",
		"tickets:write":              "ab* c",
		"tickets:read tickets:write": "ab*",
		"tokens:read":                "a* b", // where it is granted with resources
		"resources:read":             "",     // granted with none
		"tickets:*":                  "",     // a pattern is not one scope
		"wiki:read":                  "",
	}
	for scopes, want := range tests {
		got := g.Resources(strings.Fields(scopes)...)
		if got == nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %#v, want %s", scopes, got, want)
		}
	}
	if got := grant.Union(g, on("wiki:read", "*")).Resources(); !cmp.Equal(got, []string{"*"}) {
		t.Errorf("with everything: %v", got)
	}
	if got := (grant.Grant{}).Resources(); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %#v", got)
	}
}

func TestStatementsAreCanonical(t *testing.T) {
	t.Parallel()
	g := compile(
		grant.Statement{Scopes: []string{"wiki:read", "tokens:self"}, Resources: []string{"b", "a"}},
		grant.Statement{Scopes: []string{"members:write", "members:read", "product:*"}},
		grant.Statement{Scopes: []string{"wiki:read", "tokens:self"}, Resources: []string{"a", "c*", "cd"}},
	)
	want := []grant.Statement{
		{Scopes: []string{"members:*"}},
		{Scopes: []string{"tokens:self", "wiki:read"}, Resources: []string{"a", "b", "c*"}},
	}
	if diff := cmp.Diff(want, g.Statements()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (grant.Grant{}).Statements(); got != nil {
		t.Errorf("of nothing: %#v", got)
	}
}

func TestIntersectOfDisjointResourcesKeepsWhatNeedsNone(t *testing.T) {
	t.Parallel()
	g := grant.Intersect(on("*", "acme"), on("product:* resources:create tokens:read", "other"))
	if want := on("tokens:read"); !g.Equal(want) {
		t.Errorf("got %v", g.Statements())
	}
}

func TestIntersectMultipliesVerbsByNouns(t *testing.T) {
	t.Parallel()
	g := grant.Intersect(on("product:read product:write", "*"), on("tickets:* wiki:* users:edit users:read product:write", "a*"))
	if want := on("product:write tickets:read wiki:read users:read", "a*"); !g.Equal(want) {
		t.Errorf("got %v", g.Statements())
	}
}

func TestCeiling(t *testing.T) {
	t.Parallel()
	manager := role("Workspace Manager", "acme*")
	tests := []struct {
		name string
		h    grant.Grant
		want bool
	}{
		{"itself", manager, true},
		{"nothing", grant.Grant{}, true},
		{"a lower role there", role("Viewer", "acme-1"), true},
		{"a lower role elsewhere", role("Viewer", "other"), false},
		{"a lower role everywhere", role("Viewer", "*"), false},
		{"a higher role there", role("Administrator", "acme"), false},
		{"a scope it lacks", on("tokens:delete"), false},
		{"a scope it has", on("tokens:create"), true},
		{"an instance scope", on("instance:verify"), false},
	}
	for _, tt := range tests {
		if got := manager.Covers(tt.h); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

// What the package comment admits: sets that only a finite alphabet makes equal are told apart, and Covers errs towards no.
func TestExhaustedAlphabetIsNotRecognised(t *testing.T) {
	t.Parallel()
	const names = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._:-"
	parts := []string{"a"}
	for _, c := range names {
		parts = append(parts, "a"+string(c)+"*")
	}
	whole, pieces := on("x:y", "a*"), on("x:y", parts...)
	if whole.Equal(pieces) || pieces.Covers(whole) || !whole.Covers(pieces) {
		t.Error("the package comment is out of date")
	}
}

func TestAllowsDoesNotAllocate(t *testing.T) {
	g := grant.Union(role("Viewer", "*"), role("Workspace Manager", "acme*", "site-1"))
	for name, ask := range map[string]func(){
		"product":        func() { g.Allows("tickets:write", "acme-prod") },
		"denied":         func() { g.Allows("tickets:write", "other") },
		"built in":       func() { g.Allows("tokens:delete", "") },
		"create":         func() { g.Allows("resources:create", "site-1") },
		"malformed":      func() { g.Allows("tickets", "/") },
		"all":            func() { g.AllowsAll("tickets:read") },
		"any":            func() { g.AllowsAny("tickets:write") },
		"reaches":        func() { g.ReachesResource("acme") },
		"nothing missed": func() { g.Missing([]string{"tickets:read", "tokens:read"}, "acme") },
	} {
		if n := testing.AllocsPerRun(100, ask); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
