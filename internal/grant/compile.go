package grant

import "slices"

// Book is what names mean in one workspace at one moment. It is only read; a nil book knows no names.
type Book struct {
	Roles   map[string][]string // scope patterns by the role's exact name
	Implies map[string][]string // product scope to the product scopes that whoever holds it holds too; cycles do no harm
	Gone    Gone                // what statements may list and mean no more
}

// Compile returns what the statements grant. It never fails: a role the book does not know, a pattern that is malformed and a statement that is
// both role and scopes or neither contribute nothing. A set that contains a scope, by name or by pattern, contains everything that scope implies,
// near or far. Whether an absent list means to inherit is for the caller to decide before; here nil and empty both grant nothing.
func (b *Book) Compile(sts []Statement) Grant { return b.Compiler()(sts) }

// Compiler returns Compile for many lists: it reads the implications once. It is not safe for concurrent use.
func (b *Book) Compiler() func([]Statement) Grant {
	var c *closure
	return func(sts []Statement) Grant {
		if b != nil {
			sts, _ = b.Gone.Rewrite(sts)
		}
		g := b.unclosed(sts)
		if b == nil || len(b.Implies) == 0 || len(g.rows) == 0 {
			return g
		}
		if c == nil {
			c = newClosure(b.Implies)
		}
		// Closing commutes with Union, so it is done once, for the sets that are left.
		g.rows = combine(g.rows, nil, func(set, _ *scopeSet) *scopeSet { return c.of(set) })
		return g
	}
}

// unclosed is Compile without implications.
func (b *Book) unclosed(sts []Statement) Grant {
	switch len(sts) {
	case 0:
		return Grant{}
	case 1:
		return newGrant(b.scopes(sts[0]), sts[0].Resources)
	}
	half := len(sts) / 2
	return Union(b.unclosed(sts[:half]), b.unclosed(sts[half:]))
}

// scopes returns the set that one statement names.
func (b *Book) scopes(s Statement) *scopeSet {
	var d draft
	for _, text := range b.patterns(s) {
		if p, ok := parsePattern(text); ok {
			d.add(p)
		}
	}
	return d.freeze()
}

// patterns returns the statement's scope patterns as text.
func (b *Book) patterns(s Statement) []string {
	switch {
	case s.checkShape() != nil:
		return nil
	case s.Scopes != nil:
		return s.Scopes
	case s.Role == "" && slices.ContainsFunc(s.Resources, ValidResourcePattern):
		return []string{"*"}
	case s.Role == "" || b == nil:
		return nil
	}
	return b.Roles[s.Role]
}

// newGrant returns the grant of one statement.
func newGrant(set *scopeSet, resources []string) Grant {
	if set == nil {
		return Grant{}
	}
	g := Grant{free: set.free()}
	for _, p := range parsePlaces(resources) {
		if n := len(g.rows); n == 0 || !g.rows[n-1].place.contains(p) {
			g.rows = append(g.rows, row{place: p, set: set, parent: none})
		}
	}
	return g
}

// parsePlaces returns the well-formed patterns in order.
func parsePlaces(resources []string) []place {
	out := make([]place, 0, len(resources))
	for _, text := range resources {
		if p, ok := parsePlace(text); ok {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, place.compare)
	return out
}
