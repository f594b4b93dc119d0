package reference

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
)

// What is decoded well may still not say enough. A field that the document requires has
// to be there, and not be null. One that chooses what a call is about is marked
// minLength:"1" in its type: to be there and empty is not to be left out, it is mostly a
// variable that was not set, so it is refused, and never means all. Conditions of filters
// are of types that tell the two apart by themselves; the authority refuses those.

// within is what a pointer, list or optional field holds.
func within(t reflect.Type) reflect.Type {
	for {
		inner, optional := Optional(t)
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

// SaysEnough refuses a body for a value of type t that lacks a required field, or has a marked one that is
// empty. It was decoded already, so that it is well-formed; at is where it stands.
func SaysEnough(d *jsontext.Decoder, at string, t reflect.Type) error {
	t = within(t)
	if k := d.PeekKind(); t.Kind() != reflect.Struct || k != '{' && k != '[' {
		return d.SkipValue()
	}
	object, missing := d.PeekKind() == '{', []string(nil)
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if object {
		missing = Required(t)
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		if !object {
			if err := SaysEnough(d, at, t); err != nil {
				return err
			}
			continue
		}
		name, err := memberSays(d, at, t)
		if err != nil {
			return err
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == name })
	}
	if len(missing) > 0 {
		return api.FieldError(at+missing[0], "must be there")
	}
	_, err := d.ReadToken()
	return err
}

// memberSays returns the name of a member that is not null.
func memberSays(d *jsontext.Decoder, at string, t reflect.Type) (string, error) {
	name, err := d.ReadToken()
	if err != nil {
		return "", err
	}
	said := name.String()
	f, ok := fieldNamed(t, said)
	switch {
	case !ok || d.PeekKind() == 'n':
		return "", d.SkipValue()
	case f.Tag.Get("minLength") == "" || d.PeekKind() != '"' || f.Type.Kind() != reflect.String:
		return said, SaysEnough(d, at+said+".", f.Type)
	}
	v, err := d.ReadToken()
	if err == nil && strings.TrimSpace(v.String()) == "" {
		return "", api.FieldError(at+said, "must not be empty; leave it out to ask for no such thing")
	}
	return said, err
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
