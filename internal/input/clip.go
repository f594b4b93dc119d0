package input

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis ends what was cut, so that nobody takes it for the whole.
const ellipsis = "…"

// Clip makes a text that nobody was asked for into one that can be kept: what a
// browser calls itself, what another server answered. It is not refused, because
// whoever wrote it cannot be told; it is bounded in bytes, never inside a
// character, and loses what a database or a terminal would stumble over: control
// characters, and bytes that are no UTF-8. What is typed into a field is for
// [Text], which says what is wrong with it.
func Clip(s string, most int) string {
	if clean(s) && len(s) <= most {
		return s
	}
	head := s[:min(len(s), 4*most)] // of what is longer by far, no more is read
	head = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(head, ""))
	if len(head) <= most && len(s) <= 4*most {
		return head
	}
	end := max(min(len(head), most-len(ellipsis)), 0)
	for end > 0 && end < len(head) && !utf8.RuneStart(head[end]) {
		end--
	}
	if end == 0 {
		return ""
	}
	return head[:end] + ellipsis
}

// clean is asked of every request's agent, and nearly all are ASCII.
func clean(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return utf8.ValidString(s[i:]) && !strings.ContainsFunc(s[i:], unicode.IsControl)
		case c < ' ' || c == 0x7f:
			return false
		}
	}
	return true
}
