package reference

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/token"
)

const schemaPrefix = "#/components/schemas/"

// wordsJSON are the comments of the wire types, by "Type" and "Type.field". A
// test makes the file from the source and fails when it is not of it.
//
//go:embed words.json
var wordsJSON []byte

// schemas describes Go types of the wire as JSON Schema.
type schemas struct {
	huma.Registry
	words map[string]string
	// sent and received are the types that answers and requests reach.
	sent, received map[reflect.Type]bool
}

func newSchemas() (*schemas, error) {
	s := &schemas{
		Registry: huma.NewMapRegistry(schemaPrefix, schemaName), words: map[string]string{},
		sent: map[reflect.Type]bool{}, received: map[reflect.Type]bool{},
	}
	if err := json.Unmarshal(wordsJSON, &s.words); err != nil {
		return nil, fmt.Errorf("words.json: %w", err)
	}
	return s, nil
}

// schemaName is the type's own name; a list is ListToken. Types of the package
// token are told from those of the wire, and a Client is what generators call the
// program that they write.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	switch {
	case t.PkgPath() == reflect.TypeFor[token.Format]().PkgPath():
		return "Token" + name
	case name == "Client":
		return "PresentedBy"
	}
	return name
}

// request and response return a reference to the schema of a type.
func (s *schemas) request(t reflect.Type) *huma.Schema  { return s.refer(t, s.received) }
func (s *schemas) response(t reflect.Type) *huma.Schema { return s.refer(t, s.sent) }

// open is request for what may come with more than is known of it.
func (s *schemas) open(t reflect.Type) *huma.Schema { return s.refer(t, s.sent) }

func (s *schemas) refer(t reflect.Type, reached map[reflect.Type]bool) *huma.Schema {
	s.reach(t, reached)
	return s.Schema(t, true, "")
}

// reach notes the types within a type, and lets an optional field be described
// as what it holds.
func (s *schemas) reach(t reflect.Type, reached map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || reached[t] {
		return
	}
	reached[t] = true
	if inner, ok := Optional(t); ok {
		s.RegisterTypeAlias(t, inner)
		s.reach(inner, reached)
		return
	}
	for f := range t.Fields() {
		s.reach(f.Type, reached)
	}
}

// Optional returns T for api.Opt[T].
func Optional(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[api.Problem]().PkgPath() || !strings.HasPrefix(t.Name(), "Opt[") {
		return nil, false
	}
	f, ok := t.FieldByName("Value")
	return f.Type, ok
}

// finish says of every schema what reflection alone does not: what is null,
// what a duration looks like, which objects take nothing else, and the words.
func (s *schemas) finish() {
	for name, schema := range s.Map() {
		t := s.TypeFromRef(schemaPrefix + name)
		schema.Description = s.words[goName(t)]
		schema.AdditionalProperties = nil
		if s.received[t] && !s.sent[t] {
			schema.AdditionalProperties = false
		}
		schema.Required = Required(t)
		s.finishFields(schema, t, s.received[t])
	}
}

// finishFields describes the fields of a type; of one that is received, null is taken for
// what may be left out.
func (s *schemas) finishFields(schema *huma.Schema, t reflect.Type, received bool) {
	for f := range t.Fields() {
		if f.Anonymous {
			s.finishFields(schema, f.Type, received)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if p := schema.Properties[name]; p != nil {
			schema.Properties[name] = describe(p, f, s.words[goName(t)+"."+name], received && !slices.Contains(schema.Required, name))
		}
	}
}

// Required are the names of the fields of a struct that have to be there.
func Required(t reflect.Type) (names []string) {
	for f := range t.Fields() {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			// What types share may be left out of one and not of another, which says so where it embeds it.
			names = append(names, Required(f.Type)...)
			names = append(names, strings.FieldsFunc(f.Tag.Get("requires"), func(r rune) bool { return r == ',' })...)
		case f.IsExported() && name != "-" && !strings.Contains(rest, "omit") && f.Tag.Get("required") != "false":
			names = append(names, name)
		}
	}
	return names
}

// goName is the name of a type as its source has it.
func goName(t reflect.Type) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// durationPattern is what api.ParseDuration takes.
const durationPattern = "^(0|[0-9]{1,11}[smhdw])$"

// describe finishes a field; ignored says that null is read as if it were not there.
func describe(p *huma.Schema, f reflect.StructField, words string, ignored bool) *huma.Schema {
	t, optional := Optional(f.Type)
	if !optional {
		t = f.Type
	}
	if t == reflect.TypeFor[api.Duration]() {
		p.Pattern, p.Examples = durationPattern, []any{"90d"}
	}
	null := (optional || ignored) && f.Tag.Get("nullable") != "false" || f.Tag.Get("nullable") == "true" ||
		f.Type.Kind() == reflect.Pointer && !strings.Contains(f.Tag.Get("json"), "omitempty")
	p.Nullable = null && p.Type != ""
	if null && p.Enum != nil {
		p.Enum = append(p.Enum, nil)
	}
	if null && p.Ref != "" {
		p = &huma.Schema{AnyOf: []*huma.Schema{p, {Type: "null"}}}
	}
	p.Description = words
	return p
}
