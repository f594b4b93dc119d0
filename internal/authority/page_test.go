package authority_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// TestNobodyAsksForMoreThanAPage, and whoever names no size gets the usual one.
func TestNobodyAsksForMoreThanAPage(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{
		0: 50, -1: 50, math.MinInt: 50, 1: 1, 199: 199, authority.MaxPage: 200, authority.MaxPage + 1: 200, math.MaxInt: 200,
	} {
		p := authority.Page{After: 7, Limit: limit, Text: "ci"}
		if got := p.Size(); got != want {
			t.Errorf("%d rows are asked for, and %d answered", limit, got)
		}
		q, err := p.Rows()
		if err != nil || q.Limit != want+1 || q.After != 7 || q.Text != "ci" {
			t.Errorf("%d rows: the store is asked for %+v, %v", limit, q, err)
		}
	}
}

// TestPagesPutTogetherAreTheList: each row once, in order, however large the pages are,
// also where the last one is full; and no page is empty but that of an empty list.
func TestPagesPutTogetherAreTheList(t *testing.T) {
	t.Parallel()
	for rows := range 8 {
		all := make([]int64, rows)
		for i := range all {
			all[i] = int64(10 * (i + 1))
		}
		from := func(after int64, n int) (out []int64) { // the store's answer
			for _, id := range all {
				if id > after && len(out) < n {
					out = append(out, id)
				}
			}
			return out
		}
		for limit := 1; limit < 10; limit++ {
			p, got := authority.Page{Limit: limit}, []int64{}
			for pages := 1; ; pages++ {
				q, _ := p.Rows()
				page, next := authority.Cut(from(q.After, q.Limit), p.Size(), func(id int64) int64 { return id })
				if got = append(got, page...); len(page) > limit || len(page) == 0 && rows > 0 || pages > rows+1 {
					t.Fatalf("%d rows, %d a page: page %d has %v", rows, limit, pages, page)
				}
				if next == 0 {
					break
				}
				p.After = next
			}
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("%d rows, %d a page (-want +got):\n%s", rows, limit, diff)
			}
		}
	}
}

// TestASearchIsBounded in words and in characters, as people count them.
func TestASearchIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"nothing":               {"", true},
		"16 words":              {strings.Repeat("a ", 16), true},
		"17 words":              {strings.Repeat("a ", 17), false},
		"17 words between tabs": {strings.Repeat("a\t\n", 17), false},
		"300 characters":        {strings.Repeat("x", 300), true},
		"301 characters":        {strings.Repeat("x", 301), false},
		"300 of two bytes":      {strings.Repeat("é", 300), true},
		"301 of two bytes":      {strings.Repeat("é", 301), false},
		"what is no text":       {strings.Repeat("\xff", 301), false},
		"blanks alone":          {strings.Repeat(" ", 301), false},
	} {
		_, err := authority.Page{Text: c.text}.Rows()
		if got := api.AsError(err); (err == nil) != c.ok || err != nil && (got.Code != api.CodeInvalidField || got.Field != "q") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
