package console

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
)

// table is a list of tokens as it is drawn.
type table struct {
	rows    []api.Token
	columns []column
	sort    string
	// self is the address of this page, with what it is filtered by.
	self url.URL
	next string
	// bulk says whether rows can be selected.
	bulk bool
	// mine says that the rows are the reader's own, bin that each shows a bin.
	mine, bin bool
	// workspace is the slug that the rows' pages stand under.
	workspace string
	// rights of the visitor about each row.
	may func(api.Token) rowRights
}

// rowRights is what the visitor may do with one token; it decides what is drawn.
type rowRights struct{ edit, disable, rotate, remove, reveal bool }

// column is a column of the table.
type column struct{ key, name string }

func allColumns() []column {
	return []column{{"token", "Token"}, {"scope", "Scope"}, {"owner", "Owner"}, {"created", "Created"}, {"expires", "Expires"},
		{"used", "Last used"}, {"status", "Status"}}
}

const (
	columnsCookie = "tokenry-columns"
	pageRows      = 50
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
	return v.redirect(safeNext(v.r.PostForm.Get("next")))
}

func (t table) shows(key string) bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.key == key })
}

// rowRights tells what the visitor may do with a token.
func (v *visit) rowRights(t api.Token) rowRights {
	if isOver(t) {
		return rowRights{}
	}
	own := v.owns(t)
	r := rowRights{
		edit: own || v.may("tokens:edit"), disable: own || v.may("tokens:disable"), remove: own || v.may("tokens:delete"),
		rotate: own && v.mayHold() || !own && v.may("tokens:edit") && (t.Kind != "personal" || v.may("tokens:impersonate")),
	}
	r.reveal = t.Recoverable && t.Status == api.StatusActive && (own || v.may("tokens:reveal") && (t.Kind != "personal" || v.may("tokens:impersonate")))
	if !own && !v.at.rights.Covers(compile(t.Effective)) {
		r.rotate, r.reveal = false, false
	}
	return r
}

func (v *visit) tokens() error {
	v.section = "access-tokens"
	f := api.TokenFilter{Owner: v.q("owner"), Kind: v.q("kind"), Status: v.q("status"), Query: v.q("q")}
	t, err := v.table(f)
	if err != nil {
		return err
	}
	return v.page("Access tokens", tokensPage(v, t, f))
}

// table lists the tokens of the workspace that a filter keeps.
func (v *visit) table(f api.TokenFilter) (table, error) {
	after, _ := strconv.ParseInt(v.q("after"), 10, 64) // what is no number begins anew
	rows, next, err := v.auth.ListTokens(v.ctx(), v.caller, v.at.Slug, f, authority.Page{After: after, Limit: pageRows})
	if err != nil && api.AsError(err).Field != "owner" {
		return table{}, err
	}
	t := table{rows: rows, columns: v.columns(), sort: v.q("sort"), self: *v.r.URL, workspace: v.at.Slug, may: v.rowRights}
	t.bulk = v.may("tokens:disable") || v.may("tokens:delete")
	sortTokens(t.rows, t.sort)
	if next != 0 {
		t.next = t.with("after", strconv.FormatInt(next, 10))
	}
	return t, nil
}

// with is the address of the page with one parameter changed.
func (t table) with(name, value string) string {
	q := t.self.Query()
	q.Del("did")
	q.Set(name, value)
	return t.self.Path + "?" + q.Encode()
}

// sortTokens orders what one page shows; "-" in front turns it round.
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

// page is the address of a token's page.
func (t table) page(k api.Token, parts ...string) string {
	return "/workspace/" + url.PathEscape(t.workspace) + "/access-tokens/" + strings.Join(append([]string{k.Locator}, parts...), "/")
}

func (v *visit) tokenPage(id string, parts ...string) string {
	return v.ws(append([]string{"access-tokens", id}, parts...)...)
}

func (v *visit) integrationTokens() error {
	v.section = "integration-tokens"
	t, err := v.table(api.TokenFilter{Kind: "workspace", Status: v.q("status"), Query: v.q("q")})
	if err != nil {
		return err
	}
	t.columns = slices.DeleteFunc(t.columns, func(c column) bool { return c.key == "owner" })
	t.bulk, t.bin, t.mine = false, true, true
	return v.page("Integration tokens", integrationPage(v, t))
}

// mayCreate says whether the visitor may make any token here, and of which owners.
func (v *visit) mayCreate() bool { return v.mayHold() || v.may("tokens:create") }

// bulk asks to confirm an action on several tokens, and does it once confirmed.
func (v *visit) bulk() error {
	f := v.typed()
	action := f.get("action")
	rows, err := v.selected(f.values["id"], action)
	if err != nil {
		return err
	}
	if f.get("confirmed") == "" || len(rows) == 0 {
		v.section = "access-tokens"
		return v.page("Confirm", bulkPage(v, rows, action))
	}
	for _, t := range rows {
		if action == "revoke" {
			_, _, err = v.auth.RevokeToken(v.ctx(), v.caller, v.at.Slug, t.Locator, api.RevokeToken{Reason: f.get("reason")})
		} else {
			_, _, err = v.auth.DisableToken(v.ctx(), v.caller, v.at.Slug, t.Locator, api.DisableToken{})
		}
		if err != nil {
			return err
		}
	}
	return v.done(v.ws("access-tokens"), map[bool]string{true: "bulk-revoked", false: "bulk-disabled"}[action == "revoke"])
}

// selected reads the tokens that a bulk action may and can touch.
func (v *visit) selected(ids []string, action string) ([]api.Token, error) {
	if action != "revoke" && action != "disable" {
		return nil, api.FieldError("action", "must be revoke or disable")
	}
	var out []api.Token
	for _, id := range ids[:min(len(ids), 200)] {
		t, err := v.auth.GetToken(v.ctx(), v.caller, v.at.Slug, id)
		if err != nil {
			return nil, err
		}
		if r := v.rowRights(t); action == "revoke" && r.remove || action == "disable" && r.disable && t.Status == api.StatusActive {
			out = append(out, t)
		}
	}
	return out, nil
}
