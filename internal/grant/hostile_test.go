package grant_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/grant"
)

func TestHostileSizesStayCheap(t *testing.T) { //nolint:tparallel // the cases are large; one after the other they fit in memory
	t.Parallel()
	n := 1000
	resources := many(n, "r%d")
	single := func(scope, resource string) []grant.Statement {
		sts := make([]grant.Statement, n)
		for i := range sts {
			sts[i] = grant.Statement{Scopes: []string{fmt.Sprintf(scope, i)}, Resources: []string{fmt.Sprintf(resource, i)}}
		}
		return sts
	}
	nested := func(scope string) []grant.Statement {
		sts := make([]grant.Statement, 128)
		for i := range sts {
			sts[i] = grant.Statement{Scopes: many(n, scope), Resources: []string{strings.Repeat("r", i+1) + "*"}}
		}
		return sts
	}
	one := func(s grant.Statement) []grant.Statement { return []grant.Statement{s} }
	tests := map[string][2][]grant.Statement{
		"scopes and resources": {
			one(grant.Statement{Scopes: many(n, "n%d:read"), Resources: resources}), one(grant.Statement{Scopes: many(n, "n%d:*"), Resources: many(n, "r%d*")})},
		"verbs by nouns": {
			one(grant.Statement{Scopes: many(n, "product:v%d"), Resources: resources}), one(grant.Statement{Scopes: many(n, "n%d:*"), Resources: resources})},
		"verbs by nouns that differ": {
			one(grant.Statement{Scopes: append(many(n/2, "product:v%d"), many(n/2, "n%d:x")...), Resources: resources}),
			one(grant.Statement{Scopes: many(n, "n%d:*"), Resources: resources})},
		"statements":          {single("n%d:*", "r%d"), single("product:v%d", "r%d*")},
		"statements in one":   {single("n%d:x", "*"), single("product:v%d", "r*")},
		"one pattern in many": {single("n%d:x", "r%d"), single("n%d:*", "*")},
		"nested prefixes":     {nested("n%d:x"), nested("n%d:*")},
		"nested, and verbs":   {nested("product:v%d"), nested("n%d:x")},
		"implications": {
			one(grant.Statement{Scopes: many(n, "n%d:x"), Resources: resources}), one(grant.Statement{Scopes: []string{"n0:x"}, Resources: resources})},
	}
	book := &grant.Book{Implies: map[string][]string{}}
	for i := range n {
		book.Implies[fmt.Sprintf("n%d:x", i)] = []string{fmt.Sprintf("n%d:x", (i+1)%n), fmt.Sprintf("n%d:x", (i+7)%n)}
	}
	for name, pair := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			a, b := book.Compile(pair[0]), book.Compile(pair[1])
			compiled := time.Since(start)
			both := grant.Intersect(a, b)
			if !a.Covers(both) || !b.Covers(both) || !grant.Union(a, b).Covers(a) {
				t.Error("an intersection exceeds a side")
			}
			t.Logf("compiled in %v, all in %v", compiled, time.Since(start))
		})
	}
}

func TestVerbsByNounsAtTheSizeLimitIsExact(t *testing.T) {
	t.Parallel()
	verbs := compile(grant.Statement{Scopes: many(1000, "product:v%d"), Resources: []string{"*"}})
	nouns := compile(grant.Statement{Scopes: many(1000, "n%d:*"), Resources: []string{"*"}})
	both := grant.Intersect(verbs, nouns)
	for i := range 1000 {
		allow(t, both, fmt.Sprintf("n%d:v%d", i, 999-i), "r")
	}
	deny(t, both, "n1000:v0", "r")
	deny(t, both, "n0:v1000", "r")
	if got := len(both.Scopes()); got != 1000*1000 {
		t.Errorf("%d scopes", got)
	}
}

// Beyond the bound an intersection may hold less than both sides, never more.
func TestBeyondTheBoundItIsLessNeverMore(t *testing.T) {
	t.Parallel()
	verbs := compile(grant.Statement{Scopes: many(2000, "product:v%d"), Resources: []string{"*"}})
	nouns := compile(grant.Statement{Scopes: many(2000, "n%d:*"), Resources: []string{"*"}})
	both := grant.Intersect(verbs, nouns)
	held := 0
	for i := range 2000 {
		if both.Allows(fmt.Sprintf("n%d:v%d", i, i), "r") {
			held++
		}
	}
	if held == 0 || held == 2000 || both.Allows("n0:v2000", "r") || !verbs.Covers(both) || !nouns.Covers(both) {
		t.Errorf("%d of 2000 nouns held", held)
	}
}

func BenchmarkAllows(b *testing.B) {
	wide := compile(grant.Statement{Scopes: many(1000, "n%d:read"), Resources: many(1000, "r%d")})
	for _, bb := range []struct {
		name            string
		g               grant.Grant
		scope, resource string
	}{
		{"owner", role("Owner", "*"), "tickets:write", "payments"},
		{"member", role("Team Member", "payments", "billing-*"), "tickets:write", "billing-eu"},
		{"listed", on("tickets:read tickets:write wiki:read", "*"), "tickets:write", "payments"},
		{"built in", role("Administrator", "*"), "webhooks:write", ""},
		{"thousand by thousand", wide, "n777:read", "r777"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !bb.g.Allows(bb.scope, bb.resource) {
					b.Fatal("denied")
				}
			}
		})
	}
}

func BenchmarkAllowsAll(b *testing.B) {
	g := role("Team Member", "*")
	b.ReportAllocs()
	for b.Loop() {
		if !g.AllowsAll("tickets:write") {
			b.Fatal("denied")
		}
	}
}

func BenchmarkIntersect(b *testing.B) {
	owner, token := role("Workspace Manager", "*"), on("tickets:read wiki:*", "payments", "billing-*")
	b.ReportAllocs()
	for b.Loop() {
		if grant.Intersect(owner, token).Empty() {
			b.Fatal("empty")
		}
	}
}
