package authority

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
)

// Page asks for one page of a list. After is what the page before answered as
// next; 0 begins. Text keeps what has it in one of its names, in lists of what
// has a name.
type Page struct {
	After int64
	Limit int
	Text  string
	// Only keeps members of a kind, see [ledger.Range]; other lists do not read it.
	Only string
	// Effective also answers what each token, member or service account of the
	// page may do, which has to be worked out for each.
	Effective bool
}

const (
	defaultPage = 50
	// MaxPage is how many rows a page has at most, whoever asks.
	MaxPage = 200
)

// Size is how many rows the page has at most.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return defaultPage
	}
	return min(p.Limit, MaxPage)
}

// Rows asks for the rows of the page and one more, which tells whether another
// page follows.
func (p Page) Rows() (ledger.Range, error) {
	return ledger.Range{After: p.After, Limit: p.Size() + 1, Text: p.Text, Only: p.Only}, CheckSearch(p.Text)
}

// Cut keeps n of at most n+1 rows, and answers where the next page begins; 0
// when there is none.
func Cut[T any](rows []T, n int, id func(T) int64) ([]T, int64) {
	if len(rows) <= n {
		return rows, 0
	}
	rows = rows[:n]
	return rows, id(rows[n-1])
}

// CheckSearch bounds the work of one search.
func CheckSearch(text string) error {
	if len(strings.Fields(text)) > maxSearchWords {
		return api.FieldError("q", fmt.Sprintf("must have at most %d words", maxSearchWords))
	}
	if utf8.RuneCountInString(text) > maxSearch { // more is cut by the store, and would find what was not meant
		return api.FieldError("q", fmt.Sprintf("must have at most %d characters", maxSearch))
	}
	return nil
}

const maxSearchWords, maxSearch = 16, 300
