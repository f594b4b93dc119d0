package authority_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
)

// shelf lists the numbers from 1 to n in pages of at most size, and counts how
// often it is asked.
type shelf struct{ n, size, asked int }

func (s *shelf) list(p authority.Page) (out []int, next int64, err error) {
	s.asked++
	for i := int(p.After) + 1; i <= s.n && len(out) < min(s.size, p.Limit); i++ {
		out = append(out, i)
	}
	if len(out) > 0 && out[len(out)-1] < s.n {
		next = int64(out[len(out)-1])
	}
	return out, next, nil
}

func TestAListIsReadToItsEndAndNoFurtherThanItIsTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, size, take, items, asked int }{
		{n: 0, size: 3, take: 100, items: 0, asked: 1},
		{n: 3, size: 3, take: 100, items: 3, asked: 1},
		{n: 7, size: 3, take: 100, items: 7, asked: 3},
		{n: 7, size: 3, take: 3, items: 3, asked: 1},
		{n: 7, size: 3, take: 4, items: 4, asked: 2},
	} {
		s := &shelf{n: c.n, size: c.size}
		var got []int
		for i, err := range authority.Each(s.list) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, i); len(got) == c.take {
				break
			}
		}
		want := make([]int, c.items)
		for i := range want {
			want[i] = i + 1
		}
		if !slices.Equal(got, want) || s.asked != c.asked {
			t.Errorf("%+v: %v after %d pages", c, got, s.asked)
		}
	}
}

func TestAnErrorEndsAList(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	s := &shelf{n: 7, size: 3}
	pages, items := 0, 0
	var last error
	for rows, err := range authority.Pages(func(p authority.Page) ([]int, int64, error) {
		if p.After > 0 {
			return []int{4}, 5, boom // what comes with an error is nothing
		}
		return s.list(p)
	}) {
		pages, items, last = pages+1, items+len(rows), err
	}
	if pages != 2 || items != 3 || !errors.Is(last, boom) {
		t.Errorf("%d pages with %d items, then %v", pages, items, last)
	}
}

func TestAListThatDoesNotGoOnEndsInAnError(t *testing.T) {
	t.Parallel()
	n := 0
	var last error
	for _, err := range authority.Each(func(authority.Page) ([]int, int64, error) { return []int{1}, 9, nil }) {
		if n, last = n+1, err; n > 10 {
			t.Fatal("it never ends")
		}
	}
	if n != 2 || last == nil {
		t.Errorf("%d items, then %v", n, last)
	}
}

// TestRowsAreReadToTheEndByTheirNumbers: a page that is not full is the last, and the
// next one begins behind the last number, whatever was taken out in between.
func TestRowsAreReadToTheEndByTheirNumbers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, authority.MaxPage - 1, authority.MaxPage, authority.MaxPage + 1, 2*authority.MaxPage + 7} {
		asked := 0
		list := func(q ledger.Range) (out []int64, err error) {
			asked++
			for i := int64(1); i <= int64(n) && len(out) < q.Limit; i++ {
				if number := 3 * i; number > q.After {
					out = append(out, number)
				}
			}
			return out, nil
		}
		want := int64(0)
		for row, err := range authority.Rows(list, func(row int64) ledger.ID { return row }) {
			if want += 3; err != nil || row != want {
				t.Fatalf("of %d: row %d, %v, want %d", n, row, err, want)
			}
		}
		if want != 3*int64(n) || asked != n/authority.MaxPage+1 {
			t.Errorf("of %d: ended at %d after %d pages", n, want, asked)
		}
	}
	broken := errors.New("broken")
	for _, err := range authority.Rows(func(ledger.Range) ([]int64, error) { return nil, broken }, func(row int64) ledger.ID { return row }) {
		if !errors.Is(err, broken) {
			t.Errorf("the error is %v", err)
		}
	}
}
