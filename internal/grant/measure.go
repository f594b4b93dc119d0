package grant

import (
	"slices"
	"strings"
)

// MaxMeasure is the most that [Book.Measure] may be of what somebody is given: such a grant is compiled, and compared with another one, in a few
// milliseconds.
const MaxMeasure = 10_000

// Measure says how dear statements are to compile and to compare, without doing either: their distinct resource patterns, plus, for each distinct
// combination of statements that hold together on one of these, the scopes that they list or imply. Statements that say the same scopes are one. It
// is sorting and counting, so a list that nobody would compile is measured fast. A nil book knows no roles and no implications.
//
// A thousand scopes on a thousand resources measure 2,000; a hundred statements of ten scopes, each on ten resources of its own, 2,000 too. A
// hundred statements of a hundred scopes on resources that overlap at random measure millions.
func (b *Book) Measure(sts []Statement) int {
	var c *closure
	if b != nil && len(b.Implies) > 0 {
		c = newClosure(b.Implies)
	}
	numbers := map[string]int{} // of what a statement says
	var sizes []int             // by number
	var at []mark
	for _, s := range sts {
		key := said(s)
		i, known := numbers[key]
		if !known {
			i = len(sizes)
			numbers[key] = i
			set := b.scopes(s)
			if c != nil {
				set = c.of(set)
			}
			sizes = append(sizes, set.size())
		}
		for _, p := range parsePlaces(s.Resources) {
			at = append(at, mark{p, i})
		}
	}
	slices.SortFunc(at, func(a, b mark) int { return a.place.compare(b.place) })
	return measure(at, sizes)
}

// said is the same for statements that say the same scopes.
func said(s Statement) string {
	if s.Scopes == nil {
		return "role " + s.Role
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(s.Scopes))), " ")
}

// size is how many entries the set has. Verbs for every noun count by their square: an intersection names each of them beside each noun of the
// other side.
func (s *scopeSet) size() int {
	p := s.get().products
	n := 1 + 25*len(p.base.list)*len(p.base.list)
	for _, noun := range p.nouns {
		n += 1 + len(noun.extra.list)
	}
	return n
}

// Size says how much the grant holds: its places, and the entries of each distinct set.
func (g Grant) Size() (n int) {
	seen := map[*scopeSet]struct{}{}
	for _, r := range g.rows {
		n++
		if _, known := seen[r.set]; !known {
			seen[r.set] = struct{}{}
			n += r.set.size()
		}
	}
	return n
}

// mark says that a set, by its number, holds at a place.
type mark struct {
	place place
	set   int
}

// measure walks marks in the order of their places.
func measure(at []mark, sizes []int) (n int) {
	type around struct {
		place place
		held  []byte // the sets that hold here, as bits
	}
	var open []around // outermost first
	seen := map[string]struct{}{}
	for len(at) > 0 {
		here := around{at[0].place, make([]byte, (len(sizes)+7)/8)}
		for len(open) > 0 && !open[len(open)-1].place.contains(here.place) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			copy(here.held, open[len(open)-1].held)
		}
		for ; len(at) > 0 && at[0].place == here.place; at = at[1:] {
			here.held[at[0].set/8] |= 1 << (at[0].set % 8)
		}
		open = append(open, here)
		n++
		if _, known := seen[string(here.held)]; !known {
			seen[string(here.held)] = struct{}{}
			n += sum(here.held, sizes)
		}
	}
	return n
}

// sum adds the sizes of the sets whose bits are set.
func sum(held []byte, sizes []int) (n int) {
	for i, size := range sizes {
		if held[i/8]&(1<<(i%8)) != 0 {
			n += size
		}
	}
	return n
}
