package grant

import (
	"cmp"
	"strings"
)

const maxResource = 128 // bytes

// ValidResource reports whether s is the name of one resource: [A-Za-z0-9][A-Za-z0-9._:-]{0,127}.
func ValidResource(s string) bool {
	if s == "" || len(s) > maxResource || !isAlnum(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isAlnum(c) && c != '.' && c != '_' && c != ':' && c != '-' {
			return false
		}
	}
	return true
}

// ValidResourcePattern reports whether s may stand in a list of resources: a resource name, the beginning of one followed by *, or * alone for
// the entire portfolio.
func ValidResourcePattern(s string) bool {
	_, ok := parsePlace(s)
	return ok
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// place is a parsed resource pattern: the one resource called key, or all whose names begin with key ("" begins all).
type place struct {
	key   string
	exact bool
}

func parsePlace(s string) (p place, ok bool) {
	key, prefix := strings.CutSuffix(s, "*")
	return place{key: key, exact: !prefix}, s == "*" || ValidResource(key)
}

// contains reports whether every resource of q is one of p.
func (p place) contains(q place) bool {
	if p.exact {
		return p == q
	}
	return strings.HasPrefix(q.key, p.key)
}

// has reports whether p contains the one resource; "" stands for all resources.
func (p place) has(resource string) bool {
	if p.exact {
		return p.key == resource
	}
	return strings.HasPrefix(resource, p.key)
}

// compare orders places so that a place comes before all it contains, and those follow it without a gap. It is also the order of the patterns
// as strings, because * sorts before every character of a name.
func (p place) compare(q place) int {
	if c := strings.Compare(p.key, q.key); c != 0 {
		return c
	}
	return cmp.Compare(rank(p), rank(q))
}

func rank(p place) int {
	if p.exact {
		return 1
	}
	return 0
}

// String is the pattern as it was written.
func (p place) String() string {
	if p.exact {
		return p.key
	}
	return p.key + "*"
}
