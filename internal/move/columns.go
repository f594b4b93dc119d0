package move

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind is what a column holds, in both engines.
type kind byte

const (
	whole kind = iota + 1
	text
	octets
	truth
)

// kinds are the types that migrations name.
func kinds() map[string]kind {
	return map[string]kind{"BIGINT": whole, "TEXT": text, "BYTEA": octets, "BOOLEAN": truth}
}

type column struct {
	name string
	kind kind
}

// columnsOf lists the columns of a table in the order of their names, which is the same
// in both engines.
func (s Side) columnsOf(ctx context.Context, db *sql.DB, table string) ([]column, error) {
	query := `SELECT name, type FROM pragma_table_info($1)`
	if s.Engine == "postgres" {
		query = `SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`
	}
	rows, err := db.QueryContext(ctx, query, table)
	if err != nil {
		return nil, s.Explain(err)
	}
	defer rows.Close()
	found := map[string]kind{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, s.Explain(err)
		}
		if found[name] = kinds()[strings.ToUpper(kind)]; found[name] == 0 {
			return nil, fmt.Errorf("the column %s of %s is of the type %s, which is none of ours", name, table, kind)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.Explain(err)
	}
	var all []column
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, column{name, found[name]})
	}
	return all, nil
}

// expression reads a column. Bytes are read as digits, since the driver of SQLite
// answers nothing for no bytes as it does for NULL.
func (c column) expression(engine string) string {
	name := `"` + c.name + `"`
	switch {
	case c.kind == octets && engine == "postgres":
		return `encode(` + name + `, 'hex')`
	case c.kind == octets:
		return `CASE WHEN ` + name + ` IS NOT NULL THEN hex(` + name + `) END`
	}
	return name
}

// value is what stands in a row and a column: nil, int64, string, []byte or bool.
type value struct{ v any }

// canonical is the value as bytes that no other has.
func (v value) canonical(b []byte) []byte {
	counted := func(kind kind, content []byte) []byte {
		return append(binary.BigEndian.AppendUint64(append(b, byte(kind)), uint64(len(content))), content...)
	}
	switch v := v.v.(type) {
	case int64:
		return binary.BigEndian.AppendUint64(append(b, byte(whole)), uint64(v))
	case string:
		return counted(text, []byte(v))
	case []byte:
		return counted(octets, v)
	case bool:
		if v {
			return append(b, byte(truth), 1)
		}
		return append(b, byte(truth), 0)
	}
	return append(b, 0)
}

// reading is a table that is being read.
type reading struct {
	side    Side
	columns []column
	rows    *sql.Rows
	sum     Sum
	row     []value
	err     error
	// each is told how many rows were read, now and then.
	each func(rows int64)
}

// read begins to read a table. Whoever does ends it.
func (s Side) read(ctx context.Context, t Table, columns []column, each func(int64)) (*reading, error) {
	var list []string
	for _, c := range columns {
		list = append(list, c.expression(s.Engine))
	}
	rows, err := s.of(t).QueryContext(ctx, `SELECT `+strings.Join(list, ", ")+` FROM "`+t.Name+`"`)
	if err != nil {
		return nil, s.Explain(err)
	}
	return &reading{side: s, columns: columns, rows: rows, each: each}, rows.Err()
}

// Next reads a row; it is of pgx.CopyFromSource.
func (r *reading) Next() bool {
	const now = 10_000
	if r.err != nil || !r.rows.Next() {
		return false
	}
	if r.err = r.scan(); r.err != nil {
		return false
	}
	r.sum = r.sum.with(r.row)
	if r.sum.Rows%now == 0 {
		r.each(r.sum.Rows)
	}
	return true
}

// Values answers the row.
func (r *reading) Values() ([]any, error) {
	values := make([]any, len(r.row))
	for i, v := range r.row {
		values[i] = v.v
	}
	return values, nil
}

// Err is what ended the reading, but for the end of the table.
func (r *reading) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.side.Explain(r.rows.Err())
}

func (r *reading) close() { _ = r.rows.Close() } // its error was that of the last row

func (r *reading) scan() error {
	into := make([]any, len(r.columns))
	for i, c := range r.columns {
		switch c.kind {
		case whole:
			into[i] = new(sql.Null[int64])
		case truth:
			into[i] = new(sql.Null[bool])
		default:
			into[i] = new(sql.Null[string])
		}
	}
	if err := r.rows.Scan(into...); err != nil {
		return r.side.Explain(err)
	}
	r.row = r.row[:0]
	for i, c := range r.columns {
		v, err := valueOf(c, into[i])
		if err != nil {
			return err
		}
		r.row = append(r.row, v)
	}
	return nil
}

func valueOf(c column, scanned any) (value, error) {
	switch s := scanned.(type) {
	case *sql.Null[int64]:
		if s.Valid {
			return value{s.V}, nil
		}
	case *sql.Null[bool]:
		if s.Valid {
			return value{s.V}, nil
		}
	case *sql.Null[string]:
		switch {
		case s.Valid && c.kind == octets:
			b, err := hex.DecodeString(s.V)
			return value{b}, err
		case s.Valid:
			return value{s.V}, nil
		}
	}
	return value{}, nil
}
