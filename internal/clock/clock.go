package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Machine reads the clocks of one.
type Machine interface {
	// Now is for every call: what the clock shows, and how long the machine ran.
	Now() (wall time.Time, ran time.Duration)
	// Slept is asked when the two do not fit together.
	Slept() time.Duration
}

// Doubt is why a clock is unsettled: the two times of which one is right.
type Doubt struct {
	// Whose is the clock that is watched.
	Whose Whose
	// Machine is what that clock shows, Expected what it should.
	Machine, Expected time.Time
}

// Event is told once for each step of the machine's clock that somebody should
// know of.
type Event struct {
	Doubt
	// Unsettled says that nobody knows which is right; Settled that this is over.
	// Neither: a step back is being bridged.
	Unsettled, Settled bool
}

// Clock gives the time. It is safe for use by many goroutines, and giving the time
// takes no lock and no memory unless the machine's clock was set.
type Clock struct {
	machine Machine
	// given is a clock that is taken at its word; nil for one that is watched.
	given func() time.Time
	told  func(Event)

	// state is replaced under mu and read without.
	state atomic.Pointer[state]

	mu sync.Mutex // guards settlements, and that states follow each other
	// settlements is how often an operator had settled what was heard last; negative
	// before anything was.
	settlements int64
}

// New watches a machine's clock from now on. Told may be nil; it is called
// without a lock, by whoever asked for the time.
func New(m Machine, told func(Event)) *Clock {
	if told == nil {
		told = func(Event) {}
	}
	c := &Clock{machine: m, told: told, settlements: -1}
	s := begin(c.read(), time.Time{})
	c.state.Store(&s)
	return c
}

// Trusted is a clock that is taken at its word, for tests and demonstrations.
func Trusted(now func() time.Time) *Clock { return &Clock{given: now} }

func (c *Clock) read() reading {
	wall, ran := c.machine.Now()
	return reading{Wall: wall, Ran: ran, Slept: c.machine.Slept()}
}

// Now is the time, which never runs back.
func (c *Clock) Now() time.Time {
	if c.given != nil {
		return c.given()
	}
	s, ran := c.look()
	return s.after(max(ran-s.Ran, 0)).UTC()
}

// Ahead is how much later than [Clock.Now] it may be: what must not be accepted
// too long is judged by both. It is zero unless the clock is unsettled.
func (c *Clock) Ahead() time.Duration {
	if c.given != nil {
		return 0
	}
	return c.state.Load().ahead()
}

// Doubt says why the clock is unsettled; false is that it is not.
func (c *Clock) Doubt() (Doubt, bool) {
	if c.given != nil {
		return Doubt{}, false
	}
	s, ran := c.look()
	d := s.doubt(ran)
	d.Whose = c.Whose()
	return d, s.unsettled
}

func (s *state) doubt(ran time.Duration) Doubt {
	e := max(ran-s.Ran, 0)
	return Doubt{Machine: s.Wall.Add(e).UTC(), Expected: s.after(e).UTC()}
}

// Whose says whose clock is watched.
type Whose string

// A process alone watches its machine's, one of several the one that they share.
const (
	OfMachine  Whose = "machine"
	OfDatabase Whose = "database"
)

// String names it for people.
func (w Whose) String() string { return "the " + string(w) + "'s clock" }

// Whose is the clock that is watched.
func (c *Clock) Whose() Whose {
	if _, ok := c.machine.(*Remote); ok {
		return OfDatabase
	}
	return OfMachine
}

// Offset is how far the given time is ahead of the machine's clock.
func (c *Clock) Offset() time.Duration {
	if c.given != nil {
		return 0
	}
	s, ran := c.look()
	d := s.doubt(ran)
	return d.Expected.Sub(d.Machine)
}

// tolerance is a step that is none: two clocks are read one after the other.
const tolerance = 50 * time.Millisecond

// look answers the state that holds now, and how long the machine ran.
func (c *Clock) look() (*state, time.Duration) {
	wall, ran := c.machine.Now()
	s := c.state.Load()
	if step := wall.Sub(s.Wall) - (ran - s.Ran); -tolerance < step && step < tolerance {
		return s, ran
	}
	return c.stepped()
}

// stepped decides about a clock that was set. It reads more than once, because
// who is interrupted between two clocks sees a step that is none.
func (c *Clock) stepped() (*state, time.Duration) {
	c.mu.Lock()
	was := c.state.Load()
	r := c.read()
	for range 3 {
		if again := c.read(); was.step(again).Abs() < was.step(r).Abs() {
			r = again
		}
	}
	s := was
	if was.step(r).Abs() >= tolerance || r.Slept-was.Slept > noise {
		n := was.next(r)
		s = &n
		c.state.Store(s)
	}
	c.mu.Unlock()
	c.tell(was, s)
	return s, r.Ran
}

// worthTelling is a step back that a person would notice.
const worthTelling = time.Second

func (c *Clock) tell(was, s *state) {
	e := Event{Doubt: Doubt{Whose: c.Whose(), Machine: s.Wall.UTC(), Expected: s.now.UTC()}, Unsettled: s.unsettled, Settled: was.unsettled && !s.unsettled}
	back := was != s && s.now.Sub(s.Wall) > was.now.Sub(was.Wall)+worthTelling
	if s.unsettled != was.unsettled || !s.unsettled && back {
		c.told(e)
	}
}

// Heard takes in what the database says of time: the latest moment that was ever
// committed there, and how often an operator has settled the clock. Called at a
// start and with everything that is committed.
func (c *Clock) Heard(latest time.Time, settlements int64) {
	if c.given != nil {
		return
	}
	s, ran := c.look()
	c.mu.Lock()
	now := s.after(max(ran-s.Ran, 0))
	if settlements == c.settlements && !latest.After(now) {
		c.mu.Unlock()
		return
	}
	was, r := c.state.Load(), c.read()
	n := was.next(r)
	switch {
	case c.settlements < 0:
		n = begin(r, latest)
	case settlements != c.settlements:
		n = settled(r, latest)
	case latest.After(n.now):
		n.now, n.unsettled = latest, n.unsettled || latest.Sub(r.Wall) > Bridge
	}
	c.settlements = settlements
	c.state.Store(&n)
	c.mu.Unlock()
	c.tell(was, &n)
}

// Doubted takes in what time it is for others who follow the same clock and do not believe
// it. It is for a start, which has not seen where the clock came from.
func (c *Clock) Doubted(is time.Time) {
	if c.given != nil {
		return
	}
	c.mu.Lock()
	was, n := c.state.Load(), settled(c.read(), is)
	if !n.unsettled {
		c.mu.Unlock()
		return
	}
	c.state.Store(&n)
	c.mu.Unlock()
	c.tell(was, &n)
}
