package grant

import (
	"maps"
	"slices"
	"strings"
)

// scopeSet is an immutable set of scopes, in one form for each set. The empty set is nil, and nothing else is: every method takes a nil receiver.
type scopeSet struct {
	fixed    uint64 // built-in and instance scopes by bit
	products products
}

// get returns the set to read, so that nil needs no case of its own.
func (s *scopeSet) get() scopeSet {
	if s == nil {
		return scopeSet{}
	}
	return *s
}

func (s *scopeSet) holds(sc scope) bool {
	switch {
	case s == nil:
		return false
	case sc.bit != 0:
		return s.fixed&sc.bit != 0
	}
	return s.products.has(sc.noun, sc.verb)
}

func (s *scopeSet) equal(t *scopeSet) bool {
	if s == t || s == nil || t == nil {
		return s == t
	}
	return s.fixed == t.fixed && s.products.equal(t.products)
}

func (s *scopeSet) union(t *scopeSet) *scopeSet {
	a, b := s.get(), t.get()
	return (&scopeSet{a.fixed | b.fixed, a.products.union(b.products)}).or(t, s)
}

func (s *scopeSet) intersect(t *scopeSet) *scopeSet {
	a, b := s.get(), t.get()
	return (&scopeSet{a.fixed & b.fixed, a.products.intersect(b.products)}).or(t, s)
}

// or returns the first of the known sets that equals s, so that equal sets share memory and compare at once; nil when s is empty.
func (s *scopeSet) or(known ...*scopeSet) *scopeSet {
	if s.fixed == 0 && s.products.empty() {
		return nil
	}
	for _, k := range known {
		if s.equal(k) {
			return k
		}
	}
	return s
}

// free returns the bits of the scopes that need no resource.
func (s *scopeSet) free() uint64 { return s.get().fixed &^ needResource }

// everything reports whether the set contains what "*" names.
func (s *scopeSet) everything() bool {
	set := s.get()
	return set.fixed&builtInBits == builtInBits && set.products.base.all
}

// patternsBeyond returns, sorted, few patterns that together with those of t name exactly s. t must be part of s. Never nil.
func (s *scopeSet) patternsBeyond(t *scopeSet) []string {
	fixed := s.get().fixed &^ t.get().fixed
	out := []string{}
	if s.everything() && !t.everything() {
		out = append(append(out, "*"), fixedPatterns(fixed&^builtInBits)...)
	} else {
		out = append(append(out, fixedPatterns(fixed)...), s.get().products.patternsBeyond(t.get().products)...)
	}
	slices.Sort(out)
	return out
}

// fixedPatterns names the bits: noun:* where a noun with more than one built-in scope is complete, else one by one.
func fixedPatterns(bits uint64) []string {
	var out []string
	for i, fixed := range fixedScopes {
		s := fixed.name
		if bits&(1<<i) == 0 {
			continue
		}
		noun, _, _ := strings.Cut(s, ":")
		whole := nounBits(noun) & builtInBits
		if whole&^bits == 0 && whole != 1<<i && whole != 0 {
			s = noun + ":*"
			bits &^= whole
		}
		out = append(out, s)
	}
	return out
}

// draft is a scope set being gathered.
type draft struct {
	fixed uint64
	base  []string            // verbs for all nouns; anyVerb for all
	nouns map[string][]string // verbs by noun; anyVerb for all
}

func (d *draft) add(p pattern) {
	d.fixed |= p.fixed
	switch {
	case p.verb == "":
	case p.noun == "":
		d.base = append(d.base, p.verb)
	default:
		if d.nouns == nil {
			d.nouns = make(map[string][]string)
		}
		d.nouns[p.noun] = append(d.nouns[p.noun], p.verb)
	}
}

// freeze returns the set; the draft must not be used afterwards.
func (d *draft) freeze() *scopeSet {
	s := &scopeSet{fixed: d.fixed, products: products{base: newVerbs(d.base)}}
	for _, noun := range slices.Sorted(maps.Keys(d.nouns)) {
		if extra := newVerbs(d.nouns[noun]).without(s.products.base); !extra.empty() {
			s.products.nouns = append(s.products.nouns, nounVerbs{noun, extra})
		}
	}
	return s.or()
}
