package siem

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/audit"
)

// syslog sends RFC 5424 over TCP or TLS, each message behind its length (RFC 6587, 5425).
//
// The protocol has no answer, and what a kernel took may never reach the program behind
// it. So each batch has a connection of its own, and its end is the answer: we end our
// direction, the receiver reads up to there and then ends its own.
type syslog struct {
	address     string
	by          Programme
	facility    int
	tls         *tls.Config // nil without
	unconfirmed bool        // takes it for sent when the kernel has it
	dial        func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	severityWarning = 4
	severityNotice  = 5
	// bufferedAtMost is how much is put together before it is written.
	bufferedAtMost = 256 << 10
)

func (s *syslog) send(ctx context.Context, b batch) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return failed(err)
	}
	defer func() { _ = conn.Close() }()                                              // what was said is judged before
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // ends what waits
	var out bytes.Buffer
	for i, r := range b.records {
		message, err := s.message(r)
		if err != nil {
			return failed(err)
		}
		out.WriteString(strconv.Itoa(len(message)) + " ")
		out.Write(message)
		if out.Len() < bufferedAtMost && i < len(b.records)-1 {
			continue
		}
		if _, err := out.WriteTo(conn); err != nil {
			return s.because(conn, err)
		}
	}
	if ends, ok := conn.(interface{ CloseWrite() error }); ok {
		if err := ends.CloseWrite(); err != nil {
			return s.because(conn, err)
		}
	}
	if s.unconfirmed {
		return nil
	}
	return confirmed(conn)
}

func (s *syslog) connect(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx, "tcp", s.address)
	if err != nil || s.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // nothing was said on it
		return nil, err
	}
	return secure, nil
}

// because is why a write failed: a receiver that does not like our certificate says so only
// where we read.
func (s *syslog) because(conn net.Conn, err error) error {
	var alert tls.AlertError
	if s.tls != nil {
		if _, why := conn.Read(make([]byte, 1)); errors.As(why, &alert) {
			return failed(why)
		}
	}
	return failed(err)
}

// confirmed waits until the receiver ends the connection. Some end TCP without ending TLS
// before it.
func confirmed(conn net.Conn) error {
	_, err := io.Copy(io.Discard, io.LimitReader(conn, 1<<16))
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	f := failed(err)
	if f.Code == CodeTimeout {
		f.Detail = "the receiver did not end the connection, which would confirm what it read; see confirm=none"
	}
	if f.Code == CodeUnreachable {
		f.Code, f.Detail = CodeUnconfirmed, "the receiver broke the connection off"
	}
	return f
}

// message is one row: its JSON is ASCII, since a message that is UTF-8 begins with a mark
// that readers of JSON trip over.
func (s *syslog) message(r audit.Record) ([]byte, error) {
	text, err := r.ASCII()
	if err != nil {
		return nil, err
	}
	severity, at := severityNotice, "-"
	if r.Action == audit.ActionGap || strings.HasSuffix(r.Action, ".denied") {
		severity = severityWarning
	}
	if !r.At.IsZero() {
		at = r.At.UTC().Format(audit.TimeFormat)
	}
	var m bytes.Buffer
	m.WriteString("<" + strconv.Itoa(s.facility*8+severity) + ">1 " + at + " " + header(s.by.Host, 255) + " tokenry - " + header(r.Action, 32) +
		` [origin software="tokenry" swVersion="` + header(s.by.Version, 32) + `"] `)
	m.Write(text)
	return m.Bytes(), nil
}

// header is a text as it may stand in a header: printable ASCII without what ends a value;
// - for none.
func header(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		if c <= ' ' || c > '~' || strings.ContainsRune(`"\]`, c) {
			return '_'
		}
		return c
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}
