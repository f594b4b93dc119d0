package roster_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/internal/roster"
)

// people are rows that are well.
func people() *rapid.Generator[[]roster.Row] {
	return rapid.Custom(func(t *rapid.T) []roster.Row {
		n := rapid.IntRange(1, 6).Draw(t, "rows")
		rows := make([]roster.Row, n)
		for i := range rows {
			rows[i] = roster.Row{
				Line: i + 2, Email: fmt.Sprintf("p%d@example.com", i),
				Name: rapid.SampledFrom([]string{"", "Ada", `"E", the 2nd`, "Zoë, Dr.", "a'b"}).Draw(t, "name"),
				Role: rapid.SampledFrom([]string{"Viewer", "Team Member", "x,y"}).Draw(t, "role"), Resources: rapid.SampledFrom([][]string{{}, {"*"}, {"a", "b-*"}}).Draw(t, "resources"),
			}
		}
		return rows
	})
}

// file writes rows as a spreadsheet would that has its columns in this order.
func file(t interface{ Fatal(...any) }, rows []roster.Row, columns []string, crlf bool) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = crlf
	lines := [][]string{columns}
	for _, r := range rows {
		cells := map[string]string{"email": r.Email, "name": r.Name, "role": r.Role, "resources": strings.Join(r.Resources, " ")}
		line := make([]string, len(columns))
		for i, c := range columns {
			line[i] = cells[strings.ToLower(c)]
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The order of the columns, their case and the line ends say nothing about people.
func TestLawAListSaysTheSameInAnyOrderOfColumns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := people().Draw(t, "people")
		columns := rapid.Permutation([]string{"email", "NAME", "Role", "resources"}).Draw(t, "columns")
		got, err := roster.Parse(file(t, rows, columns, rapid.Bool().Draw(t, "crlf")))
		if d := cmp.Diff(rows, got); err != nil || d != "" {
			t.Fatalf("%v %s", err, d)
		}
	})
}

// What a bound names is still taken, and one more is not.
func TestBoundsOfAListAndARow(t *testing.T) {
	t.Parallel()
	full := roster.Header + "\n"
	for i := range roster.MaxRows {
		full += fmt.Sprintf("p%d@example.com,,Viewer,\n", i)
	}
	if rows, err := roster.Parse([]byte(full)); err != nil || len(rows) != roster.MaxRows {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	long := full + strings.Repeat("\n", roster.MaxBytes-len(full))
	if rows, err := roster.Parse([]byte(long)); err != nil || len(rows) != roster.MaxRows {
		t.Errorf("1 MiB: %d rows, %v", len(rows), err)
	}
	for row, well := range map[string]bool{
		"a@example.com," + strings.Repeat("é", 200) + ",Viewer,*": true, strings.Repeat("e", 242) + "@example.com,,Viewer,*": true, strings.Repeat("e", 243) + "@example.com,,Viewer,*": false,
		"a@example.com,-Ada,Viewer,*": false, "a@example.com, =1,Viewer,*": false, "a@example.com,A=1,Viewer,*": true, "a@example.com,Ada,Viewer,* =1": false, "a@b,Ada,Viewer,*": true,
		"a@example.com,Ada,Viewer,  ": true, "\"a@example.com\n\",Ada,Viewer,*": false, "a@example.com,\"Ada\n\",Viewer,*": false,
	} {
		rows, err := roster.Parse([]byte(roster.Header + "\n" + row + "\n"))
		if err != nil || len(rows) != 1 || (rows[0].Wrong == "") != well {
			t.Errorf("%.40q: %+.200v, %v", row, rows, err)
		}
	}
}

// The first of two rows with one e-mail is well, in whatever case they write it.
func TestTheFirstOfTwinsIsWell(t *testing.T) {
	t.Parallel()
	rows, err := roster.Parse([]byte("email,role\na@example.com,Viewer\nA@EXAMPLE.com,Owner\n a@example.com ,Owner\nb@example.com,Viewer\n"))
	if err != nil || len(rows) != 4 {
		t.Fatal(rows, err)
	}
	for i, want := range []string{"", "the same e-mail stands on line 2", "the same e-mail stands on line 2", ""} {
		if rows[i].Wrong != want {
			t.Errorf("line %d: %q, want %q", rows[i].Line, rows[i].Wrong, want)
		}
	}
}
