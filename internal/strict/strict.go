// Package strict reads the JSON of callers: one object in UTF-8, every name known, in its
// exact case and once, and nothing behind it.
//
// Its law: what it says of a body repeats nothing of it but names that cannot be a secret.
package strict

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
)

// Read reads one object into v, or says as a problem of api what is wrong with it.
func Read(body []byte, v any, o json.Options) error {
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return api.Errorf(api.CodeInvalidJSON, "the body must be one JSON object")
	}
	if err := json.Unmarshal(body, v, o); err != nil {
		return explain(err)
	}
	return nil
}

// TooDeep says whether brackets are nested deeper than most.
func TooDeep(b []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++ // only ever within a string; elsewhere it is an error soon
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
		if depth > most {
			return true
		}
	}
	return false
}

// explain turns what the decoder says into a problem that repeats nothing of
// the body but names that may be.
func explain(err error) *api.Error {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic):
		return badSyntax(syntactic)
	case errors.As(err, &semantic) && errors.Is(semantic.Err, json.ErrUnknownName):
		return unknownField(semantic.JSONPointer)
	case errors.As(err, &semantic):
		return badField(semantic)
	}
	return api.Errorf(api.CodeInvalidJSON, "the body cannot be read")
}

func badSyntax(err *jsontext.SyntacticError) *api.Error {
	e := api.Errorf(api.CodeInvalidJSON, "the body is not valid JSON in UTF-8")
	if errors.Is(err, jsontext.ErrDuplicateName) {
		e = api.Errorf(api.CodeInvalidJSON, "the body has a name twice in one object")
		e.Field = fieldOf(err.JSONPointer)
	}
	return e
}

func unknownField(at jsontext.Pointer) *api.Error {
	name := fieldOf(at)
	if name == "" || !Sayable(at.LastToken()) {
		return api.Errorf(api.CodeUnknownField, "the body has a field that this call does not know")
	}
	e := api.Errorf(api.CodeUnknownField, "%s: this call has no such field", name)
	e.Field = name
	return e
}

func badField(err *json.SemanticError) *api.Error {
	want := wanted(err.GoType)
	name := fieldOf(err.JSONPointer)
	if name == "" {
		return api.Errorf(api.CodeInvalidField, "a field of the body: %s", want)
	}
	return api.FieldError(name, want)
}

// fieldOf names a place in the body by those of its names that may be repeated;
// places in lists are left out.
func fieldOf(at jsontext.Pointer) string {
	var names []string
	for t := range at.Tokens() {
		switch {
		case Sayable(t):
			names = append(names, t)
		case strings.Trim(t, "0123456789") != "":
			return strings.Join(names, ".")
		}
	}
	return strings.Join(names, ".")
}

// wanted says what a field of a Go type looks like on the wire.
func wanted(t reflect.Type) string {
	switch {
	case t == nil:
		return "is not valid"
	case t == reflect.TypeFor[api.Duration]():
		return `must be a duration like "90d", "24h" or "30m"`
	case t == reflect.TypeFor[time.Time]():
		return "must be an RFC 3339 time like 2026-01-31T12:00:00Z"
	}
	switch t.Kind() {
	case reflect.String:
		return "must be a string"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	case reflect.Float64:
		return "must be a number within range"
	case reflect.Slice:
		return "must be a list"
	case reflect.Struct, reflect.Map:
		return "must be an object"
	default:
		return "is not valid"
	}
}

// Sayable says whether a name that was submitted may be repeated: [a-z_]{1,40}.
func Sayable(name string) bool {
	return name != "" && len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// Options refuse unknown names; the rest of the strictness is the library's own: duplicate
// names, wrong case, broken UTF-8, trailing data.
func Options() json.Options { return json.RejectUnknownMembers(true) }

// Optional reads an optional field of a T, at any depth as strictly as all else.
func Optional[T any]() *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(d *jsontext.Decoder, o *api.Opt[T]) error {
		*o = api.Opt[T]{Set: true}
		if d.PeekKind() == 'n' {
			o.Null = true
			_, err := d.ReadToken()
			return err
		}
		return json.UnmarshalDecode(d, &o.Value)
	})
}
