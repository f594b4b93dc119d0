package reference

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

const (
	responsePrefix = "#/components/responses/"
	anyProblem     = "Problem"
	anyOAuthError  = "OAuthError"
)

// allRefusals are the answers of what was refused, by name: one for each status that a
// call names, with its codes, and one for any. Those of OAuth stand apart, each under a
// name of its own: ogen takes no name for two statuses of one call.
func allRefusals(routes []Call, problem, oauth *huma.Schema) map[string]*huma.Response {
	out := map[string]*huma.Response{
		anyProblem:    refusal("A problem.", 0, door.Problem, problem),
		anyOAuthError: refusal("An error of OAuth.", 0, door.JSON, oauth),
	}
	for i := range routes {
		for _, status := range refusedWith(&routes[i]) {
			name, media, body := refusalName(&routes[i], status), door.Problem, problem
			if routes[i].OAuth {
				media, body = door.JSON, oauth
			}
			out[name] = refusal(http.StatusText(status)+". The code is one of "+codesOf(status)+".", status, media, body)
		}
	}
	return out
}

// codesOf lists the codes of a status.
func codesOf(status int) string {
	var words []string
	for _, c := range api.Codes() {
		if c.Status == status {
			words = append(words, string(c.Code))
		}
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func refusalName(rt *Call, status int) string {
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	if rt.OAuth {
		return "OAuth" + name
	}
	return name
}

// refusals are those that a call may answer, by status. What stands between may refuse
// with another, and default is what that is like.
func refusals(rt *Call) map[string]*huma.Response {
	out := map[string]*huma.Response{"default": {Ref: responsePrefix + anyProblem}}
	if rt.OAuth {
		out["default"] = &huma.Response{Ref: responsePrefix + anyOAuthError}
	}
	for _, status := range refusedWith(rt) {
		out[strconv.Itoa(status)] = &huma.Response{Ref: responsePrefix + refusalName(rt, status)}
	}
	return out
}

// refusedWith lists the statuses of a call's refusals.
func refusedWith(rt *Call) []int {
	out := []int{http.StatusBadRequest, http.StatusServiceUnavailable}
	also := func(holds bool, statuses ...int) {
		if holds {
			out = append(out, statuses...)
		}
	}
	private, body := rt.Access.Kind != Public, rt.Request != nil
	also(private || rt.OAuth, http.StatusUnauthorized)
	also(private, http.StatusForbidden)
	also(strings.Contains(rt.Path, "{") && !rt.Identifies, http.StatusNotFound)
	also(rt.Revision, http.StatusConflict)
	also(rt.Matches, http.StatusPreconditionFailed)
	also(body, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	also(rt.Keyed, http.StatusUnprocessableEntity)
	also(private || body, http.StatusTooManyRequests)
	return out
}

// refusal is the answer of what was refused with a status, 0 for any.
func refusal(description string, status int, media string, body *huma.Schema) *huma.Response {
	r := &huma.Response{Description: description, Content: map[string]*huma.MediaType{media: {Schema: body}}, Headers: map[string]*huma.Param{
		door.HeaderRequestID: {Ref: "#/components/headers/" + headerID},
	}}
	of := func(statuses ...int) bool { return status == 0 || slices.Contains(statuses, status) }
	if of(http.StatusTooManyRequests, http.StatusServiceUnavailable) {
		r.Headers["Retry-After"] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeInteger}, Description: "With 429 and 503: seconds until another attempt makes sense."}
	}
	if of(http.StatusTooManyRequests) {
		maps.Copy(r.Headers, rateHeaders())
	}
	if of(http.StatusUnauthorized, http.StatusForbidden) {
		r.Headers["WWW-Authenticate"] = textHeader("With 401, and with 403 for want of a scope: the challenge of RFC 6750.")
		r.Headers["Tokenry-Status"] = textHeader("Where a proxy asked with deny=403: the status that it would have been otherwise.")
	}
	if of(http.StatusMethodNotAllowed) {
		r.Headers["Allow"] = textHeader("With 405: the methods of the path.")
	}
	return r
}

// identityHeaders are those by which an API behind a proxy is told who asks.
func identityHeaders() map[string]*huma.Param {
	out := rateHeaders()
	for name, words := range map[string]string{
		"Tokenry-Token-Id":         "The token's id.",
		"Tokenry-Principal":        "The owner's address.",
		"Tokenry-Principal-Type":   "What the owner is: user, service or workspace.",
		"Tokenry-External-Id":      "The owner's id in a system of yours; empty where there is none.",
		"Tokenry-Workspace":        "The workspace's slug.",
		"Tokenry-Scopes":           "The scopes of the token, with blanks between; at most 4096 bytes.",
		"Tokenry-Expires-At":       "When the token ends; empty where it never does.",
		"Tokenry-Scopes-Truncated": "true where Tokenry-Scopes does not hold all; otherwise not there.",
	} {
		out[name] = textHeader(words)
	}
	return out
}

// rateHeaders tell what is left of a rate limit, where one holds and a proxy asked.
func rateHeaders() map[string]*huma.Param {
	return map[string]*huma.Param{
		"RateLimit":        textHeader("For proxies, of each limit that holds: r may be used within t seconds."),
		"RateLimit-Policy": textHeader("For proxies, of each limit that holds: q in w seconds."),
	}
}
