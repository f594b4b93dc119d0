package notify

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"math"
	"net/url"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// sendLetters claims mails that are due, one batch after the other, and hands
// them on. When the mail server cannot be reached, the others of its batch are
// not tried, and nothing is for a while.
func (s *Service) sendLetters(ctx context.Context) error {
	for s.o.Mailer != nil && ctx.Err() == nil && !s.held() {
		letters, err := s.o.Authority.ClaimLetters(ctx, letterBatch, lease)
		if err != nil || len(letters) == 0 {
			return err
		}
		// What was begun is ended, also when we are asked to stop.
		s.sendAll(context.WithoutCancel(ctx), letters)
	}
	return nil
}

func (s *Service) held() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Now().Before(s.lettersAfter)
}

func (s *Service) hold() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lettersAfter = s.o.Now().Add(firstMailPause)
}

func (s *Service) sendAll(ctx context.Context, letters []authority.Letter) {
	var down *MailError
	for _, l := range letters {
		var failed *MailError
		if down != nil {
			failed = down
		} else if err := s.send(ctx, l); err != nil && !errors.As(err, &failed) {
			failed = &MailError{Reason: clip(oneLine(err.Error()), 300)}
		}
		if failed != nil && failed.Unreachable && down == nil {
			down = failed
			s.hold()
		}
		result := authority.Sent{Accepted: failed == nil}
		if failed != nil {
			result.Error = failed.Reason
			if !failed.Permanent {
				result.RetryAt = s.mailRetryAt(l.Attempt, l.CreatedAt)
			}
		}
		if err := s.o.Authority.SettleLetter(ctx, l, result); err != nil {
			s.o.Logger.Error("a mail could not be settled; it may be sent again", "mail", l.Message, "error", err)
		}
		s.o.Observe("mail", outcome(result.Accepted, result.RetryAt))
	}
}

func (s *Service) send(ctx context.Context, l authority.Letter) error {
	m, err := s.Render(l)
	if err != nil {
		return err
	}
	return s.o.Mailer.Send(ctx, m)
}

//go:embed templates/mail.html templates/mail.txt
var templates embed.FS

// page is a mail before it is HTML and text. What people wrote stands in Rows
// and Subject alone, cleaned.
type page struct {
	Product, Logo, Title string
	Lines                []string
	Rows                 []row
	Button, Link         string
	Support              []string
}

// row is a name of ours and a value that somebody chose.
type row struct{ Name, Value string }

// Render makes the mail of a letter as it is at this moment.
func (s *Service) Render(l authority.Letter) (Message, error) {
	p, subject := s.page(l)
	var text, html bytes.Buffer
	t, err := texttemplate.New("mail.txt").Funcs(texttemplate.FuncMap{"isolate": isolate}).ParseFS(templates, "templates/mail.txt")
	if err == nil {
		err = t.Execute(&text, p)
	}
	if err != nil {
		return Message{}, err
	}
	h, err := htmltemplate.ParseFS(templates, "templates/mail.html")
	if err == nil {
		err = h.Execute(&html, p)
	}
	return Message{ID: l.Message, To: l.Recipient, Subject: subject, Text: text.String(), HTML: html.String(), Date: s.o.Now()}, err
}

// page says what a mail says; the second answer is its subject.
func (s *Service) page(l authority.Letter) (page, string) {
	f := l.Facts
	p := page{Product: clean(s.o.Product, 60), Logo: s.o.LogoURL, Support: support(l)}
	subject := ""
	switch l.Kind {
	case authority.MailExpiry:
		subject = s.expiry(&p, l)
	case authority.MailIssued:
		subject = s.issued(&p, f)
	case authority.MailReused:
		subject = s.reused(&p, f)
	case authority.MailLeaked:
		subject = s.leaked(&p, f)
	case authority.MailWebhookDisabled:
		subject = s.webhookDisabled(&p, f)
	}
	return p, subject
}

func (s *Service) expiry(p *page, l authority.Letter) string {
	f, left := l.Facts, l.ExpiresAt.Sub(s.o.Now())
	whose, when := "An access token ", "expires "+inDays(left)
	if f.Kind == "personal" {
		whose = "Your access token "
	}
	p.Lines = []string{"From then on it is refused. Before that, extend its expiry, or rotate it with renew and put the new secret in place."}
	if left <= 0 {
		when = "has expired"
		p.Lines = []string{"It is refused now. Rotate it with renew to get a new secret, or delete it if nobody needs it."}
	}
	p.Title = whose + when
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Expires", stamp(l.ExpiresAt)}, row{"Days left", strconv.Itoa(max(0, daysLeft(left)))})
	return fmt.Sprintf("[%s] Token %s %s", p.Product, quoted(f.Label), when)
}

func daysLeft(left time.Duration) int { return int(math.Ceil(left.Hours() / 24)) }

func inDays(left time.Duration) string {
	switch d := daysLeft(left); d {
	case 0, 1:
		return "within a day"
	default:
		return fmt.Sprintf("in %d days", d)
	}
}

func (s *Service) issued(p *page, f authority.MailFacts) string {
	what := map[string]string{
		"token.created": "created", "token.transferred": "transferred to you", "token.revealed": "shown again",
	}[f.Action]
	if what == "" {
		what = "given a new secret"
	}
	p.Title = "An access token in your name was " + what
	p.Lines = []string{"Somebody else did this and holds its secret, which acts in your name. If you did not expect it, revoke the token and ask them."}
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Done by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	return fmt.Sprintf("[%s] Token %s was %s by somebody else", p.Product, quoted(f.Label), what)
}

func (s *Service) reused(p *page, f authority.MailFacts) string {
	p.Title = "A retired secret of an access token was used"
	p.Lines = []string{"The token was rotated, and somebody presented a secret from before. It was refused. " +
		"Either a program still has the old secret, or the old secret has leaked."}
	if f.Revoked {
		p.Lines = append(p.Lines, "The policy revoke_on_reuse is on: the token is revoked, its current secret too.")
	}
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Times", strconv.FormatInt(f.Count, 10)}, row{"Last from", clean(f.Address, 60)},
		row{"Program", clean(f.Agent, 100)}, row{"Time", stamp(f.At)})
	return fmt.Sprintf("[%s] A retired secret of token %s was used", p.Product, quoted(f.Label))
}

func (s *Service) leaked(p *page, f authority.MailFacts) string {
	leak := f.Leak
	if leak == nil {
		leak = new(api.Leak)
	}
	p.Title = "A secret of an access token has leaked"
	p.Lines = []string{map[string]string{
		api.LeakRevoked:  "The token is revoked. Make a new one for the program that used it, and look at what was done with the old one.",
		api.LeakDisabled: "The token is disabled. Rotate it and put the new secret in place before you enable it again.",
		api.LeakTold:     "The policy leaves the token as it is: whoever found the secret can use it. Rotate or revoke the token now.",
		api.LeakDead:     "This secret opens nothing any more, so nothing was changed. Look at what was done with it before.",
	}[leak.Effect]}
	s.tokenRows(p, f)
	if leak.URL != "" || leak.Source != "" {
		p.Lines = append(p.Lines, "The place is named by whoever reported it, and was not looked at. It is written so that no program opens it.")
		p.Rows = append(p.Rows, row{"Found", clean(strings.TrimSpace(leak.Source+" "+defanged(leak.URL)), 560)})
	}
	if leak.Descendants > 0 {
		p.Rows = append(p.Rows, row{"Tokens made with it", strconv.Itoa(leak.Descendants) + " still work; look at each"})
	}
	p.Rows = append(p.Rows, row{"Reported by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	return fmt.Sprintf("[%s] A secret of token %s has leaked", p.Product, quoted(f.Label))
}

// defanged writes an address that a stranger named so that it is read and not
// followed.
func defanged(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		scheme, rest = "", address
	}
	host, path, slash := strings.Cut(rest, "/")
	host = strings.ReplaceAll(host, ".", "[.]")
	if slash {
		host += "/"
	}
	if ok {
		scheme = strings.Replace(scheme, "http", "hxxp", 1) + "://"
	}
	return scheme + host + path
}

func (s *Service) webhookDisabled(p *page, f authority.MailFacts) string {
	p.Title = "A webhook was disabled"
	p.Lines = []string{"It is told nothing any more. Repair the endpoint and enable the webhook again; what it missed can be sent again from its deliveries."}
	p.Rows = []row{{"Workspace", place(f)}, {"Endpoint", clean(f.WebhookURL, 200)}, {"Webhook", clean(f.WebhookID, 60)},
		{"Reason", clean(f.Reason, 100)}, {"Time", stamp(f.At)}}
	if f.Workspace == "" {
		p.Rows = p.Rows[1:]
	}
	return fmt.Sprintf("[%s] A webhook was disabled", p.Product)
}

func (s *Service) tokenRows(p *page, f authority.MailFacts) {
	p.Rows = []row{
		{"Token", clean(f.Label, 100)}, {"Begins with", clean(f.Mask, 40)}, {"ID", clean(f.TokenID, 320)},
		{"Owner", clean(f.Owner, 320)}, {"Workspace", place(f)},
	}
	p.Button = "Open the token"
	p.Link = strings.TrimSuffix(s.o.BaseURL, "/") + "/workspace/" + url.PathEscape(f.Workspace) + "/access-tokens/" + url.PathEscape(f.TokenID)
}

func place(f authority.MailFacts) string {
	if f.WorkspaceName == "" || f.WorkspaceName == f.Workspace {
		return clean(f.Workspace, 63)
	}
	return clean(f.WorkspaceName, 100) + " (" + clean(f.Workspace, 63) + ")"
}

func support(l authority.Letter) []string {
	c := l.Facts.Support
	if c == nil {
		return nil
	}
	var out []string
	for _, s := range []string{c.Email, c.Phone, c.URL} {
		if s != "" {
			out = append(out, clean(s, 200))
		}
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC") }

// quoted is a label as it stands in a subject.
func quoted(label string) string { return "“" + isolate(clean(label, 60)) + "”" }

// clean bounds a text that somebody chose, and takes out what would act instead
// of being read: control characters, line breaks, and the characters that turn
// the direction of the text around them.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u2028' || r == '\u2029', unicode.Is(unicode.Bidi_Control, r), unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return s
}

// isolate keeps the direction of a text from reaching what stands beside it.
// ASCII has none of its own and stays as it is, to be copied.
func isolate(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// oneLine makes a line of what may be several.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
