package usagerows

import (
	"context"
	"database/sql"
	"errors"
)

// ErrNameless is the answer to a batch that has no name or no time: whether it was added
// before could not be told.
var ErrNameless = errors.New("usagerows: a batch has no name or no time")

// Tx runs the statements of one transaction, in their order. One that fails spends it:
// every later one answers the same error. What was never stored finds nothing.
type Tx interface {
	// Exec runs a statement that answers nothing.
	Exec(query string, args ...any) error
	// Queue is Exec for a statement of which nobody needs the answer before the next
	// one; what fails may fail there.
	Queue(query string, args ...any) error
	// Affected is Exec that answers how many rows were changed.
	Affected(query string, args ...any) (int64, error)
	// Ask runs a query and hands over its rows, one after the other.
	Ask(row func(scan func(...any) error) error, query string, args ...any) error
}

// Database begins transactions.
type Database interface {
	// Read runs f in one that changes nothing, on one snapshot.
	Read(ctx context.Context, f func(Tx) error) error
	// Write runs f in one and commits it, unless f fails.
	Write(ctx context.Context, isolation sql.IsolationLevel, f func(Tx) error) error
}

// Rows is a [ledger.UsageStore] in the tables of a database. It may be used by any number
// of goroutines.
type Rows struct {
	db Database
	// alone says that nobody else adds rows or reads them; scopes and activity are what is
	// known of the rows of tokens then.
	alone            bool
	scopes, activity *most
}

// Over keeps usage in a database whose schema is there. Alone says that no other process adds
// to it or reads it meanwhile, so that rows need not be counted again, nor written for older builds.
func Over(db Database, alone bool) *Rows {
	if !alone {
		return &Rows{db: db}
	}
	return &Rows{db: db, alone: true, scopes: &most{}, activity: &most{}}
}

// list reads every row; nil when there is none.
func list[T any](s Tx, fields func(*T) []any, query string, args ...any) (vs []T, err error) {
	err = each(s, fields, func(v T) { vs = append(vs, v) }, query, args...)
	if err != nil {
		return nil, err
	}
	return vs, nil
}

// each reads every row, one after the other.
func each[T any](s Tx, fields func(*T) []any, f func(T), query string, args ...any) error {
	return s.Ask(func(scan func(...any) error) error {
		var v T
		err := scan(fields(&v)...)
		if err == nil {
			f(v)
		}
		return err
	}, query, args...)
}
