package move

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/postgres"
)

// Side is one of the two databases, each whole and without bounds of time.
type Side struct {
	// Engine is "sqlite" or "postgres"; what is moved into is the latter.
	Engine string
	// Address is what people are told of it, without a password.
	Address string
	// Read and Write may be one; Usage has the tables of usage.
	Read, Write, Usage *sql.DB
	// Explain says what an error of the driver means without any value of a row.
	Explain func(error) error
}

// of is where a table is read.
func (s Side) of(t Table) *sql.DB {
	if t.Usage {
		return s.Usage
	}
	return s.Read
}

// Progress is how far a move is.
type Progress struct {
	// Step is "copied" or "compared".
	Step  string
	Table string
	// Rows are those of the table that are done, of Of.
	Rows, Of int64
	// Before says that an earlier run did it.
	Before bool
}

// Move is one from its beginning to its end, in however many runs. Its verbs are called
// in their order, by one process that has the old database for itself.
type Move struct {
	From, To Side
	// Now is the clock, Rand a source of randomness for its name.
	Now  func() time.Time
	Rand io.Reader
	// Tell is told how far it is.
	Tell func(Progress)
	// Ready refuses an old side that is older than it was, and a new one that is served.
	Ready func(context.Context) error

	run string
}

// Start fences both sides, or finds that this move did so before.
func (m *Move) Start(ctx context.Context) error {
	from, err := m.From.fence(ctx)
	if err != nil {
		return err
	}
	to, err := m.To.fence(ctx)
	if err != nil {
		return err
	}
	empty, err := m.To.empty(ctx)
	if err != nil {
		return err
	}
	again, err := Decide(from, to, m.To.Address, empty)
	switch {
	case err != nil:
		return err
	case again:
		m.run = from.Run
		return nil
	}
	if err := m.Ready(ctx); err != nil {
		return err
	}
	if m.run, err = ident.New(m.Rand, "move_"); err != nil {
		return err
	}
	if err := m.From.change(ctx, from, func(context.Context, *change) (*ledger.Fence, error) {
		return m.fenced(ledger.FenceLeaving, m.To), nil
	}); err != nil {
		return err
	}
	return m.To.change(ctx, to, func(ctx context.Context, c *change) (*ledger.Fence, error) {
		if err := c.alone(ctx); err != nil {
			return nil, err
		}
		// A first start made rows that say nothing; a move that was given up left more.
		for _, t := range slices.Backward(Copied()) {
			if err := c.exec(ctx, `DELETE FROM "`+t.Name+`"`); err != nil {
				return nil, err
			}
		}
		return m.fenced(ledger.FenceArriving, m.From), nil
	})
}

func (m *Move) fenced(state ledger.FenceState, with Side) *ledger.Fence {
	return &ledger.Fence{Run: m.run, State: state, With: with.Address, At: m.Now().UTC().Truncate(time.Second)}
}

// Copy copies the tables that are not there yet, one transaction each.
func (m *Move) Copy(ctx context.Context) error {
	to, err := m.To.fence(ctx)
	if err != nil {
		return err
	}
	for _, t := range Copied() {
		if rows, there := to.Done[t.Name]; there {
			m.Tell(Progress{Step: "copied", Table: t.Name, Rows: rows, Of: rows, Before: true})
			continue
		}
		if err := m.copyTable(ctx, t, to); err != nil {
			return fmt.Errorf("copy %s: %w", t.Name, err)
		}
	}
	return nil
}

// copyTable copies one table whole, or leaves nothing of it.
func (m *Move) copyTable(ctx context.Context, t Table, to *ledger.Fence) error {
	columns, err := m.columns(ctx, t)
	if err != nil {
		return err
	}
	of, err := m.From.count(ctx, t)
	if err != nil {
		return err
	}
	tell := func(rows int64) { m.Tell(Progress{Step: "copied", Table: t.Name, Rows: rows, Of: of}) }
	from, err := m.From.read(ctx, t, columns, tell)
	if err != nil {
		return err
	}
	defer from.close()
	next := *to
	next.Done = maps.Clone(to.Done)
	if next.Done == nil {
		next.Done = map[string]int64{}
	}
	err = m.To.change(ctx, to, func(ctx context.Context, c *change) (*ledger.Fence, error) {
		n, err := c.copyFrom(ctx, t.Name, columns, from)
		if err != nil {
			return nil, err
		}
		if n != from.sum.Rows || n != of {
			return nil, fmt.Errorf("%d rows were counted, %d read and %d written", of, from.sum.Rows, n)
		}
		next.Done[t.Name] = n
		return &next, c.exec(ctx, `ANALYZE "`+t.Name+`"`)
	})
	if err != nil {
		return err
	}
	*to = next
	tell(of)
	return nil
}

// columns are those of a table, which both sides have to agree on.
func (m *Move) columns(ctx context.Context, t Table) ([]column, error) {
	from, err := m.From.columnsOf(ctx, m.From.of(t), t.Name)
	if err != nil {
		return nil, err
	}
	to, err := m.To.columnsOf(ctx, m.To.of(t), t.Name)
	if err != nil {
		return nil, err
	}
	if len(from) == 0 || !slices.Equal(from, to) {
		return nil, errors.New("the two sides do not have the same columns")
	}
	return from, nil
}

// Compare reads every table on both sides again, and refuses what differs.
func (m *Move) Compare(ctx context.Context) error {
	for _, t := range Copied() {
		columns, err := m.columns(ctx, t)
		if err != nil {
			return fmt.Errorf("compare %s: %w", t.Name, err)
		}
		var sums [2]Sum
		for i, s := range []Side{m.From, m.To} {
			if sums[i], err = s.sumOf(ctx, t, columns); err != nil {
				return fmt.Errorf("compare %s: %w", t.Name, err)
			}
		}
		if sums[0] != sums[1] {
			return fmt.Errorf("compare %s: the old side has %d rows (%s), the new side %d (%s): give this move up (--abandon) and begin anew",
				t.Name, sums[0].Rows, sums[0], sums[1].Rows, sums[1])
		}
		m.Tell(Progress{Step: "compared", Table: t.Name, Rows: sums[0].Rows, Of: sums[0].Rows})
	}
	return nil
}

func (s Side) sumOf(ctx context.Context, t Table, columns []column) (Sum, error) {
	r, err := s.read(ctx, t, columns, func(int64) {})
	if err != nil {
		return Sum{}, err
	}
	defer r.close()
	for r.Next() { // it adds
	}
	return r.sum, r.Err()
}

// Finish closes the old side for good, and then opens the new one.
func (m *Move) Finish(ctx context.Context) error {
	from, err := m.From.fence(ctx)
	if err != nil {
		return err
	}
	if from == nil || from.Run != m.run {
		return errChanged
	}
	if from.State == ledger.FenceLeaving {
		if err := m.From.change(ctx, from, func(context.Context, *change) (*ledger.Fence, error) {
			return m.fenced(ledger.FenceLeft, m.To), nil
		}); err != nil {
			return err
		}
	}
	var revision, next, settlements int64
	var moment sql.Null[int64]
	var digest []byte
	row := m.From.Read.QueryRowContext(ctx, `SELECT revision, next_id, moment, settlements, digest FROM head WHERE id = 1`)
	if err := row.Scan(&revision, &next, &moment, &settlements, &digest); err != nil {
		return m.From.Explain(err)
	}
	to, err := m.To.fence(ctx)
	if err != nil {
		return err
	}
	if to == nil || to.Run != m.run || to.State != ledger.FenceArriving {
		return errChanged
	}
	return m.To.change(ctx, to, func(ctx context.Context, c *change) (*ledger.Fence, error) {
		return nil, c.exec(ctx, `UPDATE head SET revision = $1, next_id = $2, moment = $3, settlements = $4, digest = $5 WHERE id = 1`,
			revision, next, moment, settlements, digest)
	})
}

// Abandon takes the old side back into use, unless the new one may have been. reached
// says whether that could be asked; whether it was marked as a part is answered.
func (m *Move) Abandon(ctx context.Context, reached bool) (marked bool, err error) {
	from, err := m.From.fence(ctx)
	if err != nil {
		return false, err
	}
	var to *ledger.Fence
	if reached {
		if to, err = m.To.fence(ctx); err != nil {
			return false, err
		}
	}
	if err := MayAbandon(from, to); err != nil {
		return false, err
	}
	if to != nil && to.Run == from.Run {
		m.run = from.Run
		marked = true
		if err := m.To.change(ctx, to, func(context.Context, *change) (*ledger.Fence, error) {
			return m.fenced(ledger.FenceGivenUp, m.From), nil
		}); err != nil {
			return false, err
		}
	}
	return marked, m.From.change(ctx, from, func(context.Context, *change) (*ledger.Fence, error) { return nil, nil }) //nolint:nilnil // no fence
}

// errChanged is a fence that is not as it was a moment ago.
var errChanged = errors.New("move: somebody else changed the fence meanwhile; look at who moves this database, and run it again")

// fence reads it; nil is none.
func (s Side) fence(ctx context.Context) (*ledger.Fence, error) {
	var stored sql.Null[string]
	if err := s.Read.QueryRowContext(ctx, `SELECT fence FROM head WHERE id = 1`).Scan(&stored); err != nil {
		return nil, s.Explain(err)
	}
	return fenceOf(stored)
}

func fenceOf(stored sql.Null[string]) (*ledger.Fence, error) {
	if !stored.Valid {
		return nil, nil //nolint:nilnil // there is none
	}
	f := new(ledger.Fence)
	if err := json.Unmarshal([]byte(stored.V), f); err != nil {
		return nil, errors.New("move: the fence of the database cannot be read")
	}
	return f, nil
}

// empty says whether nobody was ever here but a first start.
func (s Side) empty(ctx context.Context) (bool, error) {
	var n int64
	err := s.Read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM workspaces) + (SELECT count(*) FROM users)`).Scan(&n)
	return n == 0, s.Explain(err)
}

func (s Side) count(ctx context.Context, t Table) (n int64, err error) {
	err = s.of(t).QueryRowContext(ctx, `SELECT count(*) FROM "`+t.Name+`"`).Scan(&n)
	return n, s.Explain(err)
}

// change is a transaction that holds the lock of every change.
type change struct {
	side Side
	conn *sql.Conn
	tx   *sql.Tx
}

// change runs f while the fence is what it was, and puts what f answers in its place.
func (s Side) change(ctx context.Context, was *ledger.Fence, f func(context.Context, *change) (*ledger.Fence, error)) error {
	conn, err := s.Write.Conn(ctx)
	if err != nil {
		return s.Explain(err)
	}
	defer conn.Close() // the pool drops it if it is broken
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return s.Explain(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit there is nothing to roll back
	var stored sql.Null[string]
	if err := tx.QueryRowContext(ctx, `UPDATE head SET revision = revision WHERE id = 1 RETURNING fence`).Scan(&stored); err != nil {
		return s.Explain(err)
	}
	have, err := fenceOf(stored)
	switch {
	case err != nil:
		return err
	case (have == nil) != (was == nil), have != nil && (have.Run != was.Run || have.State != was.State):
		return errChanged
	}
	next, err := f(ctx, &change{s, conn, tx})
	if err != nil {
		return err
	}
	var put sql.Null[string]
	if next != nil {
		b, err := json.Marshal(next)
		if err != nil {
			return err
		}
		put = sql.Null[string]{V: string(b), Valid: true}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE head SET fence = $1 WHERE id = 1`, put); err != nil {
		return s.Explain(err)
	}
	return s.Explain(tx.Commit())
}

func (c *change) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.tx.ExecContext(ctx, query, args...)
	return c.side.Explain(err)
}

// alone refuses a database that nodes run on.
func (c *change) alone(ctx context.Context) error {
	var n int64
	var holder sql.Null[string]
	if err := c.tx.QueryRowContext(ctx, `SELECT count(*), max(holder) FROM leases`).Scan(&n, &holder); err != nil {
		return c.side.Explain(err)
	}
	if n > 0 {
		return fmt.Errorf("on %s a server began to run meanwhile (%s): stop it, and run this again", c.side.Address, holder.V)
	}
	return nil
}

// copyFrom writes what is read.
func (c *change) copyFrom(ctx context.Context, table string, columns []column, from *reading) (n int64, err error) {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	err = c.conn.Raw(func(driver any) error {
		n, err = postgres.Native(driver).CopyFrom(ctx, pgx.Identifier{table}, names, from)
		return err
	})
	if read := from.Err(); read != nil {
		return n, read
	}
	return n, c.side.Explain(err)
}
