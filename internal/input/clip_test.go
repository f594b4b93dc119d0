package input_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/internal/input"
)

func TestATextThatNobodyAskedForIsClipped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"what fits stays", "Firefox/140", "Firefox/140"},
		{"what fits to the byte stays", "0123456789abcdef", "0123456789abcdef"},
		{"what is cut says so", "0123456789abcdefg", "0123456789abc…"},
		{"what fits is counted in bytes", "0123456789aé…", "0123456789aé…"},
		{"nothing is cut inside a character", "0123456789abéfgh", "0123456789ab…"},
		{"controls are gone", "a\x00b\nc\td\x7f\u0085e", "abcde"},
		{"and count for nothing", strings.Repeat("\x00", 20) + "agent", "agent"},
		{"what is no UTF-8 is gone", "a\xffb\xc3", "ab"},
		{"a sign of a former loss is text", "a\uFFFDb", "a\uFFFDb"},
		{"nothing", "", ""},
		{"what begins only far away is not read", strings.Repeat("\x00", 64) + "agent", ""},
	} {
		if got := input.Clip(c.in, 16); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzClip(f *testing.F) {
	f.Add("Mozilla/5.0 (\xff\xfe…)", 16)
	f.Add("é\x00…", 3)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most &= 255
		got := input.Clip(s, most)
		if len(got) > most || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("Clip(%q, %d) = %q", s, most, got)
		}
		if again := input.Clip(got, most); again != got {
			t.Errorf("clipped again it is %q, not %q", again, got)
		}
	})
}
