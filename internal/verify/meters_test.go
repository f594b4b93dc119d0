package verify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

const year = 365 * 24 * time.Hour

// drawn takes all that is to be kept.
func (o *office) drawn() (all []ledger.Meter) {
	o.t.Helper()
	for more := true; more; {
		var taken []ledger.Meter
		taken, more = o.TakeDrawn(10)
		all = append(all, taken...)
	}
	return all
}

// restart is a new engine over the same tokens, which is given what was kept.
func (o *office) restart(kept []ledger.Meter) *office {
	o.t.Helper()
	again := *o
	again.Engine = verify.New(o.source, o.keys, verify.Config{Now: o.clock.Now})
	for _, m := range kept {
		again.Restore(m)
	}
	return &again
}

func TestAUsedUpLimitIsUsedUpAfterARestart(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, own := o.issue(limit(3, year))
	o.spend(own)
	was := o.ask(bearer(own)).Rate
	o.clock.Pass(time.Hour)
	again := o.restart(o.drawn())
	d := again.ask(bearer(own))
	was.Reset, was.More, was.RetryAfter = was.Reset-time.Hour, was.More-time.Hour, was.RetryAfter-time.Hour
	if diff := cmp.Diff(was, d.Rate); d.Code != api.CodeRateLimited || diff != "" {
		t.Errorf("after a restart: %s, was - is +:\n%s", d.Code, diff)
	}
	again.clock.Pass(was.RetryAfter)
	again.expect(api.CodeOK, bearer(own))
	again.expect(api.CodeRateLimited, bearer(own))
}

func TestAWorkspacesLimitIsUsedUpAfterARestart(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	o.editSpace(home, workspaceLimit(5, 24*time.Hour))
	_, one := o.issue(nil)
	_, two := o.issue(nil)
	o.expect(api.CodeOK, bearer(two))
	o.spend(one)
	o.restart(o.drawn()).expect(api.CodeRateLimited, bearer(two))
}

func TestWindowsOverAMinuteAreKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		requests int
		window   time.Duration
		kept     int
	}{
		{7, time.Second, 0},
		{7, time.Minute, 0}, // a step is rounded up: seven of them are longer than a minute
		{1_000_000_000, time.Minute, 0},
		{7, time.Minute + time.Second, 1},
		{1_000_000_000, time.Minute + time.Second, 1},
		{1, 366 * 24 * time.Hour, 1},
	} {
		o := open(t, verify.Config{})
		_, secret := o.issue(limit(tt.requests, tt.window))
		o.expect(api.CodeOK, bearer(secret))
		if n := len(o.drawn()); n != tt.kept {
			t.Errorf("%d in %s: %d kept, want %d", tt.requests, tt.window, n, tt.kept)
		}
	}
}

func TestOnlyWhatWasDrawnOnIsTaken(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(limit(2, year))
	_, idle := o.issue(limit(2, year))
	o.expect(api.CodeOK, bearer(idle))
	o.drawn()
	wants := func(what string, n int) {
		t.Helper()
		if s := o.Stats(); s.MetersDrawn != n {
			t.Errorf("%s: %d are waiting, want %d", what, s.MetersDrawn, n)
		}
		if got := o.drawn(); len(got) != n {
			t.Errorf("%s: %d were taken, want %d", what, len(got), n)
		}
	}
	wants("nothing was asked", 0)
	o.expect(api.CodeOK, verify.Request{Token: secret, Peek: true, Cost: 1})
	o.expect(api.CodeOK, verify.Request{Token: secret, Cost: 0})
	wants("looking takes nothing", 0)
	o.spend(secret)
	wants("it was used up", 1)
	o.expect(api.CodeRateLimited, bearer(secret))
	wants("a refusal takes nothing", 0)
}

// TestWhatWasUsedKeepsItsNumberWhenTheLimitChanged: the limit may be edited while
// a state of the old one is kept.
func TestWhatWasUsedKeepsItsNumberWhenTheLimitChanged(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		what   string
		change func(*verify.Token)
		left   int
	}{
		{"more in the same time", limit(10, year), 6},
		{"as many in less time", limit(5, time.Hour), 1},
		{"fewer than were used", limit(3, year), 0},
		{"a short window", limit(6, time.Minute), 2},
	} {
		o := open(t, verify.Config{})
		l, secret := o.issue(limit(5, year))
		for range 4 {
			o.expect(api.CodeOK, bearer(secret))
		}
		kept := o.drawn()
		o.edit(l, tt.change)
		again := o.restart(kept)
		if n := again.spend(secret); n != tt.left {
			t.Errorf("%s: %d left after a restart, want %d", tt.what, n, tt.left)
		}
		if n := o.spend(secret); n != tt.left {
			t.Errorf("%s: %d left without one, want %d", tt.what, n, tt.left)
		}
	}
}

// TestAStateThatTheLimitOutgrewIsTakenToo: or a restart would bring back that of
// the limit before.
func TestAStateThatTheLimitOutgrewIsTakenToo(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(limit(2, year))
	o.spend(secret)
	o.drawn()
	o.edit(l, limit(2, time.Second))
	o.expect(api.CodeRateLimited, bearer(secret))
	kept := o.drawn()
	if len(kept) != 1 || kept[0].Drained.After(epoch.Add(2*time.Second)) {
		t.Fatalf("taken: %+v", kept)
	}
	o.clock.Pass(2 * time.Second)
	if n := o.restart(kept).spend(secret); n != 2 {
		t.Errorf("%d passed, want 2", n)
	}
}

// TestAClockThatWasSetBackHoldsForOneWindow: what is kept says when it drains, and
// by a clock that was a decade ahead that is a decade away.
func TestAClockThatWasSetBackHoldsForOneWindow(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(limit(4, time.Hour))
	o.clock.Pass(10 * year)
	o.spend(secret)
	kept := o.drawn()
	o.clock.Pass(-10 * year)
	again := o.restart(kept)
	o.clock.Pass(30 * time.Minute) // nobody asked meanwhile
	if r := again.ask(verify.Request{Token: secret}).Rate; r.Remaining != 2 || r.Reset != 30*time.Minute {
		t.Errorf("half a window later: %+v", r)
	}
	// The same without a restart: the first to ask begins the window.
	if r := o.ask(bearer(secret)).Rate; r.Remaining != 0 || r.Reset != time.Hour {
		t.Errorf("without a restart: %+v", r)
	}
	o.clock.Pass(time.Hour)
	if n := o.spend(secret); n != 4 {
		t.Errorf("a window later %d passed, want 4", n)
	}
}

func TestOfTwoStatesTheLaterHolds(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	_, secret := o.issue(limit(3, year))
	o.expect(api.CodeOK, bearer(secret))
	early := o.drawn()
	o.expect(api.CodeOK, bearer(secret))
	late := o.drawn()
	for what, kept := range map[string][]ledger.Meter{
		"the later last": append(append([]ledger.Meter{}, early...), late...), "the later first": append(append([]ledger.Meter{}, late...), early...),
	} {
		if n := o.restart(kept).spend(secret); n != 1 {
			t.Errorf("%s: %d left, want 1", what, n)
		}
	}
	o.Restore(early[0])
	if n := o.spend(secret); n != 1 {
		t.Errorf("over what memory knew: %d left, want 1", n)
	}
}

func TestWhatIsNoStateIsNotTakenBack(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	l, secret := o.issue(limit(3, year))
	good := ledger.Meter{Token: l, Drained: epoch.Add(year), Requests: 3, Step: year / 3}
	broken := []ledger.Meter{{}}
	for _, change := range []func(*ledger.Meter){
		func(m *ledger.Meter) { m.Requests = 0 },
		func(m *ledger.Meter) { m.Requests = -3 },
		func(m *ledger.Meter) { m.Requests = 2_000_000_000 },
		func(m *ledger.Meter) { m.Step = 0 },
		func(m *ledger.Meter) { m.Step = 1 << 62 },
		func(m *ledger.Meter) { m.Workspace = home },
		func(m *ledger.Meter) { m.Token = token.Locator{} },
		func(m *ledger.Meter) { m.Drained = epoch },
	} {
		m := good
		change(&m)
		broken = append(broken, m)
	}
	again := o.restart(broken)
	if n := again.Stats().Meters; n != 0 {
		t.Errorf("%d are in memory", n)
	}
	if n := again.spend(secret); n != 3 {
		t.Errorf("%d passed, want 3", n)
	}
	if n := o.restart([]ledger.Meter{good}).spend(secret); n != 0 {
		t.Errorf("a good one lets %d through", n)
	}
}

// TestARoundComesByEverybody: however often some are drawn on while it goes, none
// waits for a second round, and it ends.
func TestARoundComesByEverybody(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	secrets := map[token.Locator]string{}
	for range 500 {
		l, secret := o.issue(limit(1000, year))
		secrets[l] = secret
		o.expect(api.CodeOK, bearer(secret))
	}
	came := map[token.Locator]bool{}
	for more, rounds := true, 0; more; rounds++ {
		var taken []ledger.Meter
		taken, more = o.TakeDrawn(10)
		for _, m := range taken {
			came[m.Token] = true
			o.expect(api.CodeOK, bearer(secrets[m.Token]))
		}
		if rounds > 500 {
			t.Fatal("it goes on and on")
		}
	}
	if len(came) != 500 {
		t.Errorf("it came by %d of 500", len(came))
	}
}

// TestWhatMadeRoomIsCounted: memory is bounded, so a state may be forgotten; it is
// that which is nearest to having recovered, and the operator learns of it.
func TestWhatMadeRoomIsCounted(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Meters: 256})
	for range 600 {
		_, secret := o.issue(limit(1, year))
		o.expect(api.CodeOK, bearer(secret))
	}
	s := o.Stats()
	if s.MetersLost != 600-s.Meters || s.MetersDrawn != s.Meters {
		t.Errorf("of 600, %d are held, %d of them to be kept, and %d were forgotten", s.Meters, s.MetersDrawn, s.MetersLost)
	}
	kept := o.drawn()
	if again := o.restart(kept); again.Stats().Meters != s.Meters {
		t.Errorf("%d came back of %d", again.Stats().Meters, s.Meters)
	}
}

// TestARestartChangesNoDecision: with everything taken before it, nobody can tell.
func TestARestartChangesNoDecision(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		o := open(t, verify.Config{})
		// A step of whole microseconds, so that keeping it rounds nothing.
		window := time.Duration(rapid.Int64Range(int64(2*time.Minute), int64(time.Hour)).Draw(rt, "window")).Truncate(time.Millisecond)
		requests := rapid.SampledFrom([]int{1, 2, 4, 5, 10}).Draw(rt, "requests")
		_, secret := o.issue(limit(requests, window))
		still, kept := o, map[token.Locator]ledger.Meter{}
		again := o.restart(nil)
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			o.clock.Pass(time.Duration(rapid.Int64Range(0, int64(20*time.Minute)).Draw(rt, "pass")).Truncate(time.Microsecond))
			if rapid.Bool().Draw(rt, "restart") {
				for _, m := range again.drawn() {
					kept[m.Token] = m
				}
				rows := []ledger.Meter{}
				for _, m := range kept {
					rows = append(rows, m)
				}
				again = o.restart(rows)
			}
			req := verify.Request{Token: secret, Cost: rapid.IntRange(0, 4).Draw(rt, "cost")}
			want, got := still.ask(req), again.ask(req)
			if want.Code != got.Code || want.Rate != got.Rate {
				rt.Fatalf("without a restart %s %+v, with one %s %+v", want.Code, want.Rate, got.Code, got.Rate)
			}
		}
	})
}
