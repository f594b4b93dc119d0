package scan

import (
	"bytes"
	"context"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"

	"github.com/tokenry/tokenry/token"
)

// head is how much of a file decides whether it is text, as in git.
const head = 8000

// Reader scans a stream, which name stands for in the finds; an archive is opened.
func (s *Scanner) Reader(ctx context.Context, r io.Reader, name string, found func(Find)) (Stats, error) {
	o := s.opener(ctx, s.buffer(), true, found)
	err := o.open(r, nil, token.Redact(name), maxNested)
	return o.stats, err
}

// text returns what begins with start as text, or false for what is none. UTF-16 is
// text, with its mark or without: it is what a shell on Windows writes.
func text(start []byte, r io.Reader) (io.Reader, bool) {
	for mark, order := range map[string]unicode.Endianness{"\xff\xfe": unicode.LittleEndian, "\xfe\xff": unicode.BigEndian} {
		if bytes.HasPrefix(start, []byte(mark)) {
			return unicode.UTF16(order, unicode.ExpectBOM).NewDecoder().Reader(r), true
		}
	}
	if bytes.IndexByte(start, 0) < 0 {
		return r, true
	}
	for odd, order := range []unicode.Endianness{unicode.BigEndian, unicode.LittleEndian} {
		if wide(start, odd) {
			return unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder().Reader(r), true
		}
	}
	return r, false
}

// wide says that of each two bytes the one is zero and the other is not.
func wide(start []byte, odd int) bool {
	for i, c := range start {
		if (c == 0) != (i%2 == odd) {
			return false
		}
	}
	return true
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
func (s *Scanner) stream(ctx context.Context, r io.Reader, buf []byte, from place, found func(place, token.Wrapped)) (total int64, err error) {
	n, judged := 0, 0
	for {
		m, err := io.ReadFull(r, buf[n:])
		n, total = n+m, total+int64(m)
		last := err != nil
		here, passed := from, 0
		s.in(buf[:n], func(w token.Wrapped) {
			if w.End > judged && (w.End < n || last) {
				here.pass(buf[passed:w.Start])
				passed = w.Start
				found(here, w)
			}
		})
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return total, nil
		case err != nil:
			return total, err
		case ctx.Err() != nil:
			return total, ctx.Err()
		}
		from.pass(buf[:n-token.WrappedMargin])
		n = copy(buf, buf[n-token.WrappedMargin:n])
		judged = n - 1
	}
}
