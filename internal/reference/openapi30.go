package reference

import (
	"bytes"
	"encoding/json"
	"slices"
)

// downgrade says an OpenAPI 3.1 document in the words of 3.0.3, for generators
// that read no other. The library's own does not: it leaves {"type":"null"} in
// anyOf, and takes the members of examples for keywords.
func downgrade(document []byte) ([]byte, error) {
	var doc map[string]any
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber() // a number is what it was, to the digit
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	doc["openapi"] = "3.0.3"
	downgradeSchemas(doc)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}

// downgradeSchemas finds the schemas in what is none itself.
func downgradeSchemas(node any) {
	switch v := node.(type) {
	case []any:
		for _, e := range v {
			downgradeSchemas(e)
		}
	case map[string]any:
		for key, e := range v {
			switch key {
			case "example", "examples":
			case "schema":
				v[key] = schema30(e)
			case "schemas":
				schemas30(e)
			default:
				downgradeSchemas(e)
			}
		}
	}
}

// schemas30 is schema30 for each of a map of schemas.
func schemas30(node any) {
	if named, ok := node.(map[string]any); ok {
		for name, s := range named {
			named[name] = schema30(s)
		}
	}
}

// schema30 says one schema in the words of 3.0.
func schema30(node any) any {
	s, ok := node.(map[string]any)
	if !ok {
		return node
	}
	for key, v := range s {
		switch key {
		case "properties":
			schemas30(v)
		case "items", "additionalProperties", "not":
			s[key] = schema30(v)
		case "allOf", "anyOf", "oneOf":
			all, _ := v.([]any)
			for i := range all {
				all[i] = schema30(all[i])
			}
		}
	}
	nullableType(s)
	nullableChoice(s)
	if examples, ok := s["examples"].([]any); ok && len(examples) > 0 {
		s["example"] = examples[0]
		delete(s, "examples")
	}
	if c, ok := s["const"]; ok {
		s["enum"] = []any{c}
		delete(s, "const")
	}
	if s["contentEncoding"] == "base64" {
		s["format"] = "byte"
		delete(s, "contentEncoding")
	}
	if ref, ok := s["$ref"]; ok && len(s) > 1 { // 3.0 ignores what stands beside a reference
		s["allOf"] = []any{map[string]any{"$ref": ref}}
		delete(s, "$ref")
	}
	return s
}

// nullableType turns "type": ["string", "null"] into a nullable string, whose
// enumeration has to name null too.
func nullableType(s map[string]any) {
	types, ok := s["type"].([]any)
	if !ok {
		return
	}
	i := slices.Index(types, any("null"))
	if i >= 0 {
		types = slices.Delete(types, i, i+1)
		s["nullable"] = true
		if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, nil) {
			s["enum"] = append(enum, nil)
		}
	}
	if len(types) == 1 {
		s["type"] = types[0]
		return
	}
	delete(s, "type")
	for _, t := range types {
		choice, _ := s["anyOf"].([]any)
		s["anyOf"] = append(choice, map[string]any{"type": t})
	}
}

// nullableChoice turns anyOf a reference or null into a nullable reference.
func nullableChoice(s map[string]any) {
	choice, _ := s["anyOf"].([]any)
	null := slices.IndexFunc(choice, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == "null"
	})
	if null < 0 {
		return
	}
	choice = slices.Delete(choice, null, null+1)
	s["nullable"] = true
	s["anyOf"] = choice
	if len(choice) == 1 {
		s["allOf"], s["type"] = choice, "object" // nullable means nothing without a type, and every schema that is referred to is an object
		delete(s, "anyOf")
	}
}
