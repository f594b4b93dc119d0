package grant_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestBuiltInScopesAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	want := strings.Fields(`tokens:read tokens:create tokens:edit tokens:disable tokens:delete tokens:reveal
		tokens:self tokens:impersonate tokens:verify members:read members:write service-accounts:read service-accounts:write roles:read roles:write
		resources:read resources:create resources:delete audit:read usage:read policy:read policy:write webhooks:read webhooks:write workspace:delete`)
	if diff := cmp.Diff(want, grant.BuiltIn()); diff != "" {
		t.Errorf("BuiltIn (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"instance:verify", "instance:admin"}, grant.InstanceScopes()); diff != "" {
		t.Errorf("InstanceScopes (-want +got):\n%s", diff)
	}
}

func TestFixedScopesAreValidReservedAndOfOneKind(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(grant.BuiltIn(), grant.InstanceScopes()) {
		noun, _, _ := strings.Cut(s, ":")
		if !grant.ValidScope(s) || !grant.ValidPattern(s) || !grant.ReservedNoun(noun) {
			t.Errorf("%s: want valid with a reserved noun", s)
		}
		if grant.IsBuiltIn(s) == grant.IsInstance(s) {
			t.Errorf("%s: built in %v, instance %v", s, grant.IsBuiltIn(s), grant.IsInstance(s))
		}
	}
}

func TestReturnedTablesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	grant.BuiltIn()[0] = "spoiled"
	grant.InstanceScopes()[0] = "spoiled"
	grant.BuiltInRoles()[0].Scopes[0] = "spoiled"
	if grant.BuiltIn()[0] == "spoiled" || grant.InstanceScopes()[0] == "spoiled" || grant.BuiltInRoles()[0].Scopes[0] == "spoiled" {
		t.Error("a caller could change the tables")
	}
}

func TestReservedNoun(t *testing.T) {
	t.Parallel()
	for _, noun := range []string{"product", "instance", "admin", "tokens", "service-accounts", "workspace", "audit"} {
		if !grant.ReservedNoun(noun) {
			t.Errorf("%q is not reserved", noun)
		}
	}
	for _, noun := range []string{"", "tickets", "token", "products", "Tokens", "workspaces"} {
		if grant.ReservedNoun(noun) {
			t.Errorf("%q is reserved", noun)
		}
	}
}

// hostile are strings that are neither scope nor pattern; each was chosen for one way a lax parser goes wrong.
func hostile() []string {
	return []string{
		"", ":", ":read", "tickets:", "tickets", "a:b:c", "a::b", "*:read", "*:*", "**", "tickets:**", "tickets:re*", "tick*:read", "product",
		"product:", "product:r*", "admin:*", "admin:read", "instance:*", "instance:other", "tokens:frobnicate", "workspace:read",
		"Tickets:read", "tickets:READ", "ADMIN", " tickets:read", "tickets:read ", "tickets: read", "tickets:read\n", "tickets\x00:read",
		`"tickets:read"`, `tickets:read"`, `tickets\:read`, `tickets:re\ad`, "tickets:read,builds:read", "tickets/x:read", "tickets:read;",
		"tіckets:read",       // Cyrillic і
		"tickets：read",       // full-width colon
		"tickets:re\u200bad", // zero-width space
		"tickets:réad", "tickets:\xff", "ｔickets:read", "admin\u0301", "＊",
		strings.Repeat("n", 60) + ":read",
		strings.Repeat("n", 63) + ":*",
		"product:" + strings.Repeat("v", 57),
		":" + strings.Repeat("v", 63),
	}
}

func TestHostileStringsAreNeitherScopeNorPattern(t *testing.T) {
	t.Parallel()
	all := compile(grant.Statement{Scopes: []string{"*", "instance:verify", "instance:admin"}, Resources: []string{"*"}})
	for _, s := range hostile() {
		if grant.ValidScope(s) || grant.ValidPattern(s) {
			t.Errorf("%q: scope %v, pattern %v", s, grant.ValidScope(s), grant.ValidPattern(s))
		}
		if all.Allows(s, "acme") || all.AllowsAll(s) || all.AllowsAny(s) {
			t.Errorf("%q is allowed by everything", s)
		}
		if g := compile(grant.Statement{Scopes: []string{s}, Resources: []string{"*"}}); !g.Empty() {
			t.Errorf("%q grants %v", s, g.Statements())
		}
	}
}

func TestWellFormedScopesAndPatterns(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"tickets:read", "a:b", "0:1", "a.b-c_d:e.f-g_h", "-:.", strings.Repeat("n", 62) + ":v", "tokens:read", "instance:admin"} {
		if !grant.ValidScope(s) || !grant.ValidPattern(s) {
			t.Errorf("%q: scope %v, pattern %v", s, grant.ValidScope(s), grant.ValidPattern(s))
		}
	}
	for _, s := range []string{"*", "admin", "tickets:*", "product:*", "product:read", "tokens:*", "audit:*", strings.Repeat("n", 62) + ":*"} {
		if grant.ValidScope(s) || !grant.ValidPattern(s) {
			t.Errorf("%q: scope %v, pattern %v", s, grant.ValidScope(s), grant.ValidPattern(s))
		}
	}
}

func TestValidResource(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("r", 128)
	for _, s := range []string{"a", "Z", "0", "acme", "Acme-1_x.y:z", longest} {
		if !grant.ValidResource(s) || !grant.ValidResourcePattern(s) || !grant.ValidResourcePattern(s+"*") {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{
		"", "-a", ".a", ":a", "_a", "a b", "a/b", `a\b`, `a"`, "a*b", "**", "a**", "*a", "é", "а" /* Cyrillic */, "a\n", "a\x00", longest + "r", longest + "r*", "-*",
	} {
		if grant.ValidResource(s) || grant.ValidResourcePattern(s) {
			t.Errorf("%q is accepted", s)
		}
	}
	if grant.ValidResource("*") || grant.ValidResource("a*") || !grant.ValidResourcePattern("*") {
		t.Error("a pattern is not the name of one resource")
	}
}

func FuzzValidPattern(f *testing.F) {
	for _, s := range slices.Concat(hostile(), grant.BuiltIn(), []string{"*", "admin", "tickets:*", "product:read", "product:*"}) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := compile(grant.Statement{Scopes: []string{s}, Resources: []string{"*"}})
		if grant.ValidPattern(s) == g.Empty() {
			t.Errorf("%q: valid %v, grants %v", s, grant.ValidPattern(s), g.Statements())
		}
		if grant.ValidScope(s) && (!grant.ValidPattern(s) || !g.AllowsAll(s)) {
			t.Errorf("%q is a scope and does not grant itself", s)
		}
		if (s != "instance:verify" && g.AllowsAll("instance:verify")) || (s != "instance:admin" && g.AllowsAll("instance:admin")) {
			t.Errorf("%q grants an instance scope", s)
		}
		if again := compile(g.Statements()...); !again.Equal(g) {
			t.Errorf("%q does not round trip: %v", s, g.Statements())
		}
	})
}

// TestEveryBuiltInScopeSaysWhatItIsFor: a page that offers one with nothing beside it
// is read as nothing.
func TestEveryBuiltInScopeSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, s := range grant.BuiltIn() {
		if grant.About(s) == "" {
			t.Errorf("%s says nothing", s)
		}
	}
	if got := grant.About("tickets:read"); got != "" {
		t.Errorf("a scope of a product is described as %q", got)
	}
}
