package notify_test

import (
	"mime"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/policy"
)

func auditOf(action string) api.AuditFilter { return api.AuditFilter{Action: action} }

// letters is one letter of each kind whose every text is hostile.
func letters(hostile string) []outbox.Letter {
	facts := ledger.MailFacts{
		Workspace: "acme", WorkspaceName: hostile, TokenID: "ada@example.com_7hQ2aB9cXk1Z", Locator: "7hQ2aB9cXk1Z", Label: hostile,
		Mask: "tkyp_7hQ2a…", Kind: "personal", Owner: hostile, Action: "token.rotated", Actor: hostile, At: time.Unix(1e9, 0), Count: 3,
		Address: hostile, Agent: hostile, Revoked: true, WebhookURL: hostile, WebhookID: hostile, Reason: hostile,
		Leak:    &ledger.Leak{Effect: api.LeakRevoked, URL: hostile, Source: hostile, Descendants: 3},
		Support: &policy.KeptContact{Email: hostile, Phone: hostile, URL: hostile},
		Unused:  []ledger.UnusedNote{{What: ledger.UnusedWarned, Workspace: "acme", WorkspaceName: hostile, TokenID: "ada@example.com_7hQ2aB9cXk1Z", Label: hostile, Mask: "tkyp_7hQ2a…", Owner: hostile}},
	}
	var out []outbox.Letter
	for _, kind := range []string{ledger.MailExpiry, ledger.MailIssued, ledger.MailReused, ledger.MailLeaked, ledger.MailWebhookDisabled, ledger.MailAsked, ledger.MailDecided, ledger.MailUnused} {
		out = append(out, outbox.Letter{
			Message: "mail_1", Kind: kind, Recipient: "ada@example.com", ExpiresAt: time.Unix(1e9, 0).Add(50 * time.Hour), Facts: facts,
		})
	}
	return out
}

func renderer(t *testing.T, product string) *notify.Service {
	t.Helper()
	s, err := notify.New(notify.Options{
		Now: func() time.Time { return time.Unix(1e9, 0) }, BaseURL: "https://tokens.example.com/base/", Product: product,
		LogoURL: "https://cdn.example.com/logo.png?a=1&b=2",
	})
	must(t, err)
	return s
}

// TestHostileTexts: what people write is read, and does nothing.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	server := serve(t, false, false)
	mailer := server.mailer(t, "smtp", "")
	for _, hostile := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{7*7}}{{.Product}}`, `${jndi:ldap://x}`,
		"a\r\nBcc: victim@example.com\r\n\r\nbody", "\r\n.\r\nMAIL FROM:<x@example.com>", "a\x00b\x1b[31m", "\u202egpj.exe\u202c", "\u2066\u2069\u2069x",
		"\u2028\u2029", "line\nline", "=?utf-8?q?x?=", strings.Repeat("\U0001F511", 5000), "\xff\xfe", "</bdi></td>", "'--", "javascript:alert(1)",
	} {
		s := renderer(t, "Acme Cloud")
		for _, l := range letters(hostile) {
			m, err := s.Render(l)
			must(t, err)
			must(t, mailer.Send(t.Context(), m))
			got := server.take()
			if len(got) != 1 {
				t.Fatalf("%q: %d mails", hostile, len(got))
			}
			p := parse(t, got[0])
			inert(t, l.Kind+" "+hostile, p)
		}
	}
}

func inert(t *testing.T, what string, p mailParts) {
	t.Helper()
	for name := range p.Header {
		switch name {
		case "Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Auto-Submitted", "Content-Type":
		default:
			t.Errorf("%q: a header %s", what, name)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(p.Header.Get("Subject"))
	must(t, err)
	for where, text := range map[string]string{"subject": subject, "text": p.text, "html": p.html} {
		opened := 0
		for _, r := range text {
			switch {
			case r == '\u2068':
				opened++
			case r == '\u2069':
				opened--
			case unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', unicode.IsControl(r) && (where == "subject" || r != '\n' && r != '\r'):
				t.Errorf("%q: the %s holds %U", what, where, r)
			}
		}
		if opened != 0 {
			t.Errorf("%q: isolates in the %s do not close", what, where)
		}
		if len(text) > 20_000 {
			t.Errorf("%q: the %s has %d bytes", what, where, len(text))
		}
	}
	lacks(t, p.html, "<script", "<img src=x", "onerror=alert(1)>", `href="javascript`, "</bdi></td></bdi>", "49")
	if n := strings.Count(p.html, "<a "); n > 1 {
		t.Errorf("%q: %d links", what, n)
	}
}

func TestWhatMailsSay(t *testing.T) {
	t.Parallel()
	s := renderer(t, "Acme Cloud")
	for _, l := range letters("plain words") {
		m, err := s.Render(l)
		must(t, err)
		for _, body := range []string{m.Text, m.HTML} {
			contains(t, body, "plain words", "Acme Cloud", "acme")
			if l.Kind != ledger.MailWebhookDisabled && l.Kind != ledger.MailAsked {
				contains(t, body, "tkyp_7hQ2a…", "https://tokens.example.com/base/workspace/acme/access-tokens/ada@example.com_7hQ2aB9cXk1Z")
			}
		}
		contains(t, m.HTML, `src="https://cdn.example.com/logo.png?a=1&amp;b=2"`)
		contains(t, m.Subject, "[Acme Cloud]")
		if l.Kind == ledger.MailExpiry {
			contains(t, m.Subject, "expires in 3 days")
			contains(t, m.Text, "Days left: 3\n", "Tuesday, 11 September 2001, 03:46 UTC")
		}
	}
}

// What a mail says happened is what was done, by whom and how often.
func TestAMailSaysWhatWasDoneToAToken(t *testing.T) {
	t.Parallel()
	s := renderer(t, "Acme Cloud")
	issued, reused := letters("x")[1], letters("x")[2]
	for action, want := range map[string][2]string{
		"token.created": {"was created in your name", ""}, "token.rotated": {"", "given a new secret"}, "token.revealed": {"was shown to somebody else", ""},
	} {
		issued.Facts.Action, issued.Facts.Actor = action, "bob@example.com"
		m, err := s.Render(issued)
		must(t, err)
		contains(t, m.Text, want[0], "bob@example.com")
		contains(t, m.Subject, want[1])
	}
	reused.Facts.Address, reused.Facts.Count = "203.0.113.9", 7
	m, err := s.Render(reused)
	must(t, err)
	contains(t, m.Text, "203.0.113.9", "Times: 7\n")
}

func TestRefusesHostileAddressesOfItsOwn(t *testing.T) {
	t.Parallel()
	server := serve(t, false, false)
	mailer := server.mailer(t, "smtp", "")
	for _, to := range []string{"", "a", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "A <a@b.example>", "a b@c.example", `"a@x.example> RCPT TO:<v"@b.example`} {
		m := message()
		m.To = to
		if e := failure(t, mailer.Send(t.Context(), m)); !e.Permanent || len(server.take()) != 0 {
			t.Errorf("the recipient %q: %+v", to, e)
		}
	}
	for _, logo := range []string{"javascript:alert(1)", "data:image/png;base64,x", "//x", "file:///x"} {
		if _, err := notify.New(notify.Options{BaseURL: "https://x.example", LogoURL: logo}); err == nil {
			t.Errorf("the logo %q is taken", logo)
		}
	}
	if _, err := notify.New(notify.Options{}); err == nil {
		t.Error("without a base URL")
	}
}

// TestNotes: what is told about signing in is worth reading as text and as HTML,
// and whoever named a workspace badly gets nothing by it.
func TestNotes(t *testing.T) {
	t.Parallel()
	server := serve(t, false, false)
	mailer := server.mailer(t, "smtp", "")
	s := renderer(t, "Acme Cloud")
	for _, who := range []string{"Acme Industries", "<script>alert(1)</script>", "a\r\nBcc: victim@example.com", "\u202egpj.exe", strings.Repeat("\U0001F511", 5000)} {
		m, err := s.Note(notify.Note{
			ID: "mail_1", To: "ada@example.com", Title: "You were invited to " + who, Lines: []string{"You are now a member of " + who + "."},
			Button: "Choose a password", Link: "https://tokens.example.com/signin/invitation?code=a&b",
		})
		must(t, err)
		must(t, mailer.Send(t.Context(), m))
		p := parse(t, server.take()[0])
		inert(t, "a note "+who, p)
		contains(t, p.text, "You were invited to", "Choose a password: https://tokens.example.com/signin/invitation?code=a&b")
		contains(t, p.html, "You are now a member of", `href="https://tokens.example.com/signin/invitation?code=a&amp;b"`, "https://cdn.example.com/logo.png")
	}
}

// TestTextAlone: a mail without HTML has no empty page that hides its text.
func TestTextAlone(t *testing.T) {
	t.Parallel()
	server := serve(t, false, false)
	m := message()
	m.HTML = ""
	must(t, server.mailer(t, "smtp", "").Send(t.Context(), m))
	lacks(t, server.take()[0], "text/html", "multipart/")
}

// TestWhereMailsLead: each button opens what the mail is about.
func TestWhereMailsLead(t *testing.T) {
	t.Parallel()
	s := renderer(t, "")
	f := ledger.MailFacts{Workspace: "acme", WebhookID: "whk_1"}
	for want, f := range map[string]ledger.MailFacts{
		"https://tokens.example.com/base/workspace/acme/settings/webhooks/whk_1": f,
		"https://tokens.example.com/base/instance/webhooks/whk_1":                {WebhookID: "whk_1"},
	} {
		m, err := s.Render(outbox.Letter{Kind: ledger.MailWebhookDisabled, Facts: f})
		must(t, err)
		contains(t, m.Text, want+"\n")
		contains(t, m.HTML, want)
	}
	m, err := s.Render(outbox.Letter{Kind: ledger.MailExpiry, ExpiresAt: time.Unix(1e9, 0).Add(-time.Hour)})
	must(t, err)
	contains(t, m.Text, "has expired", "Expired: Sunday, 9 September 2001, 00:46 UTC")
	lacks(t, m.Text, "Days left")
}
