package httpapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/reference"
	"github.com/tokenry/tokenry/internal/strict"
	"github.com/tokenry/tokenry/token"
)

func paging() []reference.Param {
	return []reference.Param{
		{Name: "limit", Kind: reference.Whole, Description: "How many items at the most, 1 to 200; 50 when left out."},
		{Name: "cursor", Description: "The next_cursor of the page before."},
	}
}

func dryRun() reference.Param {
	return reference.Param{Name: "dry_run", Kind: reference.Flag, Description: "Change nothing; answer the tokens that would stop."}
}

// param is one that a request brought.
type param struct{ name, value string }

const (
	maxParams    = 200
	maxParamText = 300
)

// readQuery takes the query apart. A credential in it is refused before
// anything else is looked at.
func (c *call) readQuery() error {
	rest := c.r.URL.RawQuery
	for more := rest != ""; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		name, value, ok := unescapePair(pair)
		if !ok || len(c.params) == maxParams {
			return api.Errorf(api.CodeInvalidParameter, "the query is not well-formed, or too long")
		}
		if c.isCredential(name, value) {
			return badCredentials(
				"a token is never accepted in an address, where it ends up in logs: send it as Authorization: Bearer")
		}
		if key, v, ok := strings.Cut(value, "="); ok && key != "" && name == "metadata" {
			name, value = metadataPrefix+key, v // as the document has it, whose parameters have names
		}
		c.params = append(c.params, param{name, value})
	}
	return nil
}

func unescapePair(pair string) (name, value string, ok bool) {
	name, value, _ = strings.Cut(pair, "=")
	if strings.ContainsAny(pair, "%+;") {
		var err1, err2 error
		name, err1 = url.QueryUnescape(name)
		value, err2 = url.QueryUnescape(value)
		if err1 != nil || err2 != nil || strings.Contains(pair, ";") {
			return "", "", false
		}
	}
	return name, value, name != ""
}

// isCredential recognises a credential by the parameter's name, unless the route
// declares one of that name, or by a token string in either part.
func (c *call) isCredential(name, value string) bool {
	if token.Contains(value) || token.Contains(name) {
		return true
	}
	if _, ok := declared(c.route.Params, name); ok {
		return false
	}
	switch strings.ToLower(name) {
	case "token", "access_token", "auth_token", "api_token", "private_token", "refresh_token", "id_token", "api_key", "apikey",
		"bearer", "bearer_token", "authorization", "secret", "password":
		return true
	}
	return false
}

// checkParams refuses what the route does not take, what is there twice, and
// what is not of its kind.
func (c *call) checkParams() error {
	for i, p := range c.params {
		decl, ok := declared(c.route.Params, p.name)
		if !ok {
			return badParam(p.name, "this call has no such parameter")
		}
		if !decl.Repeat && slices.ContainsFunc(c.params[:i], func(other param) bool { return other.name == p.name }) {
			return badParam(p.name, "give it once")
		}
		if problem := wrong(decl, p.value); problem != "" {
			return badParam(p.name, problem)
		}
	}
	return nil
}

// badParam names the parameter only when that cannot repeat a secret.
func badParam(name, problem string) *api.Error {
	if !strict.Sayable(name) {
		return api.Errorf(api.CodeInvalidParameter, "a parameter: %s", problem)
	}
	e := api.Errorf(api.CodeInvalidParameter, "%s: %s", name, problem)
	e.Field = name
	return e
}

// wrong says what is wrong with the value of a parameter, or nothing.
func wrong(p reference.Param, value string) string {
	if len(p.OneOf) > 0 && !slices.Contains(p.OneOf, value) {
		return "must be one of " + strings.Join(p.OneOf, ", ")
	}
	switch p.Kind {
	case reference.Whole:
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 200 || value[0] == '+' {
			return "must be a whole number from 1 to 200"
		}
	case reference.Flag:
		if value != "true" && value != "false" {
			return "must be true or false"
		}
	case reference.Duration:
		if d, err := api.ParseDuration(value); err != nil || d <= 0 {
			return "must be a duration like 90d, 24h or 30m, longer than 0"
		}
	case reference.Time:
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return "must be an RFC 3339 time like 2026-01-31T12:00:00Z"
		}
	case reference.Text:
		if strings.TrimSpace(value) == "" || !utf8.ValidString(value) || utf8.RuneCountInString(value) > maxParamText || strings.ContainsFunc(value, unicode.IsControl) {
			return "must have 1 to 300 characters, not all blank and none of them a control character; leave it out to ask for no such thing"
		}
	}
	return ""
}

// The values of checked parameters; zero when they were left out.

func (c *call) text(name string) string {
	for _, p := range c.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

func (c *call) has(name string) bool {
	return slices.ContainsFunc(c.params, func(p param) bool { return p.name == name })
}

// said is a parameter that may have been left out.
func (c *call) said(name string) api.Opt[string] {
	if !c.has(name) {
		return api.Opt[string]{}
	}
	return api.Some(c.text(name))
}

func (c *call) flag(name string) bool { return c.text(name) == "true" }

func (c *call) duration(name string) api.Duration {
	d, _ := api.ParseDuration(c.text(name)) // checked
	return d
}

func (c *call) time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339, c.text(name)) // checked
	return t
}

// page is where a listing is to go on.
func (c *call) page() (authority.Page, error) {
	p := authority.Page{Limit: 50, Text: c.text("q"), Only: c.text("only"), Effective: c.text("include") == "effective"}
	if text := c.text("limit"); text != "" {
		p.Limit, _ = strconv.Atoi(text) // checked
	}
	var err error
	if text := c.text("cursor"); text != "" {
		p.After, err = c.s.cursors.open(c, text)
	}
	return p, err
}

// path is a part of the path, percent-decoded once.
func (c *call) path(name string) string { return c.r.PathValue(name) }
