package grant_test

import (
	"testing"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestWhatCompilesToNothing(t *testing.T) {
	t.Parallel()
	every := []string{"*"}
	for name, s := range map[string]grant.Statement{
		"unknown role":                {Role: "Nobody", Resources: every},
		"role in another case":        {Role: "owner", Resources: every},
		"role with a space":           {Role: "Owner ", Resources: every},
		"role and scopes":             {Role: "Owner", Scopes: []string{"*"}, Resources: every},
		"an empty statement":          {},
		"no scope left":               {Scopes: []string{}, Resources: every},
		"no resource left":            {Resources: []string{}},
		"only malformed resources":    {Resources: []string{"a/b"}},
		"only malformed scopes":       {Scopes: []string{"TICKETS:*", "instance:*"}, Resources: every},
		"product scopes on nothing":   {Scopes: []string{"product:*", "resources:create"}},
		"product scopes on malformed": {Scopes: []string{"product:*"}, Resources: []string{"/"}},
	} {
		if g := builtInBook().Compile([]grant.Statement{s}); !g.Empty() || !g.Equal(grant.Grant{}) {
			t.Errorf("%s grants %v", name, g.Statements())
		}
	}
	var none *grant.Book
	if !none.Compile([]grant.Statement{{Role: "Owner", Resources: every}}).Empty() || !none.Compile(nil).Empty() {
		t.Error("a nil book knows a role")
	}
}

func TestResourcesAloneIsEverythingThere(t *testing.T) {
	t.Parallel()
	if g := compile(grant.Statement{Resources: []string{"acme"}}); !g.Equal(on("*", "acme")) {
		t.Errorf("got %v", g.Statements())
	}
}

func TestUnknownEntriesDoNotSpoilTheirNeighbours(t *testing.T) {
	t.Parallel()
	g := builtInBook().Compile([]grant.Statement{
		{Role: "Nobody", Resources: []string{"*"}},
		{Scopes: []string{"!", "tickets:read"}, Resources: []string{"/", "acme"}},
	})
	if !g.Equal(on("tickets:read", "acme")) {
		t.Errorf("got %v", g.Statements())
	}
}

func TestImplications(t *testing.T) {
	t.Parallel()
	book := &grant.Book{Implies: map[string][]string{
		"tickets:admin": {"tickets:write"},
		"tickets:write": {"tickets:read"},
		"tickets:read":  {"tickets:admin", "users:see"}, // a cycle, and a way out of it
		"builds:run":    {"builds:run"},
		"tokens:read":   {"builds:run"},                                                      // a built-in scope implies nothing
		"wiki:read":     {"members:write", "instance:admin", "wiki:*", "product:*", "*", ""}, // nor is one implied, nor a pattern
	}}
	tests := []struct {
		scopes, allowed, denied []string
	}{
		{[]string{"tickets:admin"}, []string{"tickets:admin", "tickets:write", "tickets:read", "users:see"}, []string{"users:edit", "tickets:x"}},
		{[]string{"product:write"}, []string{"users:see", "tickets:admin"}, []string{"builds:run"}},
		{[]string{"tickets:*"}, []string{"users:see"}, []string{"users:edit"}},
		{[]string{"users:see"}, []string{"users:see"}, []string{"tickets:read"}},
		{[]string{"tokens:read"}, []string{"tokens:read"}, []string{"builds:run"}},
		{[]string{"wiki:read"}, []string{"wiki:read"}, []string{"members:write", "instance:admin", "wiki:write", "tickets:read"}},
		{[]string{"product:*"}, []string{"users:see", "x:y"}, []string{"members:write"}},
	}
	for _, tt := range tests {
		g := book.Compile([]grant.Statement{{Scopes: tt.scopes, Resources: []string{"acme"}}})
		for _, s := range tt.allowed {
			allow(t, g, s, "acme")
		}
		for _, s := range tt.denied {
			deny(t, g, s, "acme")
		}
		deny(t, g, "users:see", "other")
	}
}

func TestImplicationsReachIntoRoles(t *testing.T) {
	t.Parallel()
	book := &grant.Book{
		Roles:   map[string][]string{"Agent": {"tickets:write"}},
		Implies: map[string][]string{"tickets:write": {"tickets:read"}},
	}
	allow(t, book.Compile([]grant.Statement{{Role: "Agent", Resources: []string{"acme"}}}), "tickets:read", "acme")
}

func allow(t *testing.T, g grant.Grant, scope, resource string) {
	t.Helper()
	if !g.Allows(scope, resource) {
		t.Errorf("%v denies %s on %q", g.Statements(), scope, resource)
	}
}

func deny(t *testing.T, g grant.Grant, scope, resource string) {
	t.Helper()
	if g.Allows(scope, resource) {
		t.Errorf("%v allows %s on %q", g.Statements(), scope, resource)
	}
}
