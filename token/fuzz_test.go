package token_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/token"
)

// shape is the grammar in the words of another engine.
var shape = regexp.MustCompile(`\A([a-z][a-z0-9]{1,9})([pswe])_([0-9A-Za-z]{12})[0-9A-Za-z]{32}[0-4][0-9A-Za-z]{5}\z`)

func FuzzParse(f *testing.F) {
	v := readVectors(f)
	for _, a := range v.Accepted {
		f.Add(a.Token)
	}
	for _, r := range v.Refused {
		f.Add(r.Token)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := token.Parse(s)
		if err != nil {
			if !errors.Is(err, token.ErrMalformed) || p != (token.Parsed{}) {
				t.Fatalf("refused with %+v, %v", p, err)
			}
			return
		}
		// Written again from its parts it is the same string: there is one form.
		parts := shape.FindStringSubmatch(s)
		again := seal(string(p.Prefix) + string(rune(p.Kind)) + "_" + p.Locator.String() + s[len(s)-38:len(s)-6])
		if again != s || parts == nil || string(p.Prefix) != parts[1] || p.Locator.String() != parts[3] {
			t.Fatalf("%q was read as %+v and written as %q", s, p, again)
		}
	})
}

// Whatever has the shape and the checksum is accepted, and with one character
// changed it is not.
func FuzzParseSealed(f *testing.F) {
	f.Add("tky", byte('p'), strings.Repeat("0", 44), uint16(7))
	f.Add("a9", byte('e'), strings.Repeat("z", 44), uint16(999))
	f.Fuzz(func(t *testing.T, prefix string, kind byte, body string, at uint16) {
		s := seal(prefix + string([]byte{kind}) + "_" + body)
		_, err := token.Parse(s)
		if (err == nil) != shape.MatchString(s) {
			t.Fatalf("Parse(%q) = %v", s, err)
		}
		i := int(at) % len(s)
		if _, err := token.Parse(s[:i] + other(s[i]) + s[i+1:]); err == nil {
			t.Fatalf("%q is accepted with another character at %d", s, i)
		}
	})
}

func FuzzFind(f *testing.F) {
	for i, a := range readVectors(f).Accepted {
		f.Add([]byte(a.Token))
		f.Add([]byte(strings.Repeat("_", i) + " " + a.Token + `\n` + a.Token + "%3D" + a.Token))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		last := 0
		token.Find(text, func(start, end int, p token.Parsed) bool {
			if start < last || end > len(text) {
				t.Fatalf("found %d:%d after %d", start, end, last)
			}
			if want, err := token.Parse(string(text[start:end])); err != nil || p != want {
				t.Fatalf("found %q with %+v, want %+v, %v", text[start:end], p, want, err)
			}
			last = end
			return true
		})
	})
}

func FuzzParseKeyring(f *testing.F) {
	f.Add([]byte(file(1, entry(1, keyA))))
	for _, r := range refusedFiles() {
		f.Add([]byte(r.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ring, err := token.ParseKeyring(b)
		if err != nil {
			return
		}
		again, err := token.ParseKeyring(ring.Marshal())
		if err != nil || !bytes.Equal(again.Marshal(), ring.Marshal()) {
			t.Fatalf("read but not written as it was: %v", err)
		}
	})
}
