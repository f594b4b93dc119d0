package clock_test

import (
	"testing"
	"testing/quick"
	"time"

	"github.com/tokenry/tokenry/internal/clock"
)

// followed is a clock on a machine that follows another's.
func followed(t *testing.T, m *machine) (*clock.Remote, *watched) {
	t.Helper()
	r := clock.Follow(m, noon)
	w := &watched{T: t, machine: m}
	w.Clock = clock.New(r, func(e clock.Event) { w.told = append(w.told, e) })
	w.Heard(time.Time{}, 0)
	return r, w
}

// TestMachinesThatFollowOneClockTellOneTime whatever their own clocks show, and when they
// are set while it runs.
func TestMachinesThatFollowOneClockTellOneTime(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour, 400 * 24 * time.Hour} {
		m := &machine{wall: noon.Add(off)}
		r, w := followed(t, m)
		w.shows(noon)
		w.runs(time.Minute)
		w.shows(noon.Add(time.Minute))
		w.set(-2 * off)
		w.shows(noon.Add(time.Minute))
		w.sleeps(3 * time.Hour)
		w.shows(noon.Add(181 * time.Minute)) // nothing was heard meanwhile
		r.Heard(noon.Add(181*time.Minute), r.Ran())
		w.runs(time.Minute)
		w.shows(noon.Add(182 * time.Minute))
		w.settled(true)
		w.events(0)
	}
}

// TestAnAnswerThatTookLongMovesTheClockOnlyWhereItMust: when it was shown is known no
// better than by how long the answer took.
func TestAnAnswerThatTookLongMovesTheClockOnlyWhereItMust(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ shown, took, want time.Duration }{
		"it fits":               {shown: 0, took: time.Minute, want: time.Minute},
		"it fits in the middle": {shown: 30 * time.Second, took: time.Minute, want: time.Minute},
		"it is later":           {shown: 70 * time.Second, took: time.Minute, want: 70 * time.Second},
		"it is earlier":         {shown: -10 * time.Second, took: time.Minute, want: 50 * time.Second},
	} {
		m := &machine{wall: noon}
		r := clock.Follow(m, noon)
		asked := r.Ran()
		m.runs(c.took)
		r.Heard(noon.Add(c.shown), asked)
		if now, _ := r.Now(); !now.Equal(noon.Add(c.want)) {
			t.Errorf("%s: %s", name, now.Sub(noon))
		}
	}
}

// TestADatabaseWhoseClockJumpsIsDoubtedAsAMachineIs: a new primary's clock goes through
// the rule that a machine's goes through.
func TestADatabaseWhoseClockJumpsIsDoubtedAsAMachineIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step, shows, later time.Duration
		settled            bool
	}{
		"an hour back is bridged":   {step: -time.Hour, shows: 0, later: time.Minute / 2, settled: true},
		"an hour ahead is followed": {step: time.Hour, shows: time.Hour, later: time.Hour + time.Minute, settled: true},
		"more is not believed":      {step: 61 * time.Minute, shows: 0, later: time.Minute},
		"nor is more back":          {step: -61 * time.Minute, shows: 0, later: time.Minute},
	} {
		r, w := followed(t, &machine{wall: noon.Add(-time.Hour)})
		r.Heard(noon.Add(c.step), r.Ran())
		w.shows(noon.Add(c.shows))
		w.settled(c.settled)
		if d, unsettled := w.Doubt(); unsettled && d.Whose != clock.OfDatabase {
			t.Errorf("%s: %s is doubted", name, d.Whose)
		}
		w.runs(time.Minute)
		w.shows(noon.Add(c.later))
		r.Heard(noon.Add(time.Minute), r.Ran()) // the old one is back, or it was set right
		w.settled(true)
	}
}

// TestWhatIsHeardIsKeptWithinWhatCanBe, whatever is shown and however long it took.
func TestWhatIsHeardIsKeptWithinWhatCanBe(t *testing.T) {
	t.Parallel()
	within := func(ran uint16, shown int16, took uint16) bool {
		m := &machine{wall: noon}
		r := clock.Follow(m, noon)
		m.runs(time.Duration(ran) * time.Second)
		asked := r.Ran()
		m.runs(time.Duration(took) * time.Second)
		at := noon.Add(time.Duration(shown) * time.Second)
		r.Heard(at, asked)
		now, _ := r.Now()
		return !now.Before(at) && !now.After(at.Add(time.Duration(took)*time.Second))
	}
	if err := quick.Check(within, nil); err != nil {
		t.Error(err)
	}
}

func TestFollowingTakesNoMemory(t *testing.T) {
	c := clock.New(clock.Follow(clock.Host(), time.Now()), nil)
	c.Heard(time.Time{}, 0)
	if n := testing.AllocsPerRun(100, func() { c.Now(); c.Ahead() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
