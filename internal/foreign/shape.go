package foreign

import (
	"strings"

	"github.com/tokenry/tokenry/api"
)

// alphabetOf answers what says whether a character is of an alphabet; nil for none.
func alphabetOf(name string) func(byte) bool {
	switch name {
	case api.AlphabetHex:
		return func(c byte) bool { return c-'0' < 10 || c-'a' < 6 || c-'A' < 6 }
	case api.AlphabetBase58:
		return func(c byte) bool { return word(c) && c != '0' && c != 'O' && c != 'I' && c != 'l' }
	case api.AlphabetBase62:
		return word
	case api.AlphabetBase64URL:
		return func(c byte) bool { return word(c) || c == '-' || c == '_' || c == '=' }
	case api.AlphabetPrintable:
		return func(c byte) bool { return c > ' ' && c <= '~' }
	}
	return nil
}

func word(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 26 }

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

// Takes says whether a string has the format's shape.
func (s *Spec) Takes(text string) bool {
	takes := alphabetOf(s.Alphabet)
	if takes == nil || len(text) < s.Least || len(text) > s.Most || !strings.HasPrefix(text, s.Prefix) {
		return false
	}
	for i := len(s.Prefix); i < len(text); i++ {
		if !takes(text[i]) {
			return false
		}
	}
	return true
}
