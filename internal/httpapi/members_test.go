package httpapi_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/reference"
)

// least is the least value of a type that is decoded: what it requires, of nothing.
func least(t reflect.Type) any {
	if inner, optional := reference.Optional(t); optional {
		t = inner
	}
	switch {
	case t.Kind() == reflect.Pointer:
		return least(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return []any{least(t.Elem())}
	case t.Kind() == reflect.Slice:
		return []any{}
	case t == reflect.TypeFor[api.Duration]():
		return "1h"
	case t == reflect.TypeFor[time.Time]():
		return "2026-01-31T12:00:00Z"
	case t.Kind() == reflect.String:
		return "x"
	case t.Kind() == reflect.Struct:
		return leastObject(t)
	case t.Kind() == reflect.Map:
		return object{}
	}
	return reflect.Zero(t).Interface()
}

func leastObject(t reflect.Type) object {
	out := object{}
	for _, name := range reference.Required(t) {
		out[name] = least(member(t, name).Type)
	}
	return out
}

// member finds the field of a name on the wire.
func member(t reflect.Type, name string) reflect.StructField {
	for _, f := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name && !f.Anonymous {
			return f
		}
	}
	panic(t.String() + " has no " + name)
}

// part is what the test reads of a schema.
type part struct {
	Ref        string `json:"$ref"`
	Type       any
	Items      *part
	AnyOf      []part
	Required   []string
	Properties map[string]*part
}

func (s *part) null() bool {
	types, _ := s.Type.([]any)
	return slices.Contains(types, any("null")) || slices.ContainsFunc(s.AnyOf, func(a part) bool { return a.Type == "null" })
}

// prober holds the document and the server together.
type prober struct {
	*world
	schemas map[string]*part
	secret  string
	rt      httpapi.Route
	seen    map[reflect.Type]bool
	probed  int
}

func (p *prober) ask(body any) (int, api.Problem) {
	p.Helper()
	raw, err := json.Marshal(body)
	p.must(err)
	path := strings.NewReplacer("{ws}", "acme", "{scopes}", "clusters:use", "{resource}", "any", "{", "", "}", "").Replace(p.rt.Path)
	r := httptest.NewRequestWithContext(p.Context(), p.rt.Method, path, strings.NewReader(string(raw)))
	r.Header = http.Header{"Authorization": {"Bearer " + p.secret}, "Content-Type": {"application/json"}}
	a := httptest.NewRecorder()
	p.door.ServeHTTP(a, r)
	p.probed++
	var problem api.Problem
	_ = json.Unmarshal(a.Body.Bytes(), &problem) // an answer of success is none
	return a.Code, problem
}

// object probes each member of an object that within puts into a whole body.
func (p *prober) object(t reflect.Type, s *part, within func(any) any) {
	p.Helper()
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if inner, optional := reference.Optional(t); optional {
		t = inner
	}
	if t.Kind() != reflect.Struct || p.seen[t] {
		return
	}
	p.seen[t] = true
	base := leastObject(t)
	if t == reflect.TypeFor[api.TokenReview]() { // one that is answered
		p.must(json.Unmarshal([]byte(reviewOf("x")), &base))
	}
	plain, _ := p.ask(within(base))
	refused := func(status int, problem api.Problem, name string) bool {
		return status == 400 && (strings.HasSuffix(problem.Field, name) || problem.Field == "" && plain != 400)
	}
	for name, field := range s.Properties {
		if t == reflect.TypeFor[api.TokenReview]() && name == "spec" {
			continue // a question has one, and an answer of the same type has none
		}
		f, required, changed := member(t, name), slices.Contains(s.Required, name), maps.Clone(base)
		_, optional := reference.Optional(f.Type)
		changed[name] = nil
		status, problem := p.ask(within(changed))
		if required && !refused(status, problem, name) || !optional && !required && status != plain {
			p.Errorf("%s of %s (required: %t): null is answered %d %s, and nothing at all %d", name, t, required, status, problem.Detail, plain)
		}
		if !optional && field.null() == required {
			p.Errorf("%s of %s (required: %t): the document takes null: %t", name, t, required, field.null())
		}
		if delete(changed, name); required {
			if status, problem = p.ask(within(changed)); !refused(status, problem, name) {
				p.Errorf("%s of %s is required, and left out is answered %d %s", name, t, status, problem.Detail)
			}
		}
		p.object(f.Type, p.resolve(field), func(v any) any {
			whole := maps.Clone(base)
			if whole[name] = v; f.Type.Kind() == reflect.Slice {
				whole[name] = []any{v}
			}
			return within(whole)
		})
	}
}

// resolve is the schema of the object that a field holds.
func (p *prober) resolve(s *part) *part {
	switch {
	case s.Items != nil:
		return p.resolve(s.Items)
	case len(s.AnyOf) > 0:
		return p.resolve(&s.AnyOf[0])
	case s.Ref != "":
		return p.schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

// TestWhatABodyLacksIsWhatTheDocumentSays: each member of each body is left out and sent as
// null. What the document requires is refused by its name, and what it does not is taken as
// null too, and read as if it were not there.
func TestWhatABodyLacksIsWhatTheDocumentSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc struct {
		Components struct{ Schemas map[string]*part }
	}
	w.send("GET", "/openapi.json", "").is(200).into(&doc)
	p := prober{world: w, schemas: doc.Components.Schemas, secret: w.verifier(), seen: map[reflect.Type]bool{}}
	for _, rt := range httpapi.Routes() {
		if rt.Request == nil || rt.OAuth || rt.Request.Kind() == reflect.Map || rt.Request == reflect.TypeFor[api.ReplicaCall]() { // which is held
			continue
		}
		whole := func(v any) any { return v }
		name := rt.Request.Name()
		if rt.Request.Kind() == reflect.Slice {
			name, whole = rt.Request.Elem().Name(), func(v any) any { return []any{v} }
		}
		p.rt = rt
		p.object(rt.Request, p.schemas[name], whole)
	}
	if p.probed < 200 {
		t.Errorf("only %d bodies were sent", p.probed)
	}
}
