package server

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/console"
	"github.com/tokenry/tokenry/internal/entrance"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/metrics"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/signin"
)

// openPeople builds what signs persons in.
func (s *Server) openPeople(refused func(what, why string)) error {
	providers, err := s.providers()
	if err != nil {
		return err
	}
	s.people = signin.New(signin.Options{
		Authority: s.Authority, Keys: s.keys, Passwords: s.Passwords, Now: s.Now, Rand: s.Rand,
		BaseURL: s.base, Mail: s.mail(), Logger: s.Logger, OIDC: providers, Policy: signin.Policy{Methods: s.config.SignIn},
		Refused: refused,
	})
	return nil
}

// openConsole builds the web pages over the people who sign in to them.
func (s *Server) openConsole(registry prometheus.Gatherer) (http.Handler, error) {
	product, err := s.product()
	if err != nil {
		return nil, err
	}
	return console.New(console.Options{
		Authority: s.Authority, BaseURL: s.base,
		TrustedProxies: s.config.TrustedProxies, Logger: s.Logger, Now: s.Now, Rand: s.Rand,
		People: entrance.People{
			Sessions: s.people, SignIn: s.people, Links: s.people, Proofs: s.people, Authenticators: s.people, Handouts: s.people.Handouts, Portals: s.people.Portals, Providers: s.people.Providers, Devices: s.people.Devices,
		},
		Product: product, Version: s.Version, Mail: s.mailbox(), Memory: s.memory(registry),
	})
}

// memory tells the console what is remembered of tokens.
func (s *Server) memory(counted prometheus.Gatherer) func() phrase.Cache {
	return func() phrase.Cache {
		now := s.Engine.Stats()
		return phrase.Cache{
			Tokens: now.Tokens, Bytes: now.Bytes, Room: now.Room,
			Verified: metrics.Verified(counted), Misses: now.Misses, Evicted: now.Evictions,
		}
	}
}

// mailbox tells the console how mail is sent; nil without a mail server.
func (s *Server) mailbox() *console.Mail {
	if s.watch.mailer == nil {
		return nil
	}
	where, err := notify.ParseSMTP(s.config.SMTPURL.Reveal())
	if err != nil {
		return nil // it was parsed when the mailer was made
	}
	return &console.Mail{From: s.config.SMTPFrom, Server: where.String(), Test: func(ctx context.Context, to string) (string, error) {
		out, err := s.note(signin.MailMessage{
			To: to, Subject: "A test mail", Button: "Open the console", Link: s.base,
			Lines: []string{"You asked the web console at " + s.base + " to send this mail. Mail works."},
		})
		if err != nil {
			return "", err
		}
		answer, err := s.watch.mailer.Tell(ctx, out)
		return answer, unsent(err)
	}}
}

// portalLink makes a link into a member's own tokens, for the API.
func (s *Server) portalLink(ctx context.Context, c authority.Caller, workspace, member string) (authority.Done[api.PortalLink], error) {
	l, err := s.people.Portals.PortalLink(ctx, c, workspace, member)
	return authority.Done[api.PortalLink]{Value: api.PortalLink{URL: l.URL.Reveal(), ExpiresAt: l.Expires}, Revision: l.Revision}, err
}

// unsent says in the mail server's own words why it refused a mail.
func unsent(err error) error {
	if refused := new(notify.MailError); errors.As(err, &refused) {
		return api.Errorf(api.CodeUnavailable, "%s", refused.Reason).Wrap(err)
	}
	return err
}

// invite mails a member an invitation, for the API.
func (s *Server) invite(ctx context.Context, c authority.Caller, workspace, member string) (done authority.Done[api.Invitation], err error) {
	i, err := s.people.Invite(ctx, c, workspace, member)
	err = unsent(err)
	done.Value, done.Revision = api.Invitation{Sent: i.Sent, CanSignIn: i.CanSignIn}, i.Revision
	return done, err
}

// mail hands the mails of signing in to the mail server; nil without one.
func (s *Server) mail() func(context.Context, signin.MailMessage) error {
	if s.watch.mailer == nil {
		return nil
	}
	return func(ctx context.Context, m signin.MailMessage) error {
		out, err := s.note(m)
		if err != nil {
			return err
		}
		return s.watch.mailer.Send(ctx, out)
	}
}

// note draws a mail.
func (s *Server) note(m signin.MailMessage) (notify.Message, error) {
	id, err := ident.New(s.Rand, "")
	if err != nil {
		return notify.Message{}, err
	}
	return s.watch.notifier.Note(notify.Note{ID: id, To: m.To, Title: m.Subject, Lines: m.Lines, Button: m.Button, Link: m.Link})
}

// isAPI says whether a path belongs to programs; all others are pages.
func isAPI(path string) bool {
	for _, prefix := range []string{"/v1/", "/.well-known/", "/errors/", "/oauth2/", "/scim/"} {
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
