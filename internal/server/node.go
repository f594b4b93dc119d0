package server

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/verify"
)

// registerNode tells the metrics of the lease.
func (s *Server) registerNode(reg prometheus.Registerer) error {
	if err := s.registerReplicas(reg); err != nil || s.node == nil {
		return err
	}
	gauge := func(name, help string, f func(cluster.State) float64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return f(s.node.State()) }))
	}
	return errors.Join(
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_lease_seconds", Help: "How long this node may go on verifying without hearing from the database; 0 and less is not at all.",
		}, func() float64 { return s.node.Left().Seconds() })),
		gauge("tokenry_nodes", "How many nodes share the database, as this one knows.", func(n cluster.State) float64 { return float64(n.Nodes) }),
		gauge("tokenry_node_revision", "The revision up to which this node has applied every change.", func(n cluster.State) float64 { return float64(n.Applied) }),
		gauge("tokenry_node_woken", "1 while changes of other nodes wake this one; else it looks for them.", func(n cluster.State) float64 { return one(n.Hears) }),
		gauge("tokenry_node_runs", "1 on the node that sends webhooks and mails, purges, and disables what nobody uses.", func(n cluster.State) float64 { return one(n.Runs) }),
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tokenry_lease_lost_total", Help: "Leases that were over before they were renewed.",
		}, func() float64 { return float64(s.node.State().Lost) })),
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_rules_differ", Help: "How many other nodes have other files of rules than this one.",
		}, func() float64 { return float64(s.agreed.rules.Load()) })),
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tokenry_histories_total", Help: "Times that the database was another than the one that was read before.",
		}, func() float64 { return float64(s.node.State().Histories) })),
	)
}

// registerReplicas tells the metrics of programs that verify by this process's word.
func (s *Server) registerReplicas(reg prometheus.Registerer) error {
	return errors.Join(
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_replicas", Help: "Programs that hold a lease of this node and verify from their own memory.",
		}, func() float64 { return float64(s.replicas.Live()) })),
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_replicas_behind", Help: "Workspaces of which a replica of this node has not applied a change.",
		}, func() float64 { return float64(len(s.replicas.Behind())) })),
	)
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

const (
	// firstLease is how long a start waits for the first lease; without one it goes on
	// and is not ready.
	firstLease = 10 * time.Second
	// leaseLook is between two looks whether there is one.
	leaseLook = 5 * time.Millisecond
)

// openNode makes this process one of the nodes of its database, if there can be several.
func (c *Core) openNode() (err error) {
	board := c.store.Nodes()
	if board == nil {
		return nil
	}
	config := cluster.Config{Board: board, Rand: c.Rand, Timer: timer, Holder: c.Holder, Logger: c.Logger,
		Length: c.config.Lease, Staleness: c.config.MaxStaleness, Tells: c.tells, Learn: c.learn}
	if c.remote != nil {
		config.Clock = c.remote
	}
	c.node, err = cluster.New(config)
	return err
}

// openReplicas takes programs that verify by this process's word.
func (c *Core) openReplicas() (err error) {
	if !c.serving {
		return nil
	}
	config := cluster.ReplicasConfig{Rand: c.Rand, Timer: timer, Length: c.config.Lease}
	if c.node != nil {
		config.Left = c.node.Left
	}
	c.replicas, err = cluster.NewReplicas(config)
	return err
}

// observeChanges tells memory of changes, and then replicas: by the node's feed, in which all
// changes are in one order, or where there is none by the authority.
func (c *Core) observeChanges() {
	c.Authority.Observe(c.Engine)
	if c.node != nil {
		c.node.Observe(c.Engine)
	}
	switch {
	case c.replicas == nil:
	case c.node != nil:
		c.node.Replicas(c.replicas)
	default:
		c.Authority.Observe(c.replicas)
	}
}

func timer(d time.Duration) (fires <-chan time.Time, stop func() bool) {
	t := time.NewTimer(d)
	return t.C, t.Stop
}

// follower reads anew what is kept beside the engine and another node may change.
type follower struct{ changed chan struct{} }

// Apply is [cluster.Observer].
func (f follower) Apply(c verify.Changes) {
	if c.All || c.AllWorkspaces {
		f.tell()
	}
}

func (f follower) tell() {
	select {
	case f.changed <- struct{}{}:
	default: // it is going to be read
	}
}

// follow reads the token prefixes anew whenever the instance changed, until ctx ends.
func (s *Server) follow(ctx context.Context, f follower) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.changed:
		}
		ps, err := s.Authority.Prefixes(ctx)
		if err != nil {
			_ = wait(ctx, followAgain) // the loop looks itself
			f.tell()
			continue
		}
		s.Engine.SetPrefixes(ps)
	}
}

// followAgain is left between two attempts to read what another node changed.
const followAgain = 200 * time.Millisecond

// startNode begins to hold a lease, and waits for the first one.
func (s *Server) startNode(ctx context.Context) {
	if s.node == nil {
		return
	}
	f := follower{make(chan struct{}, 1)}
	s.node.Observe(s.watch.notifier)
	s.node.Observe(f)
	s.watch.wait.Go(func() { s.follow(ctx, f) })
	if s.sharing != nil {
		s.watch.wait.Go(func() { s.sharing.run(ctx) })
	}
	if err := s.lookAtKeys(ctx); err != nil {
		s.agreed.lookAgain()
	}
	s.watch.wait.Go(func() { s.watchKeys(ctx) })
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.watch.node.Go(func() { s.node.Serve(running) })
	s.watch.leave = stop
	until, done := context.WithTimeout(ctx, firstLease)
	defer done()
	for s.node.Left() <= 0 && wait(until, leaseLook) == nil { // it is a start
	}
	if s.node.Left() <= 0 && ctx.Err() == nil {
		s.Logger.Warn("this node has no lease yet, and refuses verifications until it has; is a standby away that the database waits for?",
			"error", s.node.State().Err)
	}
}
