package server

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// typed is a connection of a client that has sent all of its bytes at once, and goes.
type typed struct {
	in  *bytes.Reader
	out bytes.Buffer
}

func (c *typed) Read(p []byte) (int, error)     { return c.in.Read(p) }
func (c *typed) Write(p []byte) (int, error)    { return c.out.Write(p) }
func (*typed) Close() error                     { return nil }
func (*typed) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*typed) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*typed) SetDeadline(time.Time) error      { return nil }
func (*typed) SetReadDeadline(time.Time) error  { return nil }
func (*typed) SetWriteDeadline(time.Time) error { return nil }

// understood is a request as a handler has it.
func understood(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "broken"
	}
	return fmt.Sprintf("%s %s %q %q %s host %q %v length %d body %q", r.Method, r.RequestURI, r.URL.Path, r.URL.RawQuery, r.Proto, r.Host, r.Header, len(body), body)
}

// byNetHTTP are the requests that net/http's own parser finds in a stream. A blank line
// before a request, which RFC 9112 lets a server skip, is skipped for it.
func byNetHTTP(stream []byte) (out []string) {
	for r := bufio.NewReader(bytes.NewReader(stream)); ; {
		for {
			b, err := r.Peek(2)
			if len(b) > 0 && b[0] == '\n' || string(b) == "\r\n" {
				_, _ = r.ReadString('\n')
				continue
			}
			_ = err
			break
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			return out
		}
		out = append(out, understood(req))
		if req.Close || len(req.TransferEncoding) > 0 {
			return out
		}
	}
}

// byHot are those that the hot listener hands to its doors.
func byHot(stream []byte) (out []string) {
	var mu sync.Mutex
	s := &Server{Core: &Core{Options: Options{Logger: slog.New(slog.DiscardHandler), Rand: bytes.NewReader(nil)}}, base: "http://h"}
	s.hot = &hotListener{}
	s.bound = newConnections(bounds{total: 1}, nil)
	s.mountHot(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if u := understood(r); u != "broken" {
			out = append(out, u)
		} else {
			w.Header()["Connection"] = []string{"close"}
		}
	}))
	_ = s.hot.server.ServeConn(&typed{in: bytes.NewReader(stream)}) // what it makes of it is in out
	return out
}

// FuzzHotListener: whatever the hot listener takes for a request, net/http takes for the
// same one, with the same method, target, header and body, and as many of them. It may
// take fewer. So no proxy that reads as net/http does has a request smuggled past it.
func FuzzHotListener(f *testing.F) {
	const post = "POST /v1/verify HTTP/1.1\r\nHost: h\r\n"
	for _, seed := range []string{
		"GET /v1/forward-auth?workspace=acme HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer x\r\n\r\n",
		post + "Content-Length: 2\r\n\r\n{}" + post + "Content-Length: 2\r\n\r\n{}",
		post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + post + "\r\n",
		post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
		post + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
		post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
		post + "Content-Length: +2\r\n\r\n{}", post + "Content-Length: 2, 2\r\n\r\n{}", post + "Content-Length:\r\n\r\n",
		post + "Content-Length: 18446744073709551618\r\n\r\n{}", post + "Content-Length: 02\r\n\r\n{}",
		"GET /v1/forward-auth HTTP/1.1\nHost: h\n\n", "\r\n\r\nGET /v1/forward-auth HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /v1/forward-auth HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "GET /v1/forward-auth HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
		"GET  /v1/forward-auth HTTP/1.1\r\nHost: h\r\n\r\n", "GET /v1/forward-auth HTTP/1.1 \r\nHost: h\r\n\r\n", "GET /v1/forward-auth\r\n\r\n",
		"GET /v1/forward-auth HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /v1/forward-auth HTTP/1.0\r\n\r\n", "GET /v1/forward-auth HTTP/2.0\r\nHost: h\r\n\r\n",
		"GET http://i/v1/forward-auth?a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /v1/%66orward-auth?%zz#f HTTP/1.1\r\nHost: h\r\n\r\n",
		"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", "GET /v1/forward-auth? HTTP/1.1\r\nhost: h\r\nx-y: z\r\nX-Y: q\r\n\r\n",
		"GET /v1/forward-auth HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /v1/forward-auth HTTP/1.1\r\nHost: h\r\n\r\n",
		post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", post + "Connection: close, x\r\n\r\n" + post + "\r\n",
		"GET /v1/forward-auth HTTP/1.1\r\nHost: h\r\nX\x00: a\r\n\r\n", "GET /v1/forward-auth HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		if len(stream) > 16<<10 {
			return
		}
		theirs, ours := byNetHTTP(stream), byHot(stream)
		for i, u := range ours {
			if i < len(theirs) && theirs[i] == u {
				continue
			}
			if i < len(theirs) && sameButBody(u, theirs[i]) {
				return // nothing behind it is read
			}
			t.Fatalf("request %d of %q\nhot      %s\nnet/http %s", i+1, stream, u, strings.Join(theirs, "\n         "))
		}
	})
}

// sameButBody says that two differ in a body alone, which the hot listener does not read
// where no door does.
func sameButBody(hot, full string) bool {
	head, _, ok := strings.Cut(hot, " length 0 body ")
	before, _, _ := strings.Cut(full, " length ")
	return ok && head == before && (strings.Contains(hot, " /v1/forward-auth") || strings.Contains(hot, " /v1/ext-authz/"))
}
