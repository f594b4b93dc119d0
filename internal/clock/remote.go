package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Remote is a machine whose clock is another's, of which it hears from time to time:
// all who hear of the same clock tell one time, whatever their own clocks show. What
// has passed since is counted by clocks that nobody sets, through sleep too.
type Remote struct {
	own Machine

	mu sync.Mutex // guards that marks follow each other
	at atomic.Pointer[mark]
}

// mark is what the other clock shows at a reading of one's own.
type mark struct {
	reading
	// shows is that of the other; ran is how long it was counted.
	shows time.Time
	ran   time.Duration
}

// Follow follows a clock that shows this time now, or did so a moment ago: what it is
// late by then is made up with what is heard next.
func Follow(own Machine, shown time.Time) *Remote {
	r := &Remote{own: own}
	wall, ran := own.Now()
	r.at.Store(&mark{reading: reading{Wall: wall, Ran: ran, Slept: own.Slept()}, shows: shown.Round(0)})
	return r
}

// Now is what the other clock shows, and how long it was counted.
func (r *Remote) Now() (time.Time, time.Duration) {
	m := r.at.Load()
	e := m.since(r.own)
	return m.shows.Add(e), m.ran + e
}

// Slept is nothing: what was slept is counted.
func (*Remote) Slept() time.Duration { return 0 }

// since is how much time has passed. What costs more is asked only when the own clock
// was set, or does not fit because the machine slept.
func (m *mark) since(own Machine) time.Duration {
	wall, ran := own.Now()
	r := reading{Wall: wall, Ran: ran, Slept: m.Slept}
	if step := wall.Sub(m.Wall) - (ran - m.Ran); step.Abs() >= tolerance {
		r.Slept = own.Slept()
	}
	return (&state{reading: m.reading}).elapsed(r)
}

// Ran is how long the other clock was counted; it is asked before that clock is.
func (r *Remote) Ran() time.Duration {
	_, ran := r.Now()
	return ran
}

// Heard takes in that the other clock showed this time at some moment since asked.
func (r *Remote) Heard(shown time.Time, asked time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.at.Load()
	wall, ran := r.own.Now()
	n := mark{reading: reading{Wall: wall, Ran: ran, Slept: r.own.Slept()}}
	e := (&state{reading: m.reading}).elapsed(n.reading)
	n.ran = m.ran + e
	n.shows = within(m.shows.Add(e), shown.Round(0), max(n.ran-asked, 0))
	r.at.Store(&n)
}

// within is what a clock shows now that was counted to a moment, and showed another
// one at most so long ago: what was counted stays unless that cannot be.
func within(counted, shown time.Time, ago time.Duration) time.Time {
	switch latest := shown.Add(ago); {
	case counted.Before(shown):
		return shown
	case counted.After(latest):
		return latest
	}
	return counted
}
