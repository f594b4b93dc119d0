package scan

import (
	"bytes"
	"context"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"

	"github.com/tokenry/tokenry/token"
)

// margin is how much of a buffer is looked at again together with the next one.
// It is more than a token string, an escape sequence before it and the character
// before that.
const margin = 128

// head is how much of a file decides whether it is text, as in git.
const head = 8000

// Reader scans a stream, which name stands for in the finds.
func (s *Scanner) Reader(ctx context.Context, r io.Reader, name string, found func(Find)) (Stats, error) {
	name = token.Redact(name)
	n, err := s.stream(ctx, r, s.buffer(), place{line: 1, column: 1}, func(at place, secret token.Secret, p token.Parsed) {
		found(Find{Path: name, Line: at.line, Column: at.column, Parsed: p, Secret: secret})
	})
	return Stats{Files: 1, Bytes: n}, err
}

// text returns the stream as text, or false for one that is none. UTF-16 is
// text: it is what a shell on Windows writes.
func text(r io.Reader, buf []byte) (io.Reader, bool, error) {
	n, err := io.ReadFull(r, buf[:min(head, len(buf))])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false, err
	}
	start := bytes.Clone(buf[:n])
	whole := io.MultiReader(bytes.NewReader(start), r)
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(whole), true, nil
	}
	return whole, bytes.IndexByte(start, 0) < 0, nil
}

// place is where the next character stands.
type place struct{ line, column int }

// pass goes over a text.
func (p *place) pass(text []byte) {
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		p.line += bytes.Count(text[:i+1], []byte{'\n'})
		p.column = 1
		text = text[i+1:]
	}
	for _, c := range text {
		if c&0xc0 != 0x80 { // not within a character of UTF-8
			p.column++
		}
	}
}

// stream tells every token in r, which begins at from. Of each buffer those are
// judged that end before its end; the margin is kept, and seen again with what
// follows it, so that each end of a token is judged once, with all around it.
func (s *Scanner) stream(ctx context.Context, r io.Reader, buf []byte, from place, found func(place, token.Secret, token.Parsed)) (total int64, err error) {
	n, judged := 0, 0
	for {
		m, err := io.ReadFull(r, buf[n:])
		n, total = n+m, total+int64(m)
		last := err != nil
		here, passed := from, 0
		token.Find(buf[:n], func(start, end int, p token.Parsed) bool {
			if end > judged && (end < n || last) && s.wanted(p) {
				here.pass(buf[passed:start])
				passed = start
				found(here, token.NewSecret(string(buf[start:end])), p)
			}
			return true
		})
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return total, nil
		case err != nil:
			return total, err
		case ctx.Err() != nil:
			return total, ctx.Err()
		}
		from.pass(buf[:n-margin])
		n = copy(buf, buf[n-margin:n])
		judged = n - 1
	}
}
