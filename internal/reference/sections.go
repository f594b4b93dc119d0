package reference

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/tokenry/tokenry/internal/door"
)

// The reference page shows the document through what follows.

// section is a heading of the reference and the routes under it.
type section struct {
	Name, Words string
	Routes      []routeView
}

// routeView is a route as the reference shows it.
type routeView struct {
	ID, Method, Path, Summary, Detail, Access string
	Params                                    []paramView
	Request, Response                         string
	Statuses                                  []int
	Media                                     []string
	Keyed                                     bool
	Scopes                                    []string
	Example                                   *exampleView
}

// exampleView is a call of the tests as a line for a shell, and its answer.
type exampleView struct {
	Curl, Answer string
	Status       int
}

// paramView is a parameter as the reference shows it.
type paramView struct{ Name, Words string }

// typeView is a type of the wire as the reference shows it.
type typeView struct {
	Name, Words string
	Fields      []fieldView
}

// fieldView is a field of such a type. Link is the type that it holds, if that
// is shown too.
type fieldView struct {
	Name, Type, Link, Words string
	Required                bool
}

// Sections lists the routes under their headings.
func (d *document) Sections() []section {
	var out []section
	for i := range d.routes {
		rt := &d.routes[i]
		if len(out) == 0 || out[len(out)-1].Name != rt.Group {
			out = append(out, section{Name: rt.Group, Words: groupWords(rt.Group)})
		}
		last := &out[len(out)-1]
		v := view(rt)
		if e, ok := d.examples[rt.Pattern()]; ok && !slices.Contains(rt.Media, door.HTML) {
			v.Example = e.view(rt, d.Servers[0].URL)
		}
		last.Routes = append(last.Routes, v)
	}
	return out
}

func view(rt *Call) routeView {
	v := routeView{
		ID: operationID(rt, rt.Method), Method: rt.Method, Path: rt.Path, Summary: rt.Summary, Detail: rt.Detail, Access: rt.Access.text(),
		Scopes:   rt.Access.Scopes,
		Statuses: rt.Success, Media: rt.Media, Keyed: rt.Keyed, Request: nameOf(rt.Request), Response: nameOf(rt.Response),
	}
	if v.Method == "" {
		v.Method = "any"
	}
	for _, p := range rt.Params {
		name := p.Name
		if p.Prefix {
			name += "KEY"
		}
		v.Params = append(v.Params, paramView{name, p.Description})
	}
	return v
}

func (e exampleCall) view(rt *Call, base string) *exampleView {
	method, _, _ := strings.Cut(rt.Pattern(), " ")
	if rt.Method == "" {
		method = "GET"
	}
	line := "curl -X " + method + " '" + base + e.Path + "'"
	if rt.Access.Kind != Public {
		line += " \\\n  -H \"Authorization: Bearer $TOKENRY_TOKEN\""
	}
	if e.Request != nil {
		line += " \\\n  -H 'Content-Type: application/json' \\\n  -d '" + strings.ReplaceAll(indented(e.Request), "'", `'\''`) + "'"
	}
	return &exampleView{Curl: line, Answer: indented(e.Response), Status: e.Status}
}

// indented is JSON for people; what is none stays as it is.
func indented(raw []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

func nameOf(t reflect.Type) string {
	if t == nil {
		return ""
	}
	return schemaName(t, "")
}

// Types lists the types of the wire by name.
func (d *document) Types() []typeView {
	var out []typeView
	for name, s := range d.schemas.Map() {
		v := typeView{Name: name, Words: s.Description}
		for field, p := range s.Properties {
			text, link := typeText(p)
			v.Fields = append(v.Fields, fieldView{
				Name: field, Type: text, Link: link, Words: p.Description, Required: slices.Contains(s.Required, field),
			})
		}
		slices.SortFunc(v.Fields, func(a, b fieldView) int { return strings.Compare(a.Name, b.Name) })
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b typeView) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// typeText says in words what a schema takes, and which type it refers to.
func typeText(s *huma.Schema) (text, link string) {
	switch {
	case s.Ref != "":
		link = strings.TrimPrefix(s.Ref, schemaPrefix)
		text = link
	case len(s.AnyOf) > 0:
		text, link = typeText(s.AnyOf[0])
		return text + " or null", link
	case s.Type == huma.TypeArray && s.Items != nil:
		text, link = typeText(s.Items)
		text = "list of " + text
	case s.Pattern == durationPattern:
		text = "duration"
	case s.Format == "date-time":
		text = "time"
	case s.Type == "":
		text = "any"
	default:
		text = s.Type
	}
	if s.Nullable {
		text += " or null"
	}
	return text, link
}
