package ruleset

import (
	"slices"
	"strings"
)

// pattern is a rule's methods and path.
type pattern struct {
	// methods is nil for any.
	methods  []string
	segments []segment
	// rest says that any number of segments, also none, may follow.
	rest bool
}

// segment is a literal, or with a name a placeholder for exactly one segment.
type segment struct{ literal, name string }

func (s segment) wild() bool { return s.name != "" }

const (
	anyMethod = "ANY"
	anyRest   = "**"
	// maxSegments bounds what a pattern and a path may have.
	maxSegments = 64
)

// parsePattern reads "GET,HEAD /systems/{system}/**"; problem says what is wrong
// with it.
func parsePattern(text string) (p pattern, problem string) {
	methods, path, ok := strings.Cut(text, " ")
	if !ok || strings.ContainsAny(path, " \t") {
		return p, "is METHOD PATH with one blank between, like GET /tickets/{id}"
	}
	if p.methods, problem = parseMethods(methods); problem != "" {
		return p, problem
	}
	if path == "/" {
		return p, ""
	}
	if !strings.HasPrefix(path, "/") {
		return p, "has a path that does not begin with a slash"
	}
	parts := strings.Split(path[1:], "/")
	if len(parts) > maxSegments {
		return p, "has too many segments"
	}
	for i, part := range parts {
		if part == anyRest && i == len(parts)-1 {
			p.rest = true
			break
		}
		s, problem := parseSegment(part)
		if problem != "" {
			return p, problem
		}
		if s.wild() && slices.ContainsFunc(p.segments, func(o segment) bool { return o.name == s.name }) {
			return p, "has the placeholder {" + s.name + "} twice"
		}
		p.segments = append(p.segments, s)
	}
	return p, ""
}

// parseMethods reads the methods, in capitals as they come over the wire: a method is
// compared letter by letter (RFC 9110, section 9.1).
func parseMethods(text string) ([]string, string) {
	if text == anyMethod {
		return nil, ""
	}
	methods := strings.Split(text, ",")
	for i, m := range methods {
		switch {
		case m == anyMethod:
			return nil, "has ANY beside other methods"
		case m == "" || strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "":
			return nil, "has methods that are not in capitals with commas between and no blanks, like GET,HEAD, or ANY"
		case slices.Contains(methods[:i], m):
			return nil, "has the method " + m + " twice"
		}
	}
	return methods, ""
}

// parseSegment reads a segment. Text and placeholder do not mix in one, and ** ends a
// pattern: what a pattern takes must be plain to whoever reads it.
func parseSegment(text string) (segment, string) {
	name, opened := strings.CutPrefix(text, "{")
	name, closed := strings.CutSuffix(name, "}")
	switch {
	case opened && closed && validName(name):
		return segment{name: name}, ""
	case text == "":
		return segment{}, "has an empty segment; a slash at the end of a request's path does not count, so leave it away"
	case strings.ContainsAny(text, "{}*"):
		return segment{}, "has a segment that is none of: a text, one {name} of a-z, 0-9 and _ for the whole segment, ** as the last"
	case strings.Contains(text, "%"):
		return segment{}, "has a percent sign; write characters as they are, decoded"
	case !plainSegment(text):
		return segment{}, "has a segment that no request could have: dots alone, or one of the characters that are refused"
	}
	return segment{literal: text}, ""
}

// validName bounds what a placeholder is called; the names mean nothing but to the
// rule itself.
func validName(s string) bool {
	return s != "" && len(s) <= 40 && s[0] >= 'a' && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// relation is how the requests that one pattern matches lie to another's.
type relation int

const (
	disjoint relation = iota
	equal
	narrower // than the other
	wider
	crossing // some in common, and neither holds the other
)

// relate compares p with q.
func relate(p, q pattern) relation {
	return relateMethods(p.methods, q.methods).and(relatePaths(p, q))
}

// and combines two dimensions.
func (r relation) and(o relation) relation {
	switch {
	case r == disjoint || o == disjoint:
		return disjoint
	case r == equal:
		return o
	case o == equal || r == o:
		return r
	}
	return crossing
}

// relateMethods compares two sets of methods; nil is the set of all.
func relateMethods(a, b []string) relation {
	switch {
	case a == nil && b == nil:
		return equal
	case a == nil:
		return wider
	case b == nil:
		return narrower
	}
	common := 0
	for _, m := range a {
		if slices.Contains(b, m) {
			common++
		}
	}
	switch {
	case common == 0:
		return disjoint
	case common == len(a) && common == len(b):
		return equal
	case common == len(a):
		return narrower
	case common == len(b):
		return wider
	}
	return crossing
}

// relatePaths compares two paths segment by segment. One that ends where the other
// goes on has nothing in common with it, unless it takes the rest.
func relatePaths(p, q pattern) relation {
	r := equal
	for i := 0; ; i++ {
		pEnd, qEnd := i == len(p.segments), i == len(q.segments)
		switch {
		case pEnd && qEnd:
			return r.and(relateRest(p.rest, q.rest))
		case pEnd && p.rest:
			return r.and(wider)
		case qEnd && q.rest:
			return r.and(narrower)
		case pEnd || qEnd:
			return disjoint
		}
		if r = r.and(relateSegments(p.segments[i], q.segments[i])); r == disjoint {
			return disjoint
		}
	}
}

// relateRest compares what follows behind the last segment: nothing, or anything.
func relateRest(p, q bool) relation {
	switch {
	case p == q:
		return equal
	case p:
		return wider
	}
	return narrower
}

// relateSegments compares two segments: a placeholder holds every literal, and two
// literals are the same or have nothing in common.
func relateSegments(a, b segment) relation {
	switch {
	case a.wild() && b.wild():
		return equal
	case a.wild():
		return wider
	case b.wild():
		return narrower
	case a.literal == b.literal:
		return equal
	}
	return disjoint
}
