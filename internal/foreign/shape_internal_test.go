package foreign

import (
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
)

// TestAPartIsCutFromEitherEnd, and a string that is too short has none.
func TestAPartIsCutFromEitherEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part Part
		want string // empty is none
	}{
		{Part{}, "abcdef"}, {Part{Skip: 2}, "cdef"}, {Part{Skip: 2, Take: 3}, "cde"}, {Part{Take: 6}, "abcdef"}, {Part{Take: 7}, ""},
		{Part{Skip: 2, FromEnd: true}, "abcd"}, {Part{Skip: 1, Take: 2, FromEnd: true}, "de"}, {Part{Take: 1, FromEnd: true}, "f"},
		{Part{Skip: 6}, ""}, {Part{Skip: 7, FromEnd: true}, ""}, {Part{Skip: 3, Take: 4}, ""},
	} {
		if got, ok := c.part.of("abcdef"); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v of abcdef is %q, %v", c.part, got, ok)
		}
	}
}

// TestEveryAlphabetHasTheCharactersOfItsName, and no others: each byte there is.
func TestEveryAlphabetHasTheCharactersOfItsName(t *testing.T) {
	t.Parallel()
	const digits, small, large = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for name, want := range map[string]string{
		api.AlphabetHex: digits + "abcdefABCDEF", api.AlphabetBase62: digits + small + large, api.AlphabetBase64URL: digits + small + large + "-_=",
		api.AlphabetBase58: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", "runes": "",
	} {
		s := Spec{Alphabet: name, Prefix: "pre ", Least: 5, Most: 5}
		for c := range 256 {
			if got := s.Takes("pre " + string([]byte{byte(c)})); got != (strings.IndexByte(want, byte(c)) >= 0) {
				t.Errorf("%s takes %q: %v", name, byte(c), got)
			}
		}
	}
}
