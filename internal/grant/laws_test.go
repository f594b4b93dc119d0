package grant_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/grant"
)

// The names are few and nested, so that random grants meet often.
var (
	scopePatterns = []string{
		"*", "admin", "product:*", "product:x", "product:y", "a:*", "b:*", "a:x", "a:y", "a:z", "b:x", "b:z", "c:y", "tokens:*", "tokens:read",
		"tokens:self", "members:read", "members:write", "resources:*", "resources:create", "resources:read", "audit:read", "instance:verify",
		"instance:admin", "instance:*", "nonsense",
	}
	scopeNames = slices.Concat(grant.BuiltIn(), grant.InstanceScopes(), []string{
		"a:x", "a:y", "a:z", "a:w", "b:x", "b:y", "b:z", "c:x", "c:y", "d:x", "d:w", "product:x", "a:*", "*", "tokens:other",
	})
	resourcePatterns = []string{"*", "r*", "ra*", "rab*", "raba*", "s*", "r", "ra", "rab", "rabc", "rb", "s", "sa", "t", "bad/"}
	resourceNames    = []string{"", "r", "ra", "raa", "rab", "raba", "rabab", "rabc", "rabcd", "rb", "s", "sa", "sb", "t", "tt", "bad/"}
)

func drawStatements(t *rapid.T, label string) []grant.Statement {
	statement := rapid.Custom(func(t *rapid.T) grant.Statement {
		s := grant.Statement{Resources: rapid.SliceOfN(rapid.SampledFrom(resourcePatterns), 0, 4).Draw(t, "resources")}
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			s.Role = rapid.SampledFrom([]string{"Viewer", "CI Token", "Mixed", "Unknown"}).Draw(t, "role")
		case 1: // resources alone
		default:
			s.Scopes = rapid.SliceOfN(rapid.SampledFrom(scopePatterns), 0, 5).Draw(t, "scopes")
		}
		return s
	})
	return rapid.SliceOfN(statement, 0, 4).Draw(t, label)
}

func drawBook(t *rapid.T) *grant.Book {
	book := builtInBook()
	book.Roles["Mixed"] = []string{"a:*", "product:x", "tokens:self", "nonsense"}
	scope := rapid.SampledFrom([]string{"a:x", "a:y", "a:z", "b:x", "b:z", "c:y", "d:w", "tokens:read", "members:write", "instance:admin", "a:*"})
	book.Implies = rapid.MapOfN(scope, rapid.SliceOfN(scope, 0, 3), 0, 5).Draw(t, "implies")
	return book
}

// law checks a sentence about three grants of one workspace.
func law(t *testing.T, check func(t *rapid.T, book *grant.Book, a, b, c grant.Grant)) {
	t.Helper()
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		book := drawBook(t)
		draw := func(label string) grant.Grant { return book.Compile(drawStatements(t, label)) }
		check(t, book, draw("a"), draw("b"), draw("c"))
	})
}

func same(t *rapid.T, sentence string, a, b grant.Grant) {
	t.Helper()
	if !a.Equal(b) || !b.Equal(a) {
		t.Fatalf("%s:\n%v\n%v", sentence, a.Statements(), b.Statements())
	}
}

// everyQuestion asks about all names and stops at the first answer that is wrong.
func everyQuestion(t *rapid.T, right func(scope, resource string) bool) {
	t.Helper()
	for _, s := range scopeNames {
		for _, r := range resourceNames {
			if !right(s, r) {
				t.Fatalf("wrong about %s on %q", s, r)
			}
		}
	}
}

func TestLawCompileMeansWhatTheStatementsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		book, sts := drawBook(t), drawStatements(t, "statements")
		g := book.Compile(sts)
		everyQuestion(t, func(s, r string) bool { return g.Allows(s, r) == plainlyAllows(book, sts, s, r) })
	})
}

// plainlyAllows is the contract word by word, without algebra: the judge of the compiled form.
func plainlyAllows(book *grant.Book, sts []grant.Statement, scope, resource string) bool {
	if !grant.ValidScope(scope) {
		return false
	}
	free := grant.IsInstance(scope) || grant.IsBuiltIn(scope) && scope != "resources:create"
	return slices.ContainsFunc(sts, func(s grant.Statement) bool {
		patterns := s.Scopes
		switch {
		case s.Role != "":
			patterns = book.Roles[s.Role]
		case s.Scopes == nil && slices.ContainsFunc(s.Resources, grant.ValidResourcePattern):
			patterns = []string{"*"}
		}
		if !plainlyHolds(book, patterns, scope, nil) {
			return false
		}
		return free || slices.ContainsFunc(s.Resources, func(p string) bool { return plainlyMatches(p, resource) })
	})
}

func plainlyMatches(pattern, resource string) bool {
	if pattern == "*" && resource == "" {
		return true
	}
	prefix, wild := strings.CutSuffix(pattern, "*")
	return grant.ValidResource(resource) && (pattern == resource || wild && strings.HasPrefix(resource, prefix))
}

func plainlyHolds(book *grant.Book, patterns []string, scope string, seen []string) bool {
	noun, verb, _ := strings.Cut(scope, ":")
	product := !grant.IsBuiltIn(scope) && !grant.IsInstance(scope)
	if slices.ContainsFunc(patterns, func(p string) bool {
		switch p {
		case scope:
			return true
		case "*", "admin":
			return !grant.IsInstance(scope)
		case "product:*", "product:" + verb:
			return product
		case noun + ":*":
			return !grant.IsInstance(scope)
		}
		return false
	}) {
		return true
	}
	for from, to := range book.Implies {
		ok := product && !grant.ReservedNoun(strings.Split(from, ":")[0]) && grant.ValidScope(from) && !slices.Contains(seen, from)
		if ok && slices.Contains(to, scope) && plainlyHolds(book, patterns, from, append(seen, from)) {
			return true
		}
	}
	return false
}

func TestLawIntersectAllowsWhatBothAllow(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, _ grant.Grant) {
		both, either := grant.Intersect(a, b), grant.Union(a, b)
		everyQuestion(t, func(s, r string) bool {
			x, y := a.Allows(s, r), b.Allows(s, r)
			return both.Allows(s, r) == (x && y) && either.Allows(s, r) == (x || y)
		})
		for _, s := range scopeNames {
			if either.AllowsAny(s) != (a.AllowsAny(s) || b.AllowsAny(s)) || both.AllowsAny(s) && !(a.AllowsAny(s) && b.AllowsAny(s)) {
				t.Fatalf("AllowsAny is wrong about %s", s)
			}
		}
	})
}

// The pairwise definition of the effective grant, taken literally.
func TestLawIntersectIsPairwise(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, _ grant.Grant) {
		var pairs grant.Grant
		for _, x := range a.Statements() {
			for _, y := range b.Statements() {
				pairs = grant.Union(pairs, grant.Intersect(compile(x), compile(y)))
			}
		}
		same(t, "pairwise", grant.Intersect(a, b), pairs)
	})
}

func TestLawLattice(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, c grant.Grant) {
		and, or := grant.Intersect, grant.Union
		same(t, "intersect is commutative", and(a, b), and(b, a))
		same(t, "union is commutative", or(a, b), or(b, a))
		same(t, "intersect is associative", and(and(a, b), c), and(a, and(b, c)))
		same(t, "union is associative", or(or(a, b), c), or(a, or(b, c)))
		same(t, "intersect is idempotent", and(a, a), a)
		same(t, "union is idempotent", or(a, a), a)
		same(t, "absorption", and(a, or(a, b)), a)
		same(t, "absorption", or(a, and(a, b)), a)
		same(t, "distribution", and(a, or(b, c)), or(and(a, b), and(a, c)))
		same(t, "distribution", or(a, and(b, c)), and(or(a, b), or(a, c)))
		same(t, "nothing annihilates", and(a, grant.Grant{}), grant.Grant{})
		same(t, "nothing adds nothing", or(grant.Grant{}, a), a)
		same(t, "everything is neutral", and(a, on("* instance:verify instance:admin", "*")), a)
	})
}

func TestLawOrder(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, c grant.Grant) {
		if !a.Covers(a) || !a.Covers(grant.Grant{}) {
			t.Fatal("Covers is not reflexive or does not cover nothing")
		}
		both, either := grant.Intersect(a, b), grant.Union(a, b)
		if !a.Covers(both) || !b.Covers(both) || !either.Covers(a) || !either.Covers(b) {
			t.Fatal("an intersection exceeds a side, or a side its union")
		}
		if !grant.Intersect(either, c).Covers(grant.Intersect(a, c)) {
			t.Fatal("intersect is not monotone")
		}
		for _, chain := range [][3]grant.Grant{{a, b, c}, {either, a, both}, {a, both, grant.Intersect(both, c)}} {
			if chain[0].Covers(chain[1]) && chain[1].Covers(chain[2]) && !chain[0].Covers(chain[2]) {
				t.Fatal("Covers is not transitive")
			}
		}
		if a.Covers(b) && b.Covers(a) != a.Equal(b) {
			t.Fatal("grants that cover each other differ")
		}
	})
}

func TestLawCoversIsTheCeiling(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, c grant.Grant) {
		for _, pair := range [][2]grant.Grant{{a, b}, {grant.Union(a, b), c}, {grant.Union(a, b), grant.Intersect(b, c)}} {
			upper, lower := pair[0], pair[1]
			if !upper.Covers(lower) {
				continue
			}
			same(t, "what is covered survives the intersection", grant.Intersect(upper, lower), lower)
			everyQuestion(t, func(s, r string) bool { return !lower.Allows(s, r) || upper.Allows(s, r) })
			for _, r := range resourceNames {
				if lower.ReachesResource(r) && !upper.ReachesResource(r) {
					t.Fatalf("reaches %q beyond the ceiling", r)
				}
			}
		}
	})
}

// Each statement within one statement is the contract's test of a ceiling; Covers must not be stricter than that.
func TestLawCoversWhateverAStatementCovers(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, _ grant.Grant) {
		every := !b.Empty()
		for _, y := range b.Statements() {
			every = every && slices.ContainsFunc(a.Statements(), func(x grant.Statement) bool { return compile(x).Covers(compile(y)) })
		}
		if every && !a.Covers(b) {
			t.Fatal("a statement within one statement is not covered")
		}
	})
}

func TestLawEqualGrantsAnswerEqually(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, _ grant.Grant) {
		agree := true
		for _, s := range slices.Concat(scopeNames, []string{"n:x", "n:y", "n:n", "a:n", "b:n"}) { // n is named nowhere
			for _, r := range slices.Concat(resourceNames, []string{"n", "rn", "ran", "rabn", "raban", "sn", "rabcn"}) {
				agree = agree && a.Allows(s, r) == b.Allows(s, r) && a.ReachesResource(r) == b.ReachesResource(r)
			}
			agree = agree && slices.Equal(a.Resources(s), b.Resources(s))
		}
		if agree != a.Equal(b) {
			t.Fatalf("agree %v, equal %v:\n%v\n%v", agree, a.Equal(b), a.Statements(), b.Statements())
		}
	})
}

func TestLawStatementsRoundTrip(t *testing.T) {
	law(t, func(t *rapid.T, book *grant.Book, a, b, _ grant.Grant) {
		for _, g := range []grant.Grant{a, grant.Intersect(a, b), grant.Union(a, b)} {
			same(t, "with the book", book.Compile(g.Statements()), g)
			same(t, "without", compile(g.Statements()...), g)
			for _, s := range g.Statements() {
				if err := s.Validate(); err != nil {
					t.Fatalf("%v: %v", s, err)
				}
			}
		}
	})
}

func TestLawNoEntryOfAStatementIsSuperfluous(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, b, _ grant.Grant) {
		g := grant.Union(a, b)
		for i, s := range g.Statements() {
			for j := range s.Scopes {
				rest := g.Statements()
				if rest[i].Scopes = slices.Delete(rest[i].Scopes, j, j+1); compile(rest...).Equal(g) {
					t.Fatalf("scope %d of statement %d adds nothing: %v", j, i, g.Statements())
				}
			}
			for j := range s.Resources {
				rest := g.Statements()
				if rest[i].Resources = slices.Delete(rest[i].Resources, j, j+1); compile(rest...).Equal(g) {
					t.Fatalf("resource %d of statement %d adds nothing: %v", j, i, g.Statements())
				}
			}
		}
	})
}

func TestLawAdminIsAnotherNameForEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		book, sts := drawBook(t), drawStatements(t, "statements")
		a := book.Compile(sts)
		for i := range sts {
			sts[i].Scopes = slices.Clone(sts[i].Scopes)
			for j, s := range sts[i].Scopes {
				if s == "*" {
					sts[i].Scopes[j] = "admin"
				}
			}
		}
		same(t, "admin for *", a, book.Compile(sts))
	})
}

func TestLawInstanceScopesAreHeldByNameOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		book, sts := drawBook(t), drawStatements(t, "statements")
		g := book.Compile(sts)
		for _, scope := range grant.InstanceScopes() {
			named := slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == "" && slices.Contains(s.Scopes, scope) })
			if g.HasInstance(scope) != named || g.AllowsAny(scope) != named || g.Allows(scope, "r") != named {
				t.Fatalf("%s: named %v, held %v", scope, named, g.HasInstance(scope))
			}
		}
	})
}

func TestLawUnknownRolesAddNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		book, sts := drawBook(t), drawStatements(t, "statements")
		role := rapid.String().Filter(func(s string) bool { return book.Roles[s] == nil && s != "" }).Draw(t, "role")
		more := append([]grant.Statement{{Role: role, Resources: []string{"*"}}}, sts...)
		same(t, "an unknown role", book.Compile(sts), book.Compile(more))
	})
}

func TestLawImplicationsAreClosed(t *testing.T) {
	law(t, func(t *rapid.T, book *grant.Book, a, b, _ grant.Grant) {
		for _, g := range []grant.Grant{a, grant.Intersect(a, b), grant.Union(a, b)} {
			for from, implied := range book.Implies {
				for _, to := range implied {
					if !isProduct(from) || !isProduct(to) {
						continue
					}
					everyQuestion(t, func(_, r string) bool { return !g.Allows(from, r) || g.Allows(to, r) })
				}
			}
		}
	})
}

func isProduct(s string) bool {
	return grant.ValidScope(s) && !grant.IsBuiltIn(s) && !grant.IsInstance(s)
}

func TestLawListsSayWhatAllowsSays(t *testing.T) {
	law(t, func(t *rapid.T, _ *grant.Book, a, _, _ grant.Grant) {
		held := compile(grant.Statement{Scopes: a.Scopes(), Resources: []string{"*"}})
		for _, s := range scopeNames {
			if held.Allows(s, "") != a.AllowsAny(s) {
				t.Fatalf("Scopes is wrong about %s: %v", s, a.Scopes())
			}
		}
		for _, s := range []string{"a:x", "b:y", "resources:create"} {
			there := on("q:q", a.Resources(s)...)
			everyQuestion(t, func(_, r string) bool { return there.Allows("q:q", r) == a.Allows(s, r) })
		}
		everyQuestion(t, func(s, r string) bool {
			missing := a.Missing([]string{s}, r)
			return (len(missing) == 0) == a.Allows(s, r) && a.AllowsAll(s) == a.Allows(s, "")
		})
	})
}
