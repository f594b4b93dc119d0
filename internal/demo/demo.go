package demo

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tokenry/tokenry/client"
)

const (
	// Password is that of every sample account. It opens nothing but a demo.
	Password = "only-for-this-demo"
	// Email is that of the Owner, with whom the server has to begin, in [Workspace].
	Email = "olivia@acme.example"
	// Workspace is the slug of the first workspace.
	Workspace = "acme"
)

// pastDays is how long ago the sample data begins.
const pastDays = 60

// Fill makes the sample data on a server that has only its first Owner, whose token
// this is, and whose clock is the calendar. The calendar shows the time of now when
// it has returned, be it with an error; what was made until then stays.
func Fill(ctx context.Context, url, token string, clock *Calendar) (Guide, error) {
	defer clock.daysAgo(0)
	c, err := client.New(url, token)
	if err != nil {
		return Guide{}, err
	}
	defer c.CloseIdleConnections()
	ctx, end := context.WithCancel(ctx)
	defer end()
	s := &sampler{ctx: ctx, end: end, c: c, clock: clock}
	s.catalogue()
	s.workspaces()
	for _, p := range samplePeople() {
		s.person(p)
	}
	for _, b := range sampleBots() {
		s.bot(b)
	}
	s.past()
	return Guide{URL: url, Token: token, Checked: s.secrets["CI deploys"]}, s.err
}

// Calendar is the clock of a demo's server. It begins two months in the past and is
// set forward by [Fill]. Any number of goroutines may read it.
type Calendar struct {
	now func() time.Time
	// behind is how far the calendar is behind the clock, in nanoseconds.
	behind atomic.Int64
}

// NewCalendar is a calendar beside a clock, two months behind it.
func NewCalendar(now func() time.Time) *Calendar {
	c := &Calendar{now: now}
	c.daysAgo(pastDays)
	return c
}

// Now is the time that the calendar shows.
func (c *Calendar) Now() time.Time { return c.now().Add(-time.Duration(c.behind.Load())) }

// daysAgo sets the calendar.
func (c *Calendar) daysAgo(days int) { c.behind.Store(int64(days) * int64(24*time.Hour)) }
