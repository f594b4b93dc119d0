package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
)

// table is a list of tokens as it is drawn.
type table struct {
	rows    []api.Token
	columns []column
	sort    string
	// self is the address of this page, with what it is filtered by.
	self           url.URL
	next, previous string
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

// column is a column of the table.
type column struct{ key, name string }

func allColumns() []column {
	return []column{{"token", "Token"}, {"scope", "Scope"}, {"owner", "Owner"}, {"created", "Created"}, {"expires", "Expires"},
		{"used", "Last used"}, {"status", "Status"}}
}

const (
	columnsCookie = "tokenry-columns"
	pageRows      = 50
	// shortList is a list that one sees whole.
	shortList = 8
)

// columns are those that the visitor chose, in a cookie.
func (v *visit) columns() []column {
	chosen := v.cookie(v.r, columnsCookie)
	if chosen == "" {
		return slices.DeleteFunc(allColumns(), func(c column) bool { return c.key == "owner" })
	}
	keys := strings.Split(chosen, ".")
	return slices.DeleteFunc(allColumns(), func(c column) bool { return !slices.Contains(keys, c.key) })
}

func (v *visit) doColumns() error {
	keys := []string{"none"}
	for _, c := range allColumns() {
		if slices.Contains(v.r.PostForm["column"], c.key) {
			keys = append(keys, c.key)
		}
	}
	v.setCookie(v.w, v.r, columnsCookie, strings.Join(keys, "."), sessionAge)
	return v.redirect(door.SafeNext(v.r.PostForm.Get("next")))
}

func (t table) shows(key string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.key == key })
}

func (v *visit) tokens() error {
	v.section = "access-tokens"
	t, err := v.table(v.tokenFilter())
	if err != nil {
		return err
	}
	return v.page("Access tokens", tokensPage(v, t))
}

// asked is a condition of a list's form; an empty field of it is none.
func (v *visit) asked(name string) api.Opt[string] {
	if s := v.q(name); strings.TrimSpace(s) != "" {
		return api.Some(s)
	}
	return api.Opt[string]{}
}

// tokenFilter reads what the list is narrowed to. A value that no filter has
// narrows nothing.
func (v *visit) tokenFilter() api.TokenFilter {
	f := api.TokenFilter{Owner: v.asked("owner"), Query: v.asked("q")}
	if form.Offers(form.Kinds(), v.q("kind")) {
		f.Kind = v.asked("kind")
	}
	if form.Offers(form.Statuses(), v.q("status")) {
		f.Status = v.asked("status")
	}
	switch v.q("only") {
	case "expiring":
		f.ExpiringWithin = api.Some(api.Duration(phrase.Soon))
	case "unused":
		f.UnusedFor = api.Some(90 * api.Day)
	case "outside":
		f.OutsidePolicy = api.Some(true)
	}
	return f
}

// table lists the tokens of the workspace that a filter keeps.
func (v *visit) table(f api.TokenFilter) (table, error) {
	t := table{columns: v.columns(), sort: v.q("sort"), self: *v.r.URL, workspace: v.at.Slug, filter: f}
	t.bulk = v.may("tokens:disable") || v.may("tokens:delete") || v.may("tokens:edit")
	t.narrowed = f.Owner.Set || f.Kind.Set || f.Status.Set || f.Query.Set || v.tokensOnly() != ""
	if t.sort != "" {
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
		t.previous = t.with("after", "")
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

// tokensOnly is the chosen kind of tokens that need a look; empty for all.
func (v *visit) tokensOnly() string {
	if only := v.q("only"); form.Offers(form.Attentions(), only) {
		return only
	}
	return ""
}

// with is the address of the page with one parameter changed.
func (t table) with(name, value string) string {
	q := t.self.Query()
	q.Del("did")
	if name == "sort" {
		q.Del("after")
		q.Del("page")
	}
	if q.Set(name, value); value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return t.self.Path
	}
	return t.self.Path + "?" + q.Encode()
}

// page is the address of a token's page.
func (t table) page(k api.Token, parts ...string) string {
	return "/workspace/" + url.PathEscape(t.workspace) + "/access-tokens/" + strings.Join(append([]string{k.Locator}, parts...), "/")
}

func (v *visit) tokenPage(id string, parts ...string) string {
	return v.ws(append([]string{"access-tokens", id}, parts...)...)
}

func (v *visit) integrationTokens() error {
	v.section = "integration-tokens"
	t, err := v.table(api.TokenFilter{Kind: api.Some("workspace"), Status: v.asked("status"), Query: v.asked("q")})
	if err != nil {
		return err
	}
	t.columns = slices.DeleteFunc(t.columns, func(c column) bool { return c.key == "owner" })
	t.bulk, t.bin, t.mine = false, true, true
	return v.page("Integration tokens", integrationPage(v, t))
}

// mayCreate says whether the visitor may make any token here, and of which owners.
func (v *visit) mayCreate() bool { return v.at.MayHold() || v.may("tokens:create") }
