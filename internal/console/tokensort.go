package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// sortTokens orders tokens; "-" in front turns it round.
func sortTokens(rows []api.Token, by string) {
	key, down := strings.CutPrefix(by, "-")
	order := map[string]func(a, b api.Token) int{
		"label":   func(a, b api.Token) int { return cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) },
		"owner":   func(a, b api.Token) int { return cmp.Compare(a.Owner.Address, b.Owner.Address) },
		"created": func(a, b api.Token) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"expires": func(a, b api.Token) int { return compareTimes(a.ExpiresAt, b.ExpiresAt) },
		"used":    func(a, b api.Token) int { return compareTimes(a.LastUsedAt, b.LastUsedAt) },
		"status":  func(a, b api.Token) int { return cmp.Compare(a.Status, b.Status) },
	}[key]
	if order == nil {
		return
	}
	slices.SortStableFunc(rows, func(a, b api.Token) int {
		if down {
			return order(b, a)
		}
		return order(a, b)
	})
}

// compareTimes orders moments; one that never was or will be stands last.
func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

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
	sortTokens(all, t.sort)
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
