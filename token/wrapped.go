package token

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// How deep a text is unwrapped, and how much of it in all: what somebody pastes may be
// made to unfold without end.
const (
	wrappedDeep = 3
	wrappedMost = 16 << 20
)

// FindWrapped is [Find] that looks also into what a text wraps: base64, as of an HTTP
// Basic header or a Kubernetes secret, escapes of URLs (%5F) and of JSON (_), and
// what is wrapped in that again, three deep. Each token string is told once.
func FindWrapped(text []byte, yield func(secret string, p Parsed) bool) {
	u := unwrapper{seen: map[string]bool{}, left: wrappedMost, yield: yield}
	u.look(text, wrappedDeep)
}

type unwrapper struct {
	seen  map[string]bool
	left  int
	done  bool
	yield func(string, Parsed) bool
}

func (u *unwrapper) look(text []byte, deep int) {
	Find(text, func(start, end int, p Parsed) bool {
		s := string(text[start:end])
		if !u.seen[s] {
			u.seen[s] = true
			u.done = !u.yield(s, p)
		}
		return !u.done
	})
	if deep == 0 {
		return
	}
	if plain, ok := unescaped(text); ok {
		u.enter(plain, deep)
	}
	for run := range runs(text) {
		for at := range 4 { // what stands before it may look like a part of it
			if plain, ok := decoded(run[at:]); ok {
				u.enter(plain, deep)
			}
		}
	}
}

func (u *unwrapper) enter(text []byte, deep int) {
	if u.left -= len(text); u.left > 0 && !u.done {
		u.look(text, deep-1)
	}
}

// shortestRun is what a token makes in base64, at the least.
const shortestRun = (shortestHead + 1 + bodyLength) * 4 / 3

// runs are the parts of a text that may be base64 and are long enough for a token.
func runs(text []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for start, i := 0, 0; i <= len(text); i++ {
			if i < len(text) && isBase64(text[i]) {
				continue
			}
			if i-start >= shortestRun && !yield(text[start:i]) {
				return
			}
			start = i + 1
		}
	}
}

func isBase64(c byte) bool {
	return isWord(c) || c == '-' || c == '+' || c == '/'
}

// decoded reads a run as either alphabet; a letter too many at its end, which what
// stood behind it may have lent, is left out.
func decoded(run []byte) ([]byte, bool) {
	run = run[:len(run)-map[bool]int{true: 1, false: 0}[len(run)%4 == 1]]
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		out := make([]byte, e.DecodedLen(len(run)))
		if n, err := e.Decode(out, run); err == nil {
			return out[:n], true
		}
	}
	return nil, false
}

// unescaped resolves %XX and \uXXXX; false where there is none.
func unescaped(text []byte) ([]byte, bool) {
	if !bytes.ContainsAny(text, `%\`) {
		return nil, false
	}
	out, changed := make([]byte, 0, len(text)), false
	for i := 0; i < len(text); i++ {
		var b [2]byte
		switch {
		case text[i] == '%' && i+2 < len(text) && fromHex(b[:1], text[i+1:i+3]):
			out, changed, i = append(out, b[0]), true, i+2
		case text[i] == '\\' && i+5 < len(text) && text[i+1] == 'u' && fromHex(b[:], text[i+2:i+6]) && b[0] == 0 && b[1] < 0x80:
			out, changed, i = append(out, b[1]), true, i+5
		default:
			out = append(out, text[i])
		}
	}
	return out, changed
}

func fromHex(to, text []byte) bool {
	_, err := hex.Decode(to, text)
	return err == nil
}
