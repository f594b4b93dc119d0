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
	"sync"
	texttemplate "text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/outbox"
)

// sendLetters claims mails that are due, one batch after the other, and hands
// them on. When the mail server cannot be reached, the others of its batch are
// not tried, and nothing is for a while.
func (s *Service) sendLetters(ctx context.Context) error {
	for s.o.Mailer != nil && ctx.Err() == nil && !s.held() {
		letters, err := s.claimLetters(ctx)
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

// claimLetters leaves notices alone while a run of them is written.
func (s *Service) claimLetters(ctx context.Context) ([]outbox.Letter, error) {
	claim := outbox.LetterClaim{Limit: letterBatch}
	if s.run.TryRLock() {
		defer s.run.RUnlock()
	} else {
		claim.WithoutNotices = true
	}
	return s.o.Authority.ClaimLetters(ctx, claim, lease)
}

// sendAll hands letters on, those to one domain one after the other: a mail server
// that is slow with one keeps the others of the batch from nothing.
func (s *Service) sendAll(ctx context.Context, letters []outbox.Letter) {
	var state delivery
	var domains sync.WaitGroup
	for _, batch := range byDomain(letters) {
		domains.Go(func() {
			for _, l := range batch {
				s.sendOne(ctx, l, &state)
			}
		})
	}
	domains.Wait()
}

// byDomain parts letters by whom they go to.
func byDomain(letters []outbox.Letter) map[string][]outbox.Letter {
	parts := map[string][]outbox.Letter{}
	for _, l := range letters {
		domain := l.Recipient[strings.LastIndexByte(l.Recipient, '@')+1:]
		parts[domain] = append(parts[domain], l)
	}
	return parts
}

// delivery is what one letter of a batch teaches about the others.
type delivery struct {
	mu   sync.Mutex // guards down
	down *MailError // the mail server takes nothing from us
}

func (d *delivery) server() *MailError {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.down
}

func (d *delivery) failed(e *MailError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down == nil {
		d.down = e
	}
}

func (s *Service) sendOne(ctx context.Context, l outbox.Letter, batch *delivery) {
	failed := batch.server()
	if failed == nil {
		if err := s.send(ctx, l); err != nil && !errors.As(err, &failed) {
			failed = &MailError{Reason: input.Clip(oneLine(err.Error()), 300)}
		}
		if failed != nil && failed.Unreachable {
			batch.failed(failed)
			s.hold()
		}
	}
	result := outbox.Sent{Accepted: failed == nil}
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

func (s *Service) send(ctx context.Context, l outbox.Letter) error {
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
	Groups               []group
	More                 string
	Button, Link         string
	Support              []string
}

// row is a name of ours and a value that somebody chose.
type row struct{ Name, Value string }

// Render makes the mail of a letter as it is at this moment.
func (s *Service) Render(l outbox.Letter) (Message, error) {
	p, subject := s.page(l)
	return s.compose(p, Message{ID: l.Message, To: l.Recipient, Subject: subject})
}

// Note is a mail that is about a person and no token: how they sign in, say.
type Note struct {
	// ID is the left part of the Message-ID.
	ID, To, Title string
	// Lines are paragraphs; what people wrote in them is cleaned.
	Lines []string
	// Button says what Link opens. Link is made by the caller, never by a stranger.
	Button, Link string
}

// Note makes the mail of a note, in the dress of all mails.
func (s *Service) Note(n Note) (Message, error) {
	p := page{Product: clean(s.o.Product, 60), Logo: s.o.LogoURL, Title: clean(n.Title, 160), Button: n.Button, Link: n.Link}
	for _, l := range n.Lines {
		p.Lines = append(p.Lines, isolate(clean(l, 1000)))
	}
	return s.compose(p, Message{ID: n.ID, To: n.To, Subject: "[" + p.Product + "] " + isolate(p.Title)})
}

// compose writes a page as text and as HTML.
func (s *Service) compose(p page, m Message) (Message, error) {
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
	m.Text, m.HTML, m.Date = text.String(), html.String(), s.o.Now()
	return m, err
}

// page says what a mail says; the second answer is its subject.
func (s *Service) page(l outbox.Letter) (page, string) {
	f := l.Facts
	p := page{Product: clean(s.o.Product, 60), Logo: s.o.LogoURL, Support: support(l)}
	subject := ""
	switch l.Kind {
	case ledger.MailExpiry:
		if len(l.Others) > 0 {
			return p, s.expiries(&p, l)
		}
		subject = s.expiry(&p, l)
	case ledger.MailStrange:
		if len(l.Others) > 0 {
			return p, s.strangeMany(&p, l)
		}
		subject = s.strange(&p, f)
	case ledger.MailUnused:
		subject = s.unused(&p, l)
	case ledger.MailIssued:
		subject = s.issued(&p, f)
	case ledger.MailReused:
		subject = s.reused(&p, f)
	case ledger.MailLeaked:
		subject = s.leaked(&p, f)
	case ledger.MailAsked:
		subject = s.asked(&p, f)
	case ledger.MailDecided:
		subject = s.decided(&p, f)
	case ledger.MailWebhookDisabled:
		subject = s.webhookDisabled(&p, f)
	}
	return p, subject
}

func (s *Service) expiry(p *page, l outbox.Letter) string {
	f, left := l.Facts, l.ExpiresAt.Sub(s.o.Now())
	whose, when := "An access token ", "expires "+inDays(left)
	if f.Kind == "personal" {
		whose = "Your access token "
	}
	p.Lines = []string{"From then on it is refused, and what uses it stops. Before that, extend its expiry, or renew it and put its new secret in place. " +
		"If nobody needs it any more, revoke it."}
	expires := []row{{"Expires", stamp(l.ExpiresAt)}, {"Days left", strconv.Itoa(max(0, daysLeft(left)))}}
	if left <= 0 {
		when = "has expired"
		p.Lines = []string{"It is refused now. Renew it to get a new secret, or delete it if nobody needs it."}
		expires = []row{{"Expired", stamp(l.ExpiresAt)}}
	}
	p.Title = whose + when
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, expires...)
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

func (s *Service) issued(p *page, f ledger.MailFacts) string {
	p.Title = "An access token in your name was given a new secret"
	what := "Token %s was given a new secret by somebody else"
	switch f.Action {
	case "token.created":
		p.Title, what = "An access token was created in your name", "Token %s was created in your name by somebody else"
	case "token.transferred":
		p.Title, what = "An access token was transferred to you", "Token %s was transferred to you by somebody else"
	case "token.revealed":
		p.Title, what = "The secret of your access token was shown to somebody else", "The secret of token %s was shown to somebody else"
	}
	p.Lines = []string{"Somebody else did this and holds its secret, which acts in your name. If you did not expect it, revoke the token and ask them."}
	s.tokenRows(p, f)
	p.Rows = append(p.Rows, row{"Done by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	return "[" + p.Product + "] " + fmt.Sprintf(what, quoted(f.Label))
}

func (s *Service) reused(p *page, f ledger.MailFacts) string {
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

func (s *Service) leaked(p *page, f ledger.MailFacts) string {
	leak := f.Leak
	if leak == nil {
		leak = new(ledger.Leak)
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
		p.Rows = append(p.Rows, row{"Made with it", tokensThatWork(leak.Descendants)})
	}
	p.Rows = append(p.Rows, row{"Reported by", clean(f.Actor, 200)}, row{"Time", stamp(f.At)})
	return fmt.Sprintf("[%s] A secret of token %s has leaked", p.Product, quoted(f.Label))
}

func tokensThatWork(n int) string {
	if n == 1 {
		return "1 token that still works; look at it"
	}
	return strconv.Itoa(n) + " tokens that still work; look at each"
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

func (s *Service) webhookDisabled(p *page, f ledger.MailFacts) string {
	p.Title = "A webhook was disabled"
	p.Lines = []string{"It is told nothing any more. Repair the endpoint and enable the webhook again; what it missed can be sent again from its deliveries."}
	p.Rows = []row{{"Workspace", place(f)}, {"Endpoint", clean(f.WebhookURL, 200)}, {"Webhook", clean(f.WebhookID, 60)},
		{"Reason", clean(f.Reason, 100)}, {"Time", stamp(f.At)}}
	place := "/workspace/" + url.PathEscape(f.Workspace) + "/settings"
	if f.Workspace == "" {
		p.Rows, place = p.Rows[1:], "/instance"
	}
	p.Button, p.Link = "Open the webhook", strings.TrimSuffix(s.o.BaseURL, "/")+place+"/webhooks/"+url.PathEscape(clean(f.WebhookID, 60))
	return fmt.Sprintf("[%s] A webhook was disabled", p.Product)
}

func (s *Service) tokenRows(p *page, f ledger.MailFacts) {
	p.Rows = []row{
		{"Token", clean(f.Label, 100)}, {"Begins with", clean(f.Mask, 40)}, {"ID", clean(f.TokenID, 320)},
		{"Owner", clean(f.Owner, 320)}, {"Workspace", place(f)},
	}
	p.Button = "Open the token"
	p.Link = strings.TrimSuffix(s.o.BaseURL, "/") + "/workspace/" + url.PathEscape(f.Workspace) + "/access-tokens/" + url.PathEscape(f.TokenID)
}

func place(f ledger.MailFacts) string {
	if f.WorkspaceName == "" || f.WorkspaceName == f.Workspace {
		return clean(f.Workspace, 63)
	}
	return clean(f.WorkspaceName, 100) + " (" + clean(f.Workspace, 63) + ")"
}

func support(l outbox.Letter) []string {
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
// What reads from left to right anyhow, Latin with its accents, Greek, Cyrillic
// and general punctuation, stays as it is, to be copied.
func isolate(s string) string {
	turns := func(r rune) bool { return r >= '\u0590' && (r < '\u2010' || r > '\u2027') }
	if !strings.ContainsFunc(s, turns) {
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
