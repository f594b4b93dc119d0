package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// table is a list of tokens as it is drawn.
type table struct {
	rows    []api.Token
	columns []listing.Column
	// Address is that of this page, with what it is filtered by.
	listing.Address
	next, previous string
	// total is how many the filter keeps; 0 where that is not known.
	total int
	// why says what is wrong with the filter: whom it names is nobody, or too many.
	why string
	// partly says that there was more than could be sorted.
	partly bool
	// filter is what the list is narrowed to; narrowed says that it is.
	filter   api.TokenFilter
	narrowed bool
	// bulk says whether rows can be selected.
	bulk bool
	// mine says that the rows are the reader's own, bin that each shows a bin.
	mine, bin bool
	// workspace is the slug that the rows' pages stand under.
	workspace string
	// can is what the visitor may do with each row, by its locator.
	can map[string]office.TokenAbilities
}

const columnsCookie = "tokenry-columns"

func (v *visit) doColumns() error {
	v.SetCookie(columnsCookie, listing.Keys(v.R.PostForm["column"]), reception.SessionAge)
	return v.Redirect(door.SafeNext(v.R.PostForm.Get("next")))
}

func (t table) shows(key string) bool {
	return slices.ContainsFunc(t.columns, func(c listing.Column) bool { return c.Key == key })
}

func (v *visit) tokens() error {
	v.Section = "access-tokens"
	t, err := v.table(listing.Filter(v.Q))
	if err != nil {
		return err
	}
	return v.Page("Access tokens", tokensPage(v, t))
}

// table lists the tokens of the workspace that a filter keeps.
func (v *visit) table(f api.TokenFilter) (table, error) {
	t := table{columns: listing.Chosen(v.Cookie(columnsCookie)), Address: listing.At(*v.R.URL), workspace: v.At.Slug, filter: f}
	t.bulk = v.May("tokens:disable") || v.May("tokens:delete") || v.May("tokens:edit")
	t.narrowed = listing.Narrows(f)
	if t.Sort != "" {
		if err := v.sortedPage(&t, f); err != nil {
			return t.nobody(err)
		}
		return t, v.enable(&t)
	}
	rows, next, err := v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, f, v.Paged())
	if err != nil {
		return t.nobody(err)
	}
	t.rows, t.next = rows, v.After(next)
	if v.Q("after") != "" {
		t.previous = t.With("after", "")
	}
	return t, v.enable(&t)
}

// enable asks what the visitor may do with the rows.
func (v *visit) enable(t *table) (err error) {
	t.can, err = v.Office.TokenAbilities(v.Ctx(), v.Caller, t.workspace, t.rows)
	return err
}

// canDo is enable for one token.
func (v *visit) canDo(k api.Token) (office.TokenAbilities, error) {
	can, err := v.Office.TokenAbilities(v.Ctx(), v.Caller, v.At.Slug, []api.Token{k})
	return can[k.Locator], err
}

// noOwner forgives a filter by an owner or maker that is nobody, or too many: nothing matches.
func noOwner(err error) error {
	if err != nil && slices.Contains([]string{"owner", "created_by"}, api.AsError(err).Field) {
		return nil
	}
	return err
}

// nobody is the list of such a filter, which says so.
func (t table) nobody(err error) (table, error) {
	if noOwner(err) == nil {
		t.why = phrase.Sentence(strings.TrimPrefix(api.AsError(err).Message, api.AsError(err).Field+": "))
	}
	return t, noOwner(err)
}

// page is the address of a token's page, or of what is done to it: both lead back to the
// list, as it is narrowed and sorted.
func (t table) page(k api.Token, parts ...string) string {
	at := "/workspace/" + url.PathEscape(t.workspace)
	page := at + "/access-tokens/" + strings.Join(append([]string{k.Locator}, parts...), "/")
	if here := t.Here(); len(parts) > 0 || here != at+"/access-tokens" || k.Kind == "workspace" {
		return listing.Carry(page, here)
	}
	return page
}

func (v *visit) tokenPage(id string, parts ...string) string {
	return v.WS(append([]string{"access-tokens", id}, parts...)...)
}

func (v *visit) integrationTokens() error {
	v.Section = "integration-tokens"
	f := listing.Filter(v.Q)
	narrowed := listing.Narrows(f)
	f.Kind = api.Some("workspace")
	t, err := v.table(f)
	if err != nil {
		return err
	}
	t.columns = slices.DeleteFunc(t.columns, func(c listing.Column) bool { return c.Key == "owner" })
	t.bulk, t.bin, t.mine, t.narrowed = false, true, true, narrowed
	return v.Page("Integration tokens", integrationPage(v, t))
}

// mayCreate says whether the visitor may make any token here, and of which owners.
func (v *visit) mayCreate() bool { return v.At.MayHold() || v.May("tokens:create") }
