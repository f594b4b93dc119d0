package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/cluster"
	"github.com/tokenry/tokenry/internal/config"
	"github.com/tokenry/tokenry/internal/store"
)

// openClock makes the one clock of this process; nothing else tells the time. It follows
// the database's clock where there is one, which every node of it does, else the machine's.
func (c *Core) openClock(ctx context.Context) error {
	if c.Now != nil {
		c.clock = clock.Trusted(c.Now)
		return nil
	}
	m := c.Machine
	if board := c.store.Nodes(); board != nil {
		shown, err := board.Time(ctx)
		if err != nil {
			return err
		}
		c.remote = clock.Follow(c.Machine, shown)
		m = c.remote
	}
	c.clock = clock.New(m, c.tellClock)
	c.Now = c.clock.Now
	return nil
}

// wall is what the machine's clock shows, before there is any other.
func (c *Core) wall() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	now, _ := c.Machine.Now()
	return now
}

// tellClock tells the operator of a clock that was set, once for each time.
func (c *Core) tellClock(e clock.Event) {
	l := c.Logger.With("whose", e.Whose, "clock", e.Machine.Format(time.RFC3339), "expected", e.Expected.Format(time.RFC3339))
	switch {
	case e.Unsettled:
		l.Error("the clock that is followed is far from the time that was expected; until it is set right, or tokenry clock settle was run, " +
			"nothing is given: revoking, disabling, resetting and signing out work, and tokens are verified by the later time")
	case e.Settled:
		l.Warn("the clock is settled")
	default:
		l.Warn("the clock that is followed was set back; time goes on at half speed until it has caught up")
	}
}

// hearTime asks the database for the latest moment that was committed, and the nodes that
// run whether they believe its clock.
func (c *Core) hearTime(ctx context.Context) error {
	m, err := c.store.Keep(ctx, time.Time{})
	if err != nil {
		return err
	}
	c.clock.Heard(m.Latest, m.Settlements)
	if c.remote == nil {
		return nil
	}
	is, err := cluster.Doubted(ctx, c.store.Nodes(), clock.Bridge, cluster.Ticks, timer)
	if err == nil && !is.IsZero() {
		c.clock.Doubted(later(is, m.Latest))
	}
	return err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

const (
	// keepTimeEvery is how much of the time that was given may be unknown after a
	// crash, while nothing is committed.
	keepTimeEvery = time.Minute
	// ungivenEvery is how often the log tells what was refused meanwhile.
	ungivenEvery = time.Minute
	// settleLook is how soon a settlement is learned of.
	settleLook = 2 * time.Second
)

// watchTime notices a clock that was set also while nobody asks for the time, and
// keeps what was given, until ctx ends.
func (c *Core) watchTime(ctx context.Context) {
	var told ungivenTold
	for kept := c.Now(); wait(ctx, settleLook) == nil; {
		_, unsettled := c.clock.Doubt()
		now := c.Now()
		if n := told.more(c.Authority.Ungiven(), now); n > 0 {
			c.Logger.Warn("changes that give something were refused, because the clock is not settled", "since_told", n)
		}
		if !unsettled && now.Sub(kept) < keepTimeEvery {
			continue
		}
		if err := c.Authority.KeepTime(ctx); err != nil && ctx.Err() == nil {
			c.Logger.Debug("the time could not be kept", "error", err)
			continue
		}
		kept = now
		if _, err := c.Authority.EndLapsed(ctx); err != nil && ctx.Err() == nil {
			c.Logger.Warn("tokens whose set end has come are refused, and are not revoked yet", "error", err)
		}
	}
}

// ungivenTold says when to tell what an unsettled clock refused.
type ungivenTold struct {
	at time.Time
	n  uint64
}

// more answers how many were refused since it was told last; 0 is not now.
func (u *ungivenTold) more(n uint64, now time.Time) uint64 {
	if n == u.n || !u.at.IsZero() && now.Sub(u.at) < ungivenEvery {
		return 0
	}
	since := n - u.n
	u.n, u.at = n, now
	return since
}

// keepTime keeps the time at the end of a server.
func (c *Core) keepTime(ctx context.Context) error {
	if c.Authority == nil || !c.serving {
		return nil
	}
	if err := c.Authority.KeepTime(ctx); err != nil {
		return fmt.Errorf("keep the time: %w", err)
	}
	return nil
}

// registerClock tells the metrics of the clock.
func (c *Core) registerClock(reg prometheus.Registerer) error {
	return errors.Join(
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_clock_offset_seconds", Help: "How far the time that is given is ahead of the clock that is followed, which was set back.",
		}, func() float64 { return c.clock.Offset().Seconds() })),
		reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tokenry_clock_unsettled", Help: "1 while nobody knows which time is right, and nothing is given.",
		}, func() float64 {
			_, unsettled := c.clock.Doubt()
			return one(unsettled)
		})),
		reg.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "tokenry_clock_refused_total", Help: "Changes that were refused because they give something while the clock is unsettled.",
		}, func() float64 { return float64(c.Authority.Ungiven()) })),
	)
}

// ClockState is what is known of time: what the clock shows that a server follows, and
// the latest moment that was committed.
type ClockState struct {
	// Whose is the clock that is followed.
	Whose clock.Whose `json:"clock"`
	// Machine is what it shows.
	Machine time.Time  `json:"machine"`
	Latest  *time.Time `json:"latest"`
	// Settled says that a server started now would believe that clock.
	Settled bool `json:"settled"`

	// shown is Machine with what is beyond a second.
	shown time.Time
}

func clockState(whose clock.Whose, now, latest time.Time) ClockState {
	s := ClockState{Whose: whose, Machine: now.UTC().Truncate(time.Second), shown: now, Settled: latest.Sub(now) <= clock.Bridge}
	if !latest.IsZero() {
		latest = latest.UTC().Truncate(time.Second)
		s.Latest = &latest
	}
	return s
}

// ReadClock reads both times; it works beside a running server. Now is what the
// machine's clock shows.
func ReadClock(ctx context.Context, cfg config.Config, now time.Time) (_ ClockState, err error) {
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.Reveal(), ReadOnly: true})
	if err != nil {
		return ClockState{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	m, err := s.Keep(ctx, time.Time{})
	if err != nil {
		return ClockState{}, err
	}
	board := s.Nodes()
	if board == nil {
		return clockState(clock.OfMachine, now, m.Latest), nil
	}
	shown, err := board.Time(ctx)
	if err != nil {
		return ClockState{}, err
	}
	is, err := cluster.Doubted(ctx, board, clock.Bridge, cluster.Ticks, timer)
	state := clockState(clock.OfDatabase, shown, m.Latest)
	state.Settled = state.Settled && is.IsZero()
	return state, err
}

// SettleClock says that the clock is right that servers follow, whatever was committed
// before: the machine's, or the database's where it has one. A running server learns
// of it within seconds.
func SettleClock(ctx context.Context, cfg config.Config, o Options, now time.Time) (_ ClockState, err error) {
	s, err := ReadClock(ctx, cfg, now)
	if err != nil {
		return ClockState{}, err
	}
	o.beside, o.Now = true, func() time.Time { return s.shown }
	c, err := Open(ctx, cfg, o)
	if err != nil {
		return ClockState{}, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.Authority.SettleClock(ctx, s.shown); err != nil {
		return ClockState{}, err
	}
	return clockState(s.Whose, s.shown, s.shown), nil
}
