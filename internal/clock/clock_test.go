package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/clock"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// machine is one whose clocks are set by hand.
type machine struct {
	mu         sync.Mutex
	wall       time.Time
	ran, slept time.Duration
}

func (m *machine) Now() (time.Time, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wall, m.ran
}

func (m *machine) Slept() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.slept
}

func (m *machine) runs(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall, m.ran = m.wall.Add(d), m.ran+d
}

func (m *machine) sleeps(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall, m.slept = m.wall.Add(d), m.slept+d
}

func (m *machine) set(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall = m.wall.Add(d)
}

// watched is a clock over a machine, and what was told of it.
type watched struct {
	*testing.T
	*clock.Clock
	*machine
	told []clock.Event
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{T: t, machine: &machine{wall: noon}}
	w.Clock = clock.New(w.machine, func(e clock.Event) { w.told = append(w.told, e) })
	w.Heard(time.Time{}, 0)
	return w
}

// Now is the clock's.
func (w *watched) Now() time.Time { return w.Clock.Now() }

func (w *watched) shows(want time.Time) {
	w.Helper()
	if got := w.Now(); !got.Equal(want) {
		w.Errorf("it is %s, want %s", got, want)
	}
}

func (w *watched) settled(want bool) {
	w.Helper()
	if d, unsettled := w.Doubt(); unsettled == want {
		w.Errorf("settled is %t, want %t (%+v)", !unsettled, want, d)
	}
}

func (w *watched) events(want int) {
	w.Helper()
	if len(w.told) != want {
		w.Errorf("told %d times, want %d: %+v", len(w.told), want, w.told)
	}
}

func TestAStepBackIsBridgedAtHalfSpeed(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.runs(time.Minute)
	w.shows(noon.Add(time.Minute))
	w.set(-10 * time.Minute)
	w.shows(noon.Add(time.Minute))
	w.runs(10 * time.Minute)
	w.shows(noon.Add(6 * time.Minute))
	if w.Offset() != 5*time.Minute {
		t.Errorf("the offset is %s", w.Offset())
	}
	w.runs(10 * time.Minute)
	w.shows(noon.Add(11 * time.Minute)) // the machine's clock has caught up
	w.runs(time.Hour)
	w.shows(noon.Add(71 * time.Minute))
	w.settled(true)
	w.events(1)
}

func TestASmallStepAheadIsFollowed(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.set(50 * time.Minute)
	w.shows(noon.Add(50 * time.Minute))
	w.settled(true)
	w.events(0)
}

func TestSleepIsNoJump(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.sleeps(72 * time.Hour)
	w.shows(noon.Add(72 * time.Hour))
	w.settled(true)
	w.events(0)
}

func TestAJumpAheadIsNotBelievedAndJudgedByTheLaterTime(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.set(365 * 24 * time.Hour)
	w.settled(false)
	w.runs(time.Minute)
	w.shows(noon.Add(time.Minute))
	if later := w.Now().Add(w.Ahead()); !later.Equal(noon.Add(365*24*time.Hour + time.Minute)) {
		t.Errorf("judged by %s", later)
	}
	w.set(-365 * 24 * time.Hour) // it is undone, and nothing was committed there
	w.settled(true)
	w.shows(noon.Add(time.Minute))
	w.events(2)
}

func TestAJumpBackIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.set(-2 * time.Hour)
	w.settled(false)
	w.runs(time.Minute)
	w.shows(noon.Add(time.Minute))
	if w.Ahead() != 0 {
		t.Errorf("ahead by %s", w.Ahead())
	}
	w.Heard(noon.Add(-2*time.Hour), 1) // an operator says that the machine is right
	w.settled(true)
	w.shows(noon.Add(-2*time.Hour + time.Minute))
}

func TestSmallStepsBackDoNotAddUpUnnoticed(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.set(-50 * time.Minute)
	w.settled(true)
	w.set(-50 * time.Minute)
	w.settled(false)
	w.shows(noon)
}

func TestTimeDoesNotRunBackOverARestart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		latest  time.Duration // after noon
		settled bool
		shows   time.Duration
	}{
		"later is normal":              {latest: -1000 * time.Hour, settled: true},
		"a small step back":            {latest: 30 * time.Minute, settled: true, shows: 30 * time.Minute},
		"a large step back":            {latest: 61 * time.Minute, shows: 61 * time.Minute},
		"nothing was committed before": {latest: -noon.Sub(time.Time{}), settled: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &machine{wall: noon}
			w := &watched{T: t, machine: m, Clock: clock.New(m, nil)}
			w.Heard(noon.Add(c.latest), 3)
			w.settled(c.settled)
			w.shows(noon.Add(c.shows))
		})
	}
}

// A machine without a clock of its own starts in the past and learns the time
// later: by how much it was off is not known, so each later time is good.
func TestAStartInThePastSettlesOnceTheMachineKnowsTheTime(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon.Add(-10 * 365 * 24 * time.Hour)}
	w := &watched{T: t, machine: m, Clock: clock.New(m, nil)}
	w.Heard(noon, 0)
	w.settled(false)
	w.set(10*365*24*time.Hour + 72*time.Hour)
	w.settled(true)
	w.shows(noon.Add(72 * time.Hour))
}

// A clock that jumped far ahead, committed there, and was set right.
func TestAnOperatorSettlesAClockThatWasFarAhead(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon}
	w := &watched{T: t, machine: m, Clock: clock.New(m, nil)}
	w.Heard(noon.AddDate(10, 0, 0), 0)
	w.settled(false)
	w.shows(noon.AddDate(10, 0, 0))
	w.Heard(noon, 1)
	w.settled(true)
	w.shows(noon)
}

func TestASettlementThatTheMachineContradictsSettlesNothing(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.set(365 * 24 * time.Hour)
	w.Heard(noon, 1) // said on another machine
	w.settled(false)
	w.shows(noon)
	w.set(-365 * 24 * time.Hour)
	w.settled(true)
}

func TestGivingTheTimeTakesNoMemory(t *testing.T) {
	c := clock.New(clock.Host(), nil)
	c.Heard(time.Time{}, 0)
	if n := testing.AllocsPerRun(100, func() { c.Now(); c.Ahead() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTheMachineOfNowIsBelieved(t *testing.T) {
	t.Parallel()
	c := clock.New(clock.Host(), nil)
	c.Heard(time.Time{}, 0)
	if _, unsettled := c.Doubt(); unsettled || c.Offset().Abs() > time.Second {
		t.Errorf("unsettled %t, offset %s", unsettled, c.Offset())
	}
}

func BenchmarkNow(b *testing.B) {
	c := clock.New(clock.Host(), nil)
	b.Run("clock", func(b *testing.B) {
		for b.Loop() {
			c.Now()
		}
	})
	b.Run("time", func(b *testing.B) {
		for b.Loop() {
			_ = time.Now()
		}
	})
}
