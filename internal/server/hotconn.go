package server

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/internal/door"
)

// hotConn is one connection of the hot listener, with the request that is answered on it.
// It is used again for other connections.
type hotConn struct {
	s   *hotServer
	raw net.Conn
	// counted is raw, where connections are counted.
	counted *connection
	remote  string
	in      *bufio.Reader
	request hotRequest
	body    hotBody
	out     []byte
	// idle says that nothing of a request has come. Who takes that away has the connection:
	// to answer, or to close it.
	idle atomic.Bool
}

func (c *hotConn) begin(s *hotServer, raw net.Conn) {
	c.s, c.raw, c.remote = s, raw, raw.RemoteAddr().String()
	c.counted, _ = raw.(*connection)
	c.in.Reset(raw)
	c.idle.Store(true)
	_ = raw.SetReadDeadline(time.Now().Add(readTimeout)) // reading tells of what is broken
}

// end keeps nothing of the connection.
func (c *hotConn) end() {
	c.in.Reset(nil)
	c.s, c.raw, c.counted, c.remote = nil, nil, nil, ""
	c.body = hotBody{}
	c.request.request = http.Request{}
	if cap(c.out) > bufferedBody {
		c.out = nil
	}
}

// awaits waits for the first byte of a request, and says whether it came.
func (c *hotConn) awaits() bool {
	if c.s.stopping.Load() { // whoever stops it looks for idle ones afterwards
		return false
	}
	_, err := c.in.Peek(1)
	return err == nil && c.idle.CompareAndSwap(true, false)
}

// head takes one off the connection, up to the blank line that ends it. Blank lines before
// it are skipped (RFC 9112, section 2.2). It is the one copy: all texts of the request are
// parts of it.
func (c *hotConn) head() (string, error) {
	for looked := 0; ; {
		b, _ := c.in.Peek(c.in.Buffered()) // what is there
		blank := 0
		for bytes.HasPrefix(b[blank:], []byte(crlf)) {
			blank += len(crlf)
		}
		if n := endOfHead(b, max(blank, looked)); n > 0 {
			head := string(b[blank:n])
			_, err := c.in.Discard(n)
			return head, err
		}
		looked = max(len(b)-len(crlf), 0)
		if _, err := c.in.Peek(len(b) + 1); err != nil {
			return "", err
		}
	}
}

// endOfHead is what is behind the first line that is blank, from a place on; 0 where there
// is none. It takes lines for lines that no head may have, so that nobody waits for the
// rest of one.
func endOfHead(b []byte, from int) int {
	for {
		n := bytes.IndexByte(b[from:], '\n')
		if n < 0 {
			return 0
		}
		from += n + 1
		switch rest := b[from:]; {
		case bytes.HasPrefix(rest, []byte("\n")):
			return from + 1
		case bytes.HasPrefix(rest, []byte(crlf)):
			return from + len(crlf)
		}
	}
}

// open gives the request its body, which is read as it is asked for. What is read of it
// is framed by what [hotRequest] has judged.
func (c *hotConn) open() {
	r := &c.request.request
	c.body = hotBody{c: c, left: r.ContentLength}
	switch {
	case r.ContentLength == 0:
		return
	case r.ContentLength < 0:
		c.body.chunks = httputil.NewChunkedReader(c.in)
	}
	if lines := r.Header["Expect"]; len(lines) > 0 && r.ProtoMinor > 0 {
		c.body.expected = strings.EqualFold(lines[0], "100-continue")
	}
	r.Body = &c.body
}

// send writes the answer, and says whether the connection goes on: not behind what is
// left of a body, and not where the client or a door wants it to end.
func (c *hotConn) send(date string) bool {
	a, r := &c.request.answer, &c.request.request
	ends := a.ends || c.request.ends || c.body.left != 0 || c.s.stopping.Load()
	b := append(c.out[:0], http11...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(a.status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(a.status)...)
	b = append(b, "\r\n"...)
	b = append(b, date...)
	b = append(b, a.fields...)
	switch {
	case ends:
		b = append(b, "Connection: close\r\n"...)
	case r.ProtoMinor == 0:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(a.body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	if r.Method != http.MethodHead {
		b = append(b, a.body...)
	}
	c.out = b
	if c.counted != nil && ends && r.ContentLength != 0 {
		c.counted.linger.Store(true)
	}
	_, err := c.raw.Write(b)
	return err == nil && !ends
}

// hotBody is the body of a request. Behind one that was not read to its end nothing is
// read.
type hotBody struct {
	c *hotConn
	// left is how much is to come; -1 where chunks tell.
	left   int64
	chunks io.Reader
	// expected says that the client sends it once it is told to.
	expected bool
}

// Read reads on.
func (b *hotBody) Read(p []byte) (n int, err error) {
	if b.expected {
		b.expected = false
		if _, err := io.WriteString(b.c.raw, http11+" 100 Continue\r\n\r\n"); err != nil {
			return 0, err
		}
	}
	if b.chunks != nil {
		if n, err = b.chunks.Read(p); errors.Is(err, io.EOF) {
			err = b.ended()
		}
		return n, err
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err = b.c.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// ended is what the last chunk has to be followed by: an end, and no fields.
func (b *hotBody) ended() error {
	end, err := b.c.in.Peek(len(crlf))
	switch {
	case err != nil:
		return io.ErrUnexpectedEOF
	case string(end) != crlf:
		return errUnread
	}
	return io.EOF
}

// Close is for [http.Request].
func (*hotBody) Close() error { return nil }

const crlf = "\r\n"

// hotAnswer is the writer that the doors answer to.
type hotAnswer struct {
	header http.Header
	status int // 0 before it is known
	// fields are those of the answer, as they go over the wire.
	fields, body []byte
	// ends says that the connection does, with the answer.
	ends bool
}

func (a *hotAnswer) begin() {
	clear(a.header)
	a.status, a.fields, a.body, a.ends = 0, a.fields[:0], a.body[:0], false
}

// Header is what the answer will carry.
func (a *hotAnswer) Header() http.Header { return a.header }

// Lines are the fields that it carries besides.
func (a *hotAnswer) Lines() *[]byte { return &a.fields }

// WriteHeader begins the answer with the header of now.
func (a *hotAnswer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	for name, values := range a.header {
		switch name {
		case "Content-Length": // it is counted
		case "Connection":
			a.ends = true
		default:
			for _, v := range values {
				a.fields = door.AppendField(a.fields, name, v)
			}
		}
	}
}

// Write goes on with the answer.
func (a *hotAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	a.body = append(a.body, b...)
	return len(b), nil
}
