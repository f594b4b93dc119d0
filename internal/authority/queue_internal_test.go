package authority

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// line is a queue that is filled by hand, and what was taken of it, in order.
type line struct {
	*testing.T
	queue
	now   time.Time
	names map[*mutation]string
}

func newLine(t *testing.T) *line {
	t.Helper()
	return &line{T: t, now: time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC), names: map[*mutation]string{}}
}

// waits lets one change wait, by a name for the test.
func (l *line) waits(e Effect, workspace ledger.ID, name string) *mutation {
	l.Helper()
	m := &mutation{effect: e, turn: turn{workspace: workspace}}
	if !l.add(m) {
		l.Fatalf("%s does not wait", name)
	}
	l.names[m] = name
	return m
}

// goes takes as many as there are names, and wants them in this order.
func (l *line) goes(want ...string) {
	l.Helper()
	var got []string
	for range want {
		got = append(got, l.names[l.take(l.now)])
	}
	if !slices.Equal(got, want) {
		l.Errorf("the order is %q, want %q", got, want)
	}
}

func TestWhoseTurnAChangeIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		caller Caller
		want   turn
	}{
		"a token's is its workspace's":               {Caller{Home: 3, User: 9}, turn{workspace: 3}},
		"a person's is their own":                    {Caller{User: 9}, turn{user: 9}},
		"Tokenry's own is that of the part of it":    {Caller{Machine: "retention", Home: 3}, turn{machine: "retention"}},
		"whom nobody knows shares one with all such": {Caller{}, turn{}},
	} {
		if got := turnOf(c.caller); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if turnOf(Caller{Home: 3}) == turnOf(Caller{User: 3}) {
		t.Error("a workspace and a person with the same number share a turn")
	}
}

func TestTurnsGoRound(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for i := range 3 {
		l.waits(Gives, 1, fmt.Sprint("one ", i))
	}
	l.waits(Gives, 2, "two 0")
	l.waits(Gives, 2, "two 1")
	l.waits(Gives, 3, "three 0")
	l.goes("one 0", "two 0", "three 0", "one 1", "two 1", "one 2")
	if !l.empty() || l.take(l.now) != nil || l.first(l.now) != nil {
		t.Error("something waits when all went")
	}
}

func TestWhoComesBackWaitsBehindThoseWhoWait(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.waits(Gives, 1, "one 0")
	l.waits(Gives, 2, "two 0")
	l.goes("one 0")
	l.waits(Gives, 1, "one 1") // the line was empty meanwhile
	l.waits(Gives, 2, "two 1")
	l.goes("two 0", "one 1", "two 1")
}

func TestWhatTakesGoesBeforeWhatGivesButForOneInFive(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for i := range 6 {
		l.waits(Takes, 1, fmt.Sprint("takes ", i))
	}
	l.waits(Gives, 2, "gives 0")
	l.waits(Gives, 2, "gives 1")
	l.goes("takes 0", "takes 1", "takes 2", "takes 3", "gives 0", "takes 4", "takes 5", "gives 1")
}

// TestNobodyHasToGiveForWhatTakesToGo: the count says only who is next where both wait.
func TestNobodyHasToGiveForWhatTakesToGo(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	var want []string
	for i := range 3 * takesInARow {
		name := fmt.Sprint("takes ", i)
		l.waits(Takes, 1, name)
		want = append(want, name)
	}
	l.goes(want...)
	l.waits(Gives, 1, "gives")
	l.waits(Takes, 1, "takes")
	l.goes("gives", "takes") // it is long overdue
}

func TestIdleWorkGoesWhenNothingElseDoesAndOnceASecond(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for i := range 3 {
		l.waits(whenIdle, 9, fmt.Sprint("piece ", i))
	}
	for i := range 4 {
		l.waits(Gives, 1, fmt.Sprint("gives ", i))
		l.waits(Takes, 1, fmt.Sprint("takes ", i))
	}
	l.goes("piece 0", "takes 0") // the first of all has waited since ever
	l.now = l.now.Add(idleEvery - time.Nanosecond)
	l.goes("takes 1", "takes 2")
	l.now = l.now.Add(time.Nanosecond)
	l.goes("piece 1", "takes 3", "gives 0", "gives 1", "gives 2", "gives 3", "piece 2")
}

func TestOnlyWhatTakesIsUrgent(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.waits(Gives, 1, "gives")
	l.waits(whenIdle, 1, "piece")
	if l.urgent() {
		t.Error("what gives, or has time, is urgent")
	}
	m := l.waits(Takes, 1, "takes")
	if !l.urgent() {
		t.Error("what takes is not urgent")
	}
	if l.leave(m); l.urgent() {
		t.Error("who left is urgent")
	}
}

func TestALineIsFullByItself(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	for i := range maxWaiting {
		l.waits(Gives, 1, fmt.Sprint(i))
	}
	if l.add(&mutation{effect: Gives, turn: turn{workspace: 1}}) {
		t.Errorf("more than %d wait in one line", maxWaiting)
	}
	for _, other := range []*mutation{
		{effect: Takes, turn: turn{workspace: 1}}, {effect: whenIdle, turn: turn{workspace: 1}},
		{effect: Gives, turn: turn{workspace: 2}}, {effect: Gives, turn: turn{user: 1}}, {effect: Gives, turn: turn{machine: "1"}},
	} {
		if !l.add(other) || !l.leave(other) {
			t.Errorf("%+v in %s does not wait, though its own line is empty", other.turn, other.effect)
		}
	}
	l.goes("0")
	l.waits(Gives, 1, "there is room again")
}

func TestWhoLeavesIsPassedOver(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	l.waits(Gives, 1, "one 0")
	middle := l.waits(Gives, 1, "one 1")
	l.waits(Gives, 1, "one 2")
	alone := l.waits(Gives, 2, "two 0")
	l.waits(Gives, 3, "three 0")
	for _, m := range []*mutation{middle, alone} {
		if !l.leave(m) || l.leave(m) {
			t.Errorf("%s does not leave once", l.names[m])
		}
	}
	first := l.first(l.now)
	l.goes("one 0", "three 0", "one 2")
	if l.leave(first) {
		t.Error("who went leaves too")
	}
	if len(l.lines[Gives].waiting) != 0 || len(l.lines[Gives].turns) != 0 {
		t.Errorf("what is left of the lines: %+v", l.lines[Gives])
	}
}

// TestNothingIsForgottenNorTakenTwice: whatever comes and leaves in whatever order, each
// that did not leave is taken once.
func TestNothingIsForgottenNorTakenTwice(t *testing.T) {
	t.Parallel()
	l := newLine(t)
	var all []*mutation
	left, taken := map[*mutation]bool{}, map[*mutation]int{}
	for i := range 300 {
		all = append(all, l.waits(Effect(i%effects), ledger.ID(i*7%5), fmt.Sprint(i)))
		if l.now = l.now.Add(100 * time.Millisecond); i%3 == 2 {
			taken[l.take(l.now)]++
		}
		if m := all[i*5%len(all)]; i%4 == 3 && l.leave(m) {
			left[m] = true
		}
	}
	for !l.empty() {
		taken[l.take(l.now)]++
	}
	for i, m := range all {
		if want := 1; left[m] && taken[m] != 0 || !left[m] && taken[m] != want {
			t.Errorf("%d: left %v, taken %d times", i, left[m], taken[m])
		}
	}
}

// TestWhereAnEffectWaits: what keeps books stands with what gives, and each line has the
// name that the metrics show.
func TestWhereAnEffectWaits(t *testing.T) {
	t.Parallel()
	for e, want := range map[Effect]string{Gives: "gives", Neither: "gives", Takes: "takes", whenIdle: "idle"} {
		if got := e.line().String(); got != want {
			t.Errorf("%d waits with what %s", e, got)
		}
	}
}

// TestTheTouchOfATokenNamesItsWorkspace: too many of them are told as their workspace.
func TestTheTouchOfATokenNamesItsWorkspace(t *testing.T) {
	t.Parallel()
	w := &Work{}
	a, b := token.Locator{1}, token.Locator{2}
	w.TouchUsed(ledger.Token{Workspace: 3, Locator: a})
	if w.waits {
		t.Error("a token of which nothing was taken is waited for")
	}
	w.TouchToken(ledger.Token{Workspace: 4, Locator: b})
	if got := w.touched.Tokens; !w.waits || len(got) != 2 || !slices.Equal(got[3], []token.Locator{a}) || !slices.Equal(got[4], []token.Locator{b}) {
		t.Errorf("touched %v, waits %v", got, w.waits)
	}
}
