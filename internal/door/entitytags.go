package door

import (
	"strconv"
	"strings"
)

// Revisions are those that strong tags name; no other tag matches (RFC 9110, 13.1.1).
func Revisions(tags []string) (out []int64) {
	for _, t := range tags {
		n, err := strconv.ParseInt(strings.Trim(t, `"`), 10, 64)
		if err == nil && t == `"`+strconv.FormatInt(n, 10)+`"` {
			out = append(out, n)
		}
	}
	return out
}

// EntityTags reads a list of entity tags, or *, which stands alone.
func EntityTags(lines []string) (tags []string, all, ok bool) {
	rest := strings.Trim(strings.Join(lines, ","), " \t")
	if rest == "*" {
		return nil, true, true
	}
	for rest != "" {
		tag, more, found := entityTag(rest)
		if !found {
			return nil, false, false
		}
		tags = append(tags, tag)
		rest = strings.TrimLeft(more, " \t")
		if rest == "" {
			return tags, false, true
		}
		if rest[0] != ',' {
			return nil, false, false
		}
		rest = strings.TrimLeft(rest[1:], " \t")
	}
	return nil, false, false
}

// entityTag takes one tag from the beginning of a list.
func entityTag(s string) (tag, rest string, ok bool) {
	weak, body := "", s
	if strings.HasPrefix(body, "W/") {
		weak, body = "W/", body[2:]
	}
	if body == "" || body[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(body[1:], '"')
	if end < 0 || strings.ContainsFunc(body[1:end+1], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", false
	}
	return weak + body[:end+2], body[end+2:], true
}
