package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/token"
)

// Bounds of a list.
const (
	// MaxRows is how many people one list names at the most.
	MaxRows = 1000
	// MaxBytes is how long its text is at the most.
	MaxBytes = 1 << 20
)

// Header is the first line of a list; name and resources may be left out of it,
// and the columns may stand in another order.
const Header = "email,name,role,resources"

// ErrToken refuses a list that holds an API token, which nobody should see again.
var ErrToken = errors.New("the list holds an API token, so nothing of it was read; take it out, and revoke it if it is live")

// Row is one person of a list.
type Row struct {
	// Line is where the row begins in the text, counted from 1.
	Line int
	// Email is in lower case. Name and Resources are empty where none are given.
	Email, Name, Role string
	Resources         []string
	// Wrong says why nobody can be invited by this row; empty when it is well.
	Wrong string
}

// Parse reads a list: UTF-8, with a byte order mark or without, a header and a
// row for each person, resources apart by blanks. The error says why the list as
// a whole cannot be read.
func Parse(text []byte) ([]Row, error) {
	if err := readable(text); err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the list is empty; its first line is " + Header)
	}
	if err != nil {
		return nil, malformed(err)
	}
	cols, err := columns(head)
	if err != nil {
		return nil, err
	}
	rows, err := readRows(r, cols)
	if err == nil && len(rows) == 0 {
		err = errors.New("the list names nobody below its first line")
	}
	markTwins(rows)
	return rows, err
}

// readable refuses a text of which not even lines can be told.
func readable(text []byte) error {
	switch {
	case len(text) > MaxBytes:
		return errors.New("the list is longer than 1 MiB; send it in parts")
	case !utf8.Valid(text):
		return errors.New("the list is not UTF-8; save it as \"CSV UTF-8\"")
	case token.Contains(text):
		return ErrToken
	}
	return nil
}

// columns finds where each column stands.
func columns(head []string) (map[string]int, error) {
	if len(head) == 1 && strings.ContainsAny(head[0], ";\t") {
		return nil, errors.New("the columns are apart by semicolons or tabs; they must be apart by commas: " + Header)
	}
	known := strings.Split(Header, ",")
	at := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		_, twice := at[name]
		switch {
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("line 1: there is no column %s; the columns are %s", shown(name), Header)
		case twice:
			return nil, fmt.Errorf("line 1: the column %s stands there twice", name)
		}
		at[name] = i
	}
	for _, name := range []string{"email", "role"} {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("line 1: the column %s is missing; the columns are %s", name, Header)
		}
	}
	return at, nil
}

func readRows(r *csv.Reader, cols map[string]int) ([]Row, error) {
	var rows []Row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		short := errors.Is(err, csv.ErrFieldCount)
		if err != nil && !short {
			return nil, malformed(err)
		}
		if len(rows) == MaxRows {
			return nil, fmt.Errorf("the list names more than %d people; send it in parts", MaxRows)
		}
		row := Row{Wrong: fmt.Sprintf("the line has %d cells, and the first line has %d", len(cells), len(cols))}
		if !short {
			row = readRow(cells, cols)
		}
		row.Line, _ = r.FieldPos(0)
		rows = append(rows, row)
	}
}

// readRow reads the cells of one person. What would steer a page or a terminal
// is not kept.
func readRow(cells []string, cols map[string]int) Row {
	cell := func(name string) string {
		if i, ok := cols[name]; ok {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	for name, i := range cols {
		if strings.ContainsFunc(cells[i], steers) {
			return Row{Wrong: "the " + name + " holds a control character or one that turns the direction of text"}
		}
	}
	row := Row{Email: strings.ToLower(cell("email")), Name: cell("name"), Role: cell("role"), Resources: strings.Fields(cell("resources"))}
	row.Wrong = row.check()
	return row
}

// steers says whether a character is seen by its effect: it belongs in no name.
func steers(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// malformed says why CSV could not be read, with the line.
func malformed(err error) error {
	if e, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d: the quotes are not those of CSV: a cell with a quote in it is quoted, and the quote doubled", e.StartLine)
	}
	return err
}

// markTwins marks every row whose e-mail a row before it has.
func markTwins(rows []Row) {
	first := map[string]int{}
	for i, row := range rows {
		line, twice := first[row.Email]
		switch {
		case row.Email == "":
		case !twice:
			first[row.Email] = row.Line
		case row.Wrong == "":
			rows[i].Wrong = fmt.Sprintf("the same e-mail stands on line %d", line)
		}
	}
}

// shown is a cell as a message repeats it: short, and harmless.
func shown(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%+q", s)
}
