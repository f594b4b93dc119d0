package token

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
)

const (
	// wrappedDeep is how many wrappings within each other are opened.
	wrappedDeep = 3
	// wrappedMost is how much is opened of a text, in lengths of it: what somebody
	// sends may be made to unfold without end.
	wrappedMost = 16
	// shortestRun is what a token makes in base64, at the least; shortestLine is of
	// base64 that goes on in the next line: people break it behind 64 or 76.
	shortestRun  = (shortestHead + 1 + bodyLength) * 4 / 3
	shortestLine = 60
)

// WrappedMargin is how much of a text may stand before a token's end and belong to it: a
// stream that is read in pieces looks again at as much of the one before.
const WrappedMargin = 1024

// Wrapped is a token string in a text that may hold it in another form.
type Wrapped struct {
	// Start and End are where it stands, also where it is wrapped.
	Start, End int
	Secret     Secret
	Parsed
}

// FindWrapped finds the token strings that [Contains] sees, and looks also into what a
// text wraps: base64, as of an HTTP Basic header or a Kubernetes secret, broken into
// lines or not; escapes of URLs (%5F), of JSON and shells (_, \x5f, \/), of HTML
// (&#95;) and of mails (=5F, and lines that go on); UTF-16; and what is wrapped in that
// again, three deep. They come in the order of the text.
//
// The time is linear in the text. What it finds keeps no part of it.
func FindWrapped(text []byte) []Wrapped {
	u := unwrapper{left: wrappedMost*len(text) + 4096}
	u.look(text, func(at int) int { return at }, wrappedDeep)
	slices.SortFunc(u.found, func(a, b Wrapped) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	return slices.CompactFunc(u.found, func(a, b Wrapped) bool { return a.Start == b.Start && a.Secret.Equal(b.Secret) })
}

type unwrapper struct {
	found []Wrapped
	left  int
}

// look finds what is in a text, a part of which begins at outer of its index in the text
// that was given.
func (u *unwrapper) look(text []byte, outer func(int) int, deep int) {
	search(text, anywhere, func(start, end int, p Parsed) bool {
		u.found = append(u.found, Wrapped{outer(start), outer(end), NewSecret(string(text[start:end])), p})
		return true
	})
	if deep == 0 {
		return
	}
	enter := func(plain []byte, at func(int) int) {
		if u.left -= len(plain); u.left > 0 {
			u.look(plain, func(i int) int { return outer(at(i)) }, deep-1)
		}
	}
	if bytes.IndexByte(text, 0) >= 0 {
		enter(rewritten(text, 0, wide))
	}
	broken := runs(text, func(start, end int) {
		for from := start; from < start+4; from++ { // what stands before it may look like a part of it
			if plain, ok := decoded(text[from:end]); ok {
				enter(plain, func(i int) int { return from + i*4/3 })
			}
		}
	})
	for r := range regions(text, broken) {
		if plain, at := rewritten(text[r.start:r.end], r.start, escaped); plain != nil {
			enter(plain, at)
		}
	}
}

// runs tells the parts of a text that may be base64 and are long enough for a token, and
// answers where one ends with its line.
func runs(text []byte, yield func(start, end int)) (broken []int) {
	for i := shortestLine - 1; i < len(text); {
		start := i
		for start >= 0 && i-start < shortestLine && isBase64(text[start]) {
			start--
		}
		if i-start < shortestLine { // no run stands over i that began as long ago
			i = start + shortestLine
			continue
		}
		for start >= 0 && isBase64(text[start]) {
			start--
		}
		end := i
		for end < len(text) && isBase64(text[end]) {
			end++
		}
		if end-start-1 >= shortestRun {
			yield(start+1, end)
		}
		if lineBreak(text[end:]) > 0 {
			broken = append(broken, end)
		}
		i = end + shortestLine
	}
	return broken
}

func isBase64(c byte) bool { return isWord(c) || c == '-' || c == '+' || c == '/' }

// decoded reads a run of either alphabet; a letter too many at its end, which what
// stood behind it may have lent, is left out.
func decoded(run []byte) ([]byte, bool) {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	if bytes.ContainsAny(run, "-_") {
		run = bytes.Map(standard, run)
	}
	n, err := base64.RawStdEncoding.Decode(out, run)
	return out[:n], err == nil
}

// standard is a letter of base64 for URLs in the usual alphabet.
func standard(c rune) rune {
	switch c {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return c
}

// region is a part of a text with an escape in its middle.
type region struct{ start, end int }

// regions are what stands around the escapes of a text and around broken lines of base64.
func regions(text []byte, broken []int) func(func(region) bool) {
	at := broken
	for _, mark := range []byte(`%\=&`) {
		for i := 0; ; i++ {
			next := bytes.IndexByte(text[i:], mark)
			if next < 0 {
				break
			}
			if i += next; hides(text[i:]) {
				at = append(at, i)
			}
		}
	}
	slices.Sort(at)
	return func(yield func(region) bool) {
		for len(at) > 0 {
			r := region{max(at[0]-WrappedMargin/2, 0), at[0]}
			for len(at) > 0 && at[0] <= r.end+WrappedMargin/2 {
				r.end, at = at[0], at[1:]
			}
			if r.end = min(r.end+WrappedMargin/2, len(text)); !yield(r) {
				return
			}
		}
	}
}

// hides says that a text begins with an escape of what tokens and base64 are made of, or
// of another escape.
func hides(text []byte) bool {
	c, n := escape(text)
	return n > 0 && (c < 0 || isBase64(byte(c)) || c == '=' || c == '%' || c == '\\')
}

// rewritten is a text, which begins at from, as step says, and where each of its bytes
// stood; nil where nothing is changed. A step answers what stands for the first n bytes;
// below 0 for nothing.
func rewritten(text []byte, from int, step func(text []byte, before byte) (c, n int)) ([]byte, func(int) int) {
	out, at, before := make([]byte, 0, len(text)), make([]int, 0, len(text)+1), byte(0)
	for i := 0; i < len(text); {
		c, n := step(text[i:], before)
		if n == 0 {
			c, n = int(text[i]), 1
		}
		if c >= 0 {
			before = byte(c)
			out, at = append(out, before), append(at, from+i)
		}
		i += n
	}
	if len(out) == len(text) {
		return nil, nil
	}
	at = append(at, from+len(text))
	return out, func(i int) int { return at[i] }
}

// wide drops the zeros between the letters of UTF-16.
func wide(text []byte, _ byte) (c, n int) {
	if text[0] == 0 {
		return -1, 1
	}
	return 0, 0
}

// escaped resolves escapes, and joins base64 that is broken into lines.
func escaped(text []byte, before byte) (c, n int) {
	switch text[0] {
	case '%', '\\', '=', '&':
		if c, n = escape(text); n > 0 {
			return c, n
		}
	case '\r', '\n':
	default:
		return 0, 0
	}
	if n = lineBreak(text); n > 0 && isBase64(before) {
		return -1, n
	}
	return 0, 0
}

// lineBreak is the length of the line end that a text begins with, and of the blanks that
// indent the next line, if that begins with base64; as escapes too.
func lineBreak(text []byte) (n int) {
	for _, end := range []string{"\r\n", "\n", `\r\n`, `\n`} {
		if bytes.HasPrefix(text, []byte(end)) {
			n = len(end)
			break
		}
	}
	if n == 0 {
		return 0
	}
	for n < len(text) && (text[n] == ' ' || text[n] == '\t') {
		n++
	}
	if n == len(text) || !isBase64(text[n]) {
		return 0
	}
	return n
}

// escape reads the escape that a text begins with, of n bytes: the byte that it stands
// for, or -1 where it stands for nothing; n is 0 where there is none.
func escape(text []byte) (c, n int) {
	for _, e := range []struct {
		head   string
		number bool
		means  int
	}{{"%", true, 0}, {`\u00`, true, 0}, {`\x`, true, 0}, {`\/`, false, '/'}, {"=\n", false, -1}, {"=\r\n", false, -1}, {"=", true, 0}} {
		switch after, ok := bytes.CutPrefix(text, []byte(e.head)); {
		case !ok:
		case !e.number:
			return e.means, len(e.head)
		case len(after) >= 2 && hexValue(after[0]) >= 0 && hexValue(after[1]) >= 0:
			return hexValue(after[0])<<4 | hexValue(after[1]), len(e.head) + 2
		}
	}
	return htmlEscape(text)
}

// hexValue is what a hexadecimal digit counts, or -1.
func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// htmlEscape reads &#95; and &#x5f;.
func htmlEscape(text []byte) (c, n int) {
	end := bytes.IndexByte(text[:min(len(text), 8)], ';')
	if !bytes.HasPrefix(text, []byte("&#")) || end < 3 {
		return 0, 0
	}
	digits, base := text[2:end], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(string(digits), base, 8)
	if err != nil {
		return 0, 0
	}
	return int(v), end + 1
}
