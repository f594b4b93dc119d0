package clock_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/clock"
)

// follower is a clock that follows another one, of which it hears.
type follower struct {
	*watched
	remote *clock.Remote
}

// follow follows a clock that shows noon, on a machine that is off by so much.
func follow(t *testing.T, off time.Duration) *follower {
	t.Helper()
	f := &follower{watched: &watched{T: t, machine: &machine{wall: noon.Add(off)}}}
	f.remote = clock.Follow(f.machine, noon)
	f.Clock = clock.New(f.remote, func(e clock.Event) { f.told = append(f.told, e) })
	f.Heard(time.Time{}, 0)
	return f
}

// hears that the other clock showed this time at the beginning of an answer that took so long.
func (f *follower) hears(shown time.Time, took time.Duration) {
	asked := f.remote.Ran()
	f.runs(took)
	f.remote.Heard(shown, asked)
}

func TestWhoFollowsOneClockAgreesWhateverTheMachinesShow(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour, 1000 * time.Hour} {
		f := follow(t, off)
		f.shows(noon)
		f.runs(time.Minute)
		f.set(-2 * off) // and while it runs
		f.shows(noon.Add(time.Minute))
		f.hears(noon.Add(time.Minute), 0)
		f.set(3 * time.Hour)
		f.runs(time.Minute)
		f.shows(noon.Add(2 * time.Minute))
		f.settled(true)
		f.events(0)
		if f.Offset() != 0 {
			t.Errorf("the offset is %s", f.Offset())
		}
	}
}

func TestAJumpOfTheClockThatIsFollowedIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		f := follow(t, 0)
		f.hears(noon.Add(by), 0)
		f.settled(false)
		f.runs(time.Minute)
		f.shows(noon.Add(time.Minute))
		if f.Ahead() != max(by, 0) {
			t.Errorf("after a jump by %s it is judged by %s more", by, f.Ahead())
		}
		if d, _ := f.Doubt(); d.Whose != clock.OfDatabase || !d.Machine.Equal(noon.Add(by+time.Minute)) {
			t.Errorf("the doubt is %+v", d)
		}
		f.hears(noon.Add(time.Minute), 0) // it is undone
		f.settled(true)
		f.shows(noon.Add(time.Minute))
		f.hears(noon.Add(time.Minute+by), 0)
		f.settled(false)
		f.Heard(noon.Add(time.Minute+by), 1) // an operator says that it is right
		f.settled(true)
		f.shows(noon.Add(time.Minute + by))
	}
}

func TestASmallStepOfTheClockThatIsFollowedIsBridged(t *testing.T) {
	t.Parallel()
	f := follow(t, time.Hour)
	f.hears(noon.Add(-10*time.Minute), 0)
	f.shows(noon)
	f.runs(10 * time.Minute)
	f.shows(noon.Add(5 * time.Minute))
	f.runs(10 * time.Minute)
	f.shows(noon.Add(10 * time.Minute))
	f.hears(noon.Add(40*time.Minute), 0)
	f.shows(noon.Add(40 * time.Minute))
	f.settled(true)
	f.events(1)
}

// What is heard was so at some moment since it was asked: a link that is slow one way or
// the other, or for hours, moves nothing.
func TestASlowAnswerMovesNothing(t *testing.T) {
	t.Parallel()
	for _, took := range []time.Duration{0, time.Second, 20 * time.Second, 3 * time.Hour} {
		f := follow(t, 0)
		f.hears(noon, took)             // the answer was slow
		f.hears(noon.Add(2*took), took) // the question was
		f.shows(noon.Add(2 * took))
		f.settled(true)
		f.events(0)
	}
}

// The first hearing may be an old one: what follows makes up for it, as a start does.
func TestALateBeginningIsMadeUp(t *testing.T) {
	t.Parallel()
	f := follow(t, 0) // it was noon nine seconds ago
	f.hears(noon.Add(9*time.Second), 0)
	f.shows(noon.Add(9 * time.Second))
	f.settled(true)
	f.events(0)
}

func TestWhoFollowsAClockCountsSleep(t *testing.T) {
	t.Parallel()
	f := follow(t, -time.Hour)
	f.sleeps(72 * time.Hour)
	f.shows(noon.Add(72 * time.Hour))
	f.hears(noon.Add(72*time.Hour), 0)
	f.settled(true)
	f.events(0)
}

// Whatever befalls one's own machine and the link, what is given is never later than the
// clock that is followed, no earlier than the last answer proves, and never runs back.
func TestLawWhoFollowsAClockIsAsExactAsItsAnswers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{wall: noon}
		r := clock.Follow(m, noon)
		c := clock.New(r, nil)
		c.Heard(time.Time{}, 0)
		is, was := noon, noon
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			d := time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(rt, "by"))
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				m.runs(d)
				is = is.Add(d)
			case 1:
				m.set(d)
			case 2:
				m.set(-d)
			case 3:
				asked, back := r.Ran(), d/3
				m.runs(d - back)
				shown := is.Add(d - back)
				m.runs(back)
				is = is.Add(d)
				r.Heard(shown, asked)
				if now := c.Now(); now.Before(shown) {
					rt.Fatalf("it is %s, and was %s already", now, shown)
				}
			}
			now := c.Now()
			if now.Before(was) || now.After(is) {
				rt.Fatalf("it is %s, was %s, and the other shows %s", now, was, is)
			}
			if _, unsettled := c.Doubt(); unsettled {
				rt.Fatal("nobody set the clock that is followed")
			}
			was = now
		}
	})
}

func TestFollowingAClockTakesNoMemory(t *testing.T) {
	r := clock.Follow(clock.Host(), noon)
	c := clock.New(r, nil)
	c.Heard(time.Time{}, 0)
	r.Heard(noon, r.Ran())
	if n := testing.AllocsPerRun(100, func() { c.Now(); c.Ahead() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
