package reception

import (
	"errors"
	"strconv"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/listing"
)

// PageRows is how many rows a page of a list has.
const PageRows = 50

// Paged reads which page of a list is asked for.
func (v *Visit) Paged() authority.Page {
	after, _ := strconv.ParseInt(v.Q("after"), 10, 64) // what is no number begins anew
	return authority.Page{After: after, Limit: PageRows, Text: v.Q("q")}
}

// Listed describes a page of n rows after which next follows.
func (v *Visit) Listed(n int, next int64) listing.Names {
	return listing.NamesOf(n, v.Q("q"), v.After(next), v.Q("after") != "")
}

// After is the address of the next page; empty when there is none.
func (v *Visit) After(next int64) string {
	if next == 0 {
		return ""
	}
	return listing.At(*v.R.URL).With("after", strconv.FormatInt(next, 10))
}

// BackTo is where the visitor came from, or otherwise.
func (v *Visit) BackTo(otherwise listing.Place) listing.Place {
	if p, ok := listing.Back(v.Q("from")); ok {
		return p
	}
	return otherwise
}

// Onward is an address that leads back to where this page does.
func (v *Visit) Onward(href string) string { return listing.Carry(href, v.Q("from")) }

// Deeper is an address that leads back to this page, which leads back to where its reader
// came from.
func (v *Visit) Deeper(href string) string {
	if here := v.Onward(v.R.URL.Path); here != v.R.URL.Path {
		return listing.Carry(href, here)
	}
	return href
}

// Hidden forgives what the visitor may not see.
func Hidden(err error) error {
	if errors.Is(err, api.CodeNotFound) || errors.Is(err, api.CodeInsufficientScope) {
		return nil
	}
	return err
}

// Unseen forgives what the visitor may not see, or what is not counted now: a
// page without a chart is better than none.
func Unseen(err error) error {
	if api.NotNow(err) {
		return nil
	}
	return Hidden(err)
}
