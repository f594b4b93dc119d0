package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text that somebody else wrote safe to print in one cell of a
// line: what could steer a terminal, break the line or turn its direction is
// shown as an escape. What people write otherwise stays as it is.
func Clean(s string) string {
	if !strings.ContainsFunc(s, steers) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case steers(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case steers(r) && r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case steers(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// CleanLines is [Clean] for a text that may have lines and tabs.
func CleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for j := range cells {
			cells[j] = Clean(cells[j])
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// steers says whether a character is seen by its effect: controls, and the
// format characters, among which are the marks and overrides of direction. The
// line and paragraph separators break lines.
func steers(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// CleanJSON writes those characters as JSON's own escapes, which change nothing
// of what the JSON says. Line ends between the values stay.
func CleanJSON(b []byte) []byte {
	if !bytes.ContainsFunc(b, steersJSON) {
		return b
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case !steersJSON(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := 0xd800+((r-0x10000)>>10), 0xdc00+((r-0x10000)&0x3ff)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}

// steersJSON leaves the line ends between the values of indented JSON alone; within
// texts JSON escapes them itself.
func steersJSON(r rune) bool { return r != '\n' && steers(r) }

// Relative prints a distance in time in a unit that suits it, rounded.
func Relative(d time.Duration) string {
	const day = 24 * time.Hour
	far := d.Abs()
	in := func(unit time.Duration, letter string) string {
		return fmt.Sprintf("%d%s", (far+unit/2)/unit, letter)
	}
	var text string
	switch {
	case far < time.Minute:
		return "now"
	case far < 90*time.Minute:
		text = in(time.Minute, "m")
	case far < 2*day:
		text = in(time.Hour, "h")
	case far < 730*day:
		text = in(day, "d")
	default:
		text = in(365*day, "y")
	}
	if d < 0 {
		return text + " ago"
	}
	return "in " + text
}
