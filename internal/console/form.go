package console

import (
	"crypto/sha256"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ident"
	"github.com/tokenry/tokenry/internal/phrase"
)

// form is what was typed and what is wrong with it. The zero form is empty.
type form struct {
	values url.Values
	err    *api.Error
	// fresh says that nothing was posted yet, so defaults stand.
	fresh bool
	// origin is what a form that edits an object was drawn from.
	origin
}

// typed reads the posted form.
func (v *visit) typed() form { return form{values: v.r.PostForm} }

// refused is the form with an error that its page shows. Errors that no form
// can do anything about are answered as they are.
func (f form) refused(err error) (form, error) {
	f.err = api.AsError(err)
	if errors.Is(err, api.CodeInternal) || api.NotNow(err) || errors.Is(err, authority.ErrNotAccepted) {
		return f, err
	}
	return f, nil
}

func (f form) get(name string) string { return strings.TrimSpace(f.values.Get(name)) }

func (f form) has(name, value string) bool { return slices.Contains(f.values[name], value) }

// bad is what is wrong with a field; fields that an error names by another name
// are aliases of it.
func (f form) bad(name string, aliases ...string) string {
	if f.err == nil || f.err.Field == "" {
		return ""
	}
	field, _, _ := strings.Cut(f.err.Field, ".")
	if field != name && f.err.Field != name && !slices.Contains(aliases, field) {
		return ""
	}
	return phrase.Sentence(strings.TrimPrefix(f.err.Message, f.err.Field+": "))
}

// told is the whole error, with the name of its field in words.
func (f form) told() string {
	field, rest := f.err.Field, strings.TrimPrefix(f.err.Message, f.err.Field+": ")
	if field == "" || rest == f.err.Message {
		return phrase.Sentence(f.err.Message)
	}
	return phrase.Sentence(strings.NewReplacer("_", " ", ".", " ").Replace(strings.ToUpper(field[:1])+field[1:]) + ": " + rest)
}

// reason is why the form was refused, in a sentence or two.
func (f form) reason() string {
	e := f.err
	out := phrase.Sentence(strings.TrimPrefix(e.Message, e.Field+": "))
	switch wait := e.RetryAfter; {
	case wait >= time.Minute:
		out += " The next try is possible in " + phrase.Span(wait) + "."
	case wait > 0:
		out += " The next try is possible in " + phrase.Plural(int((wait+time.Second-1)/time.Second), "second") + "."
	}
	return out
}

// list reads a field of several values, one a line or apart by commas.
func (f form) list(name string) []string {
	return strings.FieldsFunc(f.values.Get(name), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ' ' })
}

// optional is a text field that is left out when empty.
func (f form) optional(name string) api.Opt[string] {
	if s := f.get(name); s != "" {
		return api.Some(s)
	}
	return api.Opt[string]{}
}

// resources reads the choice of resources: all, which is given, or some.
func (f form) resources(all []string) []string {
	if f.get("reach") != "some" {
		return all
	}
	return append(f.list("resources"), f.values["resource"]...)
}

// once is the caller whose change is made once for one drawn form, also when the
// form is sent again after the server was started anew.
func (v *visit) once(f form) authority.Caller {
	c := v.caller
	if id := f.get("form"); id != "" {
		c.Retry = authority.Retry{Key: phrase.Cut(id, 64), Route: "form " + v.r.URL.Path, Body: sha256.Sum256([]byte(f.values.Encode())), Once: true}
	}
	return c
}

// sentBefore says that a form made its secret already.
func sentBefore(err error) bool {
	return errors.Is(err, api.CodeIdempotencyKeyUsed) || errors.Is(err, api.CodeIdempotencyKeyReused)
}

// newFormID names one drawn form. Without randomness it has no name, and may be
// sent twice.
func (v *visit) newFormID() string {
	id, _ := ident.New(v.Rand, "")
	return id
}
