package phrase

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Itoa is a number.
func Itoa(n int) string { return strconv.Itoa(n) }

// Cut shortens a text to n characters, never inside one.
func Cut(s string, n int) string {
	r := []rune(s)
	return string(r[:min(len(r), n)])
}

// Sentence makes a message of the authority one to read: a capital letter
// first, a full stop last.
func Sentence(s string) string {
	if s == "" {
		return s
	}
	if first, _, _ := strings.Cut(s, " "); !strings.ContainsAny(first, ":_@*") { // a name stays as it is
		s = capital(s)
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Plural is so many of something.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "s") {
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Times is how often something happened.
func Times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// Text is an optional text.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Listed joins names for a sentence: "a, b and c", and how many more there are.
func Listed(names []string, most int) string {
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	switch len(names) {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// People counts persons in words.
func People(n int) string {
	if n == 1 {
		return "1 person"
	}
	return strconv.Itoa(n) + " people"
}

// OrDash is a text, or a dash for none.
func OrDash(s string) string { return Named(s, "–") }

// Named is a name, or what stands for one.
func Named(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

// Lines puts each on a line.
func Lines(s []string) string { return strings.Join(s, "\n") }

// ListedOrDash is [Listed], or a dash for none.
func ListedOrDash(s []string) string {
	if len(s) == 0 {
		return "–"
	}
	return Listed(s, 8)
}
