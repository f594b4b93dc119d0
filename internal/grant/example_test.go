package grant_test

import (
	"fmt"

	"github.com/tokenry/tokenry/internal/grant"
)

// The effective grant of a token is what its own statements and its owner's have in common, with roles as they are now.
func ExampleIntersect() {
	book := &grant.Book{Roles: map[string][]string{"Agent": {"tickets:*", "wiki:read", "tokens:self"}}}
	owner := book.Compile([]grant.Statement{{Role: "Agent", Resources: []string{"payments", "billing-*"}}})
	token := book.Compile([]grant.Statement{{Scopes: []string{"product:read"}, Resources: []string{"billing-eu", "search"}}})

	effective := grant.Intersect(owner, token)
	fmt.Println(effective.Scopes(), effective.Resources())
	fmt.Println(effective.Allows("tickets:read", "billing-eu"), effective.Allows("tickets:read", "search"))
	// Output:
	// [tickets:read wiki:read] [billing-eu]
	// true false
}

func ExampleBook_Compile() {
	book := &grant.Book{
		Roles:   map[string][]string{"Viewer": {"product:read", "members:read"}},
		Implies: map[string][]string{"tickets:write": {"tickets:read"}},
	}
	g := book.Compile([]grant.Statement{
		{Role: "Viewer", Resources: []string{"*"}},
		{Role: "Viewr", Resources: []string{"*"}}, // a role nobody defined grants nothing
		{Scopes: []string{"tickets:write"}, Resources: []string{"payments"}},
	})
	for _, s := range g.Statements() {
		fmt.Println(s.Scopes, s.Resources)
	}
	// Output:
	// [members:read product:read] [*]
	// [tickets:write] [payments]
}

func ExampleGrant_Covers() {
	book := &grant.Book{}
	caller := book.Compile([]grant.Statement{{Scopes: []string{"tickets:*"}, Resources: []string{"billing-*"}}})
	asked := book.Compile([]grant.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}})
	fmt.Println(caller.Covers(asked))
	fmt.Println(caller.Covers(grant.Intersect(caller, asked)))
	// Output:
	// false
	// true
}

func ExampleGrant_AllowsAll() {
	g := (&grant.Book{}).Compile([]grant.Statement{{Scopes: []string{"tickets:read", "members:read"}, Resources: []string{"payments"}}})
	// A request that names no resource asks about the entire portfolio; members:read needs none.
	fmt.Println(g.AllowsAll("tickets:read"), g.AllowsAny("tickets:read"), g.AllowsAll("members:read"))
	// Output: false true true
}

func ExampleStatement_Validate() {
	err := grant.Statement{Scopes: []string{"tickets:read", "Tickets:Write"}, Resources: []string{"*"}}.Validate()
	fmt.Println(err)
	// Output: scopes: entry 2 is not a scope such as noun:verb, noun:*, product:* or *
}
