package token

import "bytes"

// Find calls yield for every token string in the text, in order, until yield
// returns false. It goes by shape and checksum, whatever the prefix, and finds
// what stands between word boundaries: next to a token there is no character
// of [A-Za-z0-9_]. An escape sequence before it, as in "\ntkyp_…" within JSON,
// "%3Dtkyp_…" within a URL or ESC [32m before it in a terminal's log, does not
// hide it. The token is text[start:end]; p keeps no part of the text.
//
// The time is linear in the text, and most of it is a search for underscores.
func Find(text []byte, yield func(start, end int, p Parsed) bool) { search(text, around, yield) }

// search asks look about every underscore of a text that is in no token yet.
func search(text []byte, look finder, yield func(start, end int, p Parsed) bool) {
	for at, floor := 0, 0; ; {
		i := bytes.IndexByte(text[at:], '_')
		if i < 0 {
			return
		}
		sep := at + i
		at = sep + 1
		if f, ok := look(text, floor, sep); ok {
			if !yield(f.start, f.end, f.p) {
				return
			}
			at, floor = f.end, f.end
		}
	}
}

// finder looks for the token whose underscore is at sep and that begins at floor
// or behind it: before floor is another token.
type finder func(text []byte, floor, sep int) (finding, bool)

// finding is a token in a text, and from where to where it is there.
type finding struct {
	start, end int
	p          Parsed
}

const (
	// longestEscape is how many word characters of an escape sequence can
	// touch a token: those of \u003d.
	longestEscape = 5
	longestHead   = maxPrefix + len("p")
	shortestHead  = minPrefix + len("p")
)

// around is the finder of tokens between word boundaries.
func around(text []byte, _, sep int) (finding, bool) {
	end, read := sep+1+bodyLength, parse[[]byte]
	if derivedAt(text, sep) {
		end, read = wordEnd(text, sep), parseDerivedParts
	}
	if end > len(text) || end < len(text) && isWord(text[end]) {
		return finding{}, false
	}
	start := wordStart(text, sep)
	last := start
	if start > 0 && isEscape(text[start-1]) {
		last = min(start+longestEscape, sep-shortestHead)
	}
	for ; start <= last && text[start] != '_'; start++ { // escapes hold no underscore
		if p, err := read(text[start:end]); err == nil {
			return finding{start, end, p}, true
		}
	}
	return finding{}, false
}

// derivedAt says that the underscore at sep may be a derived token's.
func derivedAt(text []byte, sep int) bool {
	return sep > shortestHead && text[sep-1] == derivedMark && Kind(text[sep-2]).Valid()
}

// wordEnd is where the word that begins behind sep ends, as far as a derived token reaches.
func wordEnd(text []byte, sep int) int {
	end := sep + 1
	for end < len(text) && end-sep <= MaxLength && isBase62(text[end]) {
		end++
	}
	return end
}

func parseDerivedParts(s []byte) (Parsed, error) {
	sep, err := derivedHead(s)
	if err != nil {
		return Parsed{}, err
	}
	return derivedParts(s, sep), nil
}

// anywhere is the finder of tokens whatever touches them. The checksum covers the
// head, so of all that can stand before the underscore one alone is right.
func anywhere(text []byte, floor, sep int) (finding, bool) {
	if derivedAt(text, sep) {
		return anywhereDerived(text, floor, sep)
	}
	end := sep + 1 + bodyLength
	if end > len(text) || !allBase62(text[sep+1:end]) {
		return finding{}, false
	}
	for start := sep - shortestHead; start >= max(sep-longestHead, floor); start-- {
		if p, err := parse(text[start:end]); err == nil {
			return finding{start, end, p}, true
		}
	}
	return finding{}, false
}

// anywhereDerived is that of derived tokens, whose length is not known: where the checksum
// is right, one ends.
func anywhereDerived(text []byte, floor, sep int) (finding, bool) {
	most := wordEnd(text, sep)
	if most-sep-1 < shortestDerived {
		return finding{}, false
	}
	for start := sep - shortestHead - 1; start >= max(sep-longestHead-1, floor); start-- {
		if !IsDerived(text[start : sep+1]) {
			continue
		}
		end := sep + 1 + shortestDerived
		crc, _ := scan(crcStart, text[start:end-CheckLength])
		for ; end <= min(most, start+MaxLength); end++ {
			if check := checkOf(crc); string(text[end-CheckLength:end]) == string(check[:]) {
				return finding{start, end, derivedParts(text[start:end], sep-start)}, true
			}
			crc, _ = scan(crc, text[end-CheckLength:end-CheckLength+1])
		}
	}
	return finding{}, false
}

// wordStart returns where the word that ends before sep begins, as far back as
// a token with an escape sequence before it can reach.
func wordStart(text []byte, sep int) int {
	start := sep
	for start > 0 && sep-start < longestHead+len("d")+longestEscape && isWord(text[start-1]) {
		start--
	}
	return start
}

// isEscape reports whether c can stand before the word characters of an escape
// sequence: \n, \u000a, %0A, ESC [1m, ESC [1;32m. That a letter of the word
// belonged to the token all the same is for the checksum to say.
func isEscape(c byte) bool {
	return c == '\\' || c == '%' || c == '[' || c == ';'
}
