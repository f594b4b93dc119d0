package reference

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/token"
)

func words(t *testing.T) *schemas {
	t.Helper()
	s, err := newSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// is holds what is said against what is to be said.
func is(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestAnOperationSaysWhatItTakesAndFromWhom: the body as it is sent, and the ways to say who
// one is; a public one says that it asks nobody, and not nothing.
func TestAnOperationSaysWhatItTakesAndFromWhom(t *testing.T) {
	t.Parallel()
	body, form := reflect.TypeFor[api.PutRole](), reflect.TypeFor[api.RevokeRequest]()
	for what, c := range map[string]struct {
		call Call
		want string // ways in, media of the body, whether it is needed
	}{
		"any token":        {Call{Method: "GET", Access: Access{Kind: Self}}, "[map[bearer:[]]]"},
		"a scope":          {Call{Method: "GET", Access: Access{Kind: Scope, Scopes: []string{"a:b"}}}, "[map[bearer:[]]]"},
		"nobody":           {Call{Method: "GET", Access: Access{Kind: Public}}, "[]"},
		"a body":           {Call{Method: "PUT", Access: Access{Kind: Self}, Request: body}, "[map[bearer:[]]] application/json true"},
		"a body, or none":  {Call{Method: "PUT", Access: Access{Kind: Self}, Request: body, OptionalBody: true}, "[map[bearer:[]]] application/json false"},
		"a form":           {Call{Method: "POST", Access: Access{Kind: Self}, Request: form, OAuth: true}, "[map[bearer:[]] map[basic:[]]] application/x-www-form-urlencoded true"},
		"a form of nobody": {Call{Method: "POST", Access: Access{Kind: Public}, Request: form, OAuth: true}, "[] application/x-www-form-urlencoded true"},
	} {
		op := operation(&c.call, c.call.Method, words(t))
		got := fmt.Sprint(op.Security)
		if op.RequestBody != nil {
			for media := range op.RequestBody.Content {
				got += fmt.Sprint(" ", media, " ", op.RequestBody.Required)
			}
		}
		is(t, what, got, c.want)
		if scopes, ok := op.Extensions["x-required-scope"].([]string); op.Security == nil || !ok || scopes == nil {
			t.Errorf("%s: left out says that nobody knows", what)
		}
	}
	whatever := operation(&Call{Access: Access{Kind: Self}, Detail: "More."}, "PUT", words(t))
	is(t, "of any method", whatever.Description, "Any method. Takes any valid token. More.")
}

// TestAnAnswerIsDescribedByStatus: what a status carries, and the headers that the call
// sends; what nobody has a type for is a document or text.
func TestAnAnswerIsDescribedByStatus(t *testing.T) {
	t.Parallel()
	role, affected := reflect.TypeFor[api.Role](), reflect.TypeFor[api.Affected]()
	for what, c := range map[string]struct {
		call Call
		want string
	}{
		"one type":        {Call{Success: []int{200}, Response: role}, "200 OK application/json:Role"},
		"made or there":   {Call{Success: []int{201, 200}, Response: role}, "200 OK application/json:Role; 201 Created application/json:Role"},
		"nothing":         {Call{Success: []int{204}}, "204 No Content"},
		"a change":        {Call{Success: []int{204}, Revision: true}, "204 No Content Tokenry-Revision"},
		"an object":       {Call{Success: []int{200}, Response: role, Tagged: true}, "200 OK application/json:Role ETag"},
		"a rehearsal":     {Call{Success: []int{200}, Response: role, Rehearsal: affected}, "200 OK application/json:Role|Affected"},
		"text":            {Call{Success: []int{200}, Media: []string{"text/csv"}}, "200 OK text/csv:string"},
		"a document":      {Call{Success: []int{200}, Media: []string{door.JSON}}, "200 OK application/json:object"},
		"a type, or text": {Call{Success: []int{200}, Response: role, Media: []string{"text/csv"}}, "200 OK application/json:Role text/csv:string"},
	} {
		out := responses(&c.call, words(t))
		var said []string
		for _, status := range slices.Sorted(maps.Keys(out)) {
			r := out[status]
			if r.Headers[door.HeaderRequestID] == nil {
				t.Errorf("%s: %s does not name its call", what, status)
			}
			delete(r.Headers, door.HeaderRequestID)
			line := status + " " + r.Description
			for _, media := range slices.Sorted(maps.Keys(r.Content)) {
				line += " " + media + ":" + schemaWord(r.Content[media].Schema)
			}
			said = append(said, strings.Join(append([]string{line}, slices.Sorted(maps.Keys(r.Headers))...), " "))
		}
		is(t, what, strings.Join(said, "; "), c.want)
	}
}

// schemaWord is what a schema refers to, or its type.
func schemaWord(s *huma.Schema) string {
	if len(s.OneOf) == 0 {
		return strings.TrimPrefix(s.Ref, schemaPrefix) + s.Type
	}
	var all []string
	for _, one := range s.OneOf {
		all = append(all, schemaWord(one))
	}
	return strings.Join(all, "|")
}

// TestACallSaysWhatItsPathAndHeadersHold: whom one acts as only where there are members.
func TestACallSaysWhatItsPathAndHeadersHold(t *testing.T) {
	t.Parallel()
	scope := Access{Kind: Scope, Scopes: []string{"a:b"}}
	for what, c := range map[string]struct {
		call Call
		want string
	}{
		"in a workspace":        {Call{Path: "/v1/workspaces/{ws}/members/{member}", Access: scope}, "path ws, path member, header Tokenry-Act-As"},
		"without one":           {Call{Path: "/v1/users/{id}", Access: scope}, "path id"},
		"of the caller's own":   {Call{Path: "/v1/workspaces/{ws}", Access: Access{Kind: Self}}, "path ws"},
		"of the instance":       {Call{Path: "/v1/workspaces/{ws}", Access: Access{Kind: Instance}}, "path ws"},
		"a path within a path":  {Call{Path: "/v1/forward-auth/{ruleset}/{path...}", Access: scope}, "path ruleset, path path"},
		"a change of an object": {Call{Path: "/x", Access: scope, Matches: true, Keyed: true, Params: []Param{{Name: "q"}}}, "query q, header If-Match, header Idempotency-Key"},
	} {
		var got []string
		for _, p := range parameters(&c.call) {
			if got = append(got, p.In+" "+p.Name); p.In != "query" && p.Description == "" || p.Required != (p.In == "path") {
				t.Errorf("%s: %+v", what, p)
			}
		}
		is(t, what, strings.Join(got, ", "), c.want)
	}
	for name, want := range map[string]string{"ws": "A workspace: its slug, or ext:ID.", "id": "An id.", "webhook": "A webhook.", "member": "A member: an e-mail, an id, ext:ID or me."} {
		is(t, name, pathWords(name), want)
	}
}

// TestARefusalSaysWhenToComeBackAndWhatIsMissing, with the name of the call.
func TestARefusalSaysWhenToComeBackAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	calls := []Call{{Path: "/v1/roles/{name}", Access: Access{Kind: Self}, Matches: true, Keyed: true}, {Path: "/t", Access: Access{Kind: Public}, OAuth: true}}
	all := allRefusals(calls, &huma.Schema{Ref: schemaPrefix + "Problem"}, &huma.Schema{Ref: schemaPrefix + "OAuthError"})
	for name, want := range map[string]string{
		"Problem":            "application/problem+json Allow RateLimit RateLimit-Policy Retry-After Tokenry-Request-Id Tokenry-Status WWW-Authenticate",
		"OAuthError":         "application/json Allow RateLimit RateLimit-Policy Retry-After Tokenry-Request-Id Tokenry-Status WWW-Authenticate",
		"Unauthorized":       "application/problem+json Tokenry-Request-Id Tokenry-Status WWW-Authenticate",
		"TooManyRequests":    "application/problem+json RateLimit RateLimit-Policy Retry-After Tokenry-Request-Id",
		"OAuthUnauthorized":  "application/json Tokenry-Request-Id Tokenry-Status WWW-Authenticate",
		"PreconditionFailed": "application/problem+json Tokenry-Request-Id",
	} {
		r := all[name]
		is(t, name, strings.Join(append(slices.Sorted(maps.Keys(r.Content)), slices.Sorted(maps.Keys(r.Headers))...), " "), want)
	}
	is(t, "its codes", all["TooManyRequests"].Description, "Too Many Requests. The code is one of rate_limited, too_many_replicas.")
	d, err := newDocument([]Call{{Method: "POST", Path: "/t", Group: "OAuth", OAuth: true, Success: []int{200}, Request: reflect.TypeFor[api.RevokeRequest](), Access: Access{Kind: Public}}}, "")
	if err != nil {
		t.Fatal(err)
	}
	is(t, "an error of OAuth", d.Paths["/t"].Post.Responses["default"].Ref, "#/components/responses/OAuthError")
}

// TestACallIsRefusedAsItIsAsked: with the statuses of what it takes and changes, and no others.
func TestACallIsRefusedAsItIsAsked(t *testing.T) {
	t.Parallel()
	role := reflect.TypeFor[api.PutRole]()
	for what, c := range map[string]struct {
		call Call
		want string
	}{
		"a page":                  {Call{Path: "/docs", Access: Access{Kind: Public}}, "400 503 default"},
		"a page of several":       {Call{Path: "/errors/{code}", Access: Access{Kind: Public}}, "400 404 503 default"},
		"an object":               {Call{Path: "/v1/roles/{name}", Access: Access{Kind: Self}}, "400 401 403 404 429 503 default"},
		"a change":                {Call{Path: "/v1/roles", Access: Access{Kind: Self}, Revision: true, Request: role, Keyed: true}, "400 401 403 409 413 415 422 429 503 default"},
		"a change of an object":   {Call{Path: "/v1/roles/{name}", Access: Access{Kind: Self}, Revision: true, Matches: true}, "400 401 403 404 409 412 429 503 default"},
		"a form that nobody owns": {Call{Path: "/t", Access: Access{Kind: Public}, OAuth: true, Request: role}, "400 401 413 415 429 503 default"},
		"who asks for a proxy":    {Call{Path: "/v1/ext-authz/{ruleset}/{path...}", Access: Access{Kind: Self}, Identifies: true}, "400 401 403 429 503 default"},
	} {
		out := refusals(&c.call)
		is(t, what, strings.Join(slices.Sorted(maps.Keys(out)), " "), c.want)
		for status, r := range out {
			if oauth := strings.HasPrefix(r.Ref, responsePrefix+"OAuth"); oauth != c.call.OAuth || !strings.HasPrefix(r.Ref, responsePrefix) {
				t.Errorf("%s: %s is %s", what, status, r.Ref)
			}
		}
	}
}

// TestAnExampleStandsWhereItWasAnswered, and nowhere that it was not.
func TestAnExampleStandsWhereItWasAnswered(t *testing.T) {
	t.Parallel()
	call := Call{Method: "PUT", Path: "/x", Success: []int{200, 204}, Request: reflect.TypeFor[api.PutRole](), Response: reflect.TypeFor[api.Role](), Media: []string{"text/csv"}}
	e := exampleCall{Path: "/x", Request: json.RawMessage(`{"a":1}`), Status: 200, Response: json.RawMessage(`{"b":2}`)}
	for what, c := range map[string]struct {
		change func(*Call, *exampleCall)
		want   string // that of the request, of 200 as JSON, and of 200 as text
	}{
		"both":                     {func(*Call, *exampleCall) {}, `{"a":1} {"b":2} <nil>`},
		"of another status":        {func(_ *Call, e *exampleCall) { e.Status = 404 }, `{"a":1} <nil> <nil>`},
		"without an answer":        {func(_ *Call, e *exampleCall) { e.Response = nil }, `{"a":1} <nil> <nil>`},
		"without a request":        {func(_ *Call, e *exampleCall) { e.Request = nil }, `<nil> {"b":2} <nil>`},
		"of a call without a body": {func(c *Call, _ *exampleCall) { c.Request = nil }, `none {"b":2} <nil>`},
	} {
		call, e := call, e
		c.change(&call, &e)
		op := operation(&call, call.Method, words(t))
		e.show(op)
		got := "none"
		if op.RequestBody != nil {
			got = shown(op.RequestBody.Content[door.JSON].Example)
		}
		ok := op.Responses["200"].Content
		is(t, what, got+" "+shown(ok[door.JSON].Example)+" "+shown(ok["text/csv"].Example), c.want)
	}
}

func shown(example any) string {
	if raw, ok := example.(json.RawMessage); ok {
		return string(raw)
	}
	return fmt.Sprint(example)
}

// TestASchemaIsCalledByItsType, but where two would have one name, or generators another.
func TestASchemaIsCalledByItsType(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]reflect.Type{
		"Token": reflect.TypeFor[api.Token](), "ListToken": reflect.TypeFor[api.List[api.Token]](), "TokenFormat": reflect.TypeFor[token.Format](),
		"PresentedBy": reflect.TypeFor[api.Client](), "": nil,
	} {
		is(t, want, nameOf(of), want)
	}
	is(t, "the source's own name of a list", goName(reflect.TypeFor[api.List[api.Token]]()), "List")
}

// TestWhatIsOnlySentToUsIsClosed: an unknown field is refused there, and may be new in an
// answer.
func TestWhatIsOnlySentToUsIsClosed(t *testing.T) {
	t.Parallel()
	s := words(t)
	s.request(reflect.TypeFor[api.CreateTrustRule]())
	s.response(reflect.TypeFor[api.TrustRule]())
	s.open(reflect.TypeFor[api.RevokeRequest]())
	s.finish()
	for name, closed := range map[string]bool{"CreateTrustRule": true, "TrustRule": false, "KeySet": false, "Statement": false, "RevokeRequest": false, "TrustWarning": false} {
		schema := s.Map()[name]
		if schema == nil {
			t.Errorf("%s is not reached", name)
		} else if (schema.AdditionalProperties == false) != closed {
			t.Errorf("%s takes others: %v", name, schema.AdditionalProperties)
		}
	}
	rule := s.Map()["CreateTrustRule"]
	is(t, "a field of what is embedded", rule.Properties["label"].Description, "Label is the rule's name: 1 to 100 characters, none of them a control character.")
	is(t, "a duration", rule.Properties["expires_in"].Pattern, durationPattern)
}

// TestAFieldSaysWhetherItMayBeNull: a pointer that is always there, an optional field, and
// what its tag says otherwise.
func TestAFieldSaysWhetherItMayBeNull(t *testing.T) {
	t.Parallel()
	type fields struct {
		Plain    string                `json:"plain"`
		Pointer  *string               `json:"pointer"`
		Left     *string               `json:"left,omitempty"`
		Ignored  string                `json:"ignored,omitempty"`
		Optional api.Opt[string]       `json:"optional,omitzero"`
		Never    api.Opt[string]       `json:"never,omitzero" nullable:"false"`
		List     []string              `json:"list" nullable:"true"`
		Ref      *api.Role             `json:"ref"`
		Span     api.Opt[api.Duration] `json:"span,omitzero" nullable:"false"`
	}
	want := map[string]string{"Plain": "", "Pointer": "null", "Left": "", "Ignored": "null", "Optional": "null", "Never": "", "List": "null", "Ref": "or null", "Span": "duration"}
	for f := range reflect.TypeFor[fields]().Fields() {
		p := &huma.Schema{Type: huma.TypeString}
		if f.Name == "Ref" {
			p = &huma.Schema{Ref: schemaPrefix + "Role"}
		}
		p = describe(p, f, "About "+f.Name, f.Name == "Ignored" || f.Name == "Never")
		got := ""
		switch {
		case p.Nullable:
			got = "null"
		case len(p.AnyOf) == 2 && p.AnyOf[0].Ref != "" && p.AnyOf[1].Type == "null":
			got = "or null"
		case p.Pattern == durationPattern:
			got = "duration"
		}
		is(t, f.Name, got+"/"+p.Description, want[f.Name]+"/About "+f.Name)
	}
}

// TestThePagesAreMadeOfTheTable: headings in its order, types by their names, and each type
// that a field holds is there to be read.
func TestThePagesAreMadeOfTheTable(t *testing.T) {
	t.Parallel()
	d, err := newDocument([]Call{
		{Method: "GET", Path: "/v1/workspaces/{ws}/trust-rules", Group: "Trust", Success: []int{200}, Response: reflect.TypeFor[api.List[api.TrustRule]](), Access: Access{Kind: Self},
			Params: []Param{{Name: "metadata.", Prefix: true, Description: "Any."}}},
		{Method: "GET", Path: "/v1/workspaces/{ws}/trust-rules/{rule}", Group: "Trust", Success: []int{200}, Response: reflect.TypeFor[api.TrustRule](), Access: Access{Kind: Self}},
		{Method: "GET", Path: "/healthz", Group: "Service", Success: []int{200}, Media: []string{door.HTML}, Access: Access{Kind: Public}},
		{Path: "/v1/any", Group: "Trust", Success: []int{204}, Access: Access{Kind: Public}},
	}, "https://tokens.example.com")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, s := range d.Sections() {
		for _, r := range s.Routes {
			said = append(said, fmt.Sprint(s.Name, " ", r.Method, " ", r.Path, " ", r.Response, r.Params, " ", r.Example != nil))
		}
		is(t, s.Name, s.Words, groupWords(s.Name))
	}
	is(t, "the headings", strings.Join(said, "; "), "Trust GET /v1/workspaces/{ws}/trust-rules ListTrustRule[{metadata.KEY Any.}] true; "+
		"Trust GET /v1/workspaces/{ws}/trust-rules/{rule} TrustRule[] true; Service GET /healthz [] false; Trust any /v1/any [] false")
	types := d.Types()
	known := map[string]bool{}
	for i, v := range types {
		if known[v.Name] = true; i > 0 && types[i-1].Name >= v.Name {
			t.Errorf("%s stands behind %s", v.Name, types[i-1].Name)
		}
	}
	for _, v := range types {
		for i, f := range v.Fields {
			if f.Link != "" && !known[f.Link] || i > 0 && v.Fields[i-1].Name >= f.Name || f.Type == "" {
				t.Errorf("%s.%s: %+v", v.Name, f.Name, f)
			}
		}
	}
	if !known["TrustRule"] || !known["KeySet"] || !known["Problem"] {
		t.Errorf("the types are %v", known)
	}
}

// TestWhatIsCommittedIsOfTheseWords: each group and each type says what it is about, and
// each example is of a call that there is.
func TestWhatIsCommittedIsOfTheseWords(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Tags       []struct{ Name, Description string }
		Paths      map[string]map[string]struct{ Summary string }
		Components struct {
			Schemas map[string]struct{ Description string }
		}
	}
	var examples map[string]exampleCall
	if json.Unmarshal(raw, &doc) != nil || json.Unmarshal(examplesJSON, &examples) != nil || len(examples) < 100 {
		t.Fatal("they cannot be read")
	}
	for _, tag := range doc.Tags {
		is(t, tag.Name, tag.Description, groupWords(tag.Name))
	}
	is(t, "a group that there is not", groupWords("Things"), "")
	for name, schema := range doc.Components.Schemas {
		if schema.Description == "" && name != "Health" { // what it is, its own room says: it is no type of the wire
			t.Errorf("nothing is said about %s", name)
		}
	}
	for pattern, e := range examples {
		method, path, found := strings.Cut(pattern, " ")
		if !found {
			method, path = "GET", pattern
		}
		if doc.Paths[path][strings.ToLower(method)].Summary == "" || e.Status < 200 || e.Status > 299 {
			t.Errorf("%s is an example of no call, answered %d", pattern, e.Status)
		}
	}
}

// TestADowngradeChangesWordsAlone: numbers keep their digits, and texts their characters.
func TestADowngradeChangesWordsAlone(t *testing.T) {
	t.Parallel()
	b, err := downgrade([]byte(`{"openapi":"3.1.0","n":12345678901234567891,"s":"<a> & b","example":{"const":1},"x":{"example":{"schema":{"const":2}}}}`))
	for _, part := range []string{`"3.0.3"`, "12345678901234567891", "<a> & b", `"const": 1`, `"const": 2`} {
		if err != nil || !strings.Contains(string(b), part) {
			t.Errorf("without %s: %s (%v)", part, b, err)
		}
	}
	if _, err := downgrade([]byte("{")); err == nil {
		t.Error("half a document is one")
	}
}
