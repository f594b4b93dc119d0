package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/metrics"
	"github.com/tokenry/tokenry/internal/ruleset"
	"github.com/tokenry/tokenry/internal/siem"
	"github.com/tokenry/tokenry/internal/signin"
)

// How long a connection may take for what. Answers that are streamed set their
// own end.
//
// An answer has to arrive, above all the one that it is not known whether a change
// was made. So these stand in an order: a request is read (httpapi.RequestTime, or
// readTimeout where a page's form is), waits for its turn (authority.TurnTime), and
// its batch runs (authority.BatchTime) until the store gives up on its commit
// (store.Patience, counted from its begin); what takes power away then waits for nodes
// (cluster.Longest at most, and its margin): together less than writeTimeout.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	// pageTime bounds what a form asks for, its body and a mail that it sends included,
	// until its change waits for a turn.
	pageTime     = httpapi.RequestTime
	writeTimeout = 90 * time.Second
	idleTimeout  = 2 * time.Minute
	// maxHeader is more than any request of ours needs; beyond it is 431.
	maxHeader = 32 << 10
)

// Server is a server that listens. Connections wait until [Server.Serve] takes
// them.
type Server struct {
	*Core
	base    string
	main    *http.Server
	on      net.Listener
	bound   *connections
	metrics *http.Server // nil without a listener of its own
	mOn     net.Listener
	// hot is the listener of the hot doors alone; nil without one.
	hot *hotListener
	// people signs persons in to the pages.
	people *signin.Service
	// stopping says that the end was asked for.
	stopping atomic.Bool
	// counted is what the metrics tell of the database.
	counted atomic.Pointer[counted]
	// rules are those of the files, by name; nil without.
	rules atomic.Pointer[map[string]*ruleset.Set]
	// targets are where the audit is streamed to.
	targets []siem.Target
}

// Listen opens everything that the settings name and listens. On an error
// nothing is left open.
func Listen(ctx context.Context, cfg config.Config, o Options) (_ *Server, err error) {
	s := &Server{}
	defer func() {
		if err != nil {
			s.abandon()
		}
	}()
	if s.on, err = listen(ctx, "listen", cfg.Listen); err != nil {
		return nil, err
	}
	if cfg.MetricsListen != "" {
		if s.mOn, err = listen(ctx, "metrics-listen", cfg.MetricsListen); err != nil {
			return nil, err
		}
	}
	if cfg.HotListen != "" {
		s.hot = &hotListener{}
		if s.hot.on, err = listenHot(ctx, cfg.HotListen); err != nil {
			return nil, err
		}
	}
	if err = s.readRules(cfg.Rules); err != nil {
		return nil, err
	}
	if s.targets, err = targetsOf(cfg, o.Version); err != nil {
		return nil, err
	}
	s.base = baseURL(cfg, s.on.Addr())
	registry := newRegistry()
	if o.observe, err = metrics.Database(registry); err != nil {
		return nil, err
	}
	if o.waited, err = metrics.Turns(registry); err != nil {
		return nil, err
	}
	if o.Holder == "" {
		host, _ := os.Hostname()
		o.Holder = fmt.Sprintf("%s, process %d, listening on %s", host, os.Getpid(), s.on.Addr())
	}
	o.serving, o.rulesDigest = true, s.digestOfRules
	if s.Core, err = Open(ctx, cfg, o); err != nil {
		return nil, err
	}
	if err = s.startWatch(registry); err != nil {
		return nil, err
	}
	return s, s.mount(registry)
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen (--%s): %w; is another program there? Choose another address", flag, err)
	}
	return l, nil
}

// baseURL is the address under which the server is reached, without a slash at
// its end.
func baseURL(cfg config.Config, on net.Addr) string {
	if cfg.BaseURL != "" {
		return cfg.BaseURL
	}
	tcp, ok := on.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + on.String()
}

// mount builds the doors over the core.
func (s *Server) mount(registry *prometheus.Registry) error {
	refused, err := metrics.Refusals(registry)
	if err != nil {
		return err
	}
	if err := metrics.Engine(registry, s.Engine); err != nil {
		return err
	}
	if err := s.openPeople(refused); err != nil {
		return err
	}
	s.checkProviders()
	if err := errors.Join(s.registerClock(registry), s.registerKeys(registry), s.registerNode(registry)); err != nil {
		return err
	}
	programs, err := httpapi.New(httpapi.Options{
		Authority: s.Authority, Engine: s.Engine, Keys: s.keys, BaseURL: s.base, TrustedProxies: s.config.TrustedProxies,
		Logger: s.Logger, Metrics: registry, Now: time.Now, Rand: s.Rand, Version: s.Version, Ready: s.ready, RulesDiffer: func() bool { return s.agreed.rules.Load() > 0 }, Unstreamed: s.unstreamed, Used: s.used, Counted: s.usedFromMemory, Replicas: s.replicas, Rules: s.ruleset,
		PortalLink: s.portalLink, Invite: s.invite, Devices: s.people.Devices, Refused: refused, GitHub: s.github(),
	})
	if err != nil {
		return err
	}
	pages, err := s.openConsole(registry)
	if err != nil {
		return err
	}
	figures := metrics.Handler(registry)
	s.bound = newConnections(boundsOf(s.config, descriptors()), s.config.TrustedProxies)
	s.main = s.httpServer(s.bound, closing(bodies(lining(s.guard(s.route(programs, pages, figures))))))
	if s.mOn != nil {
		few := newConnections(bounds{total: metricsConnections}, nil)
		s.metrics, s.mOn = s.httpServer(few, s.operators(figures)), bounded{s.mOn, few}
	}
	s.mountHot(programs)
	return s.bound.observe(registry)
}

func (s *Server) httpServer(b *connections, h http.Handler) *http.Server {
	return &http.Server{
		ConnState: b.state, ConnContext: b.context,
		Handler: door.Guarded(s.Logger, h), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
}

// route gives programs the door and people the pages, and the metrics to the
// main listener when they have none of their own. It is not a multiplexer: that
// would rewrite paths before the door sees them.
func (s *Server) route(programs, pages, figures http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.mOn == nil && r.URL.Path == "/metrics":
			figures.ServeHTTP(w, r)
		case isAPI(r.URL.Path):
			programs.ServeHTTP(w, r)
		case r.Method == http.MethodPost:
			ctx, done := context.WithTimeout(r.Context(), pageTime)
			defer done()
			pages.ServeHTTP(w, r.WithContext(ctx))
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// guard refuses in the reserve of connections what can wait.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if inReserve(r) {
			h.Set("Connection", "close")
		}
		if !inReserve(r) || httpapi.Urgent(r) {
			next.ServeHTTP(w, r)
			return
		}
		if !httpapi.Hasty(r) {
			h.Set("Retry-After", "1")
		}
		writeProblem(w, api.Errorf(api.CodeUnavailable, "this server holds as many connections as it may; try again").Problem(s.base+"/errors", ""))
	})
}

// writeProblem answers what no door has to answer.
func writeProblem(w http.ResponseWriter, p api.Problem) {
	h := w.Header()
	h.Set("Content-Type", door.Problem)
	h.Set("Cache-Control", "no-store")
	if p.RequestID != "" {
		h.Set(door.HeaderRequestID, p.RequestID)
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // nobody is left to be told
}

// ready says why requests, or changes, should not be sent here.
func (s *Server) ready(ctx context.Context, changes bool) (why []httpapi.Unready) {
	lacks := func(reason string, err error) {
		if err != nil {
			why = append(why, httpapi.Unready{Reason: reason, Err: err})
		}
	}
	if s.stopping.Load() {
		lacks(httpapi.Stopping, errors.New("the server is stopping"))
	}
	lacks(httpapi.NoDatabase, s.Authority.Ping(ctx))
	if s.node != nil && s.node.Left() <= 0 {
		lacks(httpapi.NoLease, errors.New("this node has no lease, so it cannot prove that it knows every change, and verifies nothing"))
	}
	lacks(httpapi.NoKey, s.lacksNeeded())
	if changes {
		lacks(httpapi.NoChanges, s.store.Writable(ctx))
		if _, unsettled := s.Authority.Unsettled(); unsettled {
			lacks(httpapi.NoTime, errors.New("the clock is unsettled, and nothing is given"))
		}
	}
	return why
}

// Addr is the address that is listened on, with the port that was taken.
func (s *Server) Addr() string { return s.on.Addr().String() }

// BaseURL is the address under which clients reach the server.
func (s *Server) BaseURL() string { return s.base }

// Serve answers requests until ctx ends, which is no error, or something breaks.
// When it returns, everything is closed.
func (s *Server) Serve(ctx context.Context) error {
	broken := make(chan error, 3)
	go func() { broken <- s.main.Serve(bounded{explaining{s.on, s.refuseUnread}, s.bound}) }()
	if s.metrics != nil {
		go func() { broken <- s.metrics.Serve(s.mOn) }()
	}
	if s.hot != nil {
		go func() { broken <- s.hot.server.Serve(s.hot.on) }()
	}
	var reason error
	select {
	case <-ctx.Done():
		s.Logger.Info("stopping; what was taken is finished first", "timeout", s.config.ShutdownTimeout)
	case err := <-broken:
		reason = fmt.Errorf("cannot go on listening: %w", err)
	}
	return errors.Join(reason, s.stop(s.config.ShutdownTimeout))
}

// stop closes what there is from the outside to the inside.
func (s *Server) stop(patience time.Duration) error {
	s.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	hot := make(chan error, 1)
	go func() { hot <- s.hot.stop(ctx) }()
	err := s.main.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.Logger.Warn("requests were cut off: they did not end within the shutdown timeout")
		err = s.main.Close()
	}
	err = errors.Join(err, <-hot)
	if s.metrics != nil {
		err = errors.Join(err, s.metrics.Close())
	}
	if s.people != nil {
		s.people.Close()
	}
	return errors.Join(err, s.Close())
}

// abandon closes what was opened before a start failed.
func (s *Server) abandon() {
	open := []io.Closer{s.on, s.mOn}
	if s.hot != nil {
		open = append(open, s.hot.on)
	}
	for _, c := range open {
		if c != nil {
			_ = c.Close() // the start's own error is told
		}
	}
	if s.Core != nil {
		_ = s.Close() // the start's own error is told
	}
}
