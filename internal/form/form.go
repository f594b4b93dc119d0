package form

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Form is what was typed and what is wrong with it. The zero form is empty.
type Form struct {
	Values url.Values
	// Err is why it was refused; nil when it was not.
	Err *api.Error
	// Fresh says that nothing was posted yet, so defaults stand.
	Fresh bool
	// Origin is what a form that edits an object was drawn from.
	Origin
}

// New is a form that was not sent yet, with what stands in it at first.
func New(fields url.Values) Form { return Form{Values: fields, Fresh: true} }

// Typed is a form as it was posted.
func Typed(posted url.Values) Form {
	f := Form{Values: posted}
	f.foldRows()
	return f
}

// Refused is the form with what is wrong with it.
func (f Form) Refused(err error) Form {
	f.Err = api.AsError(err)
	return f
}

// Get is the value of a field, without blanks at its ends.
func (f Form) Get(name string) string { return strings.TrimSpace(f.Values.Get(name)) }

// Has says whether a field has a value, as a box that is ticked.
func (f Form) Has(name, value string) bool { return slices.Contains(f.Values[name], value) }

// Bad is what is wrong with a field; fields that an error names by another name
// are aliases of it.
func (f Form) Bad(name string, aliases ...string) string {
	if f.Err == nil || f.Err.Field == "" {
		return ""
	}
	field, _, _ := strings.Cut(f.Err.Field, ".")
	if field != name && f.Err.Field != name && !slices.Contains(aliases, field) {
		return ""
	}
	return phrase.Sentence(strings.TrimPrefix(f.Err.Message, f.Err.Field+": "))
}

// Told is the whole error, with the name of its field in words.
func (f Form) Told() string {
	field, rest := f.Err.Field, strings.TrimPrefix(f.Err.Message, f.Err.Field+": ")
	if field == "" || rest == f.Err.Message {
		return phrase.Sentence(f.Err.Message)
	}
	return phrase.Sentence(strings.NewReplacer("_", " ", ".", " ").Replace(strings.ToUpper(field[:1])+field[1:]) + ": " + rest)
}

// Reason is why the form was refused, in a sentence or two.
func (f Form) Reason() string {
	e := f.Err
	out := phrase.Sentence(strings.TrimPrefix(e.Message, e.Field+": "))
	if e.RetryAfter > 0 {
		out += " Try again in " + phrase.Wait(e.RetryAfter) + "."
	}
	return out
}

// List reads a field of several values, one a line or apart by commas.
func (f Form) List(name string) []string {
	return strings.FieldsFunc(f.Values.Get(name), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ' ' })
}

// Optional is a text field that is left out when empty.
func (f Form) Optional(name string) api.Opt[string] {
	if s := f.Get(name); s != "" {
		return api.Some(s)
	}
	return api.Opt[string]{}
}

// Resources reads the choice of resources: all, which is given, or some.
func (f Form) Resources(all []string) []string {
	if f.Get("reach") != "some" {
		return all
	}
	return append(f.List("resources"), f.Values["resource"]...)
}

// Limit reads a rate limit from its two fields. Name is what the API calls it, for
// the error.
func (f Form) Limit(requests, window, name string) (api.RateLimit, error) {
	n, err := strconv.Atoi(f.Get(requests))
	if err != nil {
		return api.RateLimit{}, api.FieldError(name, "the number of requests must be a whole number")
	}
	w, err := api.ParseDuration(f.Get(window))
	if err != nil {
		return api.RateLimit{}, api.FieldError(name, "the window must be like 1s, 1m, 1h or 1d")
	}
	return api.RateLimit{Requests: n, Window: w}, nil
}
