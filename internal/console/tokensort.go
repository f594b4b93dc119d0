package console

import (
	"strconv"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

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
	phrase.SortTokens(all, t.Sort)
	n, _ := strconv.Atoi(v.Q("page")) // what is no number is the first page
	first := min(max(n-1, 0)*reception.PageRows, len(all))
	t.rows, t.partly = all[first:min(first+reception.PageRows, len(all))], more
	if !more {
		t.total = len(all)
	}
	if first+reception.PageRows < len(all) {
		t.next = t.With("page", strconv.Itoa(first/reception.PageRows+2))
	}
	if first > 0 {
		t.previous = t.With("page", strconv.Itoa(first/reception.PageRows))
	}
	return nil
}

// tokensCount says how many tokens a filter keeps, beside a page that is there already.
func (v *visit) tokensCount() error {
	all, more, err := v.everyToken(listing.Filter(v.Q))
	if err != nil {
		return noOwner(err)
	}
	return v.Fragment(templ.Raw(templ.EscapeString(phrase.Found(len(all), len(all), more, true))))
}

// tokensExport answers what the list is narrowed to, all of it, as the API writes it.
func (v *visit) tokensExport() error {
	f := listing.Filter(v.Q)
	return reception.Export(v.Visit, authority.Pages(func(p authority.Page) ([]api.Token, int64, error) {
		return v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, f, p)
	}), func() func(api.Token) error {
		v.Attach(door.CSV, "tokens-"+v.At.Slug+"-"+v.Now().Format("2006-01-02")+".csv")
		return reception.InTable(v.Visit, listing.Head(), listing.Cells)
	})
}

// lookUpAt is where a token that was pasted into a search is looked up; empty for whoever
// may look up none.
func (v *visit) lookUpAt() string {
	if !v.May("tokens:read") {
		return ""
	}
	return v.WS("leak-desk")
}
