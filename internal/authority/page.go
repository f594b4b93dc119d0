package authority

import "github.com/tokenry/tokenry/internal/ledger"

// Page asks for one page of a list. After is what the page before answered as
// next; 0 begins. Text keeps what has it in one of its names, in lists of what
// has a name.
type Page struct {
	After int64
	Limit int
	Text  string
	// Effective also answers what each token, member or service account of the
	// page may do, which has to be worked out for each.
	Effective bool
}

const (
	defaultPage = 50
	maxPage     = 200
)

func (p Page) size() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, maxPage)
}

// rows asks for the rows of the page and one more, which tells whether another
// page follows.
func (p Page) rows() (ledger.Range, error) {
	return ledger.Range{After: p.After, Limit: p.size() + 1, Text: p.Text}, checkSearch(p.Text)
}

// cut keeps n of at most n+1 rows, and answers where the next page begins; 0
// when there is none.
func cut[T any](rows []T, n int, id func(T) int64) ([]T, int64) {
	if len(rows) <= n {
		return rows, 0
	}
	rows = rows[:n]
	return rows, id(rows[n-1])
}
