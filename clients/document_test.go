package clients_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// generate answers the generated files by their names.
func generate(openapi []byte) (map[string]string, error) {
	var d document
	if err := json.Unmarshal(openapi, &d); err != nil {
		return nil, fmt.Errorf("the document of the API: %w", err)
	}
	return map[string]string{
		"typescript/types.d.ts":    typescript(&d),
		"python/tokenry/types.py":  python(&d),
		"python/tokenry/_calls.py": pythonCalls(&d),
	}, nil
}

// document is what is read of OpenAPI 3.1.
type document struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas map[string]*schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	Summary     string      `json:"summary"`
	Parameters  []parameter `json:"parameters"`
	RequestBody *struct {
		Required bool             `json:"required"`
		Content  map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]media `json:"content"`
	} `json:"responses"`
}

type media struct {
	Schema *schema `json:"schema"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required"`
	Schema      *schema `json:"schema"`
}

type schema struct {
	Ref         string             `json:"$ref"`
	Type        types              `json:"type"`
	Description string             `json:"description"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	AnyOf       []*schema          `json:"anyOf"`
	OneOf       []*schema          `json:"oneOf"`
	Enum        []string           `json:"enum"`
	// Values are those of an object with any names; true and {} are anything.
	Values json.RawMessage `json:"additionalProperties"`
}

// choices are the schemas of which it is one.
func (s *schema) choices() []*schema { return slices.Concat(s.AnyOf, s.OneOf) }

// types is one word or several.
type types []string

func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// call is an operation with its name, like "GET /v1/whoami".
type call struct {
	name   string
	op     *operation
	path   []parameter
	query  []parameter
	header []parameter
}

// calls are those that programs make, in the order of their names. What a proxy, a
// replica or a person asks is none of them.
func (d *document) calls() []call {
	var out []call
	for path, methods := range d.Paths {
		if !strings.HasPrefix(path, "/v1/") || slices.ContainsFunc([]string{"/v1/forward-auth", "/v1/ext-authz", "/v1/replica"}, func(p string) bool { return strings.HasPrefix(path, p) }) {
			continue
		}
		for method, op := range methods {
			c := call{name: strings.ToUpper(method) + " " + path, op: op}
			for _, p := range op.Parameters {
				switch p.In {
				case "path":
					c.path = append(c.path, p)
				case "query":
					c.query = append(c.query, p)
				case "header":
					c.header = append(c.header, p)
				}
			}
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b call) int { return strings.Compare(a.name, b.name) })
	return out
}

func (c call) has(header string) bool {
	return slices.ContainsFunc(c.header, func(p parameter) bool { return p.Name == header })
}

// body is what the call takes, nil for nothing.
func (c call) body() *schema {
	if c.op.RequestBody == nil {
		return nil
	}
	return c.op.RequestBody.Content["application/json"].Schema
}

// answer is what the call answers as JSON, nil for a text.
func (c call) answer() *schema {
	for _, status := range []string{"200", "201", "202"} {
		if s := c.op.Responses[status].Content["application/json"].Schema; s != nil {
			return s
		}
	}
	return nil
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// oneLine is a description as it may stand in a comment of either language.
func oneLine(s string) string {
	return strings.NewReplacer("\n", " ", "*/", "* /", `"""`, "'''", `\`, "").Replace(strings.TrimSpace(s))
}
