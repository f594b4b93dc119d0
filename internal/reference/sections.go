package reference

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
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
	Try                                       *tryView
}

// tryView is a call as a reader may send it from the page: Query are the parameters that it
// may have, Body is of the media type Type, or there is none.
type tryView struct{ Method, Path, Access, Query, Type, Body string }

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
		if !slices.Contains(rt.Media, door.HTML) {
			v.Try = d.examples[rt.Pattern()].try(rt)
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
	line := "curl -X " + asked(rt) + " '" + base + e.Path + "'"
	if rt.Access.Kind != Public {
		line += " \\\n  -H \"Authorization: Bearer $TOKENRY_TOKEN\""
	}
	const given = " \\\n  -d "
	var fields []string
	body := e.body(rt)
	switch {
	case body == "":
	case rt.OAuth:
		for field := range strings.SplitSeq(body, "&") {
			fields = append(fields, quoted(field))
		}
		line += given + strings.Join(fields, given)
	default:
		line += " \\\n  -H 'Content-Type: application/json'" + given + quoted(body)
	}
	return &exampleView{Curl: line, Answer: indented(e.Response), Status: e.Status}
}

// asked is the method of a call that is shown.
func asked(rt *Call) string {
	if rt.Method == "" {
		return http.MethodGet
	}
	return rt.Method
}

// quoted is one word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// body is what the example sends; an endpoint of OAuth takes the fields of a form.
func (e exampleCall) body(rt *Call) string {
	if e.Request == nil || !rt.OAuth {
		return indented(e.Request)
	}
	var fields map[string]string
	if json.Unmarshal(e.Request, &fields) != nil {
		return ""
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return form.Encode()
}

// try is the call for a reader to send. A family of parameters has no name to fill in.
func (e exampleCall) try(rt *Call) *tryView {
	v := &tryView{Method: asked(rt), Path: rt.Path, Access: rt.Access.Kind.String(), Body: e.body(rt)}
	switch {
	case rt.OAuth && rt.Request != nil:
		v.Type = "application/x-www-form-urlencoded"
	case rt.Request != nil:
		v.Type = "application/json"
	}
	var names []string
	for _, p := range rt.Params {
		if !p.Prefix {
			names = append(names, p.Name)
		}
	}
	v.Query = strings.Join(names, " ")
	return v
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
