package storetest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// meterOf is a token's limit of 100 in a hundred hours, drained at an hour.
func meterOf(n ledger.ID, drained int) ledger.Meter {
	return ledger.Meter{Token: locatorOf(n), Drained: at(drained), Requests: 100, Step: time.Hour}
}

// meters lists all that have not recovered at an hour.
func (w *usageWorld) meters(now int) []ledger.Meter {
	w.Helper()
	all := []ledger.Meter{}
	if err := w.Meters(w.Context(), at(now), func(m ledger.Meter) { all = append(all, m) }); err != nil {
		w.Fatal(err)
	}
	slices.SortFunc(all, func(a, b ledger.Meter) int {
		return cmp.Or(strings.Compare(a.Token.String(), b.Token.String()), cmp.Compare(a.Workspace, b.Workspace))
	})
	return all
}

func metersLater(w *usageWorld) {
	late, early := meterOf(1, 9), meterOf(1, 3)
	space := ledger.Meter{Workspace: acme, Drained: at(5), Requests: 1_000_000_000, Step: 61}
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{early, space}})
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{late}})
	equal(w.T, []ledger.Meter{space, late}, w.meters(0))
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{early}})
	equal(w.T, []ledger.Meter{space, late}, w.meters(0))
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{meterOf(2, 9), meterOf(2, 3)}})
	equal(w.T, []ledger.Meter{space, late, meterOf(2, 9)}, w.meters(0))
}

// metersChanged: times that different limits counted cannot be compared, and the
// limit that counts is that of whoever writes.
func metersChanged(w *usageWorld) {
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{meterOf(1, 90), meterOf(2, 90)}})
	shorter, fewer := meterOf(1, 1), meterOf(2, 1)
	shorter.Step, fewer.Requests = time.Minute, 50
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{shorter, fewer}})
	equal(w.T, []ledger.Meter{shorter, fewer}, w.meters(0))
}

// metersSetBack: batches are made at hour 0, when a full limit drains at hour 100.
func metersSetBack(w *usageWorld) {
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{meterOf(1, 100), meterOf(2, 101)}})
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{meterOf(1, 50), meterOf(2, 50)}})
	equal(w.T, []ledger.Meter{meterOf(1, 100), meterOf(2, 50)}, w.meters(0))
}

func metersRecover(w *usageWorld) {
	var b ledger.UsageBatch
	for n := range 7 {
		b.Meters = append(b.Meters, meterOf(ledger.ID(n), n))
	}
	slices.Reverse(b.Meters)
	w.add(b)
	slices.Reverse(b.Meters)
	equal(w.T, b.Meters[3:], w.meters(2))
	for _, want := range []int{3, 2, 0} {
		known(w.T, want)(w.ForgetMeters(w.Context(), at(4), 3))
	}
	equal(w.T, b.Meters[5:], w.meters(-1))
}

func metersForget(w *usageWorld) {
	space := ledger.Meter{Workspace: acme, Drained: at(5), Requests: 5, Step: time.Hour}
	w.add(ledger.UsageBatch{Meters: []ledger.Meter{meterOf(1, 9), meterOf(2, 9), space}})
	if err := w.ForgetUsage(w.Context(), []token.Locator{locatorOf(1)}); err != nil {
		w.Fatal(err)
	}
	equal(w.T, []ledger.Meter{space, meterOf(2, 9)}, w.meters(0))
}
