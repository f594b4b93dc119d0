package phrase

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// FieldChange is one field of what an event changed: its name in words, and its values in
// words, of which Was is empty and Is a dash where there is none.
type FieldChange struct{ Name, Was, Is string }

// mostValue is how many bytes of one value are said.
const mostValue = 300

// Changes tells what an event's before and after say, by the names of the fields: of two
// what differs, of one what it holds. Both are JSON of people's making in part, so whatever is
// no object says nothing.
func Changes(before, after json.RawMessage) []FieldChange {
	was, is := fields(before), fields(after)
	both := len(was) > 0 && len(is) > 0
	names := slices.AppendSeq(slices.Collect(maps.Keys(was)), maps.Keys(is))
	slices.Sort(names)
	var out []FieldChange
	for _, name := range slices.Compact(names) {
		c := FieldChange{capital(name), value(was[name]), value(is[name])}
		if c.Was == c.Is || both && name == "revision" { // that it is another one is no news
			continue
		}
		if c.Was == OrDash("") {
			c.Was = ""
		}
		out = append(out, c)
	}
	return out
}

// fields are those of a JSON object, with what is in an object in it.
func fields(raw json.RawMessage) map[string]any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber() // no number is changed on the way
	var object map[string]any
	if d.Decode(&object) != nil {
		return nil
	}
	out := make(map[string]any, len(object))
	words := strings.NewReplacer("_", " ")
	for name, v := range object {
		inner, nested := v.(map[string]any)
		if !nested {
			out[words.Replace(name)] = v
		}
		for sub, v := range inner {
			if name != "metadata" { // whose names are people's
				sub = words.Replace(sub)
			}
			out[words.Replace(name)+" "+sub] = v
		}
	}
	return out
}

func value(v any) string {
	switch v := v.(type) {
	case nil:
		return OrDash("")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return Exact(at)
		}
		return said(v)
	case json.Number:
		return v.String()
	case []any:
		return said(list(v))
	}
	return said(compact(v))
}

// list is texts with commas between; of objects each in its words.
func list(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			texts[i] = v
		case map[string]any:
			texts[i] = object(v)
		default:
			return compact(values)
		}
	}
	return strings.Join(texts, ", ")
}

// object is what an object says, but for what it has not.
func object(o map[string]any) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if o[name] != nil {
			texts = append(texts, strings.ReplaceAll(name, "_", " ")+" "+value(o[name]))
		}
	}
	return "(" + strings.Join(texts, "; ") + ")"
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // cannot be: it was read from JSON
		return ""
	}
	return string(b)
}

// said is a text of a length that a page can bear.
func said(s string) string {
	if len(s) <= mostValue {
		return OrDash(s)
	}
	cut := mostValue
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
