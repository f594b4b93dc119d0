package token

import "bytes"

// Contains reports whether a text holds a token string, of whatever instance,
// also one that is glued to other words, where [Find] sees none: name_tkyp_… and
// tkyp_…_old hold a secret as well. It is what refuses a text that somebody
// pasted into the wrong place.
func Contains[T string | []byte](text T) (found bool) {
	if !mayContain(text) {
		return false
	}
	search([]byte(text), anywhere, func(int, int, Parsed) bool {
		found = true
		return false
	})
	return found
}

// Redact returns a text in which every token string that [Contains] sees is
// replaced by its mask. It is for texts that somebody else wrote, before they
// are printed, logged or kept. A text without one is returned as it is.
func Redact[T string | []byte](text T) T {
	if !mayContain(text) {
		return text
	}
	var out bytes.Buffer
	at, b := 0, []byte(text)
	search(b, anywhere, func(start, end int, p Parsed) bool {
		out.Write(b[at:start])
		out.WriteString(p.Mask())
		at = end
		return true
	})
	if at == 0 {
		return text
	}
	out.Write(b[at:])
	return T(out.Bytes())
}

// mayContain looks for an underscore with as many characters of a word behind it
// as a token has. It allocates nothing, and says no to nearly every text.
func mayContain[T string | []byte](text T) bool {
	run := 0 // how many characters of base62 stand in a row behind an underscore; -1 for none
	for i, seen := 0, false; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			run, seen = 0, true
		case !isWord(c):
			run, seen = 0, false
		case seen:
			if run++; run == bodyLength {
				return true
			}
		}
	}
	return false
}
