package signin

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// acceptable returns the password in its normal form, or says why it cannot be
// one.
func acceptable(password string, least int) (string, error) {
	if !utf8.ValidString(password) {
		return "", refuse("must be valid UTF-8")
	}
	if len(password) > maxBytes {
		return "", refuse("must have at most 1000 bytes")
	}
	password = norm.NFC.String(password)
	switch {
	case strings.ContainsRune(password, 0):
		return "", refuse("must not contain a NUL")
	case utf8.RuneCountInString(password) < least:
		return "", refuse(fmt.Sprintf("must have at least %d characters; a few words in a row do well", least))
	case obvious(password):
		return "", refuse("is one of the first that anybody would try; choose something less common")
	}
	return password, nil
}

// rows are what fingers run along.
const rows = "abcdefghijklmnopqrstuvwxyz 01234567890 12345678901234567890 qwertyuiopasdfghjklzxcvbnm qwertzuiopasdfghjklyxcvbnm 1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p"

// obvious says whether a password is in the list, is a short piece repeated, or
// a run along the keyboard or the alphabet, whatever its case and separators.
func obvious(password string) bool {
	s := fold(password)
	if s == "" || repeats(s) || strings.Contains(blocklist+shortlist, "\n"+s+"\n") {
		return true
	}
	for row := range strings.FieldsSeq(rows) {
		if along(row, s) || along(reverse(row), s) {
			return true
		}
	}
	return false
}

// fold drops what people put between words, and case.
func fold(s string) string {
	s = strings.ToLower(s)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_.,!?", r) {
			return -1
		}
		return r
	}, s)
}

// repeats says whether s is one piece of at most seven bytes again and again.
func repeats(s string) bool {
	for n := 1; n <= minCharacters/2; n++ {
		if n < len(s) && strings.Repeat(s[:n], len(s)/n+1)[:len(s)] == s {
			return true
		}
	}
	return false
}

// along says whether s is a run along a row, or a run along it again and again.
func along(row, s string) bool {
	start := strings.IndexByte(row, s[0])
	return start >= 0 && strings.HasPrefix(strings.Repeat(row, len(s)/len(row)+2)[start:], s)
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}
