package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/office"
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

const (
	columnsCookie = "tokenry-columns"
	pageRows      = 50
)

func (v *visit) doColumns() error {
	v.setCookie(v.w, v.r, columnsCookie, listing.Keys(v.r.PostForm["column"]), sessionAge)
	return v.redirect(door.SafeNext(v.r.PostForm.Get("next")))
}

func (t table) shows(key string) bool {
	return slices.ContainsFunc(t.columns, func(c listing.Column) bool { return c.Key == key })
}

func (v *visit) tokens() error {
	v.section = "access-tokens"
	t, err := v.table(listing.Filter(v.q))
	if err != nil {
		return err
	}
	return v.page("Access tokens", tokensPage(v, t))
}

// table lists the tokens of the workspace that a filter keeps.
func (v *visit) table(f api.TokenFilter) (table, error) {
	t := table{columns: listing.Chosen(v.cookie(v.r, columnsCookie)), Address: listing.At(*v.r.URL), workspace: v.at.Slug, filter: f}
	t.bulk = v.may("tokens:disable") || v.may("tokens:delete") || v.may("tokens:edit")
	t.narrowed = listing.Narrows(f)
	if t.Sort != "" {
		if err := v.sortedPage(&t, f); err != nil {
			return t, noOwner(err)
		}
		return t, v.enable(&t)
	}
	rows, next, err := v.auth.ListTokens(v.ctx(), v.caller, v.at.Slug, f, v.paged())
	if err != nil {
		return t, noOwner(err)
	}
	t.rows, t.next = rows, v.after(next)
	if v.q("after") != "" {
		t.previous = t.With("after", "")
	}
	return t, v.enable(&t)
}

// enable asks what the visitor may do with the rows.
func (v *visit) enable(t *table) (err error) {
	t.can, err = v.auth.TokenAbilities(v.ctx(), v.caller, t.workspace, t.rows)
	return err
}

// canDo is enable for one token.
func (v *visit) canDo(k api.Token) (office.TokenAbilities, error) {
	can, err := v.auth.TokenAbilities(v.ctx(), v.caller, v.at.Slug, []api.Token{k})
	return can[k.Locator], err
}

// noOwner forgives a filter by an owner that does not exist: nothing matches.
func noOwner(err error) error {
	if err != nil && api.AsError(err).Field == "owner" {
		return nil
	}
	return err
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

// leadingBack is an address that leads back to the list, where that is narrowed.
func (t table) leadingBack(href string) string {
	if here := t.Here(); here != t.URL.Path {
		return listing.Carry(href, here)
	}
	return href
}

func (v *visit) tokenPage(id string, parts ...string) string {
	return v.ws(append([]string{"access-tokens", id}, parts...)...)
}

func (v *visit) integrationTokens() error {
	v.section = "integration-tokens"
	f := listing.Filter(v.q)
	narrowed := listing.Narrows(f)
	f.Kind = api.Some("workspace")
	t, err := v.table(f)
	if err != nil {
		return err
	}
	t.columns = slices.DeleteFunc(t.columns, func(c listing.Column) bool { return c.Key == "owner" })
	t.bulk, t.bin, t.mine, t.narrowed = false, true, true, narrowed
	return v.page("Integration tokens", integrationPage(v, t))
}

// mayCreate says whether the visitor may make any token here, and of which owners.
func (v *visit) mayCreate() bool { return v.at.MayHold() || v.may("tokens:create") }
