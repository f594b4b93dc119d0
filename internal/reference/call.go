package reference

import "reflect"

// Call is what the reference knows of one call of the API.
type Call struct {
	// Method is empty for a call that takes any.
	Method string
	// Path is a pattern of [net/http.ServeMux]; it is also how logs and metrics name
	// the call.
	Path string
	// Group is the heading it stands under.
	Group  string
	Access Access
	// Summary is one line, Detail what else a reader has to know.
	Summary, Detail string
	// Params are the query parameters it takes; all others are refused.
	Params []Param
	// Success are the statuses of success, the usual one first.
	Success []int
	// Request and Response are the types of the bodies; nil for none, or for a
	// body that is not JSON.
	Request, Response reflect.Type
	// Rehearsal is the type that a dry run answers in place of Response; nil where it
	// answers the same.
	Rehearsal reflect.Type
	// OptionalBody says that the body may be left out.
	OptionalBody bool
	// Media are the media types of success besides application/json.
	Media []string
	// Revision says that success carries the header Tokenry-Revision, Tagged that it
	// carries an ETag.
	Revision, Tagged bool
	// Identifies says that success carries the headers that tell who asks, and that both
	// success and 429 tell what is left of a rate limit.
	Identifies bool
	// Keyed says that the call takes an Idempotency-Key.
	Keyed bool
	// Matches says that it changes one object and takes If-Match.
	Matches bool
	// OAuth says that the request is a form, and an error what RFC 6749 makes of it.
	OAuth bool
}

// Pattern is the call as [net/http.ServeMux] takes it.
func (c Call) Pattern() string {
	if c.Method == "" {
		return c.Path
	}
	return c.Method + " " + c.Path
}

// AccessKind says what a caller has to present. The zero value says nothing,
// and no route with it is served.
type AccessKind int

// The ways into a route.
const (
	// Public routes take no token.
	Public AccessKind = iota + 1
	// Self routes take any valid token; what they show is the token's own,
	// or what the authority lets it see.
	Self
	// Scope routes need a scope in the workspace of the path, or the
	// token's own.
	Scope
	// Instance routes need the scope instance:admin.
	Instance
)

// String names the kind.
func (k AccessKind) String() string {
	switch k {
	case Public:
		return "public"
	case Self:
		return "self"
	case Scope:
		return "scope"
	case Instance:
		return "instance"
	}
	return ""
}

// Access is who may call a route. The authority decides; this says what it asks for.
type Access struct {
	Kind AccessKind
	// Scopes are those of which one is needed; with Scope and Instance.
	Scopes []string
	// Note says what else holds: an exemption, or a scope that some calls need besides.
	Note string
}

// Noting is the same access with something else said of it.
func (a Access) Noting(note string) Access {
	a.Note = note
	return a
}

// ParamKind says what a query parameter holds.
type ParamKind int

// The kinds of query parameters.
const (
	// Text is a text of at most 300 characters.
	Text ParamKind = iota
	// Whole is a whole number from 1 to 200.
	Whole
	// Flag is true or false.
	Flag
	// Duration is an duration of package api.
	Duration
	// Time is an RFC 3339 time.
	Time
)

// Param is a query parameter that a route takes, at most once.
type Param struct {
	Name string
	Kind ParamKind
	// Description is for the reference.
	Description string
	// OneOf, when not empty, lists all values.
	OneOf []string
	// Prefix says that the name is the beginning of a family, like metadata.KEY. It may be
	// said as metadata=KEY=VALUE too, several times: so the documents have it, in which a
	// parameter has one name.
	Prefix bool
	// Repeat says that it may be there several times.
	Repeat bool
}
