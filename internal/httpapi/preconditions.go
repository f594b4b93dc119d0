package httpapi

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
)

// The entity tag of an object is its own revision in quotes (RFC 9110, 8.8.3). A
// change may say which one it was made from.

const (
	headerIfNoneMatch = "If-None-Match"
)

// revisionOf is the revision of the one object that an answer is; 0 and false for
// what is none.
func revisionOf(body any) (int64, bool) {
	switch v := body.(type) {
	case api.Issued:
		return v.Token.Revision, true
	case api.Token, api.Member, api.ServiceAccount, api.Role, api.Scope, api.Resource, api.Workspace, api.Policy, api.User, api.Webhook, api.WebhookSecret:
		return reflect.ValueOf(v).FieldByName("Revision").Int(), true
	}
	return 0, false
}

// isObject says whether a type is that of one object with a revision of its own.
func isObject(t reflect.Type) bool {
	_, ok := revisionOf(reflect.Zero(t).Interface())
	return ok
}

// tag sets the ETag of an answer, and says whether whoever asks has it already.
func (c *call) tag(a answer) (known bool) {
	revision, ok := revisionOf(a.body)
	if !ok {
		return false
	}
	tag := `"` + strconv.FormatInt(revision, 10) + `"`
	c.w.Header().Set("ETag", tag)
	lines := c.r.Header[headerIfNoneMatch]
	if len(lines) == 0 || c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return false
	}
	tags, every, ok := entityTags(lines)
	for _, t := range tags {
		every = every || strings.TrimPrefix(t, "W/") == tag
	}
	return ok && every
}

// expects hands what a change asks of its object to the authority.
func (c *call) expects() error {
	match, none := c.r.Header[door.HeaderIfMatch], c.r.Header[headerIfNoneMatch]
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead || len(match)+len(none) == 0 || c.route.scim {
		return nil
	}
	if !c.route.Matches {
		return badCondition("if_match", "this call does not change one object that is there, so it takes neither If-Match nor If-None-Match")
	}
	if len(none) > 0 {
		if len(match) > 0 || len(none) > 1 || none[0] != "*" || c.r.Method != http.MethodPut {
			return badCondition("if_none_match", "a change takes If-None-Match: * alone, and only PUT does: the object is not there yet")
		}
		c.caller.Expected = authority.Expected{Absent: true}
		return nil
	}
	tags, all, ok := entityTags(match)
	if !ok {
		return badCondition("if_match", `If-Match is * or a list of entity tags like "42"`)
	}
	c.caller.Expected = authority.Expected{Given: true, Any: all, Revisions: revisions(tags)}
	return nil
}

// revisions are those that strong tags name; no other tag matches (RFC 9110, 13.1.1).
func revisions(tags []string) (out []int64) {
	for _, t := range tags {
		n, err := strconv.ParseInt(strings.Trim(t, `"`), 10, 64)
		if err == nil && t == `"`+strconv.FormatInt(n, 10)+`"` {
			out = append(out, n)
		}
	}
	return out
}

func badCondition(field, message string) error {
	e := api.Errorf(api.CodeInvalidRequest, "%s", message)
	e.Field = field
	return e
}

// entityTags reads a list of entity tags, or *, which stands alone.
func entityTags(lines []string) (tags []string, all, ok bool) {
	rest := strings.Trim(strings.Join(lines, ","), " \t")
	if rest == "*" {
		return nil, true, true
	}
	for rest != "" {
		tag, more, found := entityTag(rest)
		if !found {
			return nil, false, false
		}
		tags = append(tags, tag)
		rest = strings.TrimLeft(more, " \t")
		if rest == "" {
			return tags, false, true
		}
		if rest[0] != ',' {
			return nil, false, false
		}
		rest = strings.TrimLeft(rest[1:], " \t")
	}
	return nil, false, false
}

// entityTag takes one tag from the beginning of a list.
func entityTag(s string) (tag, rest string, ok bool) {
	weak, body := "", s
	if strings.HasPrefix(body, "W/") {
		weak, body = "W/", body[2:]
	}
	if body == "" || body[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(body[1:], '"')
	if end < 0 || strings.ContainsFunc(body[1:end+1], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", false
	}
	return weak + body[:end+2], body[end+2:], true
}
