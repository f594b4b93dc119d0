package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// AccessKind says what a caller has to present. The zero value says nothing,
// and no route with it is served.
type AccessKind int

// The ways into a route.
const (
	// AccessPublic routes take no token.
	AccessPublic AccessKind = iota + 1
	// AccessSelf routes take any valid token; what they show is the token's own,
	// or what the authority lets it see.
	AccessSelf
	// AccessScope routes need a scope in the workspace of the path, or the
	// token's own.
	AccessScope
	// AccessInstance routes need the scope instance:admin.
	AccessInstance
)

// String names the kind.
func (k AccessKind) String() string {
	switch k {
	case AccessPublic:
		return "public"
	case AccessSelf:
		return "self"
	case AccessScope:
		return "scope"
	case AccessInstance:
		return "instance"
	}
	return ""
}

// Access is who may call a route. The authority decides; this says what it asks for.
type Access struct {
	Kind AccessKind
	// Scopes are those of which one is needed; with AccessScope and AccessInstance.
	Scopes []string
	// Note says what else holds: an exemption, or a scope that some calls need besides.
	Note string
}

func public() Access                       { return Access{Kind: AccessPublic} }
func self(note string) Access              { return Access{Kind: AccessSelf, Note: note} }
func needs(anyOf ...string) Access         { return Access{Kind: AccessScope, Scopes: anyOf} }
func instance() Access                     { return Access{Kind: AccessInstance, Scopes: []string{"instance:admin"}} }
func (a Access) noting(note string) Access { a.Note = note; return a }

// RequestTime bounds a usual request, its body included, until its change waits
// for a turn.
const RequestTime = 30 * time.Second

// Limits of what a request may bring, and how long it may take.
const (
	largeBody   = 1 << 20
	smallBody   = 64 << 10
	usualTime   = RequestTime
	exportTime  = 15 * time.Minute
	maxJSONDeep = 32
)

// Route is one call of the API, whole: what the multiplexer, the OpenAPI
// document, the reference page and the permission tests know of it.
type Route struct {
	// Method is empty for a route that takes any.
	Method string
	// Path is a pattern of [http.ServeMux]; it is also how logs and metrics name the route.
	Path string
	// Group is the heading it stands under in the reference.
	Group  string
	Access Access
	// Summary is one line, Detail what else a reader has to know.
	Summary, Detail string
	// Params are the query parameters it takes; all others are refused.
	Params []Param
	// MaxBody bounds the request's body in bytes; 0 where it takes none.
	MaxBody int64
	// Timeout bounds the call; 0 leaves it to the engine, which bounds itself.
	Timeout time.Duration
	// Success are the statuses of success, the usual one first.
	Success []int
	// Request and Response are the types of the bodies; nil for none, or for a
	// body that is not JSON.
	Request, Response reflect.Type
	// OptionalBody says that the body may be left out.
	OptionalBody bool
	// Media are the media types of success besides application/json.
	Media []string
	// Revision says that success carries the header Tokenry-Revision.
	Revision bool
	// Keyed says that the call takes an Idempotency-Key.
	Keyed bool
	// Frequent routes are logged at debug: what machines call all the time.
	Frequent bool
	// OAuth says that the request is a form, and an error what RFC 6749 makes of it.
	OAuth bool

	// ownCredentials says that the handler looks at the credentials itself.
	ownCredentials bool
	// proxied says that the token which is presented opens what is behind a proxy,
	// and not this API.
	proxied bool
	// insertable says that the route is also found with the path of the base
	// address behind it (RFC 8414, section 3.1).
	insertable bool
	// foreignQuery says that the query is not for this call: it is not looked at.
	foreignQuery bool
	// matches says that the call changes one object and takes If-Match.
	matches bool
	// selects says that the body has fields which must not be there and empty.
	selects  bool
	run      handler
	requests *requestCounts
}

// Pattern is the route as [http.ServeMux] takes it.
func (rt Route) Pattern() string {
	if rt.Method == "" {
		return rt.Path
	}
	return rt.Method + " " + rt.Path
}

// check refuses a route that forgets something.
func (rt Route) check() error {
	switch {
	case rt.Access.Kind.String() == "":
		return fmt.Errorf("route %q does not say who may call it", rt.Pattern())
	case (rt.Access.Kind >= AccessScope) != (len(rt.Access.Scopes) > 0):
		return fmt.Errorf("route %q has no scope where it needs one, or one where it needs none", rt.Pattern())
	case rt.Summary == "" || rt.Group == "" || len(rt.Success) == 0:
		return fmt.Errorf("route %q lacks its summary, group or status", rt.Pattern())
	case rt.run == nil:
		return fmt.Errorf("route %q: %w", rt.Pattern(), errors.ErrUnsupported)
	}
	return nil
}

// declared looks a parameter up among those that a route takes.
func declared(params []Param, name string) (Param, bool) {
	for _, p := range params {
		if !p.Prefix && p.Name == name || p.Prefix && strings.HasPrefix(name, p.Name) && len(name) > len(p.Name) {
			return p, true
		}
	}
	return Param{}, false
}

// Routes returns the table: every call there is, in the order of the reference.
func Routes() []Route {
	return slices.Concat(
		callerRoutes(), verifyRoutes(), workspaceRoutes(), policyRoutes(), memberRoutes(), accountRoutes(),
		resourceRoutes(), tokenRoutes(), lifeRoutes(), leakRoutes(), usageRoutes(), auditRoutes(), webhookRoutes(), instanceRoutes(), userRoutes(),
		oauthRoutes(), publicRoutes(),
	)
}

// route begins a route with what most have.
func route(method, path string, access Access, summary string, e endpoint) Route {
	rt := Route{
		Method: method, Path: path, Access: access, Summary: summary, Timeout: usualTime, Success: []int{http.StatusOK},
		Request: e.in, Response: e.out, Params: e.params, OptionalBody: e.optional, Revision: e.changes, run: e.run,
		selects: e.in != nil && selects(e.in), matches: changesOne(method, path, e),
	}
	switch {
	case e.in != nil:
		rt.MaxBody = largeBody
	case method == http.MethodPost: // {} says as much as no body
		rt.MaxBody = smallBody
	}
	if e.success != nil {
		rt.Success = e.success
	}
	return rt
}

// changesOne says that a call changes one object that is there: what a PATCH, PUT
// or DELETE names, and that below which a POST stands and which it answers.
func changesOne(method, path string, e endpoint) bool {
	if method != http.MethodPost || !e.changes || e.out == nil {
		return e.changes && method != http.MethodPost
	}
	object, verb, _ := strings.Cut(path[strings.LastIndex(path, "{")+1:], "}/")
	return isObject(e.out) && verb != "" && !strings.Contains(verb, "/") && (object == "ws") == (e.out == reflect.TypeFor[api.Workspace]())
}

// The rest of a route is said by what follows its beginning.

func (rt Route) taking(params ...Param) Route {
	rt.Params = slices.Concat(rt.Params, params)
	return rt
}

func (rt Route) saying(detail string) Route {
	rt.Detail = detail
	return rt
}

func (rt Route) answering(media ...string) Route {
	rt.Media = media
	return rt
}

// creating makes the answer 201 and takes an Idempotency-Key.
func (rt Route) creating() Route {
	rt.Success, rt.Keyed = []int{http.StatusCreated}, true
	return rt
}

// searching takes a text that the listed have in one of their names.
func (rt Route) searching(in string) Route {
	rt.Params = append(rt.Params, Param{Name: "q", Description: "Only what has each of these words in its " + in + ", whatever the case of the letters A to Z."})
	return rt
}

// including takes what is left out of lists unless it is asked for.
func (rt Route) including() Route {
	rt.Params = append(rt.Params, includeEffective())
	return rt
}

func includeEffective() Param {
	return Param{Name: "include", OneOf: []string{"effective"}, Description: "effective: also what each may do now, which is worked out for each."}
}

func (rt Route) keyed() Route {
	rt.Keyed = true
	return rt
}

func group(name string, routes ...Route) []Route {
	for i := range routes {
		routes[i].Group = name
	}
	return routes
}
