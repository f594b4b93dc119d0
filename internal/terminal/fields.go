package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Body is a request as it is put together from flags: only what was said is in
// it, and nil is null.
type Body map[string]any

// Into reads the body as the type of the wire that it is to become.
func (b Body) Into(v any) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// field is a flag that says one field of a request.
type field struct {
	name, flag string
	get        func() (any, error)
}

// Fields are the flags of one command that become a request's body.
type Fields struct {
	fs   *pflag.FlagSet
	list []field
	// clearable are the fields that --clear takes.
	clearable []string
	clear     []string
}

// NewFields begins the flags of a request. Only those that were given become fields of
// it: a PATCH must not set what nobody said.
func NewFields(fs *pflag.FlagSet) *Fields { return &Fields{fs: fs} }

// FlagName is a field's name as a flag.
func FlagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

// add notes a flag and how its value is read once it was given.
func (f *Fields) add(name, flag string, get func() (any, error)) *Fields {
	f.list = append(f.list, field{name, flag, get})
	return f
}

// Text adds a flag for a field that is a text.
func (f *Fields) Text(name, help string) *Fields {
	v := f.fs.String(FlagName(name), "", help)
	return f.add(name, FlagName(name), func() (any, error) { return *v, nil })
}

// Yes adds a flag for a field that is true or false.
func (f *Fields) Yes(name, help string) *Fields {
	v := f.fs.Bool(FlagName(name), false, help)
	return f.add(name, FlagName(name), func() (any, error) { return *v, nil })
}

// Texts adds a flag, named in the singular, for a field that is a list.
func (f *Fields) Texts(name, flag, help string) *Fields {
	v := f.fs.StringSlice(flag, nil, help+"; may be repeated")
	return f.add(name, flag, func() (any, error) { return *v, nil })
}

// Value adds a flag of a type of its own for a field.
func (f *Fields) Value(name string, v pflag.Value, help string) *Fields {
	f.fs.Var(v, FlagName(name), help)
	return f.add(name, FlagName(name), func() (any, error) { return v, nil })
}

// Rights adds the flags that say a grant.
func (f *Fields) Rights() *Fields {
	f.Text("role", "role, such as \"Team Member\"")
	f.Texts("scopes", "scope", "scope like tickets:read, or pattern like tickets:*")
	f.Texts("resources", "resource", "resource that the rights are for, prefix* or *")
	return f.JSON("grants", `statements as JSON, like [{"role":"Viewer","resources":["*"]}], or @FILE`)
}

// JSON adds a flag for a field that is said as JSON, or as @FILE of it.
func (f *Fields) JSON(name, help string) *Fields {
	v := f.fs.String(FlagName(name), "", help)
	return f.add(name, FlagName(name), func() (any, error) { return JSONOrFile(*v) })
}

// Lists adds a flag, named in the singular, for a field that has lists by name: each
// NAME=VALUE adds to one.
func (f *Fields) Lists(name, flag, help string) *Fields {
	pairs := f.fs.StringArray(flag, nil, help+"; may be repeated")
	return f.add(name, flag, func() (any, error) {
		m := map[string][]string{}
		for _, p := range *pairs {
			key, value, ok := strings.Cut(p, "=")
			if !ok {
				return nil, errors.New("must be NAME=VALUE")
			}
			m[key] = append(m[key], value)
		}
		return m, nil
	})
}

// JSONOrFile is a value as JSON, from the flag itself or for @FILE from a file. It is
// only checked to be JSON: the server alone knows what it means.
func JSONOrFile(s string) (json.RawMessage, error) {
	b := []byte(s)
	if path, ok := strings.CutPrefix(s, "@"); ok {
		var err error
		if b, err = os.ReadFile(path); err != nil {
			return nil, err
		}
	}
	if !json.Valid(b) {
		return nil, errors.New("must be JSON")
	}
	return json.RawMessage(b), nil
}

// Metadata adds --metadata KEY=VALUE.
func (f *Fields) Metadata() *Fields {
	pairs := f.fs.StringArray("metadata", nil, "KEY=VALUE kept with it for yourself; may be repeated")
	return f.add("metadata", "metadata", func() (any, error) {
		m := map[string]string{}
		for _, p := range *pairs {
			key, value, ok := strings.Cut(p, "=")
			if !ok {
				return nil, errors.New("must be KEY=VALUE")
			}
			m[key] = value
		}
		return m, nil
	})
}

// Clearing adds --clear, which sets fields to null.
func (f *Fields) Clearing(names ...string) *Fields {
	f.clearable = names
	f.fs.StringSliceVar(&f.clear, "clear", nil, "field to empty, of "+strings.Join(names, ", ")+"; may be repeated")
	return f
}

// Body is what the flags said.
func (f *Fields) Body() (Body, error) {
	b := Body{}
	for _, field := range f.list {
		if !f.fs.Changed(field.flag) {
			continue
		}
		v, err := field.get()
		if err != nil {
			return nil, Misused("--%s: %w", field.flag, err)
		}
		b[field.name] = v
	}
	for _, name := range f.clear {
		name = strings.ReplaceAll(name, "-", "_")
		if !slices.Contains(f.clearable, name) {
			return nil, Misused("--clear takes %s", strings.Join(f.clearable, ", "))
		}
		b[name] = nil
	}
	return b, nil
}

// Into reads the flags as a request.
func (f *Fields) Into(v any) error {
	b, err := f.Body()
	if err != nil {
		return err
	}
	if err := b.Into(v); err != nil {
		return Misused("the flags do not make a request: %w", err)
	}
	return nil
}

// SaysNothing reports whether a flag was given an empty value, or a list with one.
func SaysNothing(v pflag.Value) bool {
	switch list, many := v.(pflag.SliceValue); {
	case many:
		return len(list.GetSlice()) == 0 || slices.ContainsFunc(list.GetSlice(), Blank)
	case v.Type() == "string":
		return Blank(v.String())
	}
	return false
}

// Blank reports whether nothing can be read in a text.
func Blank(s string) bool { return strings.TrimSpace(s) == "" }

// MisuseError is a flag that was not understood.
type MisuseError struct{ err error }

// Error says which, and what it takes.
func (e *MisuseError) Error() string { return e.err.Error() }

// Unwrap returns what was wrong with it.
func (e *MisuseError) Unwrap() error { return e.err }

// Misused is a [MisuseError] that says so much.
func Misused(format string, args ...any) error { return &MisuseError{fmt.Errorf(format, args...)} }
