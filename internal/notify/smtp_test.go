package notify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/tokenry/tokenry/internal/notify"
)

// mailServer is a real SMTP server whose answers a test chooses.
type mailServer struct {
	address string
	roots   *tls.Config

	mu   sync.Mutex
	got  []string // the data of accepted mails
	rcpt error
	data error
	// die closes the connection after the data was read: "before" its answer, or
	// "after" it was accepted.
	die string
	// authenticated counts logins with the right password.
	authenticated int
	plain         bool // a MAIL came over a connection without TLS
}

func (s *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &mailSession{s, c}, nil
}

type mailSession struct {
	s *mailServer
	c *smtp.Conn
}

func (m *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (m *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "tokenry" || password != "p@ss/w%rd" {
			return smtp.ErrAuthFailed
		}
		m.s.mu.Lock()
		defer m.s.mu.Unlock()
		m.s.authenticated++
		return nil
	}), nil
}

func (m *mailSession) Mail(string, *smtp.MailOptions) error {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if _, ok := m.c.TLSConnectionState(); !ok {
		m.s.plain = true
	}
	return nil
}

func (m *mailSession) Rcpt(string, *smtp.RcptOptions) error {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	return m.s.rcpt
}

func (m *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if err != nil {
		return err
	}
	if m.s.data != nil {
		return m.s.data
	}
	m.s.got = append(m.s.got, string(b))
	if m.s.die == "before" {
		_ = m.c.Conn().Close()
	}
	return nil
}

// Reset comes with RSET, the first thing after a mail was accepted.
func (m *mailSession) Reset() {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	if m.s.die == "after" && len(m.s.got) > 0 {
		_ = m.c.Conn().Close()
	}
}

func (m *mailSession) Logout() error { return nil }

func (s *mailServer) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func (s *mailServer) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// serve starts a mail server; withTLS offers STARTTLS, implicit begins with TLS.
func serve(t *testing.T, withTLS, implicit bool) *mailServer {
	t.Helper()
	s := &mailServer{}
	server := smtp.NewServer(s)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	server.ErrorLog = quiet{}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	s.address = listener.Addr().String()
	if withTLS || implicit {
		certificate, roots := selfSigned(t)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.roots = &tls.Config{RootCAs: roots}
		if implicit {
			listener = tls.NewListener(listener, server.TLSConfig)
		}
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func selfSigned(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	parsed, err := x509.ParseCertificate(der)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func (s *mailServer) mailer(t *testing.T, scheme, credentials string) notify.Mailer {
	t.Helper()
	parsed, err := notify.ParseSMTP(scheme + "://" + credentials + s.address)
	must(t, err)
	m, err := parsed.Mailer("Tokenry <tokens@example.com>", s.roots)
	must(t, err)
	return m
}

const credentials = "tokenry:p%40ss%2Fw%25rd@"

func message() notify.Message {
	return notify.Message{ID: "mail_1", To: "bob@example.com", Subject: "Hi", Text: "text", HTML: "<p>html</p>", Date: time.Unix(1e9, 0)}
}

func failure(t *testing.T, err error) *notify.MailError {
	t.Helper()
	var e *notify.MailError
	if !errors.As(err, &e) {
		t.Fatalf("answered %v, want a MailError", err)
	}
	return e
}

func TestSMTPWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme, credentials string
		tls, implicit       bool
		ok, encrypted       bool
	}{
		{"smtp", credentials, true, false, true, true},
		{"smtp", "", true, false, true, true},
		{"smtp", "", false, false, true, false},
		{"smtp", credentials, false, false, false, false}, // never a password in clear
		{"smtps", credentials, false, true, true, true},
		{"smtps", "", false, true, true, true},
		{"smtp", "tokenry:wrong-secret@", true, false, false, true},
	} {
		t.Run(fmt.Sprintf("%s credentials=%q tls=%v", c.scheme, c.credentials, c.tls), func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.tls, c.implicit)
			err := s.mailer(t, c.scheme, c.credentials).Send(t.Context(), message())
			if (err == nil) != c.ok {
				t.Fatalf("sent: %v, want %v", err, c.ok)
			}
			if err != nil {
				e := failure(t, err)
				if e.Permanent || !e.Unreachable {
					t.Errorf("a server that is set up badly is not for good: %+v", e)
				}
				lacks(t, e.Error(), "wrong-secret", "p@ss")
				return
			}
			if got := s.take(); len(got) != 1 || s.plain == c.encrypted || (c.credentials != "") != (s.authenticated == 1) {
				t.Errorf("%d mails, in clear %v, logins %d", len(got), s.plain, s.authenticated)
			}
		})
	}
}

func TestSMTPUntrustedCertificate(t *testing.T) {
	t.Parallel()
	s := serve(t, true, false)
	s.roots = nil
	if e := failure(t, s.mailer(t, "smtp", credentials).Send(t.Context(), message())); !e.Unreachable || s.authenticated != 0 {
		t.Errorf("a certificate that nobody trusts: %+v", e)
	}
}

func TestSMTPAnswers(t *testing.T) {
	t.Parallel()
	refuse := func(code int) error { return &smtp.SMTPError{Code: code, Message: "because"} }
	for name, c := range map[string]struct {
		arrange   func(s *mailServer)
		ok        bool
		permanent bool
		code      int
	}{
		"accepted":                    {func(*mailServer) {}, true, false, 0},
		"recipient refused for now":   {func(s *mailServer) { s.rcpt = refuse(450) }, false, false, 450},
		"recipient refused":           {func(s *mailServer) { s.rcpt = refuse(550) }, false, true, 550},
		"text refused for now":        {func(s *mailServer) { s.data = refuse(451) }, false, false, 451},
		"text refused":                {func(s *mailServer) { s.data = refuse(554) }, false, true, 554},
		"dies before it answers":      {func(s *mailServer) { s.die = "before" }, false, false, 0},
		"accepts the mail, then dies": {func(s *mailServer) { s.die = "after" }, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, true, false)
			c.arrange(s)
			err := s.mailer(t, "smtp", credentials).Send(t.Context(), message())
			if c.ok {
				must(t, err)
				return
			}
			if e := failure(t, err); e.Permanent != c.permanent || e.Code != c.code {
				t.Errorf("answered %+v, want permanent %v and code %d", e, c.permanent, c.code)
			}
		})
	}
}

// TestSMTPDownThenUp goes the whole way: a notice is written, the server is
// down, refuses, dies, and at last takes the mail; it is sent once.
func TestSMTPDownThenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	s := serve(t, true, false)
	actual := s.mailer(t, "smtp", credentials)
	var arrange func(context.Context, notify.Message) error
	service, err := notify.New(notify.Options{
		Authority: w.Office, Now: w.clock.Now, Rand: still{}, BaseURL: "https://tokens.example.com",
		Mailer: mailerFunc(func(ctx context.Context, m notify.Message) error { return arrange(ctx, m) }),
	})
	must(t, err)
	w.notify = service
	w.create("", "laptop", 60*day)
	w.clock.Pass(40 * day)

	nobody, err := notify.ParseSMTP("smtp://127.0.0.1:1")
	must(t, err)
	down, err := nobody.Mailer("tokens@example.com", nil)
	must(t, err)
	arrange = down.Send
	w.work()
	arrange = actual.Send
	s.set(func() { s.data = &smtp.SMTPError{Code: 451, Message: "later"} })
	w.clock.Pass(time.Hour)
	w.work()
	s.set(func() { s.data, s.die = nil, "before" })
	w.clock.Pass(time.Hour)
	w.work()
	interrupted := s.take()
	s.set(func() { s.die = "" })
	w.clock.Pass(time.Hour)
	w.work()
	w.clock.Pass(time.Hour)
	w.work()
	got := s.take()
	if len(interrupted) != 1 || len(got) != 1 {
		t.Fatalf("%d interrupted and %d accepted mails, want 1 and 1", len(interrupted), len(got))
	}
	// The mail that died unanswered and the one that was accepted bear one id.
	if a, b := parse(t, interrupted[0]).Header.Get("Message-Id"), parse(t, got[0]).Header.Get("Message-Id"); a == "" || a != b {
		t.Errorf("Message-IDs %q and %q", a, b)
	}
}

type mailerFunc func(context.Context, notify.Message) error

func (f mailerFunc) Send(ctx context.Context, m notify.Message) error { return f(ctx, m) }

func TestMailGivenUpIsAudited(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.create("", "laptop", 60*day)
		w.clock.Pass(40 * day)
		w.box.set(&notify.MailError{Permanent: true, Code: 550, Reason: "550 no such mailbox"})
		w.work()
		w.box.set(nil)
		w.clock.Pass(time.Hour)
		w.work()
		if w.box.tried != 1 {
			w.Errorf("tried %d times after a refusal for good", w.box.tried)
		}
		rows, _, err := w.Audit(w.ctx, w.root, "acme", auditOf("mail.failed"), page())
		must(w.T, err)
		if len(rows) != 1 || !strings.Contains(string(rows[0].After), "no such mailbox") {
			w.Errorf("the audit says %+v", rows)
		}
	})
}

func TestMailIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/t.db")
	w.create("", "laptop", 60*day)
	w.clock.Pass(31 * day)
	w.box.set(&notify.MailError{Code: 451, Reason: "451 later"})
	for range 4 * 24 {
		w.work()
		w.clock.Pass(time.Hour)
	}
	tried := w.box.tried
	rows, _, err := w.Audit(w.ctx, w.root, "acme", auditOf("mail.failed"), page())
	must(t, err)
	if len(rows) != 1 || tried < 10 || tried > 30 {
		t.Errorf("%d rows in the audit after %d attempts", len(rows), tried)
	}
}

func TestParseSMTP(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"smtp://mail.example.com": true, "smtp://u:hunter2@mail.example.com:2525": true, "smtps://u:hunter2@[2001:db8::1]": true, "smtp://localhost/": true,
		"": false, "mail.example.com:587": false, "http://u:hunter2@mail.example.com": false, "smtp://": false, "smtp://u:hunter2@": false,
		"smtp://u:hunter2@mail.example.com:0": false, "smtp://u:hunter2@mail.example.com:port": false, "smtp://u:hunter2@mail.example.com:99999": false,
		"smtp://u@mail.example.com": false, "smtp://:hunter2@mail.example.com": false, "smtp://u:hunter2@mail.example.com/path": false,
		"smtp://u:hunter2@mail.example.com?tls=no": false, "smtp://u:hunter2/x@mail.example.com": false, "smtp://u:%zzhunter2@mail": false,
		"smtp://u:hunter2@mail\n.example.com": false,
	} {
		s, err := notify.ParseSMTP(address)
		if (err == nil) != ok {
			t.Errorf("%q: %v, want ok %v", address, err, ok)
		}
		if shown := fmt.Sprintf("%v %+v %#v %v", s, s, s, err); strings.Contains(shown, "hunter2") {
			t.Errorf("%q: the password is shown in %s", address, shown)
		}
	}
	s, err := notify.ParseSMTP("smtp://mail.example.com")
	must(t, err)
	for _, from := range []string{"", "not an address", "a@b.example\r\nBcc: c@d.example", "A <a@b.example>, B <b@b.example>"} {
		if _, err := s.Mailer(from, nil); err == nil {
			t.Errorf("the sender %q is taken", from)
		}
	}
}

// mailParts is a mail as a receiver reads it.
type mailParts struct {
	netmail.Message
	text, html string
}

func parse(t *testing.T, raw string) mailParts {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	p := mailParts{Message: *m}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	must(t, err)
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err != nil {
			return p
		}
		var b bytes.Buffer
		_, err = io.Copy(&b, quotedprintable.NewReader(part))
		must(t, err)
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			p.html = b.String()
		} else {
			p.text = b.String()
		}
	}
}
