package token

import "strings"

// Redact returns a text in which every token string, as [Find] finds them, is
// replaced by its [Mask]. It is for texts that somebody else wrote, before they
// are printed or logged.
func Redact(text string) string {
	var b strings.Builder
	at := 0
	Find([]byte(text), func(start, end int, p Parsed) bool {
		b.WriteString(text[at:start])
		b.WriteString(Mask(p.Prefix, p.Kind, p.Locator))
		at = end
		return true
	})
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}
