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
	tags, every, ok := door.EntityTags(lines)
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
	tags, all, ok := door.EntityTags(match)
	if !ok {
		return badCondition("if_match", `If-Match is * or a list of entity tags like "42"`)
	}
	c.caller.Expected = authority.Expected{Given: true, Any: all, Revisions: door.Revisions(tags)}
	return nil
}

func badCondition(field, message string) error {
	e := api.Errorf(api.CodeInvalidRequest, "%s", message)
	e.Field = field
	return e
}
