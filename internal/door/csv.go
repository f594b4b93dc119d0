package door

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/tokenry/tokenry/internal/input"
)

// Table writes CSV (RFC 4180), of which no cell is a formula.
type Table struct{ to *csv.Writer }

// NewTable begins with the names of the columns.
func NewTable(to io.Writer, head []string) *Table {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	_ = w.Write(head) // Flush tells
	return &Table{w}
}

// Row adds a row, which it may change.
func (t *Table) Row(cells []string) {
	for i := range cells {
		cells[i] = Cell(cells[i])
	}
	_ = t.to.Write(cells) // Flush tells
}

// Flush writes what was added, and tells what went wrong since the beginning.
func (t *Table) Flush() error {
	t.to.Flush()
	return t.to.Error()
}

// Cell keeps a spreadsheet from taking a text of a CSV file for a formula: a label is
// as its owner likes, and an administrator opens the export. One that it would gets an
// apostrophe, which spreadsheets hide.
func Cell(s string) string {
	if input.Formula(s) {
		return "'" + s
	}
	return s
}

// Text is a text that may be missing, as a cell.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Stamp is a time that may be missing, as a cell.
func Stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
