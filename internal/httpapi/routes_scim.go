package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/scim"
)

// scimRoute takes everything below [scim.Root]. It stands in no table: SCIM has words,
// errors and conditions of its own, and describes itself by /Schemas; neither the API's
// document nor the clients that are made of it are about it.
func scimRoute() Route {
	access := needs("members:read", "members:write").Noting("Each verb asks for its own; groups need roles:read too.")
	rt := route("", scim.Root+"/{path...}", access, "Keep members and roles by a directory, as RFC 7644 says",
		endpoint{in: reflect.TypeFor[[]byte](), run: (*call).directory})
	rt.Group, rt.MaxBody, rt.foreignQuery, rt.scim = "SCIM", scim.MaxBody, true, true
	return rt
}

// directory answers what a directory asks of the workspace of its token.
func (c *call) directory() (answer, error) {
	a, err := c.s.authority.AnswerDirectory(c.ctx, c.caller, scim.Request{
		Method: c.r.Method, Path: strings.TrimPrefix(c.r.URL.Path, scim.Root), Query: c.r.URL.RawQuery, Body: c.body.Bytes(),
		IfMatch: condition(c.r.Header[door.HeaderIfMatch]), IfNoneMatch: condition(c.r.Header[headerIfNoneMatch]),
		Base: c.s.base + scim.Root, Help: c.s.base + "/help/members", Workspace: c.known.Workspace.Slug,
	})
	for name, value := range map[string]string{"ETag": a.Tag, "Location": a.Location, "Allow": a.Allow} {
		if value != "" {
			c.w.Header().Set(name, value)
		}
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: a.Status, raw: append([]byte{}, a.Body...), media: scim.Media, changed: a.Revision != 0, revision: a.Revision}, nil
}

// condition is a header of entity tags. One that is there and empty is a variable that was
// not set: it is no tag, so that nothing is as it asks.
func condition(lines []string) string {
	if all := strings.Join(lines, ","); all != "" || len(lines) == 0 {
		return all
	}
	return `""`
}

// scimError answers an error in the words of SCIM.
func (c *call) scimError(p api.Problem, e *api.Error) {
	b, err := json.Marshal(scim.ErrorOf(e, p.Status))
	if err != nil { // cannot be: strings always marshal
		b = []byte(`{}`)
	}
	c.send(p.Status, scim.Media, b, false)
}

// isSCIM is [isJSON] for both of SCIM's types.
func isSCIM(h http.Header) error {
	if lines := h["Content-Type"]; len(lines) == 1 && len(h["Content-Encoding"]) == 0 && (jsonMedia(lines[0], scim.Media) || jsonMedia(lines[0], door.JSON)) {
		return nil
	}
	return api.Errorf(api.CodeUnsupportedMediaType, "send Content-Type: "+scim.Media+", and no Content-Encoding")
}
