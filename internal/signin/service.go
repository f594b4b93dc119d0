package signin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
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
	Authority *authority.Authority
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
	authority *authority.Authority
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
		secrets:   &secrets{keys: o.Keys, rand: o.Rand}, webauthn: newWebAuthn(o.BaseURL),
	}
	for _, c := range o.OIDC {
		s.providers = append(s.providers, newProvider(c, o.HTTP, o.Now))
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

// Client is where a request comes from.
type Client struct {
	Addr             netip.Addr
	Agent, RequestID string
}

func (c Client) caller() authority.Caller {
	return authority.Caller{Addr: c.Addr, Agent: c.Agent, RequestID: c.RequestID}
}

// network is what counts as one place: an IPv4 address, or the /64 that a
// provider gives to one customer.
func (c Client) network() string {
	switch p := door.Network(c.Addr); {
	case !p.IsValid():
		return "nowhere"
	case p.IsSingleIP():
		return p.Addr().String()
	default:
		return p.String()
	}
}

// neighbourhood is what shares out what is kept for strangers.
func (c Client) neighbourhood() string { return door.Neighbourhood(c.Addr).String() }

// Session is a person signed in.
type Session struct {
	// ID names it in the list of sessions. It is not the cookie and opens
	// nothing.
	ID string
	// User is the row for [authority.Caller].
	User                      int64
	UserPublicID, Email, Name string
	InstanceAdmin             bool
	// CreatedAt is when the person signed in, ConfirmedAt when they last proved
	// to be the one.
	CreatedAt, ConfirmedAt, LastSeenAt, ExpiresAt time.Time
	Address, Agent                                string
	// Method is how: "password", "password+totp", "passkey", "oidc:NAME", "setup", "reset",
	// "invitation" or "portal".
	Method string
	// Portal is the workspace of a session that a portal link opened: there its
	// person manages their own tokens, and nothing else anywhere.
	Portal string
}

// client is where the session was last used.
func (s Session) client() Client {
	addr, _ := netip.ParseAddr(s.Address)
	return Client{Addr: addr, Agent: s.Agent}
}

// caller is the person of the session.
func (s Session) caller() authority.Caller {
	c := s.client().caller()
	c.User, c.Session, c.Portal = s.User, s.ID, s.Portal
	return c
}

// Result is how a step of signing in ended: with a session and its cookie, or
// with SecondFactor, the handle to give to [Service.SecondFactor] with a code.
type Result struct {
	Cookie       token.Secret
	Session      Session
	SecondFactor string
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
