package scan

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tokenry/tokenry/token"
)

const (
	// maxNested is how many archives within each other are opened.
	maxNested = 3
	// maxHeld is how large a zip is that stands within another archive or in a pipe, and
	// has to be held to be read.
	maxHeld = 16 << 20
)

// errUnpacks is the end of a file that unfolds beyond measure: the rest is not seen.
var errUnpacks = errors.New("it unpacks to more than is read; unpack it and scan the folder")

// opener scans one file and the archives in it: gzip, tar and zip, told by how they
// begin, whatever their name is.
type opener struct {
	scanner *Scanner
	ctx     context.Context //nolint:containedctx // it lives as long as the scan of one file
	buf     []byte
	found   func(Find)
	stats   Stats
	left    int64 // to be unpacked
	all     bool  // also what is no text
}

// opener is one for a file, which told is told what is found in.
func (s *Scanner) opener(ctx context.Context, buf []byte, all bool, told func(Find)) *opener {
	return &opener{scanner: s, ctx: ctx, buf: buf, all: all, found: told, left: cmp.Or(s.Unpacked, usualUnpacked)}
}

// sized is what a zip is read from.
type sized struct {
	io.ReaderAt
	size int64
}

// open scans what r holds under a name; whole is the same where it can be read anywhere.
func (o *opener) open(r io.Reader, whole *sized, name string, deep int) error {
	in := bufio.NewReaderSize(r, head)
	start, err := in.Peek(head)
	if err != nil && !errors.Is(err, io.EOF) && len(start) == 0 {
		return err
	}
	switch {
	case deep == 0:
		return o.plain(start, in, name)
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return o.gzip(in, name, deep)
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		return o.zip(in, whole, name, deep)
	case len(start) > 262 && string(start[257:262]) == "ustar":
		return o.tar(in, name, deep)
	}
	return o.plain(start, in, name)
}

// plain scans a text, and what is none where that is wanted.
func (o *opener) plain(start []byte, in io.Reader, name string) error {
	r, isText := text(start, in)
	if !isText && !o.all && !o.scanner.Binary {
		o.stats.Binary++
		return nil
	}
	o.stats.Files++
	n, err := o.scanner.stream(o.ctx, r, o.buf, place{1, 1}, func(at place, w token.Wrapped) {
		o.found(Find{Path: name, Line: at.line, Column: at.column, Parsed: w.Parsed, Secret: w.Secret})
	})
	o.stats.Bytes += n
	return err
}

func (o *opener) gzip(in io.Reader, name string, deep int) error {
	z, err := gzip.NewReader(in)
	if err != nil {
		return fmt.Errorf("open as gzip: %w", err)
	}
	return o.open(o.unpacked(z), nil, name, deep-1)
}

func (o *opener) tar(in io.Reader, name string, deep int) error {
	t := tar.NewReader(o.unpacked(in))
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("open as tar: %w", err)
		}
		if err := o.entry(t, name, h.Name, deep); err != nil {
			return err
		}
	}
}

// zip reads a zip, whose list of contents stands at its end.
func (o *opener) zip(in io.Reader, whole *sized, name string, deep int) error {
	if whole == nil {
		held, err := io.ReadAll(io.LimitReader(in, maxHeld+1))
		if err != nil {
			return err
		}
		if len(held) > maxHeld {
			return errUnpacks
		}
		whole = &sized{bytes.NewReader(held), int64(len(held))}
	}
	z, err := zip.NewReader(whole, whole.size)
	if err != nil {
		return fmt.Errorf("open as zip: %w", err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("open %s: %w", token.Redact(f.Name), err)
		}
		err = o.entry(o.unpacked(r), name, f.Name, deep)
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
}

// entry scans one file of an archive, and its name.
func (o *opener) entry(r io.Reader, archive, name string, deep int) error {
	if o.scanner.excludedBelow(name) {
		return nil
	}
	shown := archive + "!" + token.Redact(name)
	o.scanner.in([]byte(name), func(w token.Wrapped) { o.found(Find{Path: shown, Parsed: w.Parsed, Secret: w.Secret}) })
	return o.open(r, nil, shown, deep-1)
}

// unpacked counts what is unpacked, and ends it beyond measure.
func (o *opener) unpacked(r io.Reader) io.Reader { return &measured{o, r} }

type measured struct {
	o *opener
	r io.Reader
}

func (m *measured) Read(p []byte) (int, error) {
	if m.o.left <= 0 {
		return 0, errUnpacks
	}
	n, err := m.r.Read(p)
	m.o.left -= int64(n)
	return n, err
}
