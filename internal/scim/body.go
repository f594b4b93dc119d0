package scim

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/strict"
)

// The bounds of a body besides its length.
const (
	maxDeep       = 16
	maxOperations = 1000
)

// readObject reads a body: one JSON object in UTF-8, each name in it once.
func readObject(body []byte) (object, error) {
	if strict.TooDeep(body, maxDeep) {
		return nil, api.Errorf(api.CodeInvalidJSON, "the body is nested too deep")
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, api.Errorf(api.CodeInvalidJSON, "the body is not JSON, or has a name twice") // without the cause, which repeats of it
	}
	return objectOf(v)
}

// object is a JSON object by its names in lower case: SCIM's have no case.
type object map[string]any

func objectOf(v any) (object, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fault(invalidSyntax, "this must be a JSON object")
	}
	out := make(object, len(m))
	for name, value := range m {
		low := strings.ToLower(name)
		if _, twice := out[low]; twice {
			return nil, fault(invalidSyntax, "an attribute is there twice, with different letter case")
		}
		out[low] = value
	}
	return out, nil
}

// names are the names in their order, so that the same request always does the same.
func (o object) names() []string { return slices.Sorted(maps.Keys(o)) }

// text reads a text; a list of one object with a value is what Entra ID sends for some.
func text(v any) (string, error) {
	s, ok := only(v).(string)
	if !ok {
		return "", fault(invalidValue, "an attribute that is a text must be given as one")
	}
	return s, nil
}

// only is the one value of a list of one.
func only(v any) any {
	list, ok := v.([]any)
	if !ok || len(list) != 1 {
		return v
	}
	one, err := objectOf(list[0])
	if err != nil || one["value"] == nil {
		return v
	}
	return one["value"]
}

// operation is one of a PATCH.
type operation struct {
	// op is add, replace or remove.
	op   string
	path string
	// value is nil where none was given.
	value any
}

// readPatch reads a PatchOp, whatever the case of its words: Entra ID writes Replace.
func readPatch(body []byte) ([]operation, error) {
	o, err := readObject(body)
	if err != nil {
		return nil, err
	}
	list, ok := o["operations"].([]any)
	if !ok || len(list) == 0 {
		return nil, fault(invalidSyntax, "a PATCH has a list of Operations")
	}
	if len(list) > maxOperations {
		return nil, fault(tooMany, "a PATCH has at most 1000 operations")
	}
	out := make([]operation, len(list))
	for i, v := range list {
		if out[i], err = readOperation(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func readOperation(v any) (operation, error) {
	o, err := objectOf(v)
	if err != nil {
		return operation{}, err
	}
	op, isText := o["op"].(string)
	path, isPath := o["path"].(string)
	one := operation{op: strings.ToLower(op), path: path, value: o["value"]}
	switch {
	case !isText || one.op != "add" && one.op != "replace" && one.op != "remove":
		return one, fault(invalidSyntax, "op is add, replace or remove")
	case o["path"] != nil && (!isPath || path == ""):
		return one, fault(invalidPath, "path is a text that names an attribute")
	case one.op == "remove" && path == "":
		return one, fault(noTarget, "to remove needs a path")
	case one.op != "remove" && one.value == nil:
		return one, fault(invalidValue, "this operation needs a value")
	}
	return one, nil
}

// place is what a path names.
type place struct {
	// attr and sub are in lower case; attr is empty for what Tokenry does not keep.
	attr, sub string
	// among says which of an attribute's values are meant; nil for all.
	among test
}

// readPath reads a path of an operation (RFC 7644, 3.5.2).
func readPath(path string, of []attribute) (place, error) {
	if len(path) > maxFilter {
		return place{}, fault(invalidPath, "a path has at most 2000 bytes")
	}
	p := &parser{rest: path, of: of}
	name := p.name()
	a, ok := named(of, name)
	switch {
	case strings.EqualFold(path, schemaUser), strings.EqualFold(path, schemaGroup):
		return place{}, fault(invalidPath, "attributes are named by themselves, not within their schema")
	case strings.EqualFold(name, "urn"), unkept(name): // of an extension
		return place{}, nil
	case !ok:
		return place{}, fault(invalidPath, "a path names an attribute that there is not")
	}
	at := place{attr: strings.ToLower(a.name)}
	if strings.HasPrefix(p.rest, "[") && a.multi {
		p.rest = p.rest[1:]
		f, err := p.within("]", a.subs)
		if err != nil {
			return place{}, err
		}
		at.among = f.match
	}
	if strings.HasPrefix(p.rest, ".") {
		p.rest = p.rest[1:]
		sub, ok := named(a.subs, p.name())
		if !ok {
			return place{}, fault(invalidPath, "a path names a part of an attribute that there is not")
		}
		at.sub = strings.ToLower(sub.name)
	}
	if p.rest != "" {
		return place{}, fault(invalidPath, "there is something behind the end of the path")
	}
	return at, nil
}
