package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// explaining is a listener for what net/http refuses by itself, before a handler
// is asked: headers that are too large, what is no HTTP. It writes its own words
// straight to the connection and tells nobody; here they become a problem, and
// the log learns why.
type explaining struct {
	net.Listener
	// refuse returns the whole answer in place of one with this status.
	refuse func(status int) []byte
}

// Accept returns the next connection.
func (l explaining) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return explainingConn{c, l.refuse}, nil
}

type explainingConn struct {
	net.Conn
	refuse func(status int) []byte
}

// Write writes an answer, or what stands for a refusal.
func (c explainingConn) Write(b []byte) (int, error) {
	status, ok := unread(b)
	if !ok {
		return c.Conn.Write(b)
	}
	if _, err := c.Conn.Write(c.refuse(status)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite lets net/http end the answer before the connection, so that a client
// that is still sending gets to read it.
func (c explainingConn) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite ends what a connection is sent, where it can be ended by itself.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// unread recognises a refusal of net/http's own by the headers right behind its
// status: every answer of a handler has a date.
func unread(b []byte) (status int, ok bool) {
	const version, headers = "HTTP/1.1 ", "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	if !bytes.HasPrefix(b, []byte(version)) {
		return 0, false
	}
	end := bytes.IndexByte(b, '\r')
	if end < len(version)+3 || !bytes.HasPrefix(b[end:], []byte(headers)) {
		return 0, false
	}
	status, err := strconv.Atoi(string(b[len(version) : len(version)+3]))
	return status, err == nil && status >= http.StatusBadRequest
}

// refuseUnread logs a request that nobody could read, and answers it.
func (s *Server) refuseUnread(status int) []byte {
	e := api.Errorf(api.CodeInvalidRequest, "this is not a valid HTTP/1.1 request")
	if status == http.StatusRequestHeaderFieldsTooLarge {
		e = api.Errorf(api.CodeHeadersTooLarge, "the headers have more than %d bytes", maxHeader)
	}
	p := e.Problem(s.base+"/errors", door.RequestID(s.Rand, door.API, nil))
	p.Status = status
	s.Logger.Info("a request was refused unread", slog.String("request_id", p.RequestID), slog.Int("status", status),
		slog.String("code", string(p.Code)), slog.String("why", e.Message))
	body, err := json.Marshal(p)
	if err != nil { // cannot be: strings and numbers always marshal
		body = []byte(`{}`)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\n%s: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), door.Problem, door.HeaderRequestID, p.RequestID, len(body), body)
}

// closing ends a connection with the answer to a request whose body comes in
// chunks. net/http takes it by its chunks and drops a Content-Length beside them
// unseen; a proxy in front that went by the length would take what follows for
// part of it. Nothing that follows is read (RFC 9112, section 6.1).
func closing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
