package unused_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/unused"
)

const day = 24 * time.Hour

// on is noon of a day of the year.
func on(n int) time.Time {
	return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(n) * day)
}

// warned is a token that was last used at noon of day 0, and was warned for a policy of 60 days.
func warned() unused.Facts {
	return unused.Facts{Created: on(-200), Used: on(0), Works: true, Warning: unused.Warning{Since: on(0), At: on(46), Due: on(60)}}
}

// TestWhatIsDoneAboutAToken: by what is known of it, of usage and of the policy.
func TestWhatIsDoneAboutAToken(t *testing.T) {
	t.Parallel()
	fresh := warned()
	fresh.Warning = unused.Warning{}
	with := func(f unused.Facts, change func(*unused.Facts)) unused.Facts {
		change(&f)
		return f
	}
	type decision = unused.Decision
	for what, c := range map[string]struct {
		f     unused.Facts
		after time.Duration
		known time.Time
		now   time.Time
		want  decision
	}{
		"it was used lately":                {fresh, 60 * day, on(-300), on(45), decision{unused.Leave, on(0), time.Time{}}},
		"14 days are left":                  {fresh, 60 * day, on(-300), on(46), decision{unused.Warn, on(0), on(60)}},
		"the policy is new":                 {fresh, 60 * day, on(-300), on(190), decision{unused.Warn, on(0), on(204)}},
		"the policy is off":                 {fresh, 0, on(-300), on(190), decision{unused.Leave, on(0), time.Time{}}},
		"usage is known since today":        {fresh, 60 * day, on(190), on(190), decision{unused.Leave, on(190), time.Time{}}},
		"usage is not known":                {warned(), 60 * day, time.Time{}, on(190), decision{}},
		"it is not valid yet":               {with(fresh, func(f *unused.Facts) { f.Works = false }), 60 * day, on(-300), on(190), decision{unused.Leave, on(0), time.Time{}}},
		"it was approved since":             {with(fresh, func(f *unused.Facts) { f.Approved = on(180) }), 60 * day, on(-300), on(190), decision{unused.Leave, on(180), time.Time{}}},
		"it was enabled since":              {with(fresh, func(f *unused.Facts) { f.Enabled = on(180) }), 60 * day, on(-300), on(190), decision{unused.Leave, on(180), time.Time{}}},
		"it is valid since":                 {with(fresh, func(f *unused.Facts) { f.ValidFrom = on(180) }), 60 * day, on(-300), on(190), decision{unused.Leave, on(180), time.Time{}}},
		"it ends before its day":            {with(fresh, func(f *unused.Facts) { f.Ends = on(60) }), 60 * day, on(-300), on(46), decision{unused.Leave, on(0), time.Time{}}},
		"it was never used":                 {with(fresh, func(f *unused.Facts) { f.Used = time.Time{} }), 60 * day, on(-300), on(0), decision{unused.Warn, on(-200), on(14)}},
		"its day has not come":              {warned(), 60 * day, on(-300), on(60).Add(-1), decision{unused.Leave, on(0), on(60)}},
		"its day has come":                  {warned(), 60 * day, on(-300), on(60), decision{unused.Disable, on(0), on(60)}},
		"it was used after the warning":     {with(warned(), func(f *unused.Facts) { f.Used = on(59) }), 60 * day, on(-300), on(60), decision{Do: unused.TakeBack}},
		"usage was lost after the warning":  {warned(), 60 * day, on(50), on(60), decision{Do: unused.TakeBack}},
		"it is stopped":                     {with(warned(), func(f *unused.Facts) { f.Works = false }), 60 * day, on(-300), on(60), decision{Do: unused.TakeBack}},
		"the policy was turned off":         {warned(), 0, on(-300), on(60), decision{Do: unused.TakeBack}},
		"the policy became much longer":     {warned(), 90 * day, on(-300), on(60), decision{Do: unused.TakeBack}},
		"the policy became a little longer": {warned(), 61 * day, on(-300), on(60), decision{unused.Warn, on(0), on(74)}},
		"the policy became shorter":         {warned(), 30 * day, on(-300), on(59), decision{unused.Leave, on(0), on(60)}},
		"the clock was set back":            {warned(), 60 * day, on(-300), on(45), decision{Do: unused.TakeBack}},
		"it will end before its day":        {with(warned(), func(f *unused.Facts) { f.Ends = on(60) }), 60 * day, on(-300), on(50), decision{Do: unused.TakeBack}},
	} {
		if diff := cmp.Diff(c.want, unused.Judge(c.f, c.after, c.known, c.now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// TestLawNobodyIsSurprised: whatever happens to a token, a policy and the clock from look to
// look, it is disabled only on a day that was said 14 days before, by a warning that was not
// taken back, with no use and no gap since that warning's count began.
func TestLawNobodyIsSurprised(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f := unused.Facts{Created: on(0), Works: true}
		known, now, after := on(0), on(0), 60*day
		for range rapid.IntRange(1, 60).Draw(rt, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(-10, 30).Draw(rt, "days")) * day)
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				f.Used = now
			case 1:
				known = now
			case 2:
				after = time.Duration(rapid.SampledFrom([]int{0, 30, 60, 61, 90}).Draw(rt, "after")) * day
			case 3:
				f.Works = !f.Works
			case 4:
				f.Enabled = now
			}
			was := f.Warning
			switch is := unused.Judge(f, after, known, now); is.Do {
			case unused.Warn:
				if is.Due.Before(now.Add(unused.Notice)) || is.Due.Before(f.Since(known).Add(after)) {
					rt.Fatalf("at %v it is told of %v, policy %v", now, is.Due, after)
				}
				f.Warning = unused.Warning{Since: is.Since, At: now, Due: is.Due}
			case unused.TakeBack:
				f.Warning = unused.Warning{}
			case unused.Leave:
			case unused.Disable:
				if was.Due.IsZero() || now.Before(was.Due) || was.Due.Before(was.At.Add(unused.Notice)) || f.Used.After(was.Since) || known.After(was.Since) || !f.Works || after == 0 {
					rt.Fatalf("at %v it is disabled after %+v, facts %+v, known %v", now, was, f, known)
				}
				return
			}
		}
	})
}

// TestTheShareOfADay is a tenth, and one at least.
func TestTheShareOfADay(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{0: 1, 1: 1, 5: 1, 19: 1, 20: 2, 100: 10, 300_000: 30_000} {
		if got := unused.Share(n); got != want {
			t.Errorf("of %d tokens %d are disabled in a day, want %d", n, got, want)
		}
	}
}
