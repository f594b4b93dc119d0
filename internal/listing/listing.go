// Package listing is what a list of tokens on a page is: the columns that it has, what it is
// narrowed to, and its own address, in which all of that stands.
//
// Laws of this package:
//
//   - It is pure. What the address says is read as somebody typed it: a value that no
//     filter has narrows nothing.
//   - Going back, reloading and handing on the address show the same list.
package listing

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Column is a column of the table.
type Column struct{ Key, Name string }

// Columns are all that the table can have, beside the label.
func Columns() []Column {
	return []Column{{"token", "Token"}, {"scope", "Scope"}, {"owner", "Owner"}, {"created", "Created"}, {"expires", "Expires"},
		{"used", "Last used"}, {"status", "Status"}}
}

// none is what stands for a choice of no column.
const none = "none"

// Chosen are the columns that somebody chose, as [Keys] wrote them; all but the owner
// where nothing was chosen.
func Chosen(written string) []Column {
	if written == "" {
		return slices.DeleteFunc(Columns(), func(c Column) bool { return c.Key == "owner" })
	}
	keys := strings.Split(written, ".")
	return slices.DeleteFunc(Columns(), func(c Column) bool { return !slices.Contains(keys, c.Key) })
}

// Keys writes a choice of columns.
func Keys(chosen []string) string {
	out := []string{none}
	for _, c := range Columns() {
		if slices.Contains(chosen, c.Key) {
			out = append(out, c.Key)
		}
	}
	return strings.Join(out, ".")
}

// Address is where a list is, and what it is sorted by.
type Address struct {
	URL  url.URL
	Sort string
}

// At is the list at an address.
func At(u url.URL) Address { return Address{URL: u, Sort: u.Query().Get("sort")} }

// With is the address with one parameter changed. Another order begins with the first page.
func (a Address) With(name, value string) string {
	q := a.URL.Query()
	q.Del("did")
	q.Del("undo")
	if name == "sort" {
		q.Del("after")
		q.Del("page")
	}
	if q.Set(name, value); value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return a.URL.Path
	}
	return a.URL.Path + "?" + q.Encode()
}

// Here is the address, without what it said once.
func (a Address) Here() string { return a.With("did", "") }

// File is where the list is as a file: all of it, of one kind of tokens where the page has
// no other.
func (a Address) File(path, kind string) string {
	q := a.URL.Query()
	for _, name := range []string{"did", "undo", "after", "page", "sort"} {
		q.Del(name)
	}
	if kind != "" {
		q.Set("kind", kind)
	}
	return (&url.URL{Path: path, RawQuery: q.Encode()}).String()
}

// SortLink is where a column's head leads: sorted by it, or turned round.
func (a Address) SortLink(key string) string {
	if a.Sort == key {
		return a.With("sort", "-"+key)
	}
	return a.With("sort", key)
}

// Sorted is the aria-sort of a column.
func (a Address) Sorted(key string) string {
	switch a.Sort {
	case key:
		return "ascending"
	case "-" + key:
		return "descending"
	}
	return "none"
}

// Attention is the chosen kind of tokens that need a look; empty for all.
func Attention(only string) string {
	if form.Offers(form.Attentions(), only) {
		return only
	}
	return ""
}

// unused are how long a token may have been unused, and still be asked for.
const unused = 90 * api.Day

// Filter reads what a list is narrowed to; get is a parameter of its address.
func Filter(get func(name string) string) api.TokenFilter {
	text := func(name string) (out api.Opt[string]) {
		if s := strings.TrimSpace(get(name)); s != "" {
			out = api.Some(s)
		}
		return out
	}
	f := api.TokenFilter{
		Owner: text("owner"), Query: text("q"), Role: text("role"), Scope: text("scope"), Resource: text("resource"),
		CreatedBy: text("created_by"), CreatedWith: text("created_with"), Deleted: get("deleted") != "",
	}
	if form.Offers(form.Kinds(), get("kind")) {
		f.Kind = text("kind")
	}
	if form.Offers(form.Statuses(), get("status")) {
		f.Status = text("status")
		f.Deleted = f.Deleted || f.Status.Value == api.StatusRevoked // what is deleted is revoked, and is looked for by that word
	}
	if d, err := api.ParseDuration(get("unused_for")); err == nil && d > 0 {
		f.UnusedFor = api.Some(d)
	}
	switch get("only") {
	case "expiring":
		f.ExpiringWithin = api.Some(api.Duration(phrase.Soon))
	case "unused":
		f.UnusedFor = api.Some(unused)
	case "outside":
		f.OutsidePolicy = api.Some(true)
	}
	return f
}

// Narrows says whether a filter leaves anything out; that it also shows what was deleted
// does not.
func Narrows(f api.TokenFilter) bool {
	return f.Owner.Set || f.Kind.Set || f.Status.Set || f.Query.Set || More(f) || f.ExpiringWithin.Set || f.OutsidePolicy.Set
}

// More says whether a filter has a condition beside those that one looks for mostly.
func More(f api.TokenFilter) bool {
	return f.Role.Set || f.Scope.Set || f.Resource.Set || f.CreatedBy.Set || f.CreatedWith.Set || f.UnusedFor.Set
}
