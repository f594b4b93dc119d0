package input

import (
	"reflect"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// An empty condition never means all: whoever names a condition and says nothing
// in it made a mistake, mostly a variable that was not set, and what it would
// have left out must not be touched. It is refused whether the call reads or
// changes. What is left out altogether is no condition.

// Blank says whether a condition was given with nothing in it.
func Blank(s string) bool { return strings.TrimSpace(s) == "" }

// EmptyCondition refuses such a condition: it would find all, and was meant to find some.
func EmptyCondition(name string) error {
	return api.FieldError(name, "must not be empty; leave it out to ask for no such thing")
}

// CheckFilter refuses a filter with an empty condition; at is where the filter
// stands. It looks at every field, so that one which is added is not forgotten.
func CheckFilter(at string, f api.TokenFilter) error {
	for name, c := range conditions(f) {
		if c.set && c.empty {
			return EmptyCondition(at + name)
		}
	}
	return nil
}

// Narrows says whether a filter has any condition.
func Narrows(f api.TokenFilter) bool {
	for _, c := range conditions(f) {
		if c.set {
			return true
		}
	}
	return false
}

// condition is one field of a filter: whether it is there, and says nothing.
type condition struct{ set, empty bool }

// conditions goes through the fields of a filter by their names on the wire.
// Fields that are no condition, because they only widen it, are plain booleans.
func conditions(f api.TokenFilter) func(func(string, condition) bool) {
	return func(yield func(string, condition) bool) {
		v := reflect.ValueOf(f)
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			var c condition
			switch field := v.Field(i).Interface().(type) {
			case api.Opt[string]:
				c = condition{field.Set, !field.Has() || Blank(field.Value)}
			case api.Opt[api.Duration]:
				c = condition{field.Set, !field.Has() || field.Value <= 0}
			case api.Opt[bool]:
				c = condition{field.Set, !field.Has()}
			case api.Opt[map[string]string]:
				c = condition{field.Set, len(field.Value) == 0 || blankEntry(field.Value)}
			}
			if !yield(name, c) {
				return
			}
		}
	}
}

func blankEntry(m map[string]string) bool {
	for k, v := range m {
		if Blank(k) || Blank(v) {
			return true
		}
	}
	return false
}
