package form

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
)

// clockLayout is how browsers write a day and a time; it is meant in UTC.
const clockLayout = "2006-01-02T15:04"

// notBefore reads from when on a token is valid; empty is at once.
func (d Draft) notBefore() (api.Opt[time.Time], error) {
	text := d.Get("not_before")
	switch {
	case text == "" && d.Token == nil:
		return api.Opt[time.Time]{}, nil
	case text == "":
		return api.Null[time.Time](), nil
	}
	t, err := time.Parse(clockLayout, text[:min(len(text), len(clockLayout))])
	if err != nil {
		return api.Opt[time.Time]{}, api.FieldError("not_before", "choose a day and a time")
	}
	return api.Some(t.UTC()), nil
}

// metadataLines writes metadata one KEY=VALUE a line. What is no text is written as JSON, and
// so is a text that would be read as such, so that what is read again is what there was.
func metadataLines(m api.Metadata) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		text, ok := m[k].(string)
		if !ok || text != strings.TrimSpace(text) || strings.ContainsAny(text, "\r\n") || scalar(text) != any(text) {
			quoted, _ := json.Marshal(m[k]) //nolint:errchkjson // a scalar of the API's
			text = string(quoted)
		}
		fmt.Fprintf(&b, "%s=%s\n", k, text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// scalar reads a value of metadata: a number, true, false or a quoted text as JSON has them, and
// everything else as the text that it is.
func scalar(s string) any {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return s
	}
	switch v.(type) {
	case string, bool, json.Number:
		return v
	}
	return s
}

// metadata reads lines of KEY=VALUE.
func (d Draft) metadata() (none api.Opt[api.Metadata], err error) {
	if d.Token == nil && d.Get("metadata") == "" {
		return none, nil
	}
	out := api.Metadata{}
	for line := range strings.Lines(d.Get("metadata")) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return none, api.FieldError("metadata", "write one KEY=VALUE on each line")
		}
		if _, twice := out[key]; twice {
			return none, api.FieldError("metadata", fmt.Sprintf("%q stands twice", key))
		}
		out[key] = scalar(strings.TrimSpace(value))
	}
	return api.Some(out), nil
}
