package exports

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxRow is how many bytes one row has at the most.
const MaxRow = 1 << 20

// errLong ends a file with a row that has more.
var errLong = errors.New("a row has more than 1 MiB")

// record is one row of a file: its columns by their names, and as JSON where the file is.
type record struct {
	line  int
	cells cells
	raw   json.RawMessage
}

// cells are the columns of a row. A column that is null is there and empty.
type cells map[string]string

// source is a file that is read row by row.
type source struct {
	// head are the columns that a table's first line names; nil for JSON, whose rows each
	// have their own.
	head []string
	// next reads a row; io.EOF is the end.
	next func() (record, error)
}

// open tells by the first byte what a file is: a list or lines of JSON objects, or else
// a table whose first line names its columns, apart by commas or tabs.
func open(r io.Reader) (*source, error) {
	m := &meter{in: r}
	m.allow()
	b := bufio.NewReaderSize(m, 4096)
	first, err := b.Peek(3)
	switch {
	case len(first) == 0 && errors.Is(err, io.EOF):
		return nil, errors.New("the export is empty")
	case len(first) == 0:
		return nil, fmt.Errorf("read the export: %w", err)
	case bytes.HasPrefix(first, []byte("\xff\xfe")), bytes.HasPrefix(first, []byte("\xfe\xff")):
		return nil, errors.New("the export is UTF-16; save it as UTF-8")
	case bytes.Equal(first, []byte("\ufeff")):
		_, _ = b.Discard(len(first)) // it was peeked at
	}
	if first, _ = b.Peek(1); len(first) == 1 && (first[0] == '[' || first[0] == '{') {
		return objects(m, b, first[0] == '[')
	}
	return table(m, b)
}

// meter bounds what is read for one row, and knows where lines end in what was read
// ahead.
type meter struct {
	in    io.Reader
	left  int
	at    int64   // bytes that were read
	quiet bool    // nobody asks for lines
	ends  []int64 // of the lines that were read and not yet passed
	lines int     // that were passed
}

// allow begins a row. What was read ahead belongs to it and counts for the row before.
func (m *meter) allow() { m.left = MaxRow }

// Read reads no more than the row may have.
func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errLong
	}
	n, err := m.in.Read(p[:min(len(p), m.left)])
	for i, c := range p[:n] {
		if c == '\n' && !m.quiet {
			m.ends = append(m.ends, m.at+int64(i))
		}
	}
	m.left, m.at = m.left-n, m.at+int64(n)
	return n, err
}

// line is the number of the line that a byte is in, from 1. Bytes are asked for in their
// order.
func (m *meter) line(at int64) int {
	for len(m.ends) > 0 && m.ends[0] < at {
		m.ends, m.lines = m.ends[1:], m.lines+1
	}
	return m.lines + 1
}

// table reads rows of cells.
func table(m *meter, b *bufio.Reader) (*source, error) {
	m.quiet, m.ends = true, nil
	r := csvRows(b)
	if line, err := b.Peek(b.Size()); len(line) > 0 {
		line, _, _ = bytes.Cut(line, []byte("\n"))
		if bytes.Contains(line, []byte("\t")) && !bytes.Contains(line, []byte(",")) {
			r = tabRows(b)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read the export: %w", err)
	}
	head, _, err := r()
	if err != nil {
		return nil, problem(1, err)
	}
	return &source{head: head, next: func() (record, error) {
		m.allow()
		line, n, err := r()
		if err != nil {
			return record{}, problem(n, err)
		}
		if len(line) != len(head) {
			return record{}, fmt.Errorf("line %d has %d cells, and the first line has %d", n, len(line), len(head))
		}
		rec := record{line: n, cells: make(cells, len(head))}
		for i, name := range head {
			rec.cells[name] = line[i]
		}
		return rec, nil
	}}, nil
}

// csvRows reads CSV (RFC 4180).
func csvRows(b io.Reader) func() ([]string, int, error) {
	r := csv.NewReader(b)
	r.FieldsPerRecord = -1
	return func() ([]string, int, error) {
		line, err := r.Read()
		if err != nil {
			if e, ok := errors.AsType[*csv.ParseError](err); ok {
				return nil, e.StartLine, errors.New("the quotes are not those of CSV")
			}
			return nil, 0, err
		}
		n, _ := r.FieldPos(0)
		return line, n, nil
	}
}

// tabRows reads what mysql --batch writes: cells apart by tabs, NULL for null, and a
// backslash before what would break a line.
func tabRows(b io.Reader) func() ([]string, int, error) {
	lines, n := bufio.NewScanner(b), 0
	lines.Buffer(nil, MaxRow)
	escapes := strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\0`, "\x00")
	return func() ([]string, int, error) {
		n++
		if !lines.Scan() {
			err := lines.Err()
			if errors.Is(err, bufio.ErrTooLong) {
				err = errLong
			}
			if err == nil {
				err = io.EOF
			}
			return nil, n, err
		}
		cells := strings.Split(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		for i, c := range cells {
			if cells[i] = escapes.Replace(c); c == "NULL" {
				cells[i] = ""
			}
		}
		return cells, n, nil
	}
}

// objects reads JSON: objects one after the other, or in a list.
func objects(m *meter, b *bufio.Reader, list bool) (*source, error) {
	start := m.at - int64(b.Buffered())
	dec := json.NewDecoder(b)
	if list {
		if _, err := dec.Token(); err != nil {
			return nil, problem(1, err)
		}
	}
	line := func() int { return m.line(start + dec.InputOffset()) }
	return &source{next: func() (record, error) {
		m.allow()
		if !dec.More() {
			return record{}, problem(line(), ended(dec, list))
		}
		var rec record
		if err := dec.Decode(&rec.raw); err != nil {
			return record{}, problem(line(), err)
		}
		rec.line = m.line(start + dec.InputOffset() - int64(len(rec.raw)))
		var columns map[string]json.RawMessage
		if err := json.Unmarshal(rec.raw, &columns); err != nil {
			return record{}, fmt.Errorf("line %d is no JSON object", rec.line)
		}
		rec.cells = make(cells, len(columns))
		for name, value := range columns {
			rec.cells[name] = textOf(value)
		}
		return rec, nil
	}}, nil
}

// ended is io.EOF where the last row was read, and what is wrong where one was to come.
// What stands behind a list is nobody's row.
func ended(dec *json.Decoder, list bool) error {
	_, err := dec.Token()
	switch {
	case list && err == nil:
		return io.EOF
	case list && errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	}
	return err
}

// textOf is a JSON value as a table would have it: strings without their quotes, null
// as nothing, all else as it is written.
func textOf(value json.RawMessage) string {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == nil {
		return ""
	}
	return *s
}

// problem says why reading ended, with the line, and nothing of what stands there.
func problem(line int, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(err, errLong):
		return errLong
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax):
		return fmt.Errorf("line %d: what stands there is no JSON, or the file ends within a row", line)
	case line == 0:
		return fmt.Errorf("read the export: %w", err)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// clean says whether all cells are UTF-8; else one that is not.
func (c cells) clean() (column string, ok bool) {
	for name, text := range c {
		if !utf8.ValidString(text) {
			return name, false
		}
	}
	return "", true
}
