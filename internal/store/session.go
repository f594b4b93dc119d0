package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
)

// session runs the statements of one transaction. A statement that fails
// spends it: every later one answers the same error.
type session struct {
	eng *engine
	tx  *sql.Tx
	// caller ends the transaction between statements; ctx is what statements
	// run with (see engine.detached). They live as long as the transaction.
	caller, ctx context.Context
	failed      error
	// conn is the transaction's connection, where statements may be queued; queued
	// are those that wait.
	conn   *sql.Conn
	queued []statement
	// together says that what answers nothing waits to be sent with what follows.
	together bool
}

// usable says why the next statement cannot run.
func (s *session) usable() error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.caller.Err(); err != nil {
		return s.fail(err, "")
	}
	return nil
}

// fail spends the session.
func (s *session) fail(err error, query string) error {
	s.failed = s.eng.translate(cause(s.caller, err), query)
	return s.failed
}

// cause is why something failed: that the caller has gone, before all that
// follows from it.
func cause(caller context.Context, err error) error {
	if gone := caller.Err(); gone != nil {
		return gone
	}
	return err
}

// ready sends what is queued, so that the next statement comes after it.
func (s *session) ready() error {
	if err := s.usable(); err != nil || len(s.queued) == 0 {
		return err
	}
	return s.flush(nil)
}

// exec runs a statement that answers nothing. In a batch nobody needs to know at once
// whether it went well, so where many can be sent together it waits for others.
func (s *session) exec(query string, args ...any) error {
	if s.together {
		return s.queue(query, args...)
	}
	return s.run(query, args...)
}

// run is exec that has run when it answers.
func (s *session) run(query string, args ...any) error {
	if err := s.ready(); err != nil {
		return err
	}
	if !column.Storable(args) {
		return s.fail(errUnstorable, query)
	}
	s.eng.told(query)
	s.eng.tripped()
	if _, err := s.tx.ExecContext(s.ctx, query, args...); err != nil {
		return s.fail(err, query)
	}
	return nil
}

// affected is run that answers how many rows were changed.
func affected(s *session, query string, args ...any) (int64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	if !column.Storable(args) {
		return 0, s.fail(errUnstorable, query)
	}
	s.eng.tripped()
	res, err := s.tx.ExecContext(s.ctx, query, args...)
	if err != nil {
		return 0, s.fail(err, query)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, s.fail(err, query)
	}
	return n, nil
}

// errEnough ends the reading of rows that nobody needs.
var errEnough = errors.New("store: enough was read")

// one reads the first row into the fields of a T, or answers ErrNoRow.
func one[T any](s *session, fields func(*T) []any, query string, args ...any) (T, error) {
	var zero, v T
	found := false
	if err := s.ask(func(scan func(...any) error) error {
		found = true
		return cmp.Or(scan(fields(&v)...), errEnough)
	}, query, args...); err != nil {
		return zero, err
	}
	if !found {
		return zero, ledger.ErrNoRow
	}
	return v, nil
}

// list reads every row; nil when there is none.
func list[T any](s *session, fields func(*T) []any, query string, args ...any) (vs []T, err error) {
	err = each(s, fields, func(v T) { vs = append(vs, v) }, query, args...)
	if err != nil {
		return nil, err
	}
	return vs, nil
}

// each reads every row, one after the other, all into the same fields.
func each[T any](s *session, fields func(*T) []any, f func(T), query string, args ...any) error {
	var v, zero T
	into := fields(&v)
	return s.ask(func(scan func(...any) error) error {
		v = zero
		err := scan(into...)
		if err == nil {
			f(v)
		}
		return err
	}, query, args...)
}

// ask runs a query together with what waits, and reads its rows. What was never
// stored finds nothing.
func (s *session) ask(row func(scan func(...any) error) error, query string, args ...any) error {
	if err := s.usable(); err != nil {
		return err
	}
	if !column.Storable(args) {
		return s.ready()
	}
	if len(s.queued) > 0 {
		if err := s.queue(query, args...); err != nil {
			return err
		}
		return s.flush(row)
	}
	s.eng.told(query)
	s.eng.tripped()
	rows, err := s.tx.QueryContext(s.ctx, query, args...)
	if err != nil {
		return s.fail(err, query)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return s.readTo(err, query)
		}
	}
	if err := rows.Err(); err != nil {
		return s.fail(err, query)
	}
	return nil
}

// readTo is what the end of reading rows comes to.
func (s *session) readTo(err error, query string) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return s.fail(err, query)
}

// number reads one integer.
func number(s *session, query string, args ...any) (int64, error) {
	return one(s, func(n *int64) []any { return []any{n} }, query, args...)
}
