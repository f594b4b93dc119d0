package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// PolicyPatch reads FIELD=VALUE, whose value is JSON where it can be read so, else a text.
func PolicyPatch(args []string) (patch api.PatchPolicy, err error) {
	b := Body{}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return patch, errors.New("want FIELD=VALUE, like max_lifetime=90d")
		}
		if json.Valid([]byte(value)) {
			b[name] = json.RawMessage(value)
		} else {
			b[name] = value
		}
	}
	if err := b.Into(&patch); err != nil {
		return patch, fmt.Errorf("this is no change of a policy: %w; tokenry policy show lists the fields", err)
	}
	return patch, nil
}

// Policy is the fields of a policy in the order of the wire: a name, and its value with
// where that comes from when it is not the default way.
func Policy(p api.Policy) ([][2]string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var out [][2]string
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		if field := fmt.Sprint(name); field != "overridden" && field != "locked" {
			out = append(out, [2]string{field, strings.Trim(string(value), `"`) + origin(p, field)})
		}
	}
	return out, nil
}

// origin says where a field's value comes from, when it is not the default way.
func origin(p api.Policy, name string) string {
	var notes []string
	if slices.Contains(p.Overridden, name) {
		notes = append(notes, "set here")
	}
	if slices.Contains(p.Locked, name) {
		notes = append(notes, "locked by the instance")
	}
	if notes == nil {
		return ""
	}
	return "  (" + strings.Join(notes, ", ") + ")"
}
