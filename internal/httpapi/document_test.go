package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/httpapi"
	"github.com/tokenry/tokenry/internal/reference"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file, or writes it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the code says; run go test ./internal/httpapi -update twice (want - got +):\n%.3000s", path, diff)
	}
}

func TestTheOpenAPIDocumentIsTheGoldenFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "../../api/openapi.json", w.send("GET", "/openapi.json", "").is(200).body)
}

func TestTheOpenAPI30DocumentIsTheGoldenFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	golden(t, "../../api/openapi-3.0.json", w.send("GET", "/openapi-3.0.json", "").is(200).body)
}

// The words of the reference are the comments of the wire types.
func TestTheWordsAreTheCommentsOfTheSource(t *testing.T) {
	t.Parallel()
	words := map[string]string{}
	for _, pattern := range []string{"../../api/*.go", "../../token/describe.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			collect(t, words, file)
		}
	}
	reached := map[string]bool{}
	for _, rt := range httpapi.Routes() {
		reach(reached, rt.Request)
		reach(reached, rt.Response)
	}
	maps.DeleteFunc(words, func(key, _ string) bool {
		name, _, _ := strings.Cut(key, ".")
		return !reached[name]
	})
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(words); err != nil {
		t.Fatal(err)
	}
	golden(t, "../reference/words.json", b.Bytes())
}

// reach notes the names of the types within a type.
func reach(names map[string]bool, t reflect.Type) {
	if t == nil {
		return
	}
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	if t.Kind() != reflect.Struct || names[t.String()] {
		return
	}
	names[t.String()], names[name] = true, true
	for f := range t.Fields() {
		reach(names, f.Type)
	}
}

// collect reads the comments of the structs of one file and of their fields.
func collect(t *testing.T, words map[string]string, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			say(words, typ.Name.Name, gen.Doc)
			if fields, ok := typ.Type.(*ast.StructType); ok {
				collectFields(words, typ.Name.Name, fields)
			}
		}
	}
}

func collectFields(words map[string]string, name string, s *ast.StructType) {
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		field, _, _ := strings.Cut(tag.Get("json"), ",")
		say(words, name+"."+field, f.Doc, f.Comment)
	}
}

// say writes a comment down as one line, without the brackets of its links.
func say(words map[string]string, key string, comments ...*ast.CommentGroup) {
	for _, c := range comments {
		if text := strings.Join(strings.Fields(c.Text()), " "); text != "" {
			words[key] = strings.NewReplacer("[MaxDuration]", "MaxDuration", "[Opt]", "Opt").Replace(text)
		}
	}
}

// spec is what the tests read of an OpenAPI document.
type spec struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Summary     string
		OperationID string
		Scopes      []string `json:"x-required-scope"`
		Security    []map[string][]string
	}
	Components struct {
		SecuritySchemes map[string]struct{ Type, Scheme string }
		Schemas         map[string]any
	}
}

func TestEveryRouteSaysWhoMayCallAndIsDocumented(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var doc spec
	w.send("GET", "/openapi.json", "").is(200).into(&doc)
	if s := doc.Components.SecuritySchemes["bearer"]; doc.OpenAPI != "3.1.0" || s.Type != "http" || s.Scheme != "bearer" {
		t.Errorf("the document is %s with %+v", doc.OpenAPI, s)
	}
	for _, rt := range httpapi.Routes() {
		path, method := strings.ReplaceAll(rt.Path, "...", ""), strings.ToLower(rt.Method)
		if method == "" {
			method = "get"
			if n := len(doc.Paths[path]); n != 8 {
				t.Errorf("%s takes any method, and stands in the document under %d", rt.Pattern(), n)
			}
		}
		op, ok := doc.Paths[path][method]
		if !ok {
			t.Errorf("%s is not in the document", rt.Pattern())
			continue
		}
		if rt.Access.Kind.String() == "" || rt.Summary == "" || rt.Group == "" || op.Summary != rt.Summary {
			t.Errorf("%s forgets its access, summary or group", rt.Pattern())
		}
		if !slices.Equal(op.Scopes, rt.Access.Scopes) {
			t.Errorf("%s: the document says scopes %v, the table %v", rt.Pattern(), op.Scopes, rt.Access.Scopes)
		}
		if isPublic := rt.Access.Kind == reference.Public; isPublic != (len(op.Security) == 0) {
			t.Errorf("%s: public %v, security %v", rt.Pattern(), isPublic, op.Security)
		}
	}
}

// What programs that write clients and servers stumble over: an answer without a
// schema, the name of what they write themselves, an operation that has none or
// another's. They were: oapi-codegen, openapi-typescript, Redocly, Spectral.
func TestGeneratorsReadTheDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := []string{"Client", "ClientOption", "ClientInterface", "ServerInterface", "HttpRequestDoer", "RequestEditorFn", "Configuration", "ApiClient", "Request", "Response"}
	for _, path := range []string{"/openapi.json", "/openapi-3.0.json"} {
		var doc struct {
			Info struct{ License struct{ Name string } }
			Tags []struct{ Name, Description string }
			spec
			Paths map[string]map[string]struct {
				OperationID string
				Responses   map[string]struct {
					Description string
					Content     map[string]struct{ Schema map[string]any }
				}
			}
		}
		w.send("GET", path, "").is(200).into(&doc)
		if doc.Info.License.Name == "" || len(doc.Tags) < 10 {
			t.Errorf("%s: %+v, %d groups", path, doc.Info, len(doc.Tags))
		}
		for _, tag := range doc.Tags {
			if tag.Description == "" {
				t.Errorf("%s: nothing is said about the group %s", path, tag.Name)
			}
		}
		for _, name := range taken {
			if doc.Components.Schemas[name] != nil {
				t.Errorf("%s: a schema has the name %s", path, name)
			}
		}
		seen := map[string]bool{}
		for at, methods := range doc.Paths {
			for method, op := range methods {
				if op.OperationID == "" || seen[op.OperationID] {
					t.Errorf("%s: %s %s is called %q", path, method, at, op.OperationID)
				}
				seen[op.OperationID] = true
				for status, r := range op.Responses {
					for media, c := range r.Content {
						if len(c.Schema) == 0 || r.Description == "" {
							t.Errorf("%s: %s %s: %s %s is not described", path, method, at, status, media)
						}
					}
				}
			}
		}
	}
}

func TestEveryReferenceInTheDocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := w.send("GET", "/openapi.json", "").is(200).body
	var doc spec
	var tree any
	for _, v := range []any{&doc, &tree} {
		if err := json.Unmarshal(body, v); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				if ref, ok := e.(string); ok && k == "$ref" {
					n++
					if name := strings.TrimPrefix(ref, "#/components/schemas/"); doc.Components.Schemas[name] == nil {
						t.Errorf("%s leads nowhere", ref)
					}
				}
				walk(e)
			}
		}
	}
	walk(tree)
	if n < 100 {
		t.Errorf("only %d references", n)
	}
}
