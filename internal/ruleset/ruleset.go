package ruleset

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"github.com/tokenry/tokenry/internal/grant"
)

// Set is a file of rules.
type Set struct {
	// Workspace is whose tokens pass: a slug, ext:ID, or * for any.
	Workspace string
	// Deny is 403 for a proxy that passes 401 and 403 alone, else 0.
	Deny int
	// Tests are the requests that the file itself asks about.
	Tests []Test

	// sum is that of the file.
	sum [sha256.Size]byte
	// rules stand so that a more specific one comes before those that hold it.
	rules []Rule
}

// Len is how many rules there are.
func (s *Set) Len() int { return len(s.rules) }

// Rule is one rule of a file.
type Rule struct {
	// Line is where it begins; Match its methods and path as they are written.
	Line  int
	Match string
	// Public lets a request pass without looking at its token.
	Public bool
	// Scopes are what a token needs; none is needed of a valid one when it is empty.
	Scopes []string

	resource string // a name, or any
	from     int    // the index of the segment that names the resource, or -1
	pattern  pattern
	// rivals are the rules that one of its requests could be mistaken for.
	rivals []*Rule
}

// Needs is what one request needs.
type Needs struct {
	// Rule is the rule that decided; nil when the request is refused.
	Rule *Rule
	// Resource is the resource that the request touches; empty when the rule
	// names none.
	Resource string
	// Refused says why no rule decides.
	Refused string
}

const noRule = "no rule matches"

// AnyResource is the resource that accepts a token restricted to any.
const AnyResource = "any"

// Match looks for the rule of a request by its method and its path as it came
// over the wire, without a query.
func (s *Set) Match(method, path string) Needs {
	var room [maxSegments]string
	segments, problem := split(path, room[:0])
	if problem != "" {
		return Needs{Refused: problem}
	}
	for i := range s.rules {
		r := &s.rules[i]
		if !r.pattern.path(segments) || !r.pattern.method(method) {
			continue
		}
		if r.mistaken(method, segments) {
			return Needs{Refused: "the path differs from that of another rule by case or extension alone"}
		}
		return r.needs(segments)
	}
	return Needs{Refused: noRule}
}

// method says whether the pattern takes a method, letter by letter.
func (p *pattern) method(m string) bool { return p.methods == nil || slices.Contains(p.methods, m) }

// path says whether the pattern takes decoded segments.
func (p *pattern) path(segments []string) bool {
	if len(segments) < len(p.segments) || len(segments) > len(p.segments) && !p.rest {
		return false
	}
	for i, s := range p.segments {
		if !s.wild() && s.literal != segments[i] {
			return false
		}
	}
	return true
}

// needs are what a request needs by this rule. A segment that names no resource is
// refused, and so is any: by that name the request would ask for something else.
func (r *Rule) needs(segments []string) Needs {
	if r.from < 0 {
		return Needs{Rule: r, Resource: r.resource}
	}
	name := segments[r.from]
	if name == AnyResource || !grant.ValidResource(name) {
		return Needs{Refused: "the path names no resource where its rule says so"}
	}
	return Needs{Rule: r, Resource: name}
}

// mistaken says whether a back end could take a request, which r's placeholders
// took in, for one of another rule's.
func (r *Rule) mistaken(method string, segments []string) bool {
	return slices.ContainsFunc(r.rivals, func(o *Rule) bool {
		return o.pattern.method(method) && o.pattern.mistakable(segments)
	})
}

// mistakable says whether segments are p's but for literals that they could be
// mistaken for, of which there is one at least.
func (p *pattern) mistakable(segments []string) bool {
	if len(segments) < len(p.segments) || len(segments) > len(p.segments) && !p.rest {
		return false
	}
	differs := false
	for i, s := range p.segments {
		if s.wild() || s.literal == segments[i] {
			continue
		}
		if !mistakable(segments[i], s.literal) {
			return false
		}
		differs = true
	}
	return differs
}

// rival says whether a request of r's could be mistaken for one of o's: one has
// a literal where the other has a placeholder, and their literals do not tell
// them apart. Where r has a literal of its own, the difference is meant.
func rival(r, o *Rule) bool {
	if relateMethods(r.pattern.methods, o.pattern.methods) == disjoint {
		return false
	}
	taken := false
	for i, s := range o.pattern.segments {
		inRest := i >= len(r.pattern.segments)
		switch {
		case inRest && !r.pattern.rest:
			return false
		case s.wild():
		case inRest || r.pattern.segments[i].wild():
			taken = true
		case r.pattern.segments[i].literal != s.literal && !mistakable(r.pattern.segments[i].literal, s.literal):
			return false
		}
	}
	return taken
}

// meet finds the rivals of every rule.
func meet(rules []Rule) {
	for i := range rules {
		for j := range rules {
			if i != j && rival(&rules[i], &rules[j]) {
				rules[i].rivals = append(rules[i].rivals, &rules[j])
			}
		}
	}
}

// order puts the more specific before those that hold them, else as they are
// written; it answers the pairs of which neither is.
func order(rules []Rule) (ordered []Rule, conflicts [][2]*Rule) {
	holders := make([]int, len(rules)) // how many hold each; more for a narrower one
	places := make([]int, len(rules))
	for i := range rules {
		places[i] = i
		for j := range i {
			switch relate(rules[i].pattern, rules[j].pattern) {
			case narrower:
				holders[i]++
			case wider:
				holders[j]++
			case equal, crossing:
				conflicts = append(conflicts, [2]*Rule{&rules[j], &rules[i]})
			case disjoint:
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(holders[b], holders[a]) })
	for _, i := range places {
		ordered = append(ordered, rules[i])
	}
	return ordered, conflicts
}
