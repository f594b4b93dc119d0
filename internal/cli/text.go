package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
)

// clean makes a text that somebody else wrote safe to print in one cell of a
// line: what could steer a terminal, break the line or turn its direction is
// shown as an escape. What people write otherwise stays as it is.
func clean(s string) string {
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

// steers says whether a character is seen by its effect: controls, and the
// format characters, among which are the marks and overrides of direction. The
// line and paragraph separators break lines.
func steers(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cleanJSON writes those characters as JSON's own escapes, which change nothing
// of what the JSON says. Line ends between the values stay.
func cleanJSON(b []byte) []byte {
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

// none is printed where there is nothing.
const none = "–"

// when prints a moment absolutely and relative to now.
func (a *app) when(t *time.Time) string {
	if t == nil {
		return none
	}
	return t.UTC().Format("2006-01-02 15:04Z") + " (" + relative(t.Sub(a.Now())) + ")"
}

// relative prints a distance in time in a unit that suits it, rounded.
func relative(d time.Duration) string {
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

// rights prints a grant in one line; nil is inherited.
func rights(grants []api.Statement) string {
	if grants == nil {
		return "inherited"
	}
	if len(grants) == 0 {
		return "nothing"
	}
	parts := make([]string, len(grants))
	for i, s := range grants {
		parts[i] = statement(s)
	}
	return strings.Join(parts, "; ")
}

// statement prints one statement of a grant. Without a role and scopes it is what the
// owner may do, narrowed to the resources.
func statement(s api.Statement) string {
	what := s.Role
	if what == "" {
		what = strings.Join(s.Scopes, " ")
	}
	if what == "" {
		what = "all of the owner's"
	}
	switch {
	case len(s.Resources) == 0:
		return what
	case len(s.Resources) == 1 && s.Resources[0] == "*":
		return what + " on everything"
	}
	return what + " on " + strings.Join(s.Resources, " ")
}

// optional is a text that may be missing; a dash stands for it, so that columns stay
// apart.
func optional(s *string) string {
	if s == nil || *s == "" {
		return none
	}
	return *s
}

// orNone is [optional] for a text that is empty when it is missing.
func orNone(s string) string { return optional(&s) }

// yes is a word for true and false that a person reads in a table.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
