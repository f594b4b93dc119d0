package console

import (
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// sortLink is where a column's head leads: sorted by it, or turned round.
func (t table) sortLink(key string) string {
	if t.sort == key {
		return t.with("sort", "-"+key)
	}
	return t.with("sort", key)
}

// sorted is the aria-sort of a column.
func (t table) sorted(key string) string {
	switch t.sort {
	case key:
		return "ascending"
	case "-" + key:
		return "descending"
	}
	return "none"
}

// sortedMost bounds how many tokens are read to be sorted.
const sortedMost = 2000

// sortedPage reads what a filter keeps, sorts it, and answers one page of it, so
// that the order holds across pages. Of more than sortedMost it is told that the
// newest alone were sorted.
func (v *visit) sortedPage(t *table, f api.TokenFilter) error {
	all, more, err := v.everyToken(f)
	if err != nil {
		return err
	}
	phrase.SortTokens(all, t.sort)
	n, _ := strconv.Atoi(v.q("page")) // what is no number is the first page
	first := min(max(n-1, 0)*pageRows, len(all))
	t.rows, t.partly = all[first:min(first+pageRows, len(all))], more
	if first+pageRows < len(all) {
		t.next = t.with("page", strconv.Itoa(first/pageRows+2))
	}
	if first > 0 {
		t.previous = t.with("page", strconv.Itoa(first/pageRows))
	}
	return nil
}
