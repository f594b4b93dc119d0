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

	"github.com/tokenry/tokenry/api"
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
		reach(reached, rt.Rehearsal)
	}
	reach(reached, reflect.TypeFor[api.Problem]())
	reach(reached, reflect.TypeFor[api.OAuthError]())
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
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
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
			if n := len(doc.Paths[path]); n != 7 {
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
