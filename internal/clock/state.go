package clock

import "time"

// Bridge is the largest step that needs nobody's word.
const Bridge = time.Hour

// reading is what a machine says at one moment.
type reading struct {
	// Wall is what the machine's clock shows.
	Wall time.Time
	// Ran is how long the machine was awake since some moment, and Slept how long it
	// was asleep since then. Nobody can set either.
	Ran, Slept time.Duration
}

// state is what was decided at a reading; from there on time is counted.
type state struct {
	reading
	// now is the moment that was given for the reading; it is later than the
	// machine's clock while a step back is bridged.
	now time.Time
	// unsettled says that the machine's clock is not believed. open says that this
	// is so since the start: nobody knows how long the machine was off, so every
	// later time is good.
	unsettled, open bool
}

// begin is the state at a start; latest is the latest moment that was ever
// committed, zero when none was.
func begin(r reading, latest time.Time) state {
	s := state{reading: r, now: r.Wall}
	if behind := latest.Sub(r.Wall); behind > 0 {
		s.now, s.unsettled = latest, behind > Bridge
		s.open = s.unsettled
	}
	return s
}

// settled is the state once an operator has said that it is this time. A machine
// that shows quite another time is not believed yet.
func settled(r reading, is time.Time) state {
	s := state{reading: r, now: is}
	switch off := r.Wall.Sub(is); {
	case off > Bridge, off < -Bridge:
		s.unsettled = true
	case off > 0:
		s.now = r.Wall
	}
	return s
}

// next is the state after a reading that does not fit to what was counted.
func (s *state) next(r reading) state {
	n := state{reading: r, now: s.after(s.elapsed(r))}
	switch off := r.Wall.Sub(n.now); {
	case off < -Bridge, off > Bridge && !s.open:
		n.unsettled, n.open = true, s.open
	case off > 0:
		n.now = r.Wall
	}
	return n
}

// noise is what two clocks that are read one after the other may seem to have
// slept.
const noise = time.Second

// elapsed is how much time passed since the state's reading, as far as the
// machine knows.
func (s *state) elapsed(r reading) time.Duration {
	e := max(r.Ran-s.Ran, 0)
	if slept := r.Slept - s.Slept; slept > noise {
		e += slept
	}
	return e
}

// after is the moment when so much time has passed since the reading.
func (s *state) after(elapsed time.Duration) time.Time {
	if s.unsettled {
		return s.now.Add(elapsed)
	}
	wall, bridged := s.Wall.Add(elapsed), s.now.Add(elapsed/2)
	if bridged.After(wall) {
		return bridged
	}
	return wall
}

// step is how far the machine's clock is from what was counted.
func (s *state) step(r reading) time.Duration { return r.Wall.Sub(s.Wall) - s.elapsed(r) }

// ahead is how much later the machine's clock is than what is given, while it is
// not believed.
func (s *state) ahead() time.Duration {
	if !s.unsettled {
		return 0
	}
	return max(s.Wall.Sub(s.now), 0)
}
