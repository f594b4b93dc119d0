package server

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/issuer"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/metrics"
	"github.com/tokenry/tokenry/internal/notify"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/siem"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/strange"
	"github.com/tokenry/tokenry/internal/usage"
)

// watch is what a server does besides answering: it writes down what is done
// with tokens, and tells people and endpoints.
type watch struct {
	usage    *store.Usage
	recorder *usage.Recorder
	notifier *notify.Service
	mailer   notify.Teller // nil without a mail server
	siem     *siem.Service
	settles  chan used

	stop context.CancelFunc
	wait sync.WaitGroup
	// leave ends the lease; node waits for that.
	leave context.CancelFunc
	node  sync.WaitGroup
}

// openWatch opens what is written to, before the authority that reads it.
func (c *Core) openWatch(ctx context.Context) error {
	node, err := ident.New(c.Rand, "")
	if err != nil {
		return err
	}
	c.watch = &watch{settles: make(chan used, settlesWaiting)}
	c.watch.usage, err = store.OpenUsage(ctx, store.Options{URL: c.config.Database.Reveal(), Logger: c.Logger, Trace: c.breathing()})
	if err != nil {
		return err
	}
	unsettled := func() bool { _, unsettled := c.clock.Doubt(); return unsettled }
	seen := strange.NewWatch(strange.Options{
		Store: c.watch.usage, Counts: c.watch.usage.UsageCounts, Unsettled: unsettled, Logger: c.Logger,
		Report: func(ctx context.Context, signs []strange.Sign) error { return c.Authority.ReportStrange(ctx, signs) },
		Since:  func() time.Time { return c.watch.recorder.Since() },
	})
	c.watch.recorder = usage.New(usage.Config{
		Store: c.watch.usage, Now: c.Now, Node: node, Logger: c.Logger, Reused: c.reused, Breathe: breathe,
		Unsettled: unsettled, Recorded: c.watch.usage.NoteRecorded, Added: seen.Added,
		Retention: func(ctx context.Context) (map[int64]time.Duration, error) { return c.Authority.Retentions(ctx) },
	})
	if c.node != nil {
		c.asking = cluster.NewAsking(node, c.watch.recorder.Decisions)
	}
	return nil
}

// decisions are the last ones of this node, and those of the others, which it asks.
type decisions struct {
	*usage.Recorder
	core *Core
}

// Elsewhere is [ledger.DecisionLog].
func (d decisions) Elsewhere(ctx context.Context, workspace ledger.ID, requestID string) (made *ledger.LoggedDecision, all bool) {
	c := d.core
	if c.asking == nil || c.node.State().Nodes == 1 {
		return nil, true
	}
	ctx, done := context.WithTimeout(ctx, cluster.Patience(c.config.Lease))
	defer done()
	return c.asking.Ask(ctx, workspace, requestID)
}

// breathe lets verifications have the core. Writing behind would have it for as long as
// the scheduler lets it, 10 ms and more, and whoever asks meanwhile would wait as long:
// to yield is not enough, since who yields is taken again before the network is looked at.
func breathe() {
	const moment = 20 * time.Microsecond
	time.Sleep(moment)
}

// breathing breathes at each of so many statements, about a millisecond's, where this
// process runs them itself: PostgreSQL has cores of its own.
func (c *Core) breathing() func(string) {
	const often = 64
	var ran atomic.Int64
	if c.config.SQLitePath() == "" {
		return nil
	}
	return func(string) {
		if ran.Add(1)%often == 0 {
			breathe()
		}
	}
}

// egress says where webhooks may be posted.
func (c *Core) egress() notify.Egress {
	return notify.Egress{Allow: c.config.WebhookNetworks, AllowHTTP: len(c.config.WebhookNetworks) > 0}
}

// anywhere is for addresses that the operator names.
func anywhere() notify.Egress {
	return notify.Egress{Allow: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, AllowHTTP: true}
}

// issuers know the keys of other systems, whose ID tokens are trusted by rules.
func (c *Core) issuers() *issuer.Issuers {
	const patience = 5 * time.Second
	public := notify.Egress{}
	return issuer.New(issuer.Config{
		Public: public.Client(patience), Private: anywhere().Client(patience), Listed: c.config.TrustIssuers, CheckURL: public.Check, Now: c.Now,
	})
}

// observed adds to the authority's options what a server watches with.
func (c *Core) observed(o authority.Options) authority.Options {
	if c.watch == nil {
		return o
	}
	o.Usage, o.Forget, o.Decisions, o.UsageSince = c.watch.usage, c.watch.usage, decisions{c.watch.recorder, c}, c.watch.recorder.Since
	o.Mail, o.CheckWebhookURL = !c.config.SMTPURL.IsZero(), c.egress().Check
	return o
}

// startWatch begins the work beside the requests.
func (s *Server) startWatch(registry *prometheus.Registry) error {
	sent, err := metrics.Sends(registry)
	if err = errors.Join(err, metrics.Figures(registry, s.Now, s.figures), s.registerUsage(registry), s.openStreams(registry)); err != nil {
		return err
	}
	o := notify.Options{Authority: s.Authority, Egress: s.egress(), Now: s.Now, Rand: s.Rand, BaseURL: s.base, Product: s.config.BrandName,
		Logger: s.Logger, Observe: sent}
	if !s.config.SMTPURL.IsZero() {
		smtp, err := notify.ParseSMTP(s.config.SMTPURL.Reveal())
		if err != nil {
			return err
		}
		if s.watch.mailer, err = smtp.Mailer(s.config.SMTPFrom, nil); err != nil {
			return err
		}
		o.Mailer = s.watch.mailer
	}
	if s.watch.notifier, err = notify.New(o); err != nil {
		return err
	}
	s.Authority.Observe(s.watch.notifier)
	ctx, stop := context.WithCancel(context.Background())
	s.watch.stop = stop
	s.watch.wait.Go(func() { s.watch.recorder.Run(ctx) })
	s.watch.wait.Go(func() { s.run(ctx) })
	s.watch.wait.Go(func() { s.count(ctx) })
	s.watch.wait.Go(func() { s.watchTime(ctx) })
	s.watch.wait.Go(func() { s.noteHead(ctx) })
	s.watch.wait.Go(func() { s.settleImports(ctx) })
	s.startNode(ctx)
	return nil
}

// run does what one node does for all while this is the one, until ctx ends.
func (s *Server) run(ctx context.Context) {
	for ctx.Err() == nil {
		if s.runs() {
			s.runJobs(ctx)
		}
		_ = wait(ctx, runLook) // the loop looks itself
	}
}

// runLook is how often a node looks whether it is the one.
const runLook = 100 * time.Millisecond

func (s *Server) runs() bool { return s.node == nil || s.node.Runs() != 0 }

// runJobs returns when ctx has ended or another node is the one. What is under way
// then is ended by the store: each claim names the number of the node.
func (s *Server) runJobs(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var jobs sync.WaitGroup
	jobs.Go(func() { _ = s.watch.notifier.Run(ctx) }) // it ends with ctx alone
	jobs.Go(func() { s.purge(ctx) })
	jobs.Go(func() { s.disableUnused(ctx) })
	jobs.Go(func() { s.finishRemovals(ctx) })
	jobs.Go(func() { s.watch.siem.Run(ctx) })
	for s.runs() && wait(ctx, runLook) == nil { // they run
	}
	stop()
	jobs.Wait()
}

// registerUsage tells the metrics how writing behind gets on.
func (s *Server) registerUsage(reg prometheus.Registerer) error {
	return errors.Join(
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_usage_behind_seconds", Help: "How long what was done with tokens has been waiting to be written.",
		}, func() float64 { return s.watch.recorder.Stats().Behind.Seconds() })),
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tokenry_usage_lost_total", Help: "Facts about the use of tokens that found no room, or that the database did not take.",
		}, func() float64 { return float64(s.watch.recorder.Stats().Dropped) })),
	)
}

// endWatch ends the work beside the requests, and writes what is not written yet.
func (c *Core) endWatch(ctx context.Context) error {
	if c.watch == nil {
		return nil
	}
	var err error
	if c.watch.stop != nil {
		c.watch.stop()
		c.watch.wait.Wait()
		err = c.watch.recorder.Shutdown(ctx)
	}
	if c.watch.leave != nil {
		c.watch.leave()
		c.watch.node.Wait()
	}
	if c.watch.usage != nil {
		err = errors.Join(err, c.watch.usage.Close())
	}
	return err
}

// used writes one decision down.
func (c *Core) used(u *httpapi.Use) {
	use := usage.Of(u.Decision, u.Request)
	use.Route, use.RequestID = usage.Route(u.Door), u.RequestID
	use.Agent, use.Method, use.Path = u.Agent, u.Method, u.Path
	c.watch.recorder.Record(use)
}

// usedFromMemory writes down what a replica allowed.
func (c *Core) usedFromMemory(u httpapi.CountedUse) {
	c.watch.recorder.Record(usage.Use{
		At: u.At, Route: usage.Route(httpapi.DoorVerify), Workspace: u.Workspace, Token: u.Token, Matched: true, Secret: u.Secret, Code: api.CodeOK,
		Scopes: u.Scopes, Resource: u.Resource, Addr: u.Addr, Agent: u.Agent, Method: u.Method, Path: u.Path, More: u.Count - 1,
	})
}

// reused tells of retired secrets that were presented.
func (c *Core) reused(ctx context.Context, rs []ledger.Reuse) {
	for _, r := range rs {
		err := c.Authority.ReportReuse(ctx, outbox.Reused{Token: r.Token, Secret: r.Secret, Count: r.Count, Addr: r.Addr})
		if err != nil {
			c.Logger.Warn("a retired secret was presented, and nobody could be told", "locator", r.Token, "error", err)
		}
	}
}
