package httpapi

import (
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/reference"
)

// A field that chooses what a call is about is marked minLength:"1" in its type.
// To be there and empty is not to be left out: it is mostly a variable that was
// not set, so it is refused, and never means all. Conditions of filters are of
// types that tell the two apart by themselves; the authority refuses those.

// selects says whether a type has such a field, at any depth.
func selects(t reflect.Type) bool {
	t = within(t)
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if f.Tag.Get("minLength") != "" && f.Type.Kind() == reflect.String || f.IsExported() && selects(f.Type) {
			return true
		}
	}
	return false
}

// within is what a pointer, list or optional field holds.
func within(t reflect.Type) reflect.Type {
	for {
		inner, optional := reference.Optional(t)
		switch {
		case optional:
			t = inner
		case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
			t = t.Elem()
		default:
			return t
		}
	}
}

// saysSomething refuses the marked fields of a body that are there and empty. The
// body was decoded already, so that it is well-formed; at is where it stands.
func saysSomething(d *jsontext.Decoder, at string, t reflect.Type) error {
	t = within(t)
	if k := d.PeekKind(); t.Kind() != reflect.Struct || k != '{' && k != '[' {
		return d.SkipValue()
	}
	object := d.PeekKind() == '{'
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		if !object {
			if err := saysSomething(d, at, t); err != nil {
				return err
			}
			continue
		}
		if err := memberSays(d, at, t); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

func memberSays(d *jsontext.Decoder, at string, t reflect.Type) error {
	name, err := d.ReadToken()
	if err != nil {
		return err
	}
	said := name.String()
	f, ok := fieldNamed(t, said)
	switch {
	case !ok:
		return d.SkipValue()
	case f.Tag.Get("minLength") == "" || d.PeekKind() != '"' || f.Type.Kind() != reflect.String:
		return saysSomething(d, at+said+".", f.Type)
	}
	v, err := d.ReadToken()
	if err == nil && strings.TrimSpace(v.String()) == "" {
		return api.FieldError(at+said, "must not be empty; leave it out to ask for no such thing")
	}
	return err
}

// fieldNamed finds a field by its name on the wire, also in embedded types.
func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if f.Anonymous {
			if inner, ok := fieldNamed(f.Type, name); ok {
				return inner, true
			}
			continue
		}
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}
