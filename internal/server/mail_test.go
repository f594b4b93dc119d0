package server_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// postOffice is a real SMTP server that takes mails, or refuses whom they are to.
type postOffice struct {
	mu      sync.Mutex
	refuses error
	got     []string
}

// newPostOffice answers it, and where it is.
func newPostOffice(t *testing.T) (*postOffice, string) {
	t.Helper()
	p := &postOffice{}
	s := smtp.NewServer(p)
	s.Domain = "localhost"
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	check(t, err)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return p, l.Addr().String()
}

func (p *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return sack{p}, nil }

func (p *postOffice) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = err
}

func (p *postOffice) mails() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got
}

// sack is one session of it.
type sack struct{ p *postOffice }

func (sack) Reset()                               {}
func (sack) Logout() error                        { return nil }
func (sack) Mail(string, *smtp.MailOptions) error { return nil }

func (s sack) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.got = append(s.p.got, "to "+to)
	return s.p.refuses
}

func (s sack) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.got = append(s.p.got, string(b))
	return err
}

func TestATestMailTellsWhatTheMailServerSaid(t *testing.T) {
	t.Parallel()
	post, at := newPostOffice(t)
	d := newDoors(t, "--smtp-url", "smtp://"+at, "--smtp-from", "Acme <tokens@example.com>", "--brand-name", "Acme Keys")
	b := d.enters("/instance/system")
	b.at(b.open("/instance/system"), "/instance/system", "Acme Keys", at, "Acme &lt;tokens@example.com&gt;", "Send a test mail to ada@example.com")
	b.at(b.post("/instance/system/test-mail", "to", "eve@evil.example"), "/instance/system/test-mail", "The mail server took the test mail", "2.0.0 OK")
	got := post.mails()
	if len(got) != 2 || got[0] != "to ada@example.com" || !strings.Contains(got[1], "Subject: [Acme Keys] A test mail") || !strings.Contains(got[1], "Mail works") {
		t.Errorf("it got %q", got)
	}
	post.refuse(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "relaying <denied>"})
	b.refusedWith(b.post("/instance/system/test-mail"), http.StatusUnprocessableEntity, "5.7.1 relaying &lt;denied&gt;")
}

func TestATestMailSaysThatNobodyListens(t *testing.T) {
	t.Parallel()
	d := newDoors(t, "--smtp-url", "smtp://ada:open%20sesame@127.0.0.1:1", "--smtp-from", "tokens@example.com")
	b := d.enters("/instance/system")
	b.at(b.open("/instance/system"), "/instance/system", "127.0.0.1:1 with STARTTLS, signed in")
	p := b.post("/instance/system/test-mail")
	b.refusedWith(p, http.StatusUnprocessableEntity, "connection refused")
	for _, secret := range []string{"open sesame", "open%20sesame"} {
		if strings.Contains(p.body+d.log.String(), secret) {
			t.Errorf("the page or the log shows %q", secret)
		}
	}
}
