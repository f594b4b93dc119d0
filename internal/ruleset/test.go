package ruleset

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Test is a request that a file asks about, and what is expected.
type Test struct {
	// Line is where it begins.
	Line         int
	Method, Path string
	// Refused and Public are what is expected; else Scopes and Resource.
	Refused, Public bool
	Scopes          []string
	Resource        string
}

// Request reads "METHOD PATH"; a query behind the path does not count.
func Request(text string) (method, path string, ok bool) {
	method, path, ok = strings.Cut(text, " ")
	path, _, _ = strings.Cut(path, "?")
	return method, path, ok && method != "" && path != ""
}

// test reads a test of the file. What it expects has to be said in one way alone, so
// that it cannot be met by halves.
func (r *reader) test(n *yaml.Node) Test {
	m := r.mapping(n, "request", "refused", "public", "scopes", "resource")
	t := Test{Line: n.Line, Refused: r.flag(m["refused"]), Public: r.flag(m["public"])}
	if request := m["request"]; request == nil {
		r.complain(n.Line, "request is missing: METHOD PATH, like GET /tickets/7")
	} else if text, ok := r.text(request); ok {
		if t.Method, t.Path, ok = Request(text); !ok {
			r.complain(request.Line, "request is METHOD PATH, like GET /tickets/7")
		}
	}
	said := 0
	for _, key := range []string{"refused", "public", "scopes"} {
		if m[key] != nil {
			said++
		}
	}
	if said != 1 || m["resource"] != nil && m["scopes"] == nil {
		r.complain(n.Line, "a test expects one of refused: true, public: true, or scopes with or without a resource")
	}
	if m["scopes"] != nil {
		t.Scopes = r.scopes(m["scopes"])
	}
	if m["resource"] != nil {
		t.Resource, _ = r.text(m["resource"])
	}
	return t
}

// Met says whether needs are what the test expects.
func (t *Test) Met(n Needs) bool {
	switch {
	case t.Refused || n.Rule == nil:
		return t.Refused == (n.Rule == nil)
	case t.Public || n.Rule.Public:
		return t.Public == n.Rule.Public
	}
	return t.Resource == n.Resource && slices.Equal(slices.Sorted(slices.Values(t.Scopes)), slices.Sorted(slices.Values(n.Rule.Scopes)))
}
