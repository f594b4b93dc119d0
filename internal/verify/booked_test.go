package verify_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// meters are those of a database, with its clock.
type meters struct {
	now  time.Time
	rows map[ledger.Meter]ledger.Meter // by name
	// asked are the names of the last call.
	asked  []ledger.Meter
	writes int
	fail   error
}

func (m *meters) HoldMeters(_ context.Context, names []ledger.Meter, f func(time.Time, []ledger.Meter) []ledger.Meter) error {
	if m.fail != nil {
		return m.fail
	}
	m.asked = names
	held := make([]ledger.Meter, len(names))
	for i, n := range names {
		held[i] = n
		if row, ok := m.rows[n]; ok {
			held[i] = row
		}
	}
	for _, row := range f(m.now, held) {
		m.rows[ledger.Meter{Token: row.Token, Workspace: row.Workspace}] = row
		m.writes++
	}
	return nil
}

func newMeters() *meters { return &meters{now: epoch, rows: map[ledger.Meter]ledger.Meter{}} }

// one is a limit of so many requests in an hour.
func one(requests int64) verify.Count {
	return verify.Count{On: true, Requests: requests, Step: time.Hour / time.Duration(requests)}
}

func locator(b byte) (l token.Locator) {
	for i := range l {
		l[i] = b
	}
	return l
}

func count(t *testing.T, m *meters, charges ...*verify.Charge) {
	t.Helper()
	must(t, verify.Booked{Meters: m}.Count(t.Context(), charges))
}

// TestAChargeConsumesFromBothOfItsLimitsOrFromNeither, in the order of the batch.
func TestAChargeConsumesFromBothOfItsLimitsOrFromNeither(t *testing.T) {
	t.Parallel()
	m := newMeters()
	a, b, c := locator('a'), locator('b'), locator('c')
	first := &verify.Charge{Token: a, Workspace: 1, Own: one(2), Shared: one(3), Cost: 2}
	tooMuch := &verify.Charge{Token: b, Workspace: 1, Own: one(10), Shared: one(3), Cost: 2}
	last := &verify.Charge{Token: b, Workspace: 1, Own: one(10), Shared: one(3), Cost: 1}
	none := &verify.Charge{Token: c, Workspace: 1, Own: one(10), Shared: one(3), Cost: 1}
	count(t, m, first, tooMuch, last, none)
	for _, want := range []struct {
		what        string
		c           *verify.Charge
		own, shared bool
	}{{"the first", first, true, true}, {"one for which the workspace has no room", tooMuch, true, false}, {"one that fits what is left", last, true, true}, {"one that comes too late", none, true, false}} {
		if want.c.Own.Fits != want.own || want.c.Shared.Fits != want.shared {
			t.Errorf("%s: fits its own %t, shared %t", want.what, want.c.Own.Fits, want.c.Shared.Fits)
		}
	}
	used := func(name ledger.Meter) time.Duration { return m.rows[name].Drained.Sub(epoch) }
	if used(ledger.Meter{Token: a}) != time.Hour || used(ledger.Meter{Token: b}) != 6*time.Minute || used(ledger.Meter{Workspace: 1}) != time.Hour {
		t.Errorf("kept: %+v", m.rows)
	}
	if _, there := m.rows[ledger.Meter{Token: c}]; there {
		t.Error("a refusal is written down")
	}
}

// TestMetersAreHeldSortedAndOnce, so that two batches never wait for each other.
func TestMetersAreHeldSortedAndOnce(t *testing.T) {
	t.Parallel()
	m := newMeters()
	b, a := locator('b'), locator('a')
	count(t, m, &verify.Charge{Token: b, Workspace: 2, Own: one(9), Shared: one(9), Cost: 1}, &verify.Charge{Token: a, Workspace: 1, Own: one(9), Shared: one(9), Cost: 1},
		&verify.Charge{Token: b, Workspace: 2, Own: one(9), Shared: one(9), Cost: 1}, &verify.Charge{Token: locator('c'), Workspace: 3, Cost: 1})
	want := []ledger.Meter{{Workspace: 1}, {Workspace: 2}, {Token: a}, {Token: b}}
	if d := cmp.Diff(want, m.asked); d != "" {
		t.Error(d)
	}
	if m.writes != 4 {
		t.Errorf("%d were written, want each of the four once", m.writes)
	}
}

// TestWhoLooksConsumesNothing, and neither does what costs nothing.
func TestWhoLooksConsumesNothing(t *testing.T) {
	t.Parallel()
	m := newMeters()
	look := &verify.Charge{Token: locator('a'), Workspace: 1, Own: one(2), Cost: 2, Look: true}
	free := &verify.Charge{Token: locator('a'), Workspace: 1, Own: one(2)}
	count(t, m, look, free)
	if !look.Own.Fits || !free.Own.Fits || m.writes != 0 {
		t.Errorf("%+v, %+v, %d written", look.Own, free.Own, m.writes)
	}
	count(t, m, &verify.Charge{Token: locator('a'), Workspace: 1, Own: one(2), Cost: 2})
	late := &verify.Charge{Token: locator('a'), Workspace: 1, Own: one(2), Cost: 1, Look: true}
	if count(t, m, late); late.Own.Fits || late.Own.Used != time.Hour {
		t.Errorf("once it is used up: %+v", late.Own)
	}
}

// TestAMeterDrainsByTheClockOfTheDatabase, and by no more than it held.
func TestAMeterDrainsByTheClockOfTheDatabase(t *testing.T) {
	t.Parallel()
	m := newMeters()
	ask := func() bool {
		c := &verify.Charge{Token: locator('a'), Own: one(4), Cost: 1}
		count(t, m, c)
		return c.Own.Fits
	}
	var passed []bool
	for range 5 {
		passed = append(passed, ask())
	}
	m.now = m.now.Add(15 * time.Minute)
	passed = append(passed, ask(), ask())
	m.now = m.now.Add(1000 * time.Hour)
	for range 5 {
		passed = append(passed, ask())
	}
	m.now = m.now.Add(-time.Hour) // whose clock is set back finds it full, and no fuller
	passed = append(passed, ask())
	if want := []bool{true, true, true, true, false, true, false, true, true, true, true, false, false}; !slices.Equal(passed, want) {
		t.Errorf("passed: %v, want %v", passed, want)
	}
}

// TestWhatIsUsedKeepsItsNumberWhenALimitChanges: two requests of four are two of eight.
func TestWhatIsUsedKeepsItsNumberWhenALimitChanges(t *testing.T) {
	t.Parallel()
	m := newMeters()
	ask := func(limit verify.Count) bool {
		c := &verify.Charge{Token: locator('a'), Own: limit, Cost: 1}
		count(t, m, c)
		return c.Own.Fits
	}
	ask(one(4))
	ask(one(4))
	passed := 0
	for ask(one(8)) {
		passed++
	}
	if passed != 6 {
		t.Errorf("%d more passed of eight, after two", passed)
	}
	if ask(one(2)) {
		t.Error("one passed by a limit of two, after eight")
	}
}

// TestWhatCouldNotBeHeldDecidesNothing.
func TestWhatCouldNotBeHeldDecidesNothing(t *testing.T) {
	t.Parallel()
	m := newMeters()
	m.fail = errors.New("the database is away")
	c := &verify.Charge{Token: locator('a'), Own: one(4), Cost: 1}
	if err := (verify.Booked{Meters: m}).Count(t.Context(), []*verify.Charge{c}); !errors.Is(err, m.fail) || c.Own.Fits {
		t.Errorf("%v, %+v", err, c.Own)
	}
}
