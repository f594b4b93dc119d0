package storetest

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// strangeRow is all that can be open about a token.
func strangeRow(t ledger.ID) ledger.Strange {
	return ledger.Strange{Token: t, Workspace: 7, First: at(1), Last: at(2), ToldAt: at(3), DisownedAt: at(4), Signs: ledger.StrangeSigns{
		Networks: []string{"203.0.113.0/24", "2001:db8:7::/48"}, More: 3, Many: true, QuietSince: at(-2000), Denied: 20, Address: "203.0.113.7", Agent: "curl/8"}}
}

const quietly = 90 * 24 * time.Hour

// networks is the chapter of the store under test.
func (w *usageWorld) networks() ledger.NetworkStore {
	w.Helper()
	s, ok := w.UsageStore.(ledger.NetworkStore)
	if !ok {
		w.Fatal("the store keeps no networks")
	}
	return s
}

// from is a use of token n at an hour; the network "" is not known.
func from(n ledger.ID, hour int, network string) ledger.NetworkUse {
	u := ledger.NetworkUse{Workspace: acme, Token: locatorOf(n), First: at(hour), Last: at(hour)}
	if network != "" {
		u.Network = ip(network)
	}
	return u
}

func (w *usageWorld) note(uses ...ledger.NetworkUse) []ledger.NetworkNote {
	w.Helper()
	notes, err := w.networks().NoteNetworks(w.Context(), uses, quietly)
	if err != nil {
		w.Fatal(err)
	}
	return notes
}

func networksOnce(w *usageWorld) {
	one, two := from(1, 0, "203.0.113.0"), from(1, 0, "2001:db8:7::")
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), New: []netip.Addr{one.Network, two.Network}}}, w.note(two, one))
	equal(w.T, []ledger.NetworkNote(nil), w.note(one, two, from(1, 0, "")))
	late := from(1, -30, "198.51.100.0") // in whatever order uses come
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), Since: at(0), Last: day(0), New: []netip.Addr{late.Network}},
		{Token: locatorOf(2), New: []netip.Addr{one.Network}}}, w.note(from(2, 5, "203.0.113.0"), late))
	equal(w.T, []ledger.NetworkNote(nil), w.note(late, from(3, 1, "")))
}

func networksWake(w *usageWorld) {
	days := func(n int) int { return 24 * n }
	w.note(from(1, 0, "203.0.113.0"))
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, days(89), "203.0.113.0")))
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), Since: at(0), Last: day(89), Woke: true}}, w.note(from(1, days(180), "")))
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, days(180), ""), from(1, days(181), "203.0.113.0")))
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, days(60), ""))) // late, and long ago
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, days(200), "")))
}

func networksBound(w *usageWorld) {
	var many []ledger.NetworkUse
	for i := range ledger.NetworkBound {
		many = append(many, from(1, 0, fmt.Sprintf("10.0.%d.0", i)))
	}
	if notes := w.note(many...); len(notes) != 1 || len(notes[0].New) != ledger.NetworkBound || notes[0].Crowded {
		w.Fatalf("%+v", notes)
	}
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), Since: at(0), Last: day(0), Crowded: true}}, w.note(from(1, 1, "10.1.0.0"), from(1, 1, "10.2.0.0")))
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, 2, "10.1.0.0"), from(1, 2, "10.0.0.0")))
	if err := w.TrimUsage(w.Context(), acme, at(9999)); err != nil {
		w.Fatal(err)
	}
	equal(w.T, []ledger.NetworkNote(nil), w.note(from(1, 3, "10.1.0.0"))) // once for all
}

func networksForget(w *usageWorld) {
	a, b := from(1, 0, "203.0.113.0"), from(1, 0, "198.51.100.0")
	w.note(a, b, from(2, 0, "203.0.113.0"))
	if err := w.networks().ForgetNetworks(w.Context(), locatorOf(1), []netip.Addr{a.Network, {}}); err != nil {
		w.Fatal(err)
	}
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), Since: at(0), Last: day(0), New: []netip.Addr{a.Network}}}, w.note(a, b))
	w.note(from(1, 24*5, "203.0.113.0"))
	if err := w.TrimUsage(w.Context(), acme, day(3)); err != nil {
		w.Fatal(err)
	}
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), Since: at(0), Last: day(5), New: []netip.Addr{b.Network}}}, w.note(a, b))
	if err := w.ForgetUsage(w.Context(), []token.Locator{locatorOf(1)}); err != nil {
		w.Fatal(err)
	}
	equal(w.T, []ledger.NetworkNote{{Token: locatorOf(1), New: []netip.Addr{a.Network}}}, w.note(a))
}

func recordedSince(w *usageWorld) {
	s, minute := w.networks(), time.Minute
	known(w.T, at(0))(s.NoteRecorded(w.Context(), at(0), false))
	known(w.T, at(0))(s.NoteRecorded(w.Context(), at(1), false))
	known(w.T, at(0))(s.NoteRecorded(w.Context(), at(0), false)) // another node, a little behind
	known(w.T, at(0))(s.NoteRecorded(w.Context(), at(2), false))
	known(w.T, at(3).Add(minute))(s.NoteRecorded(w.Context(), at(3).Add(minute), false))
	known(w.T, at(4))(s.NoteRecorded(w.Context(), at(4), true))
	known(w.T, at(4))(s.NoteRecorded(w.Context(), at(5), false))
	known(w.T, at(-100))(s.NoteRecorded(w.Context(), at(-100), false)) // the clock was set back
	known(w.T, at(-100))(s.NoteRecorded(w.Context(), at(-99), false))
}
