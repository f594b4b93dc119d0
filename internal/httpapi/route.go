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
	"github.com/tokenry/tokenry/internal/reference"
)

func public() reference.Access          { return reference.Access{Kind: reference.Public} }
func self(note string) reference.Access { return reference.Access{Kind: reference.Self, Note: note} }
func needs(anyOf ...string) reference.Access {
	return reference.Access{Kind: reference.Scope, Scopes: anyOf}
}
func instance() reference.Access {
	return reference.Access{Kind: reference.Instance, Scopes: []string{"instance:admin"}}
}

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

// Route is one call of the API, whole: what the reference tells of it, and what the
// door does.
type Route struct {
	reference.Call
	// MaxBody bounds the request's body in bytes; 0 where it takes none.
	MaxBody int64
	// Timeout bounds the call; 0 leaves it to the engine, which bounds itself.
	Timeout time.Duration
	// Packs says that the answer may be compressed: see [door.Packer].
	Packs bool
	// Frequent routes are logged at debug: what machines call all the time.
	Frequent bool

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
	// scim says that conditions and errors are those of RFC 7644.
	scim     bool
	run      handler
	requests *requestCounts
	// called is Pattern, made once.
	called string
}

// check refuses a route that forgets something.
func (rt Route) check() error {
	switch {
	case rt.Access.Kind.String() == "":
		return fmt.Errorf("route %q does not say who may call it", rt.Pattern())
	case (rt.Access.Kind >= reference.Scope) != (len(rt.Access.Scopes) > 0):
		return fmt.Errorf("route %q has no scope where it needs one, or one where it needs none", rt.Pattern())
	case rt.Summary == "" || rt.Group == "" || len(rt.Success) == 0:
		return fmt.Errorf("route %q lacks its summary, group or status", rt.Pattern())
	case rt.run == nil:
		return fmt.Errorf("route %q: %w", rt.Pattern(), errors.ErrUnsupported)
	}
	return nil
}

// declared looks a parameter up among those that a route takes.
func declared(params []reference.Param, name string) (reference.Param, bool) {
	for _, p := range params {
		if !p.Prefix && p.Name == name || p.Prefix && strings.HasPrefix(name, p.Name) && len(name) > len(p.Name) {
			return p, true
		}
	}
	return reference.Param{}, false
}

// Routes returns the table: every call there is, in the order of the reference.
func Routes() []Route {
	return slices.Concat(
		callerRoutes(), verifyRoutes(), kubernetesRoutes(), replicaRoutes(), workspaceRoutes(), policyRoutes(), memberRoutes(), accountRoutes(),
		resourceRoutes(), tokenRoutes(), lifeRoutes(), leakRoutes(), importRoutes(), usageRoutes(), auditRoutes(), trustRoutes(), webhookRoutes(), instanceRoutes(), userRoutes(),
		oauthRoutes(), publicRoutes(),
	)
}

// callsOf is what the reference tells of routes.
func callsOf(routes []Route) []reference.Call {
	out := make([]reference.Call, len(routes))
	for i, rt := range routes {
		out[i] = rt.Call
	}
	return out
}

// route begins a route with what most have.
func route(method, path string, access reference.Access, summary string, e endpoint) Route {
	rt := Route{Timeout: usualTime, Packs: e.packs && method == http.MethodGet, run: e.run, Call: reference.Call{
		Method: method, Path: path, Access: access, Summary: summary, Success: []int{http.StatusOK},
		Request: e.in, Response: e.out, Rehearsal: e.dry, Params: e.params, OptionalBody: e.optional, Revision: e.changes,
		Matches: changesOne(method, path, e), Tagged: e.out != nil && isObject(e.out),
	}}
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

func (rt Route) taking(params ...reference.Param) Route {
	rt.Params = slices.Concat(rt.Params, params)
	return rt
}

func (rt Route) saying(detail string) Route {
	rt.Detail = detail
	return rt
}

func (rt Route) answering(media ...string) Route {
	rt.Media, rt.Packs = media, rt.Method == http.MethodGet // they are files and pages
	return rt
}

// creating makes the answer 201 and takes an Idempotency-Key.
func (rt Route) creating() Route {
	rt.Success, rt.Keyed = []int{http.StatusCreated}, true
	return rt
}

// searching takes a text that the listed have in one of their names.
func (rt Route) searching(in string) Route {
	rt.Params = append(rt.Params, reference.Param{Name: "q", Description: "Only what has each of these words in its " + in + ", whatever the case of the letters A to Z."})
	return rt
}

// including takes what is left out of lists unless it is asked for.
func (rt Route) including() Route {
	rt.Params = append(rt.Params, includeEffective())
	return rt
}

func includeEffective() reference.Param {
	return reference.Param{Name: "include", OneOf: []string{"effective"}, Description: "effective: also what each may do now, which is worked out for each."}
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
