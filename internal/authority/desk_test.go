package authority_test

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/tokenry/tokenry/internal/office/officetest"

	"github.com/tokenry/tokenry/internal/authority"
	ticker "github.com/tokenry/tokenry/internal/clock"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Ahead runs f while the machine's clock is years ahead, which was believed at a
// start; then the clock is set right and settled.
func (o *desk) Ahead(f func()) {
	o.Helper()
	o.machine.Set(officetest.Years)
	o.Start()
	f()
	officetest.Must(o.T, o.KeepTime(o.Ctx))
	o.machine.Set(-officetest.Years)
	o.Start()
	settler := office.New(authority.Options{Store: o.Store, Keys: o.Keys, Now: func() time.Time { return o.machine.Wall }, Rand: rand.Reader})
	officetest.Must(o.T, officetest.Second(settler.SettleClock(o.Ctx, o.machine.Wall)))
	officetest.Must(o.T, o.KeepTime(o.Ctx))
}

// machine is one whose clock can be set.
type machine struct {
	mu   sync.Mutex
	Wall time.Time
	ran  time.Duration
}

// Now is what the wall clock shows.
func (m *machine) Now() (time.Time, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Wall, m.ran
}

// Slept is how long the machine slept, which it does not.
func (*machine) Slept() time.Duration { return 0 }

// Runs lets time pass; set sets the clock.
func (m *machine) Runs(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Wall, m.ran = m.Wall.Add(d), m.ran+d
}

// Set moves the wall clock alone.
func (m *machine) Set(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Wall = m.Wall.Add(d)
}

// desk is a world whose machine's clock is watched, and that can be restarted.
type desk struct {
	*officetest.World
	machine *machine
}

// Start is a new process on the same database.
func (o *desk) Start() {
	o.Helper()
	c := ticker.New(o.machine, nil)
	m, err := o.Store.Keep(o.Ctx, time.Time{})
	officetest.Must(o.T, err)
	c.Heard(m.Latest, m.Settlements)
	o.Office = office.New(authority.Options{Store: o.Store, Keys: o.Keys, Clock: c, Rand: rand.Reader})
	o.Engine = verify.New(o.Office, o.Keys, verify.Config{Now: c.Now, Ahead: c.Ahead, FirstUse: o.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	o.Observe(o.Engine)
}

// Latest is the latest moment that the database knows.
func (o *desk) Latest() time.Time {
	o.Helper()
	m, err := o.Store.Keep(o.Ctx, time.Time{})
	officetest.Must(o.T, err)
	return m.Latest
}

// only is the authority of a world without its rooms of verbs.
func only(w *officetest.World, o authority.Options) *authority.Authority {
	o.Store, o.Keys, o.Now, o.Rand = w.Store, w.Keys, w.Clock.Now, rand.Reader
	return authority.New(o)
}
