package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/internal/sqlite"
)

// told is what a driver was asked, in its order. Queries named "bad" cannot be prepared,
// those named "less" make statements that lack a method.
type told struct {
	*sql.DB
	asked []string
}

func newTold(t *testing.T, connect func(*told) driver.Conn) *told {
	t.Helper()
	d := &told{}
	d.DB = sql.OpenDB(sqlite.Keeping(connector{func() driver.Conn { return connect(d) }}))
	d.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func (d *told) tell(what string) { d.asked = append(d.asked, what) }

type connector struct{ connect func() driver.Conn }

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.connect(), nil }
func (c connector) Driver() driver.Driver                        { return nil }

// less is a connection that cannot all that is needed.
type less struct{ *told }

func (c less) Prepare(string) (driver.Stmt, error) { return nil, errors.New("unused") }
func (c less) Begin() (driver.Tx, error)           { return nil, errors.New("unused") }
func (c less) Close() error                        { c.tell("close"); return nil }

// full is one that can.
type full struct{ less }

func (c full) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return nil, errors.New("unused")
}
func (c full) ResetSession(context.Context) error { return nil }
func (c full) IsValid() bool                      { return true }
func (c full) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	c.tell("exec unprepared")
	return driver.RowsAffected(0), nil
}

func (c full) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, errors.New("unprepared")
}

func (c full) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	c.tell("prepare " + query)
	switch query {
	case "bad":
		return nil, errors.New("a word is mistyped")
	case "less":
		return weak{c.told, query}, nil
	}
	return statement{weak{c.told, query}}, nil
}

type weak struct {
	*told
	query string
}

func (s weak) Close() error                               { s.tell("close " + s.query); return nil }
func (s weak) NumInput() int                              { return -1 }
func (s weak) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("unused") }
func (s weak) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.New("unused") }

type statement struct{ weak }

func (s statement) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.tell("exec " + s.query)
	return driver.RowsAffected(len(args)), nil
}

func (s statement) QueryContext(context.Context, []driver.NamedValue) (driver.Rows, error) {
	s.tell("query " + s.query)
	return nil, errors.New("no rows here")
}

// TestALiteralIsPreparedOnce for all that runs it, and given up before its connection; one
// that cannot be prepared is tried again.
func TestALiteralIsPreparedOnce(t *testing.T) {
	t.Parallel()
	d := newTold(t, func(d *told) driver.Conn { return full{less{d}} })
	run := func(query string, args ...any) error {
		_, err := d.ExecContext(t.Context(), query, args...)
		return err
	}
	must(t, errors.Join(run("a", 1), run("b"), run("a", 2)))
	if err := d.QueryRowContext(t.Context(), "a").Scan(); err == nil || err.Error() != "no rows here" {
		t.Errorf("a query: %v", err)
	}
	if first, second := run("bad"), run("bad"); first == nil || second == nil {
		t.Error("what cannot be prepared ran")
	}
	must(t, d.Close())
	ends := slices.Sorted(slices.Values(d.asked[len(d.asked)-3 : len(d.asked)-1]))
	if got, want := d.asked[:len(d.asked)-3], []string{"prepare a", "exec a", "prepare b", "exec b", "exec a", "query a", "prepare bad", "prepare bad"}; !slices.Equal(got, want) {
		t.Errorf("%q instead of %q", got, want)
	}
	if !slices.Equal(ends, []string{"close a", "close b"}) || d.asked[len(d.asked)-1] != "close" {
		t.Errorf("at the end %q", d.asked)
	}
}

// TestADriverThatLacksSomethingIsRefused, and what it made is closed: a later version of
// it is noticed at once.
func TestADriverThatLacksSomethingIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		connect func(*told) driver.Conn
		want    []string
	}{
		"a connection": {func(d *told) driver.Conn { return less{d} }, []string{"close"}},
		"a statement":  {func(d *told) driver.Conn { return full{less{d}} }, []string{"prepare less", "close less"}},
	} {
		d := newTold(t, c.connect)
		if _, err := d.ExecContext(t.Context(), "less"); err == nil {
			t.Errorf("%s was taken", name)
		}
		if !slices.Equal(d.asked, c.want) {
			t.Errorf("%s: %q", name, d.asked)
		}
	}
}
