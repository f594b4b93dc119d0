package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/internal/ruleset"
	"github.com/tokenry/tokenry/internal/scim"
	"github.com/tokenry/tokenry/internal/strict"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Options are what the door is made of. Authority, Engine, Keys, BaseURL, Now
// and Rand are required.
type Options struct {
	Authority *office.Office
	Engine    *verify.Engine
	// Keys is the instance's keyring; cursors are sealed with a key derived from it.
	Keys *token.Keyring
	// BaseURL is the address that clients know, like https://tokens.example.com.
	// Pages about errors are below it; with https, HSTS is sent.
	BaseURL string
	// TrustedProxies are those whose X-Forwarded-* headers count; none by default.
	TrustedProxies door.Proxies
	// Logger is told of requests and failures; nil is silence.
	Logger *slog.Logger
	// Metrics takes the door's metrics; nil keeps them to itself.
	Metrics prometheus.Registerer
	// Now is the clock of the log, the metrics and the deadlines.
	Now func() time.Time
	// Rand is a cryptographic source of randomness, safe for concurrent use.
	Rand io.Reader
	// Version goes into the metrics, and into no answer.
	Version string
	// Ready says why requests cannot be served now, or changes not be made; nil asks
	// the database.
	Ready func(ctx context.Context, changes bool) []Unready
	// RulesDiffer says that another node has other files of rules; nil says no.
	RulesDiffer func() bool
	// Unstreamed says that a receiver of the audit does not take it; nil says no.
	Unstreamed func() bool
	// Rules returns the rules of this name, or nil; nil knows none. It is asked
	// for every request, and must be safe for concurrent use.
	Rules func(name string) *ruleset.Set
	// Used is told of every decision about a presented token; nil is nobody. It
	// must not wait.
	Used func(*Use)
	// Replicas are the programs that verify from their own memory; nil takes none.
	Replicas Replicas
	// Counted is told of uses that a replica decided about; nil is nobody.
	Counted func(CountedUse)
	// Refused is told of what was refused to strangers, by what it was and why; nil
	// is nobody.
	Refused func(what, why string)
	// GitHub says whether a report is GitHub's; nil takes none.
	GitHub SignedReports
	// Devices signs programs in; nil is a server where nobody can.
	Devices Devices
	// PortalLink makes a one-time link into a member's own tokens, once it judged
	// the caller; nil answers that there is no console.
	PortalLink func(ctx context.Context, c authority.Caller, workspace, member string) (authority.Done[api.PortalLink], error)
	// Invite mails a member a link to sign in by, once it judged the caller; nil
	// answers that there is no console.
	Invite func(ctx context.Context, c authority.Caller, workspace, member string) (authority.Done[api.Invitation], error)
}

// server is the door.
type server struct {
	authority *office.Office
	engine    *verify.Engine
	base      string
	proxies   door.Proxies
	log       *slog.Logger
	metrics   *counts
	unrouted  *requestCounts
	now       func() time.Time
	rand      io.Reader
	ready     func(ctx context.Context, changes bool) []Unready
	used      func(*Use)
	counted   func(CountedUse)
	replicas  Replicas
	uses      *seals
	refused   func(what, why string)
	github    SignedReports
	rulesets  func(name string) *ruleset.Set
	// rulesDiffer is Options.RulesDiffer, or says no.
	rulesDiffer func() bool
	unstreamed  func() bool // Options.Unstreamed, or says no
	devices     Devices
	portal      func(context.Context, authority.Caller, string, string) (authority.Done[api.PortalLink], error)
	invite      func(context.Context, authority.Caller, string, string) (authority.Done[api.Invitation], error)

	mux      *http.ServeMux
	extAuthz *Route
	// directories is [scimRoute].
	directories *Route
	// hot are the routes that are called for every request of somebody's API, by their
	// paths: the multiplexer would take longer to find one than it takes to answer.
	hot        map[string]*Route
	cursors    *cursors
	workspaces *workspaceNames
	lines      headerLines
	packer     door.Packer
	leaks      leakLimits
	plain      json.Options // for bodies without optional fields
	rich       json.Options
	// pages are drawn when somebody first reads one: that takes a third of a start.
	pages     func() (reference.Pages, error)
	oauth     oauthMetadata
	misses    misses
	exchanges refusedExchanges
	calls     sync.Pool // of *call
}

// New makes the door. It registers its metrics and starts nothing.
func New(o Options) (http.Handler, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	return s, nil
}

func newServer(o Options) (*server, error) {
	base, err := checkOptions(&o)
	if err != nil {
		return nil, err
	}
	s := &server{
		authority: o.Authority, engine: o.Engine, base: base, proxies: o.TrustedProxies, log: o.Logger,
		now: o.Now, rand: o.Rand, ready: o.Ready, rulesDiffer: o.RulesDiffer, unstreamed: o.Unstreamed, used: o.Used, counted: o.Counted, replicas: o.Replicas, refused: o.Refused, github: o.GitHub, portal: o.PortalLink, invite: o.Invite, devices: o.Devices, rulesets: o.Rules, mux: http.NewServeMux(), hot: map[string]*Route{},
		workspaces: newWorkspaceNames(o.Authority, o.Engine), lines: newHeaderLines(strings.HasPrefix(base, "https://")), leaks: newLeakLimits(),
		plain: strict.Options(), rich: richOptions(), misses: newMisses(), exchanges: newRefusedExchanges(),
	}
	s.calls.New = func() any { return new(call) }
	if s.cursors, err = newCursors(o.Keys, o.Rand); err != nil {
		return nil, err
	}
	if s.uses, err = newSeals(o.Keys, o.Rand, "uses of a replica"); err != nil {
		return nil, err
	}
	if s.metrics, err = newCounts(o.Metrics, o.Version); err != nil {
		return nil, err
	}
	s.unrouted = s.metrics.requestsOf(noRoute)
	if s.oauth, err = newOAuthMetadata(base, o.Devices != nil); err != nil {
		return nil, err
	}
	routes, directories := Routes(), scimRoute()
	directories.requests, directories.called, s.directories = s.metrics.requestsOf(directories.Path), directories.Pattern(), &directories
	s.pages = sync.OnceValues(func() (reference.Pages, error) { return reference.New(callsOf(routes), base) })
	return s, s.mount(routes)
}

// checkOptions fills in what may be left out, and returns the base address
// without a slash at its end.
func checkOptions(o *Options) (string, error) {
	if o.Authority == nil || o.Engine == nil || o.Keys == nil || o.Now == nil || o.Rand == nil {
		return "", errors.New("an option is missing: Authority, Engine, Keys, Now and Rand are required")
	}
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("the base URL must be an http or https address without user, query and fragment")
	}
	if o.Refused == nil {
		o.Refused = func(string, string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.RulesDiffer == nil {
		o.RulesDiffer = func() bool { return false }
	}
	if o.Unstreamed == nil {
		o.Unstreamed = func() bool { return false }
	}
	if o.Ready == nil {
		o.Ready = func(ctx context.Context, _ bool) []Unready {
			if err := o.Authority.Ping(ctx); err != nil {
				return []Unready{{Reason: NoDatabase, Err: err}}
			}
			return nil
		}
	}
	return strings.TrimRight(o.BaseURL, "/"), nil
}

// mount puts every route of the table on the multiplexer.
func (s *server) mount(routes []Route) error {
	for i := range routes {
		rt := &routes[i]
		if err := rt.check(); err != nil {
			return err
		}
		rt.requests, rt.called = s.metrics.requestsOf(rt.Path), rt.Pattern()
		switch rt.Path {
		case extAuthzPath:
			s.extAuthz = rt
		case "/v1/verify", "/v1/forward-auth", "/oauth2/introspect":
			s.hot[rt.Path] = rt
		}
		handler := func(w http.ResponseWriter, _ *http.Request) {
			c, ok := w.(*call)
			if !ok {
				panic("httpapi: the multiplexer handed on another writer than it was given")
			}
			c.serve(rt)
		}
		s.mux.HandleFunc(rt.Pattern(), handler)
		if rt.insertable && s.oauth.path != "" {
			s.mux.HandleFunc(rt.Pattern()+s.oauth.path, handler)
		}
	}
	return nil
}

// ServeHTTP answers one request; it is counted and logged whatever becomes of it.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.begin(w, r)
	defer s.end(c)
	if strings.HasPrefix(r.RequestURI, extAuthzPrefix) {
		c.serve(s.extAuthz) // the multiplexer would send paths that are not clean elsewhere
		return
	}
	if strings.HasPrefix(r.URL.Path, scim.Root+"/") {
		c.serve(s.directories)
		return
	}
	if rt := s.hot[r.URL.Path]; rt != nil && r.URL.RawPath == "" && r.Method != http.MethodConnect && (rt.Method == "" || rt.Method == r.Method) {
		c.serve(rt)
		return
	}
	s.mux.ServeHTTP(c, r)
}

// errorPage is the address below which each code has a page.
func (s *server) errorPage() string { return s.base + "/errors" }
