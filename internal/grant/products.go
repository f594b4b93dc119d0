package grant

import (
	"slices"
	"strings"
)

// maxNamed bounds how many noun:verb pairs one set names; see the package comment.
const maxNamed = 1 << 20

// products is an immutable set of product scopes in its one form: the verbs held for every noun, and for the nouns that hold more, what they hold
// beyond that. The universe of nouns and verbs counts as infinite, so equal sets have equal forms.
type products struct { //nolint:recvcheck // the two that are asked on the hot path take a pointer, so that nothing is copied
	base  verbs
	nouns []nounVerbs // sorted by noun; no extra is empty or lists a verb of base
}

type nounVerbs struct {
	noun  string
	extra verbs
}

func (p products) empty() bool { return p.base.empty() && len(p.nouns) == 0 }

func (p *products) has(noun, verb string) bool {
	return p.base.has(verb) || p.extra(noun).has(verb)
}

// extra returns what the noun holds beyond the base.
func (p *products) extra(noun string) verbs {
	if i, found := slices.BinarySearchFunc(p.nouns, noun, compareNoun); found {
		return p.nouns[i].extra
	}
	return verbs{}
}

func compareNoun(n nounVerbs, noun string) int { return strings.Compare(n.noun, noun) }

func (p products) equal(q products) bool {
	return p.base.equal(q.base) && slices.EqualFunc(p.nouns, q.nouns, func(a, b nounVerbs) bool {
		return a.noun == b.noun && a.extra.equal(b.extra)
	})
}

func (p products) union(q products) products {
	base := p.base.union(q.base)
	return products{base, mergeNouns(p.nouns, q.nouns, func(v, w verbs) verbs {
		return v.union(w).without(base)
	})}
}

// intersect multiplies (base ∪ extra) by (base ∪ extra) for each noun, less the common base.
func (p products) intersect(q products) products {
	base := p.base.intersect(q.base)
	onlyP, onlyQ := p.base.without(base), q.base.without(base)
	return products{base, mergeNouns(p.nouns, q.nouns, func(v, w verbs) verbs {
		return v.intersect(w).union(v.intersect(onlyQ)).union(w.intersect(onlyP))
	})}
}

// mergeNouns applies op to the extra verbs of each noun of either list, in order, and keeps what is not empty, up to maxNamed verbs.
func mergeNouns(p, q []nounVerbs, op func(v, w verbs) verbs) []nounVerbs {
	var out []nounVerbs
	for named := 0; len(p) > 0 || len(q) > 0; {
		n := nounVerbs{noun: firstNoun(p, q)}
		var v, w verbs
		if len(p) > 0 && p[0].noun == n.noun {
			v, p = p[0].extra, p[1:]
		}
		if len(q) > 0 && q[0].noun == n.noun {
			w, q = q[0].extra, q[1:]
		}
		if n.extra = op(v, w); n.extra.empty() {
			continue
		}
		if named += len(n.extra.list); named > maxNamed {
			break
		}
		out = append(out, n)
	}
	return out
}

// firstNoun returns the smaller first noun; one of the lists is not empty.
func firstNoun(p, q []nounVerbs) string {
	if len(q) == 0 || len(p) > 0 && p[0].noun < q[0].noun {
		return p[0].noun
	}
	return q[0].noun
}

// patternsBeyond returns, unsorted, the fewest patterns that name what p holds and q does not, each as wide as p holds it. q must be part of p.
func (p products) patternsBeyond(q products) []string {
	var out []string
	switch {
	case q.base.all:
		return nil
	case p.base.all:
		return []string{"product:*"}
	}
	for _, verb := range p.base.without(q.base).list {
		out = append(out, "product:"+verb)
	}
	for _, n := range p.nouns {
		had := q.extra(n.noun)
		if n.extra.all && !had.all {
			out = append(out, n.noun+":*")
		}
		for _, verb := range n.extra.without(had).list {
			out = append(out, n.noun+":"+verb)
		}
	}
	return out
}
