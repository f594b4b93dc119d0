package storetest

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// RunUsage is the suite of [ledger.UsageStore]. Each of its subtests opens
// one of its own.
func RunUsage(t *testing.T, open func(t *testing.T) ledger.UsageStore) {
	t.Helper()
	for name, f := range map[string]func(w *usageWorld){
		"an empty store knows nothing":                 usageIsEmpty,
		"the later last use counts, in any order":      usageLast,
		"counts are summed, for the workspace too":     usageCounts,
		"a batch is added once":                        usageOnce,
		"a batch is added as a whole":                  usageWhole,
		"hours become days, and none is lost":          usageRollUp,
		"batches that interleave lose nothing":         usageInterleaves,
		"scopes are spans, and bounded":                usageScopes,
		"activity is summed and listed latest first":   usageActivity,
		"activity of a day is bounded, counts are not": usageActivityBound,
		"addresses are compared as numbers":            usageAddresses,
		"the last denials are kept singly":             usageDenials,
		"reuse is counted for each hour":               usageReuses,
		"what is old is trimmed, the last use stays":   usageTrim,
		"a purged token is forgotten":                  usageForget,
		"long lists of tokens are read":                usageLongLists,
		"networks are news once":                       networksOnce,
		"a silence is broken once":                     networksWake,
		"networks are bounded":                         networksBound,
		"networks are trimmed and forgotten":           networksForget,
		"what is recorded without a gap":               recordedSince,
		"the later state of a limit stays":             metersLater,
		"a changed limit's state is the new one's":     metersChanged,
		"a state later than a full one gives way":      metersSetBack,
		"what has recovered is forgotten":              metersRecover,
		"a purged token's limits are forgotten":        metersForget,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(&usageWorld{T: t, UsageStore: open(t)})
		})
	}
}

// usageWorld is one subtest and its store.
type usageWorld struct {
	*testing.T
	ledger.UsageStore
	batches int
}

// equal compares what was read; nil and empty lists differ.
func equal(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("want - got +:\n%s", diff)
	}
}

// known wants what a question answered to be want.
func known[T any](t *testing.T, want T) func(got T, err error) {
	t.Helper()
	return func(got T, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("not answered: %v", err)
			return
		}
		equal(t, want, got)
	}
}

// add adds a batch that must be taken.
func (w *usageWorld) add(b ledger.UsageBatch) {
	w.Helper()
	w.batches++
	if b.ID == "" {
		b.ID = fmt.Sprintf("batch-%d", w.batches)
	}
	b.At = at(0)
	if err := w.AddUsage(w.Context(), b); err != nil {
		w.Fatalf("the batch failed: %v", err)
	}
}

func (w *usageWorld) lastUses(tokens ...token.Locator) []ledger.LastUse {
	w.Helper()
	rows, err := w.LastUses(w.Context(), tokens)
	if err != nil {
		w.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b ledger.LastUse) int {
		return slices.Compare([]byte(fmt.Sprintf("%s %03d", a.Token, a.Secret)), []byte(fmt.Sprintf("%s %03d", b.Token, b.Secret)))
	})
	return rows
}

// allowed is how often a request was let through.
func (w *usageWorld) allowed(q ledger.UsageQuery) (n int64) {
	w.Helper()
	q.From, q.To = at(-24*1000), at(24*1000)
	rows, err := w.UsageCounts(w.Context(), q)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range rows {
		if r.Code == api.CodeOK {
			n += r.Count
		}
	}
	return n
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// day is the beginning of a day, hour of an hour.
func day(n int) time.Time  { return at(24 * n).Truncate(24 * time.Hour) }
func hour(n int) time.Time { return at(n).Truncate(time.Hour) }

const acme, other = ledger.ID(7), ledger.ID(8)

func usageIsEmpty(w *usageWorld) {
	one := []token.Locator{locatorOf(1)}
	known(w.T, []ledger.LastUse(nil))(w.LastUses(w.Context(), nil))
	known(w.T, []ledger.LastUse(nil))(w.LastUses(w.Context(), one))
	known(w.T, []ledger.UsageCount(nil))(w.UsageCounts(w.Context(), ledger.UsageQuery{Workspace: acme, From: at(0), To: at(9)}))
	known(w.T, []ledger.Activity(nil))(w.Activity(w.Context(), ledger.ActivityQuery{Token: one[0]}))
	known(w.T, []ledger.ScopeUse(nil))(w.ScopeUses(w.Context(), one))
	known(w.T, map[token.Locator]int{})(w.CountAddresses(w.Context(), one, at(0)))
	known(w.T, []token.Locator(nil))(w.UsedFrom(w.Context(), one, netip.MustParsePrefix("0.0.0.0/0")))
	known(w.T, []ledger.Denial(nil))(w.Denials(w.Context(), ledger.DenialQuery{Workspace: acme}))
	known(w.T, []ledger.Reuse(nil))(w.Reuses(w.Context(), one, at(0)))
}

func usageLast(w *usageWorld) {
	use := func(secret, n int, addr string) ledger.LastUse {
		return ledger.LastUse{Workspace: acme, Token: locatorOf(1), Secret: secret, At: at(n), Addr: ip(addr), Agent: "curl/" + addr}
	}
	// Two uses at one moment have an order too, whichever comes first.
	uses := []ledger.LastUse{use(1, 5, "10.0.0.5"), use(2, 3, "10.0.0.3"), use(1, 1, "::ffff:10.0.0.1"), use(2, 3, "10.0.0.4")}
	for _, u := range uses {
		w.add(ledger.UsageBatch{Last: []ledger.LastUse{u}})
	}
	slices.Reverse(uses)
	w.add(ledger.UsageBatch{Last: uses})
	w.add(ledger.UsageBatch{Last: []ledger.LastUse{{Workspace: acme, Token: locatorOf(2), Secret: 1, At: at(1)}}})
	equal(w.T, []ledger.LastUse{use(0, 5, "10.0.0.5"), use(1, 5, "10.0.0.5"), use(2, 3, "10.0.0.4")}, w.lastUses(locatorOf(1)))
	if rows := w.lastUses(locatorOf(2), locatorOf(1), locatorOf(3)); len(rows) != 5 || rows[3].Addr.IsValid() {
		w.Errorf("of two tokens: %+v", rows)
	}
}

func usageCounts(w *usageWorld) {
	one := ledger.HourCount{Workspace: acme, Token: locatorOf(1), Hour: at(0), Code: api.CodeOK, Count: 3}
	two, denied, unknown, later := one, one, one, one
	two.Token, two.Count = locatorOf(2), 4
	denied.Code, denied.Count = api.CodeExpired, 5
	unknown.Token, unknown.Code = token.Locator{}, api.CodeUnknown
	later.Hour = at(1)
	w.add(ledger.UsageBatch{Hours: []ledger.HourCount{one, two, denied}})
	w.add(ledger.UsageBatch{Hours: []ledger.HourCount{one, unknown, later}})
	w.add(ledger.UsageBatch{Hours: []ledger.HourCount{{Workspace: other, Token: locatorOf(9), Hour: at(0), Code: api.CodeOK, Count: 1}}})
	q := ledger.UsageQuery{Workspace: acme, From: hour(0), To: hour(2)}
	known(w.T, []ledger.UsageCount{
		{Start: hour(0), Code: api.CodeExpired, Count: 5}, {Start: hour(0), Code: api.CodeOK, Count: 10},
		{Start: hour(0), Code: api.CodeUnknown, Count: 3}, {Start: hour(1), Code: api.CodeOK, Count: 3},
	})(w.UsageCounts(w.Context(), q))
	q.To = hour(1)
	q.Token = locatorOf(1)
	known(w.T, []ledger.UsageCount{
		{Start: hour(0), Code: api.CodeExpired, Count: 5}, {Start: hour(0), Code: api.CodeOK, Count: 6},
	})(w.UsageCounts(w.Context(), q))
	q.From, q.To, q.Days = day(0), day(1), true
	known(w.T, []ledger.UsageCount{
		{Start: day(0), Code: api.CodeExpired, Count: 5}, {Start: day(0), Code: api.CodeOK, Count: 9},
	})(w.UsageCounts(w.Context(), q))
}

func usageOnce(w *usageWorld) {
	b := ledger.UsageBatch{ID: "again", Hours: []ledger.HourCount{
		{Workspace: acme, Token: locatorOf(1), Hour: at(0), Code: api.CodeOK, Count: 3},
	}}
	w.add(b)
	w.add(b)
	if err := w.RollUpUsage(w.Context(), at(-100), at(0)); err != nil {
		w.Fatal(err)
	}
	w.add(b)
	equal(w.T, int64(3), w.allowed(ledger.UsageQuery{Workspace: acme}))
}

func usageWhole(w *usageWorld) {
	err := w.AddUsage(w.Context(), ledger.UsageBatch{
		ID: "broken", At: at(0),
		Hours: []ledger.HourCount{{Workspace: acme, Token: locatorOf(1), Hour: at(0), Code: api.CodeOK, Count: 3}},
		Denials: []ledger.Denial{
			{Workspace: acme, Serial: 1, At: at(0), Agent: "broken \xff text"},
		},
	})
	if err == nil {
		w.Error("a text that is not UTF-8 was taken")
	}
	equal(w.T, int64(0), w.allowed(ledger.UsageQuery{Workspace: acme}))
}

func usageRollUp(w *usageWorld) {
	count := func(n int) ledger.UsageBatch {
		return ledger.UsageBatch{Hours: []ledger.HourCount{
			{Workspace: acme, Token: locatorOf(1), Hour: at(n), Code: api.CodeOK, Count: 1},
		}}
	}
	for n := range 48 {
		w.add(count(n))
	}
	roll := func() {
		w.Helper()
		if err := w.RollUpUsage(w.Context(), day(1), at(0)); err != nil {
			w.Fatal(err)
		}
	}
	roll()
	w.add(count(0)) // a node that was away
	roll()
	roll()
	for _, tok := range []token.Locator{{}, locatorOf(1)} {
		q := ledger.UsageQuery{Workspace: acme, Token: tok, From: day(0), To: day(9), Days: true}
		known(w.T, []ledger.UsageCount{
			{Start: day(0), Code: api.CodeOK, Count: 21}, {Start: day(1), Code: api.CodeOK, Count: 24}, {Start: day(2), Code: api.CodeOK, Count: 4},
		})(w.UsageCounts(w.Context(), q))
		q.Days = false
		if rows, err := w.UsageCounts(w.Context(), q); err != nil || len(rows) != 28 || !rows[0].Start.Equal(day(1)) {
			w.Errorf("%d hours are left (%v)", len(rows), err)
		}
	}
}

// usageInterleaves adds the same tokens from many goroutines, in other orders.
func usageInterleaves(w *usageWorld) {
	const nodes, rounds, tokens = 4, 8, 6
	crowd(nodes, func(node int) {
		for round := range rounds {
			var b ledger.UsageBatch
			b.ID, b.At = fmt.Sprintf("%d-%d", node, round), at(0)
			for n := range tokens {
				i := (n*5 + node + round) % tokens // another order each time
				l := locatorOf(ledger.ID(i))
				when := at(0).Add(time.Duration(node*rounds+round) * time.Second)
				b.Last = append(b.Last, ledger.LastUse{Workspace: acme, Token: l, Secret: 1, At: when, Agent: b.ID})
				b.Hours = append(b.Hours, ledger.HourCount{Workspace: acme, Token: l, Hour: at(0), Code: api.CodeOK, Count: 2})
				b.Scopes = append(b.Scopes, ledger.ScopeUse{Workspace: acme, Token: l, Scope: "a:read", First: when, Last: when, Count: 1})
				b.Activity = append(b.Activity, ledger.Activity{Workspace: acme, Token: l, Day: at(0), Agent: "x", Outcome: api.CodeOK, First: when, Last: when, Count: 2})
				b.Reuses = append(b.Reuses, ledger.Reuse{Workspace: acme, Token: l, Secret: 1, Hour: at(0), First: when, Last: when, Count: 1})
			}
			if err := w.AddUsage(w.Context(), b); err != nil {
				w.Errorf("a batch failed: %v", err)
			}
		}
	})
	for i := range tokens {
		l := locatorOf(ledger.ID(i))
		equal(w.T, int64(nodes*rounds*2), w.allowed(ledger.UsageQuery{Workspace: acme, Token: l}))
		last := w.lastUses(l)
		if len(last) != 2 || last[0].Agent != "3-7" || last[1].Agent != "3-7" {
			w.Errorf("last used: %+v", last)
		}
	}
	equal(w.T, int64(nodes*rounds*2*tokens), w.allowed(ledger.UsageQuery{Workspace: acme}))
}

func usageScopes(w *usageWorld) {
	use := func(scope string, first, last int) ledger.ScopeUse {
		return ledger.ScopeUse{Workspace: acme, Token: locatorOf(1), Scope: scope, First: at(first), Last: at(last), Count: 2}
	}
	w.add(ledger.UsageBatch{Scopes: []ledger.ScopeUse{use("b:read", 3, 4), use("a:read", 5, 6)}})
	w.add(ledger.UsageBatch{Scopes: []ledger.ScopeUse{use("b:read", 1, 2)}})
	want := use("b:read", 1, 4)
	want.Count = 4
	known(w.T, []ledger.ScopeUse{use("a:read", 5, 6), want})(w.ScopeUses(w.Context(), []token.Locator{locatorOf(1)}))
	var many []ledger.ScopeUse
	for i := range ledger.ScopeBound + 10 {
		many = append(many, use(fmt.Sprintf("n%d:read", i), 7, 8))
	}
	w.add(ledger.UsageBatch{Scopes: append(many, use("a:read", 9, 9))})
	rows, err := w.ScopeUses(w.Context(), []token.Locator{locatorOf(1)})
	if err != nil || len(rows) != ledger.ScopeBound || !rows[0].Last.Equal(at(9)) {
		w.Errorf("%d scopes are kept (%v), the first until %v", len(rows), err, rows[0].Last)
	}
}

func act(tok ledger.ID, path string, n int) ledger.Activity {
	return ledger.Activity{
		Workspace: acme, Token: locatorOf(tok), Day: day(0), Addr: ip("192.0.2.1"), Agent: "curl/8", Method: "GET", Path: path,
		Outcome: api.CodeOK, First: at(n), Last: at(n), Count: 1,
	}
}

func usageActivity(w *usageWorld) {
	a, b, b2, c := act(1, "/a", 1), act(1, "/b", 2), act(1, "/b", 4), act(1, "/c", 3)
	c.Outcome, c.Addr, c.Agent, c.Method, c.Path = api.CodeIPDenied, netip.Addr{}, "", "", ""
	w.add(ledger.UsageBatch{Activity: []ledger.Activity{b, a, act(2, "/a", 9)}})
	w.add(ledger.UsageBatch{Activity: []ledger.Activity{c, b2}})
	b.Last, b.Count = b2.Last, 2
	list := func(from, to time.Time, limit int, want ...ledger.Activity) {
		w.Helper()
		known(w.T, want)(w.Activity(w.Context(), ledger.ActivityQuery{Token: locatorOf(1), From: from, To: to, Limit: limit}))
	}
	list(time.Time{}, time.Time{}, 0, b, c, a)
	list(time.Time{}, time.Time{}, 2, b, c)
	list(time.Time{}, at(4), 0, c, a)
	list(at(3), time.Time{}, 0, b, c)
}

func usageActivityBound(w *usageWorld) {
	var b ledger.UsageBatch
	total := ledger.ActivityBound + 200
	for i := range total {
		b.Activity = append(b.Activity, act(1, fmt.Sprintf("/%d", i), 1))
	}
	w.add(ledger.UsageBatch{Activity: b.Activity[:10]})
	w.add(b)
	denied := act(1, "/denied", 5)
	denied.Outcome = api.CodeExpired
	w.add(ledger.UsageBatch{Activity: []ledger.Activity{denied, act(1, "/0", 6), act(2, "/0", 6)}})
	rows, err := w.Activity(w.Context(), ledger.ActivityQuery{Token: locatorOf(1)})
	if err != nil {
		w.Fatal(err)
	}
	var count, single, rest int64
	for _, r := range rows {
		count += r.Count
		if r.Rest {
			rest++
		} else {
			single++
		}
	}
	if single != ledger.ActivityBound || rest != 2 || count != int64(total)+10+2 {
		w.Errorf("%d rows and %d of the rest hold %d, want %d, 2 and %d", single, rest, count, ledger.ActivityBound, total+12)
	}
	other, err := w.Activity(w.Context(), ledger.ActivityQuery{Token: locatorOf(2)})
	if err != nil || len(other) != 1 || other[0].Rest {
		w.Errorf("another token has %+v (%v)", other, err)
	}
}

func usageAddresses(w *usageWorld) {
	var b ledger.UsageBatch
	for i, addr := range []string{"192.0.2.1", "192.0.2.200", "198.51.100.7", "2001:db8::1", "::ffff:192.0.2.1"} {
		a := act(1, fmt.Sprintf("/%d", i), i)
		a.Addr = ip(addr)
		b.Activity = append(b.Activity, a)
	}
	unknown, denied, old := act(2, "/", 1), act(3, "/", 1), act(4, "/", -48)
	unknown.Addr, denied.Outcome, old.Day = netip.Addr{}, api.CodeIPDenied, day(-2)
	b.Activity = append(b.Activity, unknown, denied, old)
	w.add(b)
	all := []token.Locator{locatorOf(1), locatorOf(2), locatorOf(3), locatorOf(4)}
	known(w.T, map[token.Locator]int{locatorOf(1): 4})(w.CountAddresses(w.Context(), all, at(0)))
	known(w.T, []ledger.AddressUse{
		{Addr: ip("192.0.2.1"), First: at(0), Last: at(4), Count: 2}, {Addr: ip("2001:db8::1"), First: at(3), Last: at(3), Count: 1},
	})(w.Addresses(w.Context(), locatorOf(1), at(0), 2))
	for network, want := range map[string]int{
		"192.0.2.1/32": 3, "192.0.2.200/32": 1, "192.0.2.128/25": 1, "198.51.100.0/24": 1, "203.0.113.0/24": 0,
		"2001:db8::/32": 1, "0.0.0.0/0": 3, "::/0": 3, "2001:db8::2/128": 0,
	} {
		if got, err := w.UsedFrom(w.Context(), all, netip.MustParsePrefix(network)); err != nil || len(got) != want {
			w.Errorf("%s: %v (%v), want %d", network, got, err, want)
		}
	}
}

func usageDenials(w *usageWorld) {
	denial := func(ws ledger.ID, serial int64) ledger.Denial {
		return ledger.Denial{
			Workspace: ws, Serial: serial, At: at(int(serial % 100)), Token: locatorOf(serial % 3), Code: api.CodeExpired,
			Addr: ip("192.0.2.1"), Agent: "curl/8", Method: "GET", Path: "/a", Scopes: []string{"a:read"}, Resource: "r", RequestID: "req_1",
		}
	}
	w.add(ledger.UsageBatch{Denials: []ledger.Denial{denial(acme, 2), denial(acme, 1), denial(other, 5)}})
	w.add(ledger.UsageBatch{Denials: []ledger.Denial{denial(acme, 4), {Workspace: acme, Serial: 3, At: at(1), Code: api.CodeMalformed}}})
	list := func(q ledger.DenialQuery, want ...ledger.Denial) {
		w.Helper()
		q.Workspace = acme
		known(w.T, want)(w.Denials(w.Context(), q))
	}
	list(ledger.DenialQuery{}, denial(acme, 4), ledger.Denial{Workspace: acme, Serial: 3, At: at(1), Code: api.CodeMalformed}, denial(acme, 2), denial(acme, 1))
	list(ledger.DenialQuery{Before: 3, Limit: 1}, denial(acme, 2))
	list(ledger.DenialQuery{Token: locatorOf(1)}, denial(acme, 4), denial(acme, 1))
	list(ledger.DenialQuery{RequestID: "req_1", Limit: 2}, denial(acme, 4), denial(acme, 2))
	list(ledger.DenialQuery{RequestID: "req_2"})
	var b ledger.UsageBatch
	for serial := range int64(ledger.DenialBound + 5) {
		b.Denials = append(b.Denials, denial(acme, serial+10))
	}
	w.add(b)
	rows, err := w.Denials(w.Context(), ledger.DenialQuery{Workspace: acme})
	if n := len(rows); err != nil || n != ledger.DenialBound || rows[n-1].Serial != 15 {
		w.Errorf("%d are kept (%v)", n, err)
	}
	known(w.T, []ledger.Denial{denial(other, 5)})(w.Denials(w.Context(), ledger.DenialQuery{Workspace: other}))
}

func usageReuses(w *usageWorld) {
	reuse := func(n int, addr string) ledger.Reuse {
		return ledger.Reuse{Workspace: acme, Token: locatorOf(1), Secret: 2, Hour: hour(n), First: at(n), Last: at(n), Addr: ip(addr), Count: 2}
	}
	w.add(ledger.UsageBatch{Reuses: []ledger.Reuse{reuse(0, "192.0.2.1"), reuse(1, "192.0.2.2")}})
	w.add(ledger.UsageBatch{Reuses: []ledger.Reuse{reuse(1, "192.0.2.1")}})
	want := reuse(1, "192.0.2.2")
	want.Count = 4
	one := []token.Locator{locatorOf(1)}
	known(w.T, []ledger.Reuse{want, reuse(0, "192.0.2.1")})(w.Reuses(w.Context(), one, at(0)))
	known(w.T, []ledger.Reuse{want})(w.Reuses(w.Context(), one, at(1)))
}

// everything is one of each kind, days ago.
func everythingOf(tok ledger.ID, n int) ledger.UsageBatch {
	l, when := locatorOf(tok), at(24*n)
	return ledger.UsageBatch{
		Last:     []ledger.LastUse{{Workspace: acme, Token: l, Secret: 100 + n, At: when}},
		Hours:    []ledger.HourCount{{Workspace: acme, Token: l, Hour: when, Code: api.CodeOK, Count: 1}},
		Scopes:   []ledger.ScopeUse{{Workspace: acme, Token: l, Scope: fmt.Sprintf("n%d:read", -n), First: when, Last: when, Count: 1}},
		Activity: []ledger.Activity{{Workspace: acme, Token: l, Day: when, Outcome: api.CodeOK, First: when, Last: when, Count: 1}},
		Denials:  []ledger.Denial{{Workspace: acme, Serial: tok*1000 + int64(100+n), At: when, Token: l, Code: api.CodeExpired}},
		Reuses:   []ledger.Reuse{{Workspace: acme, Token: l, Secret: 1, Hour: when, First: when, Last: when, Count: 1}},
	}
}

// left counts what is kept of a token.
func (w *usageWorld) left(tok ledger.ID) [6]int {
	w.Helper()
	l := locatorOf(tok)
	last, err1 := w.LastUses(w.Context(), []token.Locator{l})
	counts, err2 := w.UsageCounts(w.Context(), ledger.UsageQuery{Workspace: acme, Token: l, From: at(-9999), To: at(9999), Days: true})
	scopes, err3 := w.ScopeUses(w.Context(), []token.Locator{l})
	activity, err4 := w.Activity(w.Context(), ledger.ActivityQuery{Token: l})
	denials, err5 := w.Denials(w.Context(), ledger.DenialQuery{Workspace: acme, Token: l})
	reuses, err6 := w.Reuses(w.Context(), []token.Locator{l}, at(-9999))
	for _, err := range []error{err1, err2, err3, err4, err5, err6} {
		if err != nil {
			w.Fatal(err)
		}
	}
	return [6]int{len(last), len(counts), len(scopes), len(activity), len(denials), len(reuses)}
}

func usageTrim(w *usageWorld) {
	for n := range 10 {
		w.add(everythingOf(1, -n))
	}
	if err := w.RollUpUsage(w.Context(), day(-5), at(0)); err != nil {
		w.Fatal(err)
	}
	trim := func(ws ledger.ID, n int) {
		w.Helper()
		if err := w.TrimUsage(w.Context(), ws, day(n)); err != nil {
			w.Fatal(err)
		}
	}
	trim(other, 1)
	equal(w.T, [6]int{11, 10, 10, 10, 10, 10}, w.left(1))
	trim(acme, -2)
	equal(w.T, [6]int{7, 3, 3, 3, 3, 3}, w.left(1))
	trim(acme, 1)
	equal(w.T, [6]int{7, 0, 0, 0, 0, 0}, w.left(1))
	// When a token was last used is known longer than with which of its secrets.
	use := func(secret, n int) ledger.LastUse {
		return ledger.LastUse{Workspace: acme, Token: locatorOf(2), Secret: secret, At: day(n), Addr: ip("10.0.0.1"), Agent: "curl"}
	}
	w.add(ledger.UsageBatch{Last: []ledger.LastUse{use(1, -3), use(2, -4), use(9, -8)}})
	trim(acme, -2)
	equal(w.T, []ledger.LastUse{use(0, -3), use(9, -8)}, w.lastUses(locatorOf(2)))
}

func usageForget(w *usageWorld) {
	w.add(everythingOf(1, 0))
	w.add(everythingOf(2, 0))
	if err := w.ForgetUsage(w.Context(), []token.Locator{locatorOf(1)}); err != nil {
		w.Fatal(err)
	}
	equal(w.T, [6]int{}, w.left(1))
	equal(w.T, [6]int{2, 1, 1, 1, 1, 1}, w.left(2))
	equal(w.T, int64(2), w.allowed(ledger.UsageQuery{Workspace: acme}))
}

func usageLongLists(w *usageWorld) {
	const n = 700
	var b ledger.UsageBatch
	var all []token.Locator
	for i := range n {
		l := locatorOf(ledger.ID(i))
		all = append(all, l)
		b.Last = append(b.Last, ledger.LastUse{Workspace: acme, Token: l, Secret: 1, At: at(i)})
	}
	w.add(b)
	if rows := w.lastUses(all...); len(rows) != 2*n {
		w.Errorf("%d rows of %d tokens", len(rows), n)
	}
}
