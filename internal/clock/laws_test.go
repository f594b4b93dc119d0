package clock_test

import (
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/clock"
)

// Whatever befalls the clock of a machine, time does not run back while nobody says
// which time is right; and it is never later than the machine shows and what was
// committed, so that nothing expires before its time.
func TestLawTimeDoesNotRunBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{wall: noon}
		c := clock.New(m, nil)
		c.Heard(time.Time{}, 0)
		was, latest := c.Now(), noon
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			d := time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(rt, "by"))
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				m.runs(d)
			case 1:
				m.sleeps(d)
			case 2:
				m.set(d)
			case 3:
				m.set(-d)
			case 4:
				c.Heard(was.Add(d/4), 0)
			}
			if wall, _ := m.Now(); wall.After(latest) {
				latest = wall
			}
			now := c.Now()
			if now.Before(was) {
				rt.Fatalf("it was %s and is %s", was, now)
			}
			if latest.Before(was.Add(d / 4)) {
				latest = was.Add(d / 4)
			}
			if _, unsettled := c.Doubt(); !unsettled && c.Ahead() != 0 {
				rt.Fatalf("it is settled, and %s ahead", c.Ahead())
			}
			if again := c.Now(); !again.Equal(now) {
				rt.Fatalf("without anything it went from %s to %s", now, again)
			}
			was = now
		}
	})
}

// While it is settled it is no further from the machine's clock than the bridge; a
// larger distance is a doubt, and somebody is told of it.
func TestLawAFarMachineIsADoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{wall: noon}
		var told []clock.Event
		c := clock.New(m, func(e clock.Event) { told = append(told, e) })
		c.Heard(time.Time{}, 0)
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			m.set(time.Duration(rapid.Int64Range(-int64(4*time.Hour), int64(4*time.Hour)).Draw(rt, "by")))
			before := len(told)
			d, unsettled := c.Doubt()
			if off := d.Expected.Sub(d.Machine).Abs(); !unsettled && off > clock.Bridge {
				rt.Fatalf("settled, and %s off", off)
			}
			if len(told) > before+1 {
				rt.Fatalf("one step is told %d times", len(told)-before)
			}
			if unsettled && (len(told) == 0 || !told[len(told)-1].Unsettled) {
				rt.Fatalf("nobody was told of %+v: %+v", d, told)
			}
		}
	})
}

// A clock that is taken at its word doubts nothing, and hears nothing.
func TestATrustedClockIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	now := noon
	c := clock.Trusted(func() time.Time { return now })
	for _, to := range []time.Time{noon.AddDate(10, 0, 0), noon.AddDate(-10, 0, 0)} {
		now = to
		c.Heard(noon.AddDate(50, 0, 0), 7)
		if _, unsettled := c.Doubt(); unsettled || !c.Now().Equal(to) || c.Offset() != 0 || c.Ahead() != 0 {
			t.Errorf("it is %s, want %s (unsettled %t)", c.Now(), to, unsettled)
		}
	}
}

// Many who ask at once while the clock is set see one order.
func TestWhoAsksAtOnceSeesNoStepBack(t *testing.T) {
	t.Parallel()
	m := &machine{wall: noon}
	c := clock.New(m, nil)
	c.Heard(time.Time{}, 0)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			was := c.Now()
			for range 200 {
				now := c.Now()
				if now.Before(was) {
					t.Errorf("it was %s and is %s", was, now)
				}
				was = now
			}
		})
	}
	for range 100 {
		m.set(-time.Second)
		m.runs(time.Second)
	}
	all.Wait()
}
