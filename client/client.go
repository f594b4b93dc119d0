package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

// Client speaks to one server with one token. It may be used by any number of
// goroutines; make one and keep it, because it keeps connections.
//
// Its calls stand in chapters, which a Client has all of: c.CreateToken is that of
// [TokenCalls]. What needs one chapter alone can ask for that one, and be given
// c.TokenCalls. Chapters come out of a Client; the zero value of one has no server.
type Client struct {
	*line
	VerifyCalls
	TokenCalls
	MemberCalls
	ServiceAccountCalls
	UserCalls
	RightsCalls
	WorkspaceCalls
	WebhookCalls
	UsageCalls
	AuditCalls
	OAuthCalls
	TrustCalls
	ImportCalls
}

// over makes the client whose chapters all call through a line.
func over(l *line) *Client {
	return &Client{
		line: l, VerifyCalls: VerifyCalls{l}, TokenCalls: TokenCalls{l}, MemberCalls: MemberCalls{l},
		ServiceAccountCalls: ServiceAccountCalls{l}, UserCalls: UserCalls{l}, RightsCalls: RightsCalls{l},
		WorkspaceCalls: WorkspaceCalls{l}, WebhookCalls: WebhookCalls{l}, UsageCalls: UsageCalls{l},
		AuditCalls: AuditCalls{l}, OAuthCalls: OAuthCalls{l}, TrustCalls: TrustCalls{l}, ImportCalls: ImportCalls{l},
	}
}

// line is the way to one server with one token, and what all calls that are made
// through it have in common.
type line struct {
	base      string // without a slash at the end
	secret    token.Secret
	http      *http.Client
	agent     string
	actAs     string
	workspace string
	timeout   time.Duration
	attempts  int
	patience  time.Duration
	own       *ownWorkspace
	kept      *answers // nil keeps none
	sleep     func(context.Context, time.Duration) error
}

// Option changes what New makes.
type Option func(*Client) error

// New returns a client of the server at baseURL (http or https, with a path if a
// proxy adds one) that presents this token.
func New(baseURL, tok string, opts ...Option) (*Client, error) {
	if err := checkToken(tok); err != nil {
		return nil, err
	}
	return dial(baseURL, token.NewSecret(tok), opts)
}

// dial makes a client that presents this token, or none.
func dial(baseURL string, secret token.Secret, opts []Option) (*Client, error) {
	base, err := parseBase(baseURL)
	if err != nil {
		return nil, err
	}
	c := over(&line{
		base: base, secret: secret, http: &http.Client{Transport: transport()},
		agent: userAgent(), timeout: DefaultTimeout, attempts: 3, patience: longestWait, own: new(ownWorkspace), sleep: sleep,
	})
	for _, o := range opts {
		if err := o(c); err != nil {
			return nil, err
		}
	}
	own := *c.http
	own.CheckRedirect = sameOrigin
	c.http = &own
	return c, nil
}

// WithHTTPClient sends through hc, for its transport and cookies. Its
// CheckRedirect is not asked: a redirect to another address is an error.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *Client) error {
		if hc == nil {
			return errors.New("client: the HTTP client is nil")
		}
		c.http = hc
		return nil
	}
}

// WithUserAgent names the program, like "ledger/1.4", before the SDK's own name.
func WithUserAgent(name string) Option {
	return func(c *Client) error {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errors.New("client: the user agent must be printable ASCII")
		}
		c.agent = name + " " + userAgent()
		return nil
	}
}

// DefaultTimeout is how long an attempt of a call may take: longer than the server
// works on a change before it answers, be it that the database did not confirm it, or
// that the change waits for a server that is silent.
const DefaultTimeout = 60 * time.Second

// WithTimeout bounds each attempt of a call, from connecting to the last byte;
// without it that is [DefaultTimeout]. What is streamed is bounded up to its first byte.
func WithTimeout(d time.Duration) Option {
	return func(c *Client) error {
		if d <= 0 {
			return errors.New("client: the timeout must be above 0")
		}
		c.timeout = d
		return nil
	}
}

// WithAttempts is how often a call is sent at the most when the server is
// unavailable or asks to wait; without it that is 3. One never repeats.
func WithAttempts(n int) Option {
	return func(c *Client) error {
		if n < 1 {
			return errors.New("client: the attempts must be at least 1")
		}
		c.attempts = n
		return nil
	}
}

// WithPatience is the longest that a call waits, before it is sent again, because
// the server asks for it (Retry-After); without it that is 30 seconds. Whoever is
// asked for more is told at once.
func WithPatience(d time.Duration) Option {
	return func(c *Client) error {
		if d < 0 {
			return errors.New("client: the patience must not be below 0")
		}
		c.patience = d
		return nil
	}
}

// WithWorkspace is what an empty workspace means, in place of the token's own.
func WithWorkspace(ref string) Option {
	return func(c *Client) error {
		c.workspace = ref
		return nil
	}
}

// ActAs returns a client whose calls are decided with the grant of a member,
// named by e-mail, id or ext:ID, and audited as made on their behalf. The token
// needs instance:admin.
func (c *Client) ActAs(member string) *Client {
	acting := *c.line
	acting.actAs = member
	return over(&acting)
}

// BaseURL is the address of the server, without a slash at the end.
func (c *Client) BaseURL() string { return c.base }

// CloseIdleConnections gives unused connections back.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// String names the server and shows of the token what may be shown.
func (c *Client) String() string { return "tokenry client of " + c.base + " with " + c.secret.Mask() }

// Format answers every verb of fmt with String.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue answers slog with String.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

func parseBase(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("client: the base URL cannot be read; it is like https://tokens.example.com")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", errors.New("client: the base URL must begin with http:// or https:// and a host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New("client: the base URL must have no user, query or fragment")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// checkToken refuses what no token is, before it could become a header. It says
// nothing of what it saw.
func checkToken(tok string) error {
	switch {
	case tok == "":
		return errors.New("client: there is no token")
	case !token.Keeps(tok):
		return fmt.Errorf("client: this is not a token: those are of letters, digits and _, at most %d; is there a blank or line end around it?", token.MaxLength)
	}
	return nil
}

func notWord(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_'
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		MaxIdleConnsPerHost:   100, // all of them go to one host
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

func userAgent() string {
	const module = "github.com/tokenry/tokenry"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "tokenry-go"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == module && m.Version != "" && m.Version != "(devel)" {
			return "tokenry-go/" + m.Version
		}
	}
	return "tokenry-go"
}

// ownWorkspace remembers the workspace of the client's token, which never
// changes.
type ownWorkspace struct {
	mu   sync.Mutex // guards slug
	slug string
}

// ref returns the workspace to put into a path.
func (c *line) ref(ctx context.Context, ws string) (string, error) {
	if ws == "" {
		ws = c.workspace
	}
	if ws != "" {
		return ws, nil
	}
	c.own.mu.Lock()
	slug := c.own.slug
	c.own.mu.Unlock()
	if slug != "" {
		return slug, nil
	}
	who, err := get[api.Whoami](ctx, c, "whoami")
	if err != nil {
		return "", err
	}
	c.own.mu.Lock()
	defer c.own.mu.Unlock()
	c.own.slug = who.Workspace
	return who.Workspace, nil
}
