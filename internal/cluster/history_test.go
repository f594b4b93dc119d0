package cluster_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// board is the chapter by which nodes agree, on a database of its own, and a way to
// run statements beside it.
func board(t *testing.T) (ledger.Nodes, *store.Store, func(statement string)) {
	t.Helper()
	url := storetest.Postgres(t)
	s, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Nodes(), s, func(statement string) {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			_, err = conn.Exec(t.Context(), statement)
			_ = conn.Close(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func said(t *testing.T, b ledger.Nodes) int64 {
	t.Helper()
	leases, err := b.Leases(t.Context())
	if err != nil || len(leases) != 1 {
		t.Fatalf("the list is %v, %v", leases, err)
	}
	return leases[0].Applied
}

// change commits a batch.
func change(t *testing.T, s *store.Store) {
	t.Helper()
	_, err := s.Batch(t.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
		id := tx.NewID()
		return tx.PutUser(ledger.User{ID: id, Email: string(rune('a'+id)) + "@example.com", CreatedAt: time.Unix(1, 0), Revision: tx.Revision()})
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// TestANodeJoinsAnewInPlaceOfItsOwnRow: its last renewal may have come to pass, and
// nobody else may be there who sweeps it.
func TestANodeJoinsAnewInPlaceOfItsOwnRow(t *testing.T) {
	t.Parallel()
	b, _, _ := board(t)
	l := ledger.Lease{Node: "a", Length: time.Second}
	for _, incarnation := range []string{"1", "2", "3"} {
		l.Incarnation = incarnation
		if err := b.Join(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if r, err := b.Renew(t.Context(), l); err != nil || r.Renewal != 1 {
			t.Errorf("%s: renewed to %d, %v", incarnation, r.Renewal, err)
		}
	}
}

// TestARowSaysNothingOfAnotherHistory: who waits for a revision of this one compares
// numbers.
func TestARowSaysNothingOfAnotherHistory(t *testing.T) {
	t.Parallel()
	b, s, run := board(t)
	l := ledger.Lease{Node: "a", Incarnation: "1", Length: time.Second}
	change(t, s)
	if err := b.Join(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	r, err := b.Renew(t.Context(), l)
	if err != nil || r.Head.Revision != 1 {
		t.Fatal(r, err)
	}
	l.Renewal, l.Applied, l.Digest = r.Renewal, 1, r.Head.Digest
	if r, err = b.Renew(t.Context(), l); err != nil || said(t, b) != 1 {
		t.Fatalf("of this history it says %d, %v", said(t, b), err)
	}
	// A new primary: it lacks the change, and has another in its place.
	run(`UPDATE changes SET digest = sha256('other'); UPDATE head SET digest = sha256('other')`)
	l.Renewal = r.Renewal
	if _, err = b.Renew(t.Context(), l); err != nil || said(t, b) != 0 {
		t.Errorf("of another history it says %d, %v", said(t, b), err)
	}
	l.Incarnation, l.Renewal, l.Applied = "2", 0, 7
	if err := b.Join(t.Context(), l); err != nil || said(t, b) != 0 {
		t.Errorf("a join says %d, %v", said(t, b), err)
	}
}

// TestNothingFollowsAPointOfAnotherHistory: a node that stood still while an old backup took the
// place of the database knows a number that is one of the new history too, and a batch begins
// there. It applies nothing by it, or its next renewal would be by a digest of the new one, with all
// memory of the old.
func TestNothingFollowsAPointOfAnotherHistory(t *testing.T) {
	t.Parallel()
	b, s, run := board(t)
	change(t, s)
	first, err := b.Changes(t.Context(), ledger.Point{})
	if err != nil || len(first) != 1 {
		t.Fatalf("of an empty database follow %v, %v", first, err)
	}
	run(`INSERT INTO changes (revision, base, digest, touched) VALUES (2, 1, sha256('second'), '{}')`)
	knows := first[0].Point
	if next, err := b.Changes(t.Context(), knows); err != nil || len(next) != 1 || next[0].Base != knows.Revision {
		t.Fatalf("after the first change follow %v, %v", next, err)
	}
	run(`UPDATE changes SET digest = sha256('other') WHERE revision = 1`)
	if next, err := b.Changes(t.Context(), knows); err != nil || len(next) != 0 {
		t.Errorf("in another history follow %v, %v", next, err)
	}
}

// TestWhoOnlyRenewsIsRefused: nobody who does not apply what is due holds up a revocation; what
// was not due yet is no reason.
func TestWhoOnlyRenewsIsRefused(t *testing.T) {
	t.Parallel()
	b, s, _ := board(t)
	l := ledger.Lease{Node: "a", Incarnation: "1", Length: time.Second}
	if err := b.Join(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	for i, renewed := range []bool{true, true, false, false} {
		r, err := b.Renew(t.Context(), l)
		if refused := errors.Is(err, ledger.ErrLeaseLost); refused == renewed || err != nil && !refused {
			t.Fatalf("at renewal %d: %v", l.Renewal, err)
		}
		if err == nil {
			l.Renewal = r.Renewal
		}
		if i == 0 {
			change(t, s) // which is due with the next
		}
	}
}

// TestWhoWaitsReadsWhoLacks: the rows that have not applied what is waited for, or whose programs
// are behind; the others may be a thousand.
func TestWhoWaitsReadsWhoLacks(t *testing.T) {
	t.Parallel()
	b, s, _ := board(t)
	change(t, s)
	for _, l := range []ledger.Lease{
		{Node: "a", Incarnation: "1", Length: time.Second},
		{Node: "b", Incarnation: "1", Length: time.Second, Applied: 1},
		{Node: "c", Incarnation: "1", Length: time.Second, Applied: 1, Behind: ledger.Behind{7: 1}},
	} {
		if err := b.Join(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		applied := l.Applied
		l.Applied = 0
		r, err := b.Renew(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Renewal, l.Applied, l.Digest = r.Renewal, applied, r.Head.Digest; applied > 0 {
			if _, err := b.Renew(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
	}
	for revision, want := range map[int64]string{0: "c", 1: "ac", 2: "abc"} {
		lacking, err := b.Lacking(t.Context(), revision, revision == 1)
		got := ""
		for _, l := range lacking {
			got += l.Node
		}
		if err != nil || got != want {
			t.Errorf("revision %d is lacked by %q, want %q (%v)", revision, got, want, err)
		}
	}
}

// TestASweepComparesTheNumber: a row that moved since it was looked at is of a node that lives.
func TestASweepComparesTheNumber(t *testing.T) {
	t.Parallel()
	b, _, _ := board(t)
	l := ledger.Lease{Node: "a", Incarnation: "1", Length: time.Second}
	if err := b.Join(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	r, err := b.Renew(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	moved := l
	moved.Renewal = r.Renewal
	another := moved
	another.Incarnation = "0"
	for _, c := range []struct {
		seen ledger.Lease
		left int
	}{{l, 1}, {another, 1}, {moved, 0}} {
		if err := b.Sweep(t.Context(), c.seen); err != nil {
			t.Fatal(err)
		}
		if leases, err := b.Leases(t.Context()); err != nil || len(leases) != c.left {
			t.Errorf("swept at renewal %d of %s: %d rows are left, want %d (%v)", c.seen.Renewal, c.seen.Incarnation, len(leases), c.left, err)
		}
	}
}

// TestADatabaseOfBeforeHasAHistory, though no digest yet.
func TestADatabaseOfBeforeHasAHistory(t *testing.T) {
	t.Parallel()
	b, s, run := board(t)
	change(t, s)
	run(`DELETE FROM changes; UPDATE head SET digest = NULL`)
	l := ledger.Lease{Node: "a", Incarnation: "1", Length: time.Second}
	if err := b.Join(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	r, err := b.Renew(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	l.Renewal, l.Applied, l.Digest = r.Renewal, r.Head.Revision, r.Head.Digest
	if r, err = b.Renew(t.Context(), l); err != nil || !r.Known || r.At != l.Digest || said(t, b) != l.Applied {
		t.Errorf("the head that it began with is known: %v, and it says %d, %v", r.Known, said(t, b), err)
	}
}

// TestAnArrivalIsCounted: whoever was away arrives anew, and others know whether there is
// room for it.
func TestAnArrivalIsCounted(t *testing.T) {
	t.Parallel()
	b, _, run := board(t)
	join := func(l *ledger.Lease, incarnation string) {
		t.Helper()
		l.Was, l.Incarnation, l.Renewal = l.Incarnation, incarnation, 0
		if err := b.Join(t.Context(), *l); err != nil {
			t.Fatal(err)
		}
	}
	renew := func(l *ledger.Lease, want ledger.Crowd) {
		t.Helper()
		r, err := b.Renew(t.Context(), *l)
		if err != nil || r.Crowd != want {
			t.Errorf("%s sees %+v, %v, want %+v", l.Node, r.Crowd, err, want)
		}
		l.Renewal, l.MadeRoom = r.Renewal, r.Crowd.Newest
	}
	one, two := ledger.Lease{Node: "a", Length: time.Second}, ledger.Lease{Node: "b", Length: time.Second}
	join(&one, "1")
	renew(&one, ledger.Crowd{Nodes: 1, Mine: 1, Newest: 1, Room: math.MaxInt64})
	join(&two, "1")
	renew(&two, ledger.Crowd{Nodes: 2, Mine: 2, Newest: 2, Room: 0})
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 1, Newest: 2, Room: 0})
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 1, Newest: 2, Room: 0})
	renew(&two, ledger.Crowd{Nodes: 2, Mine: 2, Newest: 2, Room: 2})
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 1, Newest: 2, Room: 2})
	join(&one, "2") // its row was there
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 1, Newest: 3, Room: 2})
	if err := b.Leave(t.Context(), one.Node); err != nil {
		t.Fatal(err)
	}
	join(&one, "3")
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 4, Newest: 4, Room: 2})
	join(&one, "4")
	one.Incarnation = "3" // as if it did not know of its last join
	join(&one, "5")
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 6, Newest: 6, Room: 2})
	run(`DELETE FROM leases; INSERT INTO leases (node, incarnation, renewal, applied, due, length, holder) VALUES ('older', '1', 0, 0, 0, 1000, '')`)
	join(&one, "6")
	renew(&one, ledger.Crowd{Nodes: 2, Mine: 7, Newest: 7, Room: math.MaxInt64})
}
