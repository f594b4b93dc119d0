package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/door"
)

// readBody reads the body into the call, within the route's bound.
func (c *call) readBody() error {
	limit := c.route.MaxBody
	switch {
	case c.r.ContentLength > 0 && limit == 0:
		return bodiless()
	case c.r.ContentLength > limit:
		return tooLarge(limit)
	}
	if c.r.ContentLength != 0 {
		c.limited = io.LimitedReader{R: c.r.Body, N: limit + 1}
		if _, err := c.body.ReadFrom(&c.limited); err != nil {
			return unreadable(err)
		}
		c.taken = c.limited.N > 0
	}
	switch n := int64(c.body.Len()); {
	case n == 0:
		return nil
	case limit == 0:
		return bodiless()
	case n > limit:
		return tooLarge(limit)
	}
	if c.route.OAuth {
		return isForm(c.r.Header)
	}
	return isJSON(c.r.Header)
}

func bodiless() *api.Error { return api.Errorf(api.CodeInvalidRequest, "this call takes no body") }

func tooLarge(limit int64) *api.Error {
	return api.Errorf(api.CodeBodyTooLarge, "the body of this call has at most %d bytes", limit)
}

func unreadable(err error) *api.Error {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return api.Errorf(api.CodeTimeout, "the body did not arrive in time").Wrap(err)
	case errors.As(err, &large):
		return tooLarge(large.Limit).Wrap(err)
	}
	return api.Errorf(api.CodeInvalidRequest, "the body ended early").Wrap(err)
}

// isJSON refuses any other content type, so that no form of another site is
// ever taken for a request, and any encoding on top.
func isJSON(h http.Header) error {
	lines, encodings := h["Content-Type"], h["Content-Encoding"]
	if len(lines) == 1 && len(encodings) == 0 && (lines[0] == door.JSON || jsonMedia(lines[0])) {
		return nil
	}
	return api.Errorf(api.CodeUnsupportedMediaType, "send Content-Type: application/json, and no Content-Encoding")
}

func jsonMedia(line string) bool {
	media, params, err := mime.ParseMediaType(line)
	charset, has := params["charset"]
	return err == nil && media == door.JSON && (!has || strings.EqualFold(charset, "utf-8"))
}

// decode reads the body into v: one JSON object in UTF-8, every name known, in
// its exact case and once, and nothing behind it.
func (c *call) decode(v any) error {
	body := c.body.Bytes()
	if len(body) == 0 && c.route.OptionalBody {
		return nil
	}
	if tooDeep(body) {
		return api.Errorf(api.CodeInvalidJSON, "the body is nested too deep")
	}
	return c.decodeWith(v, c.s.rich)
}

// decodePlain is decode for types without optional fields or maps, which cannot
// be nested deeper than they are.
func (c *call) decodePlain(v any) error { return c.decodeWith(v, c.s.plain) }

func (c *call) decodeWith(v any, o json.Options) error {
	err := decodeJSON(c.body.Bytes(), v, o)
	if err == nil && c.route.selects {
		err = saysSomething(jsontext.NewDecoder(bytes.NewReader(c.body.Bytes())), "", c.route.Request)
	}
	return err
}

func decodeJSON(body []byte, v any, o json.Options) error {
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return api.Errorf(api.CodeInvalidJSON, "the body must be one JSON object")
	}
	if err := json.Unmarshal(body, v, o); err != nil {
		return explain(err)
	}
	return nil
}

// tooDeep says whether brackets are nested beyond the bound.
func tooDeep(b []byte) bool {
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
		if depth > maxJSONDeep {
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
	if name == "" || !sayable(at.LastToken()) {
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
		case sayable(t):
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

// plainOptions refuse unknown names; the rest of the strictness is the
// library's own: duplicate names, wrong case, broken UTF-8, trailing data.
func plainOptions() json.Options { return json.RejectUnknownMembers(true) }

// richOptions also read optional fields, at any depth as strictly as all else.
func richOptions() json.Options {
	return json.JoinOptions(plainOptions(), json.WithUnmarshalers(json.JoinUnmarshalers(
		optional[string](), optional[bool](), optional[[]string](), optional[[]int](), optional[[]api.Statement](),
		optional[api.Duration](), optional[time.Time](), optional[api.RateLimit](), optional[api.MaxTokens](),
		optional[api.SupportContact](), optional[api.Metadata](), optional[map[string]string](), tokenFilter(),
	)))
}

func optional[T any]() *json.Unmarshalers {
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
