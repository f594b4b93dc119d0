package reference

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// document is the API described: for machines as OpenAPI, for people as pages.
type document struct {
	*huma.OpenAPI
	routes   []Call
	schemas  *schemas
	examples map[string]exampleCall
}

// exampleCall is a call that the tests send, and how it is answered. What is
// random in them stands for itself.
type exampleCall struct {
	Path     string          `json:"path"`
	Request  json.RawMessage `json:"request"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response"`
}

// examplesJSON are such calls by the pattern of their route. A test makes the
// file by sending them, and fails when it is not what it sends.
//
//go:embed examples.json
var examplesJSON []byte

// Title is what the API is called.
const Title = "Tokenry"

const (
	apiVersion = "1" // of the paths; which program serves them is nobody's business
	scheme     = "bearer"
	// clientScheme is HTTP Basic, for the OAuth calls. It is not called client: ogen makes
	// of that the name of its own type.
	clientScheme = "basic"
	headerID     = "RequestID"
	about        = "The token office: issues, verifies, limits, rotates and revokes access tokens. " +
		"Errors are RFC 9457 problems with a code; each code has a page at /errors/{code}. " +
		"Unknown fields, unknown parameters and repeated ones are refused. A POST that takes no body takes {} too. " +
		"Every change answers the header Tokenry-Revision. " +
		"A caller with instance:admin may name a member in the header Tokenry-Act-As, whose rights then decide."
)

func newDocument(routes []Call, base string) (*document, error) {
	s, err := newSchemas()
	if err != nil {
		return nil, err
	}
	d := &document{routes: routes, schemas: s, OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: &huma.Info{Title: Title, Version: apiVersion, Description: about,
			License: &huma.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"}},
		Servers: []*huma.Server{{URL: base}},
		Components: &huma.Components{Schemas: s.Registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			scheme:       {Type: "http", Scheme: "bearer", Description: "An access token of this instance."},
			clientScheme: {Type: "http", Scheme: "basic", Description: "The id or the locator of an access token, and the token."},
		}},
	}}
	if err := json.Unmarshal(examplesJSON, &d.examples); err != nil {
		return nil, fmt.Errorf("examples.json: %w", err)
	}
	d.Components.Headers = map[string]*huma.Param{headerID: textHeader("A name of this call, for tokenry explain and the audit.")}
	d.Components.Responses = allRefusals(routes, s.response(reflect.TypeFor[api.Problem]()), s.response(reflect.TypeFor[api.OAuthError]()))
	group := ""
	for i := range routes {
		rt := &routes[i]
		if i == 0 || group != rt.Group {
			group = rt.Group
			d.Tags = append(d.Tags, &huma.Tag{Name: rt.Group, Description: groupWords(rt.Group)})
		}
		for _, method := range methodsOf(rt) {
			op := operation(rt, method, s)
			maps.Copy(op.Responses, refusals(rt))
			d.examples[rt.Pattern()].show(op)
			d.AddOperation(op)
		}
	}
	s.finish()
	return d, nil
}

func (d *document) json() ([]byte, error) {
	raw, err := d.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, raw, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}

// groupWords says what the calls of a group are about.
func groupWords(name string) string {
	switch name {
	case "Service":
		return "Whether it runs, and what it publishes about itself."
	case "Caller":
		return "What the presented token is, and may do."
	case "Verify":
		return "Whether a token may do something now, asked by APIs and by proxies."
	case "OAuth":
		return "The calls of OAuth, for software that knows these."
	case "Tokens":
		return "A token's life: issue, rotate, disable, revoke, find."
	case "Usage":
		return "What was done with tokens, and why they were refused."
	case "Workspaces":
		return "The tenants."
	case "Policy, scopes and roles":
		return "What a workspace allows, and what rights are called in it."
	case "Members":
		return "The people of a workspace."
	case "Service accounts":
		return "The programs of a workspace."
	case "Resources":
		return "The things of a product that rights are restricted to."
	case "Trust":
		return "Whose ID tokens service accounts trust, so that a CI job stores no secret."
	case "Imports":
		return "Tokens that another system gave out, whose strings go on working."
	case "Webhooks":
		return "Who is told of what happens."
	case "Audit":
		return "What was changed, by whom, in a chain that shows a cut."
	case "Instance":
		return "The defaults of all workspaces, and the instance's own."
	case "Users":
		return "People across workspaces."
	}
	return ""
}

// methodsOf are the methods under which a route is listed: OpenAPI has no word
// for any method, so such a route stands under each that it knows, but for TRACE: what
// kubb and openapi-zod-client generate of it does not compile.
func methodsOf(rt *Call) []string {
	if rt.Method != "" {
		return []string{rt.Method}
	}
	return []string{
		http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodOptions, http.MethodHead, http.MethodPatch,
	}
}

// documentPath is a pattern as OpenAPI writes it, where a parameter has no dots.
func documentPath(rt *Call) string { return strings.Replace(rt.Path, "...}", "}", 1) }

func operation(rt *Call, method string, s *schemas) *huma.Operation {
	op := &huma.Operation{
		Method: method, Path: documentPath(rt), OperationID: operationID(rt, method), Tags: []string{rt.Group}, Summary: rt.Summary,
		Description: strings.TrimSpace(rt.Access.text() + " " + rt.Detail), Parameters: parameters(rt),
		Responses: responses(rt, s), Extensions: map[string]any{"x-required-scope": scopesOf(rt.Access)},
	}
	if rt.Method == "" {
		op.Description = "Any method. " + op.Description
	}
	op.Security = []map[string][]string{{scheme: {}}}
	if rt.OAuth {
		op.Security = append(op.Security, map[string][]string{clientScheme: {}})
	}
	if rt.Access.Kind == Public {
		op.Security = []map[string][]string{}
	}
	switch {
	case rt.OAuth:
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{door.Form: {Schema: s.open(rt.Request)}}}
	case rt.Request != nil:
		op.RequestBody = &huma.RequestBody{
			Required: !rt.OptionalBody, Content: map[string]*huma.MediaType{door.JSON: {Schema: s.request(rt.Request)}},
		}
	}
	return op
}

// show adds the example to an operation.
func (e exampleCall) show(op *huma.Operation) {
	if e.Request != nil && op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			m.Example = e.Request
		}
	}
	if r := op.Responses[strconv.Itoa(e.Status)]; r != nil && e.Response != nil && r.Content[door.JSON] != nil {
		r.Content[door.JSON].Example = e.Response
	}
}

func scopesOf(a Access) []string {
	if a.Scopes == nil {
		return []string{}
	}
	return a.Scopes
}

// text is a sentence about who may call.
func (a Access) text() string {
	var s string
	switch a.Kind {
	case Public:
		s = "Takes no token."
	case Self:
		s = "Takes any valid token."
	case Scope, Instance:
		s = "Needs the scope " + strings.Join(a.Scopes, " or ") + "."
	}
	return strings.TrimSpace(s + " " + a.Note)
}

// operationID is the method and the path's words: getWorkspacesTokensById.
func operationID(rt *Call, method string) string {
	var id strings.Builder
	id.WriteString(cmp.Or(strings.ToLower(method), "any"))
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.Trim(rt.Path, "/"), "v1/"), "/") {
		if wild := strings.HasPrefix(part, "{"); wild && !strings.HasSuffix(rt.Path, part) {
			continue
		} else if wild {
			id.WriteString("By")
		}
		for _, w := range strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune("-._{}", r) }) {
			id.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return id.String()
}

// pathParameter finds the wildcards of a pattern.
var pathParameter = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)

func parameters(rt *Call) []*huma.Param {
	var ps []*huma.Param
	for _, m := range pathParameter.FindAllStringSubmatch(rt.Path, -1) {
		ps = append(ps, &huma.Param{Name: m[1], In: "path", Required: true, Description: pathWords(m[1]), Schema: &huma.Schema{Type: huma.TypeString}})
	}
	for _, p := range rt.Params {
		ps = append(ps, queryParameter(p))
	}
	if rt.Matches {
		ps = append(ps, &huma.Param{Name: door.HeaderIfMatch, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The ETag of the object that the change was made from; 412 changed_meanwhile when it is another by now."})
	}
	if rt.Access.Kind == Scope && strings.Contains(rt.Path, "{ws}") {
		ps = append(ps, &huma.Param{Name: door.HeaderActAs, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "A member, by e-mail, id or ext:ID, whose rights decide; the caller needs instance:admin."})
	}
	if rt.Keyed {
		ps = append(ps, &huma.Param{Name: door.HeaderIdempotencyKey, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "A name for this request, kept 24 hours: sending it again does not do it twice."})
	}
	return ps
}

func pathWords(name string) string {
	switch name {
	case "ws":
		return "A workspace: its slug, or ext:ID."
	case "member":
		return "A member: an e-mail, an id, ext:ID or me."
	case "id":
		return "An id."
	case "scopes":
		return "Scopes, with commas between."
	case "ruleset":
		return "The name of a file of rules."
	case "path":
		return "The path of the request that is judged, as the client sent it; it may have slashes."
	}
	return "A " + name + "."
}

func queryParameter(p Param) *huma.Param {
	least, most, limit := 1, 300, 200.0
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range p.OneOf {
		s.Enum = append(s.Enum, v)
	}
	switch p.Kind {
	case Whole:
		s.Type, s.Minimum, s.Maximum = huma.TypeInteger, new(1.0), &limit
	case Flag:
		s.Type = huma.TypeBoolean
	case Duration:
		s.Pattern = durationPattern
	case Time:
		s.Format = "date-time"
	case Text:
		if len(p.OneOf) == 0 {
			s.MinLength, s.MaxLength = &least, &most
		}
	}
	out := &huma.Param{Name: p.Name, In: "query", Description: p.Description, Schema: s}
	if p.Repeat {
		out.Schema = &huma.Schema{Type: huma.TypeArray, Items: s}
	}
	if p.Prefix {
		s.Pattern, out.Name, out.Schema = "^[^=]+=", strings.TrimSuffix(p.Name, "."), &huma.Schema{Type: huma.TypeArray, Items: s}
	}
	return out
}

// headersOf are the headers of success.
func headersOf(rt *Call) map[string]*huma.Param {
	h := map[string]*huma.Param{door.HeaderRequestID: {Ref: "#/components/headers/" + headerID}}
	if rt.Revision {
		h[door.HeaderRevision] = &huma.Param{Schema: &huma.Schema{Type: huma.TypeInteger}, Description: "The revision of this change."}
	}
	if rt.Tagged {
		h["ETag"] = textHeader("The object's own revision, in quotes.")
	}
	if rt.Identifies {
		maps.Copy(h, identityHeaders())
	}
	return h
}

func textHeader(description string) *huma.Param {
	return &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}, Description: description}
}

// bare is the schema of what no type describes: a document, or lines of text.
func bare(media string) *huma.Schema {
	if media == door.JSON {
		return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	}
	return &huma.Schema{Type: huma.TypeString}
}

func responses(rt *Call, s *schemas) map[string]*huma.Response {
	out := map[string]*huma.Response{}
	for _, status := range rt.Success {
		r := &huma.Response{Description: http.StatusText(status), Headers: headersOf(rt), Content: map[string]*huma.MediaType{}}
		if rt.Response != nil {
			r.Content[door.JSON] = &huma.MediaType{Schema: s.response(rt.Response)}
		}
		if rt.Rehearsal != nil {
			r.Content[door.JSON].Schema = &huma.Schema{OneOf: []*huma.Schema{s.response(rt.Response), s.response(rt.Rehearsal)}}
		}
		for _, media := range rt.Media {
			r.Content[media] = &huma.MediaType{Schema: bare(media)}
		}
		out[strconv.Itoa(status)] = r
	}
	return out
}
