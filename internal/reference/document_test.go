package reference_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// committed is a document of the API as it is committed, which is what the server
// answers.
func committed(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../api/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// components are the schemas of a document.
type components struct {
	Components struct{ Schemas map[string]any }
}

// What programs that write clients and servers stumble over: an answer without a
// schema, the name of what they write themselves, an operation that has none or
// another's. They were: oapi-codegen, openapi-typescript, Redocly, Spectral.
func TestGeneratorsReadTheDocuments(t *testing.T) {
	t.Parallel()
	taken := []string{"Client", "ClientOption", "ClientInterface", "ServerInterface", "HttpRequestDoer", "RequestEditorFn", "Configuration", "ApiClient", "Request", "Response"}
	for _, path := range []string{"openapi.json", "openapi-3.0.json"} {
		var doc struct {
			Info struct{ License struct{ Name string } }
			Tags []struct{ Name, Description string }
			components
			Paths map[string]map[string]struct {
				OperationID string
				Responses   map[string]struct {
					Description string
					Content     map[string]struct{ Schema map[string]any }
				}
			}
		}
		if err := json.Unmarshal(committed(t, path), &doc); err != nil {
			t.Fatal(err)
		}
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

// What a type requires is one of its members, also what the tag of an embedded one names.
func TestWhatIsRequiredIsThere(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	if err := json.Unmarshal(committed(t, "openapi.json"), &doc); err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, s := range doc.Components.Schemas {
		for _, field := range s.Required {
			if n++; s.Properties[field] == nil {
				t.Errorf("%s requires %s, which it does not have", name, field)
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d are required", n)
	}
}

func TestEveryReferenceInTheDocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	var tree map[string]any
	if err := json.Unmarshal(committed(t, "openapi.json"), &tree); err != nil {
		t.Fatal(err)
	}
	leads := func(ref string) bool {
		at, within := any(tree), strings.TrimPrefix(ref, "#/")
		for name := range strings.SplitSeq(within, "/") {
			object, _ := at.(map[string]any)
			at = object[name]
		}
		return within != ref && at != nil
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
					if !leads(ref) {
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
