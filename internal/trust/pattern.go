package trust

import "strings"

// separators are what a star does not stand for: between them stand the parts of a
// subject, a path and a reference.
const separators = "/:"

// Fits says whether a text fits a pattern: the same text, where each star of the pattern
// stands for one or more characters that are no separators.
//
// A separator is therefore only ever fitted by itself, and both can be compared part by
// part.
func Fits(pattern, text string) bool {
	for {
		i, j := strings.IndexAny(pattern, separators), strings.IndexAny(text, separators)
		if i < 0 || j < 0 {
			return i == j && fitsPart(pattern, text)
		}
		if pattern[i] != text[j] || !fitsPart(pattern[:i], text[:j]) {
			return false
		}
		pattern, text = pattern[i+1:], text[j+1:]
	}
}

// fitsPart compares what has no separators. Of several stars only the last has to be
// tried anew: those before it took as little as they could.
func fitsPart(pattern, text string) bool {
	star, from := -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, from = i, j+1
			i, j = i+1, j+1
		case i < len(pattern) && pattern[i] == text[j]:
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	return i == len(pattern)
}

// open says whether a value is a pattern.
func open(value string) bool { return strings.Contains(value, "*") }

// literal is what stands before the first star.
func literal(value string) string {
	before, _, _ := strings.Cut(value, "*")
	return before
}
