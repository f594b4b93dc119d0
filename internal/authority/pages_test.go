package authority_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// long is a chain of so many rows, of which some are asked for; it counts what is looked at.
type long struct {
	ledger.AuditReader
	rows    int64
	found   func(sequence int64) bool
	looked  int64
	broken  error
	queries []ledger.AuditQuery
}

func (l *long) AuditBounds(_ ledger.ID, q ledger.AuditQuery, n int) (before, since int64, err error) {
	before = q.Before
	if before == 0 {
		before = l.rows + 1
	}
	return before, max(before-int64(n), 1), l.broken
}

func (l *long) Audit(_ ledger.ID, q ledger.AuditQuery) (out []ledger.AuditRow, err error) {
	l.queries = append(l.queries, q)
	for s := q.Before - 1; s >= q.Since && len(out) < q.Limit; s-- {
		if l.looked++; l.found(s) {
			out = append(out, ledger.AuditRow{Sequence: s, At: time.Unix(s, 0)})
		}
	}
	return out, nil
}

// pages asks until there is no more, and answers what was found and in how many pages.
func (l *long) pages(t *testing.T, limit int, f api.AuditFilter) (found []int64, pages int) {
	t.Helper()
	for after := int64(0); ; {
		was := l.looked
		rows, next, err := authority.AuditPage(&authority.Snapshot{Reader: ledger.Reader{AuditReader: l}}, ledger.Workspace{}, f, authority.Page{Limit: limit, After: after})
		if err != nil {
			t.Fatal(err)
		}
		if looked := l.looked - was; looked > 50_000 {
			t.Errorf("one page looked at %d rows", looked)
		}
		for _, row := range rows {
			found = append(found, row.Sequence)
		}
		if pages++; next == 0 || pages > 99 {
			return found, pages
		}
		after = next
	}
}

// TestAPageOfTheAuditIsBoundedAndNothingIsLeftOut: however rare it is what is asked for, one
// page costs no more than it may, and says where to go on; all of them are the list.
func TestAPageOfTheAuditIsBoundedAndNothingIsLeftOut(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		rows  int64
		found func(int64) bool
		limit int
		pages int
	}{
		"nothing there":            {0, func(int64) bool { return true }, 50, 1},
		"one row":                  {1, func(int64) bool { return true }, 50, 1},
		"a page to the row":        {50, func(int64) bool { return true }, 50, 1},
		"a row more":               {51, func(int64) bool { return true }, 50, 2},
		"a part to the row":        {10_000, func(s int64) bool { return s == 1 }, 50, 1},
		"two parts":                {10_001, func(s int64) bool { return s == 1 }, 50, 1},
		"what there is not":        {50_000, func(int64) bool { return false }, 50, 1},
		"what there is not at all": {120_000, func(int64) bool { return false }, 50, 3},
		"the first of very many":   {120_000, func(s int64) bool { return s == 1 }, 50, 3},
		"one in ten thousand":      {120_000, func(s int64) bool { return s%10_000 == 5 }, 2, 6},
	} {
		l := &long{rows: c.rows, found: c.found}
		var want []int64
		for s := c.rows; s > 0; s-- {
			if c.found(s) {
				want = append(want, s)
			}
		}
		got, pages := l.pages(t, c.limit, api.AuditFilter{})
		if !slices.Equal(got, want) || pages != c.pages {
			t.Errorf("%s: %d found of %d, in %d pages, want %d", what, len(got), len(want), pages, c.pages)
		}
	}
}

// TestWhatIsAskedOfTheAuditIsPassedOn: with the locator of a token's name, and the time.
func TestWhatIsAskedOfTheAuditIsPassedOn(t *testing.T) {
	t.Parallel()
	l := &long{rows: 3, found: func(int64) bool { return true }}
	from := time.Unix(7, 0)
	l.pages(t, 2, api.AuditFilter{Token: "ci@acme.service_0123456789AB", With: "0123456789CD", Actor: "ada@example.com", Action: "token.*", From: from, To: from.Add(1)})
	q := l.queries[0]
	if q.Token != "0123456789AB" || q.With != "0123456789CD" || q.Actor != "ada@example.com" || q.Action != "token.*" || !q.From.Equal(from) || !q.To.Equal(from.Add(1)) || q.Limit != 3 {
		t.Errorf("asked: %+v", q)
	}
	l.broken = ledger.ErrNoRow
	if _, _, err := authority.AuditPage(&authority.Snapshot{Reader: ledger.Reader{AuditReader: l}}, ledger.Workspace{}, api.AuditFilter{}, authority.Page{}); err == nil {
		t.Error("a database that fails has an empty audit")
	}
}
