package ruleset

import (
	"strings"
	"unicode/utf8"
)

// maxPath is the longest path, in bytes, that is looked at.
const maxPath = 2048

// split takes the path of a request apart, as it came over the wire, without a
// query, into decoded segments. One slash at the end does not count. problem
// says why a path is not looked at.
func split(path string, into []string) (segments []string, problem string) {
	switch {
	case len(path) > maxPath:
		return nil, "the path is too long"
	case path == "" || path[0] != '/':
		return nil, "the target is not a path"
	}
	rest := path[1:]
	for rest != "" {
		var raw string
		raw, rest, _ = strings.Cut(rest, "/")
		if len(into) == maxSegments {
			return nil, "the path has too many segments"
		}
		s, ok := decode(raw)
		switch {
		case raw == "":
			return nil, "the path has an empty segment"
		case !ok:
			return nil, "the path is not well-formed"
		case !plainSegment(s):
			return nil, "the path has a segment that a back end could read as another"
		}
		into = append(into, s)
	}
	return into, ""
}

// decode percent-decodes one segment, once. It refuses what RFC 3986 does not
// allow to stand in one.
func decode(raw string) (string, bool) {
	encoded := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '%':
			if i+2 >= len(raw) || unhex(raw[i+1]) < 0 || unhex(raw[i+2]) < 0 {
				return "", false
			}
			encoded = true
			i += 2
		case !pchar(c):
			return "", false
		}
	}
	if !encoded {
		return raw, true
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			c = byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// pchar is RFC 3986's, without the percent sign.
func pchar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0
}

// unhex is the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// plainSegment says whether every back end reads a decoded segment as the same
// one. Slashes and backslashes would split it, ? and # end it, a semicolon begins
// a parameter that some cut off, a percent sign is decoded again by some.
func plainSegment(s string) bool {
	if strings.Trim(s, ".") == "" || strings.ContainsAny(s, `/\;%?#`) || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return false
		}
	}
	return true
}

// mistakable says whether a back end could take a segment for a literal that it
// is not: another case, blanks around it, an extension or a dot behind it.
func mistakable(s, literal string) bool {
	if s == literal {
		return false
	}
	s = strings.TrimSpace(s)
	if len(s) > len(literal) && s[len(literal)] == '.' {
		s = s[:len(literal)]
	}
	return strings.EqualFold(s, literal)
}
