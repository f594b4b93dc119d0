package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/signin"
)

// openPeople builds what signs persons in.
func (s *Server) openPeople() error {
	providers, err := s.providers()
	if err != nil {
		return err
	}
	s.people = signin.New(signin.Options{
		Authority: s.Authority, Keys: s.keys, Passwords: s.Passwords, Now: s.Now, Rand: s.Rand,
		BaseURL: s.base, Mail: s.mail(), Logger: s.Logger, OIDC: providers, Policy: signin.Policy{Methods: s.config.SignIn},
	})
	return nil
}

// openConsole builds the web pages over the people who sign in to them.
func (s *Server) openConsole() (http.Handler, error) {
	product, err := s.product()
	if err != nil {
		return nil, err
	}
	return console.New(console.Options{
		Authority: s.Authority, Sessions: people{s.people}, BaseURL: s.base,
		TrustedProxies: s.config.TrustedProxies, Logger: s.Logger, Now: s.Now,
		Product: product, Version: s.Version, Mail: s.mailbox(),
	})
}

// mailbox tells the console how mail is sent; nil without a mail server.
func (s *Server) mailbox() *console.Mail {
	send := s.mail()
	if send == nil {
		return nil
	}
	return &console.Mail{From: s.config.SMTPFrom, Test: func(ctx context.Context, to string) error {
		return send(ctx, signin.MailMessage{
			To: to, Subject: "A test mail", Button: "Open the console", Link: s.base,
			Lines: []string{"Somebody asked the web console at " + s.base + " to send this mail. Mail works."},
		})
	}}
}

// portalLink makes a link into a member's own tokens, for the API.
func (s *Server) portalLink(ctx context.Context, c authority.Caller, workspace, member string) (api.PortalLink, int64, error) {
	l, err := s.people.PortalLink(ctx, c, workspace, member)
	return api.PortalLink{URL: l.URL.Reveal(), ExpiresAt: l.Expires}, l.Revision, err
}

// mail hands the mails of signing in to the mail server; nil without one.
func (s *Server) mail() func(context.Context, signin.MailMessage) error {
	if s.watch.mailer == nil {
		return nil
	}
	return func(ctx context.Context, m signin.MailMessage) error {
		id, err := nodeName(s.Rand)
		if err != nil {
			return err
		}
		out, err := s.watch.notifier.Note(notify.Note{ID: id, To: m.To, Title: m.Subject, Lines: m.Lines, Button: m.Button, Link: m.Link})
		if err != nil {
			return err
		}
		return s.watch.mailer.Send(ctx, out)
	}
}

// isAPI says whether a path belongs to programs; all others are pages.
func isAPI(path string) bool {
	for _, prefix := range []string{"/v1/", "/.well-known/", "/errors/", "/oauth2/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	switch path {
	case "/v1", "/healthz", "/readyz", "/openapi.json", "/openapi-3.0.json", "/docs", "/errors":
		return true
	}
	return false
}
