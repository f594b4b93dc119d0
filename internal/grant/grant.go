package grant

import (
	"slices"
	"strings"
)

// none is the parent of an outermost row.
const none = -1

// Grant is a compiled set of rights. It is immutable, safe to share and cheap to copy. The zero value allows nothing.
type Grant struct {
	free uint64 // the scopes held that need no resource, from all statements
	rows []row  // sorted by place; no place twice
}

// row says which scopes are held on every resource of its place, unless a later row is about a smaller place around that resource. A row's set
// contains its parent's and differs from it, so one function from resources to scopes has one list of rows. Scopes that need no resource stand
// here too, for Resources and ReachesResource.
type row struct {
	place  place
	set    *scopeSet
	parent int // index of the row with the next larger place, or none
}

// at returns the scopes held on one resource, or on all resources when it is "".
func (g Grant) at(resource string) *scopeSet {
	if resource != "" && !ValidResource(resource) {
		return nil
	}
	lo, hi := 0, len(g.rows) // the first row whose key sorts after resource
	for lo < hi {
		if mid := (lo + hi) / 2; g.rows[mid].place.key <= resource {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	// A row that contains the resource also contains every row between itself and here.
	for i := lo - 1; i >= 0; i = g.rows[i].parent {
		if r := &g.rows[i]; r.place.has(resource) {
			return r.set
		}
	}
	return nil
}

// Allows reports whether the concrete scope is held on the resource. Scopes that need no resource (built-in ones except resources:create, and
// instance scopes) are held whatever the resource. An empty resource asks about the entire portfolio. A malformed name is never allowed. It does
// not allocate.
func (g Grant) Allows(scope, resource string) bool {
	sc, ok := parseScope(scope)
	switch {
	case !ok:
		return false
	case sc.isFree():
		return g.free&sc.bit != 0
	}
	return g.at(resource).holds(sc)
}

// AllowsAll reports whether the scope is held on the entire portfolio, or needs no resource and is held. It is the question of a request that
// names no resource, and does not allocate.
func (g Grant) AllowsAll(scope string) bool { return g.Allows(scope, "") }

// AllowsAny reports whether the scope is held on at least one resource, or needs none and is held.
func (g Grant) AllowsAny(scope string) bool {
	sc, ok := parseScope(scope)
	switch {
	case !ok:
		return false
	case sc.isFree():
		return g.free&sc.bit != 0
	}
	return slices.ContainsFunc(g.rows, func(r row) bool { return r.set.holds(sc) })
}

// HasInstance reports whether scope is an instance scope and held.
func (g Grant) HasInstance(scope string) bool {
	return IsInstance(scope) && g.free&fixedBit(scope) != 0
}

// ReachesResource reports whether any scope at all is granted on the resource, also one that would need no resource. An empty resource asks about
// the entire portfolio.
func (g Grant) ReachesResource(resource string) bool { return g.at(resource) != nil }

// Missing returns those of the scopes that are not allowed on the resource, in the order given; nil when all are. An empty resource asks about
// the entire portfolio.
func (g Grant) Missing(scopes []string, resource string) []string {
	var out []string
	for _, s := range scopes {
		if !g.Allows(s, resource) {
			out = append(out, s)
		}
	}
	return out
}

// Empty reports whether nothing at all is granted.
func (g Grant) Empty() bool { return g.free == 0 && len(g.rows) == 0 }

// Equal reports whether both grants are the same function of scope and resource; the package comment says which grants escape that.
func (g Grant) Equal(h Grant) bool {
	return g.free == h.free && slices.EqualFunc(g.rows, h.rows, func(a, b row) bool {
		return a.place == b.place && a.set.equal(b.set)
	})
}

// Scopes returns few sorted patterns that name exactly the scopes held anywhere, ["*"] when that is everything a workspace has; never nil. A
// product scope held on no resource is not held.
func (g Grant) Scopes() []string { return g.all().patternsBeyond(nil) }

// all returns the scopes held anywhere.
func (g Grant) all() *scopeSet {
	sets := []*scopeSet{g.freeSet()}
	for i, r := range g.rows {
		if i == 0 || r.set != g.rows[i-1].set {
			sets = append(sets, r.set)
		}
	}
	return unionAll(sets)
}

// freeSet returns the scopes held that need no resource.
func (g Grant) freeSet() *scopeSet { return (&scopeSet{fixed: g.free}).or() }

// ScopesOn is Scopes for one resource: what is held there, and what needs no resource. An empty resource asks about the entire portfolio.
func (g Grant) ScopesOn(resource string) []string {
	return g.freeSet().union(g.at(resource)).patternsBeyond(nil)
}

func unionAll(sets []*scopeSet) *scopeSet {
	if len(sets) == 1 {
		return sets[0]
	}
	half := len(sets) / 2
	return unionAll(sets[:half]).union(unionAll(sets[half:]))
}

// Resources returns the fewest sorted patterns of the resources on which all the named scopes are granted together; of all resources that are
// named at all when no scope is given. ["*"] is the entire portfolio; it is never nil. A scope that needs no resource counts where a statement
// grants it with resources, so that a list can be narrowed by it too.
func (g Grant) Resources(scopes ...string) []string {
	out := []string{}
	wanted := make([]scope, len(scopes))
	for i, s := range scopes {
		sc, ok := parseScope(s)
		if !ok {
			return out
		}
		wanted[i] = sc
	}
	return g.resources(func(set *scopeSet) bool {
		return !slices.ContainsFunc(wanted, func(sc scope) bool { return !set.holds(sc) })
	})
}

// ResourcesOfAll is Resources for every scope that is held anywhere: those on which nothing is lacking that is granted elsewhere.
func (g Grant) ResourcesOfAll() []string {
	all, free := g.all(), g.freeSet()
	return g.resources(func(set *scopeSet) bool { return free.union(set).equal(all) })
}

// resources returns the fewest patterns of the resources whose scopes hold what is asked for. What a set holds, those that contain it hold.
func (g Grant) resources(holds func(*scopeSet) bool) []string {
	out := []string{}
	for _, r := range g.rows {
		if holds(r.set) && (r.parent == none || !holds(g.rows[r.parent].set)) {
			out = append(out, r.place.String())
		}
	}
	return out
}

// Statements returns the grant in its canonical form, such that compiling it gives an equal grant, whatever the book: first the scopes that are
// held without resources, then the others by resource. It names no role, and says of a smaller resource pattern only what it adds to a larger
// one. Nil when the grant is empty.
func (g Grant) Statements() []Statement {
	var out []Statement
	if rest := g.free &^ g.rowBits(); rest != 0 {
		names := fixedPatterns(rest)
		slices.Sort(names)
		out = append(out, Statement{Scopes: names})
	}
	added := make(map[[2]*scopeSet]int) // a set beyond its parent's, to the statement that names it
	byNames := make(map[string]int)
	for _, r := range g.rows {
		key := [2]*scopeSet{r.set, g.setOf(r.parent)}
		i, known := added[key]
		if !known {
			names := key[0].patternsBeyond(key[1])
			joined := strings.Join(names, " ")
			if i, known = byNames[joined]; !known {
				i = len(out)
				out = append(out, Statement{Scopes: names})
				byNames[joined] = i
			}
			added[key] = i
		}
		out[i].Resources = append(out[i].Resources, r.place.String())
	}
	return out
}

// rowBits returns the fixed scopes that stand in some row.
func (g Grant) rowBits() uint64 {
	var bits uint64
	for _, r := range g.rows {
		bits |= r.set.get().fixed
	}
	return bits
}

// setOf returns the set of a row, nil for none.
func (g Grant) setOf(i int) *scopeSet {
	if i == none {
		return nil
	}
	return g.rows[i].set
}
