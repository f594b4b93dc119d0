package signin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/token"
)

// Policy is how people may sign in. The zero Policy is the default.
type Policy struct {
	// Methods is "both", "password" or "sso"; empty is both.
	Methods string
	// Idle ends a session that was not used for so long; 0 is one hour, the
	// most that NIST SP 800-63B-4 lets a session of assurance level 2 rest.
	Idle time.Duration
	// Absolute ends a session that long after its beginning, used or not; 0 is
	// 24 hours, that level's longest.
	Absolute time.Duration
}

func (p Policy) withDefaults() Policy {
	if p.Methods == "" {
		p.Methods = "both"
	}
	if p.Idle <= 0 {
		p.Idle = time.Hour
	}
	if p.Absolute <= 0 {
		p.Absolute = 24 * time.Hour
	}
	return p
}

// MailMessage is a mail to one person: a subject, paragraphs, and a link behind
// a button. A link opens something once, so a mail is sent and never logged.
type MailMessage struct {
	To, Subject string
	Lines       []string
	// Button says what Link does; both are empty where there is nothing to open.
	Button, Link string
}

// Options are what a Service is made of. Authority, Keys, Now, Rand and BaseURL
// are required.
type Options struct {
	Authority *office.Office
	Keys      *token.Keyring
	// Passwords is the hashing that the whole process shares; nil makes one.
	Passwords *Passwords
	Now       func() time.Time
	Rand      io.Reader
	// BaseURL is where people reach the console, without a slash at the end.
	BaseURL string
	// Mail hands a message over for delivery; nil: mails are logged as not sent.
	Mail func(ctx context.Context, m MailMessage) error
	// OIDC are the identity providers, in the order they are offered.
	OIDC []OIDCConfig
	// HTTP reaches identity providers; nil is a client with a timeout.
	HTTP   *http.Client
	Policy Policy
	// Refused is told of everything that was refused to strangers, by what they
	// tried and why, both words of this package; nil is nobody.
	Refused func(what, why string)
	// Logger is told what the operator should know; nil is silence.
	Logger *slog.Logger
}

// Service establishes who people are. It may be used by any number of
// goroutines.
type Service struct {
	// Devices signs programs in, which persons approve; Portals lets persons in whom
	// a product vouches for; Handouts are the links that persons give to each other;
	// Providers tell how identity providers are found.
	Devices   Devices
	Portals   Portals
	Handouts  Handouts
	Providers Providers

	authority *office.Office
	secrets   *secrets
	passwords *Passwords
	now       func() time.Time
	base      string
	mail      func(context.Context, MailMessage) error
	policy    Policy
	log       *slog.Logger
	refused   func(what, why string)
	providers []*provider
	webauthn  *webauthn.WebAuthn // nil where there are no passkeys
	pace      pace

	// turns holds an element for each mail on its way, which bounds them.
	turns chan struct{}
	// strangers have their share of them.
	strangers strangers
	closing   sync.Mutex // held by whoever takes all turns
}

// New makes a Service; it starts nothing and calls nobody.
func New(o Options) *Service {
	if o.Passwords == nil {
		o.Passwords = NewPasswords(o.Rand)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Refused == nil {
		o.Refused = func(string, string) {}
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a code and a secret go where they were addressed to
		}}
	}
	s := &Service{
		authority: o.Authority, passwords: o.Passwords, now: o.Now, base: o.BaseURL, mail: o.Mail,
		policy: o.Policy.withDefaults(), log: o.Logger, refused: o.Refused, turns: make(chan struct{}, mailsAtOnce),
		strangers: strangers{of: map[string]int{}},
		secrets:   &secrets{keys: o.Keys, rand: o.Rand, lacking: o.Authority.Lacking, named: o.Authority.LackingNamed}, webauthn: newWebAuthn(o.BaseURL),
	}
	s.Devices, s.Portals, s.Handouts, s.Providers = Devices{s}, Portals{s}, Handouts{s}, Providers{s}
	for _, c := range o.OIDC {
		s.providers = append(s.providers, newProvider(c, o.HTTP, o.Now, o.Logger))
	}
	return s
}

// Close waits for the mails that are on their way. One that is asked for while it
// waits, by a request that was cut off, may not be made.
func (s *Service) Close() {
	s.closing.Lock()
	defer s.closing.Unlock()
	for range cap(s.turns) {
		s.turns <- struct{}{}
	}
	for range cap(s.turns) {
		<-s.turns
	}
}

// Methods answers which ways of signing in are open.
func (s *Service) Methods() (password, sso bool) {
	return s.policy.Methods != "sso", s.policy.Methods != "password" && len(s.providers) > 0
}

// callerAt is whoever comes from there: nobody by name, for what a stranger tries.
func callerAt(from door.Client) authority.Caller {
	return authority.Caller{Addr: from.Addr, Agent: from.Agent, RequestID: from.RequestID}
}

// callerOf is the person of a session, where it was last used.
func callerOf(session door.Session) authority.Caller {
	c := callerAt(session.Client())
	c.User, c.Session, c.Portal = session.User, session.ID, session.Portal
	return c
}

func refused() *api.Error {
	return api.Errorf(api.CodeForbidden, "the e-mail or the password is not right")
}

func gone() *api.Error {
	return api.AsError(authority.SignedOut())
}

func deadLink() *api.Error {
	return api.Errorf(api.CodeInvalidToken, "this link does not work any more; ask for a new one")
}
