package move_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/move"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// side is a database of its own. What fences say and rows come to is the same in both
// engines, and SQLite is the cheaper; only what is copied needs PostgreSQL.
func side(t *testing.T, name string) move.Side {
	t.Helper()
	o := store.Options{URL: storetest.SQLite(t), Fenced: true}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	u, err := store.OpenUsage(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = u.Close() })
	tables := s.Tables()
	out := move.Side{Engine: tables.Engine, Address: name, Read: tables.Read, Write: tables.Write, Usage: u.Tables().Read, Explain: tables.Explain}
	for _, c := range move.Copied() { // where a move ends, usage is no file of its own
		if c.Usage {
			do(t, out, `CREATE TABLE "`+c.Name+`" (x BIGINT)`)
		}
	}
	return out
}

func do(t *testing.T, s move.Side, statement string) {
	t.Helper()
	if _, err := s.Write.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// mover is one that begins now between two sides.
func mover(from, to move.Side, drawn string) *move.Move {
	return &move.Move{
		From: from, To: to, Now: func() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }, Rand: strings.NewReader(strings.Repeat(drawn, 64)),
		Tell: func(move.Progress) {}, Ready: func(context.Context) error { return nil },
	}
}

// stands wants that a side says this of itself; empty is no fence.
func stands(t *testing.T, s move.Side, want string) {
	t.Helper()
	var got string
	if err := s.Read.QueryRowContext(t.Context(), `SELECT coalesce(fence, '') FROM head WHERE id = 1`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if (want == "") != (got == "") || !strings.Contains(got, `"`+want+`"`) && want != "" {
		t.Errorf("%s is fenced by %s, want %q", s.Address, got, want)
	}
}

// TestAMoveFencesBothSidesAndOpensOne: in this order, however often it is begun.
func TestAMoveFencesBothSidesAndOpensOne(t *testing.T) {
	t.Parallel()
	from, to := side(t, "the old"), side(t, "the new")
	do(t, from, `UPDATE head SET revision = 77, next_id = 88, moment = 99, settlements = 3, digest = x'0102' WHERE id = 1`)
	m := mover(from, to, "a")
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stands(t, from, string(ledger.FenceLeaving))
	stands(t, to, string(ledger.FenceArriving))
	again := mover(from, to, "b")
	again.Ready = func(context.Context) error { return errors.New("it is asked only where a move begins") }
	if err := again.Start(t.Context()); err != nil {
		t.Fatalf("the same move does not go on: %v", err)
	}
	if err := mover(side(t, "a third"), to, "c").Start(t.Context()); err == nil || !strings.Contains(err.Error(), "by another move") {
		t.Errorf("another moves into it: %v", err)
	}
	if err := again.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	stands(t, from, string(ledger.FenceLeft))
	stands(t, to, "")
	var same bool
	if err := to.Read.QueryRowContext(t.Context(), `SELECT revision = 77 AND next_id = 88 AND moment = 99 AND settlements = 3 AND digest = x'0102' FROM head`).Scan(&same); err != nil || !same {
		t.Errorf("the head was not taken over: %v", err)
	}
	if _, err := again.Abandon(t.Context(), true); err == nil {
		t.Error("both sides take changes")
	}
	if err := again.Finish(t.Context()); err == nil || !strings.Contains(err.Error(), "changed the fence meanwhile") {
		t.Errorf("it ends twice: %v", err)
	}
}

// TestAMoveThatIsGivenUpLeavesTheOldSide: as it was, and the new one marked as a part,
// into which the next move may go.
func TestAMoveThatIsGivenUpLeavesTheOldSide(t *testing.T) {
	t.Parallel()
	from, to := side(t, "the old"), side(t, "the new")
	m := mover(from, to, "a")
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	do(t, to, `INSERT INTO roles (workspace, name, display_name, description, locked, revision) VALUES (0, 'half', '', '', FALSE, 1)`)
	if marked, err := m.Abandon(t.Context(), true); err != nil || !marked {
		t.Fatalf("%t, %v", marked, err)
	}
	stands(t, from, "")
	stands(t, to, string(ledger.FenceGivenUp))
	if _, err := m.Abandon(t.Context(), true); err == nil || !strings.Contains(err.Error(), "nothing to give up") {
		t.Errorf("%v", err)
	}
	next := mover(from, to, "b")
	if err := next.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := to.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM roles WHERE name = 'half'`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d rows of the move that was given up, %v", left, err)
	}
	if marked, err := next.Abandon(t.Context(), false); err != nil || marked {
		t.Errorf("the new side is away: %t, %v", marked, err)
	}
	stands(t, from, "")
	stands(t, to, string(ledger.FenceArriving))
}

// TestNothingIsFencedForAMoveThatMayNotBegin: the old side serves on.
func TestNothingIsFencedForAMoveThatMayNotBegin(t *testing.T) {
	t.Parallel()
	from, to := side(t, "the old"), side(t, "the new")
	m := mover(from, to, "a")
	m.Ready = func(context.Context) error { return errors.New("the new side is served") }
	if err := m.Start(t.Context()); err == nil || err.Error() != "the new side is served" {
		t.Errorf("%v", err)
	}
	stands(t, from, "")
	m = mover(from, to, "")
	if err := m.Start(t.Context()); err == nil {
		t.Error("a move without a name of its own begins")
	}
	stands(t, from, "")
	stands(t, to, "")
	do(t, to, `UPDATE head SET fence = '{' WHERE id = 1`)
	if err := mover(from, to, "a").Start(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("%v", err)
	}
	do(t, to, `UPDATE head SET fence = NULL WHERE id = 1`)
	do(t, to, `INSERT INTO leases (node, incarnation, renewal, applied, due, length, holder) VALUES ('n', 'i', 1, 1, 1, 10, 'web-1')`)
	if err := mover(from, to, "a").Start(t.Context()); err == nil || !strings.Contains(err.Error(), "a server began to run meanwhile (web-1)") {
		t.Errorf("%v", err)
	}
	stands(t, to, "")
	do(t, to, `DELETE FROM leases`)
	if err := mover(from, to, "a").Start(t.Context()); err != nil {
		t.Errorf("after the server was stopped: %v", err)
	}
}

// TestEveryTableIsComparedAgain: what differs is named with how much there is, and both
// sides have to have the same columns, of kinds that are known.
func TestEveryTableIsComparedAgain(t *testing.T) {
	t.Parallel()
	from, to := side(t, "the old"), side(t, "the new")
	for _, s := range []move.Side{from, to} {
		do(t, s, `DELETE FROM key_checks`)
		do(t, s, `DELETE FROM instance`)
	}
	m := mover(from, to, "a")
	compared := 0
	m.Tell = func(p move.Progress) {
		if p.Step == "compared" {
			compared++
		}
	}
	if err := m.Compare(t.Context()); err != nil || compared != len(move.Copied()) {
		t.Fatalf("%d tables, %v", compared, err)
	}
	row := `INSERT INTO roles (workspace, name, display_name, description, locked, revision) VALUES (0, 'a', '', '', TRUE, 1)`
	do(t, from, row)
	if err := m.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), "compare roles: the old side has 1 rows") || !strings.Contains(err.Error(), "the new side 0") {
		t.Errorf("%v", err)
	}
	do(t, to, strings.Replace(row, "TRUE", "FALSE", 1))
	if err := m.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), "compare roles") {
		t.Errorf("%v", err)
	}
	do(t, to, `UPDATE roles SET locked = TRUE`)
	if err := m.Compare(t.Context()); err != nil {
		t.Error(err)
	}
	do(t, to, `ALTER TABLE roles ADD COLUMN more BIGINT`)
	if err := m.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), "do not have the same columns") {
		t.Errorf("%v", err)
	}
	do(t, from, `CREATE TABLE odd (a JSONB)`)
	if err := move.SameTables(t.Context(), from, to, "odd"); err == nil || !strings.Contains(err.Error(), "the column a of odd is of the type JSONB, which is none of ours") {
		t.Errorf("%v", err)
	}
	if err := move.SameTables(t.Context(), from, to, "nowhere"); err == nil {
		t.Error("a table that is not there is the same")
	}
}
