package door

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Packer compresses answers that are long and public enough. The zero value is ready,
// and may be used by many at once. Its laws:
//
//   - Only what its door says may be packed is: how long a packed answer is tells something
//     of what is in it to whoever has a part of it written (BREACH). So nothing is packed
//     that holds a secret, a session or the token of a form.
//   - An answer that could be packed says so to caches, packed or not.
//   - An answer with a validator is not packed: an ETag is of one sequence of bytes.
type Packer struct {
	// writers are *gzip.Writer: one takes more memory than most of what it writes.
	writers sync.Pool
}

// worthPacking is the shortest answer that is, in bytes: one packet holds what is shorter.
const worthPacking = 1400

// TakesGzip says whether a client takes answers in gzip (RFC 9110, section 12.5.3).
func TakesGzip(h http.Header) bool {
	named, others := "", ""
	for coding := range strings.SplitSeq(strings.Join(h["Accept-Encoding"], ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			named = "1" + strings.TrimSpace(weight)
		case "*":
			others = "1" + strings.TrimSpace(weight)
		}
	}
	if named == "" {
		named = others
	}
	_, weight, weighed := strings.Cut(strings.ToLower(named), "q=")
	if !weighed {
		return named != ""
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
	return err == nil && q > 0
}

// Whole packs an answer that is all there, where that is worth it and its client takes it,
// and says so in its header.
func (p *Packer) Whole(h http.Header, r *http.Request, body []byte) []byte {
	if !packable(h, r) || len(body) < worthPacking {
		return body
	}
	var b bytes.Buffer
	z := p.writer(&b)
	_, _ = z.Write(body) // a buffer takes all
	_ = z.Close()
	p.writers.Put(z)
	h.Set("Content-Encoding", "gzip")
	return b.Bytes()
}

// Stream packs what is written piece by piece, where its client takes that; the header
// says so with the first piece. Each is on its way when Write returns. What is not closed
// is cut, and its reader notices.
func (p *Packer) Stream(h http.Header, r *http.Request, to io.WriteCloser) io.WriteCloser {
	if !packable(h, r) {
		return to
	}
	return &packed{of: p, header: h, to: to}
}

// File is an answer that is written in pieces of some size.
type File struct {
	*bufio.Writer
	to io.WriteCloser
}

// File begins one, which is packed where it may be and its client takes that.
func (p *Packer) File(w http.ResponseWriter, r *http.Request, may bool) File {
	f := File{to: unended{w}}
	if may {
		f.to = p.Stream(w.Header(), r, f.to)
	}
	f.Writer = bufio.NewWriterSize(f.to, 32<<10)
	return f
}

// End says that the file is whole.
func (f File) End() error { return errors.Join(f.Flush(), f.to.Close()) }

// unended is an answer, which the server ends.
type unended struct{ io.Writer }

func (unended) Close() error { return nil }

// packable says whether an answer is for somebody who takes it packed.
func packable(h http.Header, r *http.Request) bool {
	h.Set("Vary", "Accept-Encoding")
	return r.Method == http.MethodGet && TakesGzip(r.Header) && h.Get("ETag") == "" && h.Get("Content-Encoding") == ""
}

func (p *Packer) writer(to io.Writer) *gzip.Writer {
	if z, ok := p.writers.Get().(*gzip.Writer); ok {
		z.Reset(to)
		return z
	}
	z, _ := gzip.NewWriterLevel(to, gzip.BestSpeed) // the level is one
	return z
}

type packed struct {
	of     *Packer
	header http.Header
	to     io.WriteCloser
	z      *gzip.Writer // nil until something is written
}

func (w *packed) Write(b []byte) (int, error) {
	if w.z == nil {
		w.header.Set("Content-Encoding", "gzip")
		w.z = w.of.writer(w.to)
	}
	n, err := w.z.Write(b)
	if err == nil {
		err = w.z.Flush()
	}
	return n, err
}

func (w *packed) Close() error {
	var err error
	if w.z != nil {
		err = w.z.Close()
		w.of.writers.Put(w.z)
		w.z = nil
	}
	return errors.Join(err, w.to.Close())
}
