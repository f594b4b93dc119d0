package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/token"
)

// Message is one mail, ready to be handed on.
type Message struct {
	// ID is the left part of the Message-ID.
	ID            string
	To            string
	Subject, Text string
	// HTML says the same as Text; empty sends the text alone.
	HTML string
	Date time.Time
}

// Mailer hands mails to a mail server.
type Mailer interface {
	// Send returns nil once the server accepted the mail, and only then; it returns
	// before the deadline of ctx. An error is a *MailError.
	Send(ctx context.Context, m Message) error
}

// Teller is a [Mailer] that also tells what the mail server answered as it took a
// mail, in one line without secrets: for whoever sets mail up.
type Teller interface {
	Mailer
	Tell(ctx context.Context, m Message) (answer string, err error)
}

// MailError says why a mail was not accepted.
type MailError struct {
	// Permanent says that the server will never take this mail to this recipient.
	Permanent bool
	// Unreachable says that it was not about this mail: others fare no better now.
	Unreachable bool
	// Code is the server's answer; 0 when there was none.
	Code int
	// Reason is without secrets.
	Reason string
}

func (e *MailError) Error() string { return e.Reason }

// SMTP is where mails are handed on, as [ParseSMTP] read it.
type SMTP struct {
	host     string
	port     int
	implicit bool // TLS from the first byte
	user     string
	password token.Secret // zero without credentials
}

// errSMTP never repeats the address, which may hold a password.
func errSMTP(why string) (SMTP, error) {
	return SMTP{}, fmt.Errorf("the mail server's address %s; write smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465", why)
}

// ParseSMTP reads the address of a mail server: smtp:// (port 587; STARTTLS,
// which is mandatory when there are credentials) or smtps:// (port 465). Its
// errors never repeat what was given.
func ParseSMTP(address string) (SMTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return errSMTP("is not a URL; characters like / @ : % in user or password are written as %2F %40 %3A %25")
	}
	s := SMTP{host: u.Hostname(), implicit: u.Scheme == "smtps", port: 587}
	if s.implicit {
		s.port = 465
	}
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return errSMTP("does not begin with smtp:// or smtps://")
	case s.host == "":
		return errSMTP("names no host")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return errSMTP("has something behind the host and port")
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return errSMTP("has a port that is none")
		}
	}
	if u.User == nil {
		return s, nil
	}
	password, ok := u.User.Password()
	if s.user = u.User.Username(); s.user == "" || !ok || password == "" {
		return errSMTP("has only one of user and password")
	}
	s.password = token.NewSecret(password)
	return s, nil
}

// String is where the server is and how the way to it is protected, without
// credentials.
func (s SMTP) String() string {
	out := net.JoinHostPort(s.host, strconv.Itoa(s.port))
	switch {
	case s.implicit:
		out += " over TLS"
	case s.user != "":
		out += " with STARTTLS"
	default:
		out += " with STARTTLS where the server offers it"
	}
	if s.user != "" {
		out += ", signed in"
	}
	return out
}

const (
	// smtpTimeout bounds each step of the talk with a mail server.
	smtpTimeout = 30 * time.Second
	// smtpSteps are those that the library gives the whole of a time each, and no
	// look at the context but in the first: to connect, the greeting, to sign in,
	// the mail, and to be ready for another.
	smtpSteps = 5
)

// stepTime is how long a step may take so that all of them end with ctx.
func stepTime(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return smtpTimeout
	}
	return min(smtpTimeout, max(time.Until(end)/smtpSteps, 1)) //nolint:forbidigo // the deadline of a context is told by the machine's clock
}

// smtpMailer is a [Mailer] over SMTP.
type smtpMailer struct {
	server SMTP
	from   *netmail.Address
	tls    *tls.Config
}

// Mailer hands mails on to the server, from an address or Name <address>. Roots
// of trust other than the machine's are given by tls; nil is the machine's.
func (s SMTP) Mailer(from string, roots *tls.Config) (Teller, error) {
	if s.host == "" {
		return nil, errors.New("the mail server's address is missing")
	}
	a, err := netmail.ParseAddress(from)
	if err != nil || strings.ContainsFunc(from, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errors.New("the sender of mails must be an address or Name <address>")
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if roots != nil {
		config = roots.Clone()
	}
	config.ServerName = s.host
	m := &smtpMailer{server: s, from: a, tls: config}
	_, err = m.client(smtpTimeout)
	return m, err
}

// client says how the way to the server is protected: by TLS from the first byte (RFC
// 8314, section 3), or by STARTTLS (RFC 3207), without which no credentials are sent.
func (m *smtpMailer) client(step time.Duration) (*mail.Client, error) {
	s := m.server
	options := []mail.Option{mail.WithPort(s.port), mail.WithTimeout(step), mail.WithTLSConfig(m.tls), mail.WithoutNoop()}
	switch {
	case s.implicit:
		options = append(options, mail.WithSSL())
	case s.user != "":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if s.user != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.user), mail.WithPassword(s.password.Reveal()))
	}
	return mail.NewClient(s.host, options...)
}

// Send implements [Mailer].
func (m *smtpMailer) Send(ctx context.Context, in Message) error {
	_, err := m.Tell(ctx, in)
	return err
}

// Tell implements [Teller].
func (m *smtpMailer) Tell(ctx context.Context, in Message) (answer string, err error) {
	msg, err := m.compose(in)
	if err != nil {
		return "", &MailError{Permanent: true, Reason: err.Error()}
	}
	client, err := m.client(stepTime(ctx))
	if err != nil {
		return "", &MailError{Unreachable: true, Reason: "the mail server's settings are not usable"}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", &MailError{Unreachable: true, Code: smtpCode(err), Reason: m.harmless("no session with the mail server", err)}
	}
	err = client.SendWithSMTPClient(conn, msg)
	// The server's 250 is what counts: how it takes leave does not.
	_ = client.CloseWithSMTPClient(conn)
	if msg.IsDelivered() {
		return m.masked(msg.ServerResponse()), nil
	}
	return "", m.judge(err)
}

// compose makes a message in which no text can become a header: the library
// encodes the subject, and the recipient is a bare address.
func (m *smtpMailer) compose(in Message) (*mail.Msg, error) {
	to, err := netmail.ParseAddress(in.To)
	if err != nil || to.Address != in.To || strings.ContainsFunc(in.To, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the recipient's address is not a plain one")
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(to)
	msg.Subject(oneLine(in.Subject))
	msg.SetMessageIDWithValue(in.ID + "@" + m.from.Address[strings.LastIndexByte(m.from.Address, '@')+1:])
	msg.SetDateWithValue(in.Date)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, in.Text)
	if in.HTML != "" { // an empty one would be shown in place of the text
		msg.AddAlternativeString(mail.TypeTextHTML, in.HTML)
	}
	return msg, nil
}

// judge tells a refusal of this mail for good from one of now. A server that
// refuses us (its greeting, STARTTLS, the login, the sender) may be set up better
// tomorrow; one that refuses the recipient or the text will not.
func (m *smtpMailer) judge(err error) error {
	e := &MailError{Reason: m.harmless("the mail server did not accept the mail", err), Code: smtpCode(err)}
	var sent *mail.SendError
	if !errors.As(err, &sent) {
		e.Unreachable = true
		return e
	}
	if e.Code == 0 {
		e.Code = sent.ErrorCode()
	}
	switch sent.Reason {
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		e.Permanent = e.Code >= 500 && e.Code < 600
	default:
		e.Unreachable = true
	}
	return e
}

// smtpCode finds the code with which a server's answer begins.
func smtpCode(err error) int {
	for ; err != nil; err = errors.Unwrap(err) {
		if s := err.Error(); len(s) > 3 && (s[3] == ' ' || s[3] == '-') {
			if n, err := strconv.Atoi(s[:3]); err == nil && n >= 400 && n < 600 {
				return n
			}
		}
	}
	return 0
}

// harmless is what may be logged of an error: bounded, one line, and nothing of
// the credentials, also when a server repeats them.
func (m *smtpMailer) harmless(what string, err error) string {
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return what + ": no answer in time"
	}
	return input.Clip(what+": "+m.masked(err.Error()), 300)
}

// masked is one line of what a server said, without our credentials.
func (m *smtpMailer) masked(s string) string {
	s = oneLine(s)
	for _, secret := range []string{m.server.password.Reveal(), m.server.user} {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "…")
		}
	}
	return input.Clip(s, 300)
}
