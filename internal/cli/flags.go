package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// body is a request as it is put together from flags: only what was said is in
// it, and nil is null.
type body map[string]any

// into reads the body as the type of the wire that it is to become.
func (b body) into(v any) error {
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

// fields are the flags of one command that become a request's body.
type fields struct {
	fs   *pflag.FlagSet
	list []field
	// clearable are the fields that --clear takes.
	clearable []string
	clear     []string
}

// newFields begins the flags of a request. Only those that were given become fields of
// it: a PATCH must not set what nobody said.
func newFields(fs *pflag.FlagSet) *fields { return &fields{fs: fs} }

// flagName is a field's name as a flag.
func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

// add notes a flag and how its value is read once it was given.
func (f *fields) add(name, flag string, get func() (any, error)) *fields {
	f.list = append(f.list, field{name, flag, get})
	return f
}

// text adds a flag for a field that is a text.
func (f *fields) text(name, help string) *fields {
	v := f.fs.String(flagName(name), "", help)
	return f.add(name, flagName(name), func() (any, error) { return *v, nil })
}

// yes adds a flag for a field that is true or false.
func (f *fields) yes(name, help string) *fields {
	v := f.fs.Bool(flagName(name), false, help)
	return f.add(name, flagName(name), func() (any, error) { return *v, nil })
}

// texts adds a flag, named in the singular, for a field that is a list.
func (f *fields) texts(name, flag, help string) *fields {
	v := f.fs.StringSlice(flag, nil, help+"; may be repeated")
	return f.add(name, flag, func() (any, error) { return *v, nil })
}

// value adds a flag of a type of its own for a field.
func (f *fields) value(name string, v pflag.Value, help string) *fields {
	f.fs.Var(v, flagName(name), help)
	return f.add(name, flagName(name), func() (any, error) { return v, nil })
}

// rights adds the flags that say a grant.
func (f *fields) rights() *fields {
	f.text("role", "role, such as \"Team Member\"")
	f.texts("scopes", "scope", "scope like tickets:read, or pattern like tickets:*")
	f.texts("resources", "resource", "resource that the rights are for, prefix* or *")
	grants := f.fs.String("grants", "", `statements as JSON, like [{"role":"Viewer","resources":["*"]}], or @FILE`)
	return f.add("grants", "grants", func() (any, error) { return jsonOrFile(*grants) })
}

// jsonOrFile is a value as JSON, from the flag itself or for @FILE from a file. It is
// only checked to be JSON: the server alone knows what it means.
func jsonOrFile(s string) (any, error) {
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

// metadata adds --metadata KEY=VALUE.
func (f *fields) metadata() *fields {
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

// clearing adds --clear, which sets fields to null.
func (f *fields) clearing(names ...string) *fields {
	f.clearable = names
	f.fs.StringSliceVar(&f.clear, "clear", nil, "field to empty, of "+strings.Join(names, ", ")+"; may be repeated")
	return f
}

// body is what the flags said.
func (f *fields) body() (body, error) {
	b := body{}
	for _, field := range f.list {
		if !f.fs.Changed(field.flag) {
			continue
		}
		v, err := field.get()
		if err != nil {
			return nil, usagef("--%s: %w", field.flag, err)
		}
		b[field.name] = v
	}
	for _, name := range f.clear {
		name = strings.ReplaceAll(name, "-", "_")
		if !slices.Contains(f.clearable, name) {
			return nil, usagef("--clear takes %s", strings.Join(f.clearable, ", "))
		}
		b[name] = nil
	}
	return b, nil
}

// into reads the flags as a request.
func (f *fields) into(v any) error {
	b, err := f.body()
	if err != nil {
		return err
	}
	if err := b.into(v); err != nil {
		return usagef("the flags do not make a request: %w", err)
	}
	return nil
}
