package audit

import (
	"bytes"
	"encoding/json"
)

// Told is a view as an event tells it: nil for none, and without the members that are null,
// a third of what a token's view is. Whoever reads it takes what is missing for null.
func Told(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(v)
	return lean(b), err
}

// lean takes the members that are null out of JSON as encoding/json writes it, in its place:
// there a text before a colon is a name, and nothing else begins with an n.
func lean(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); {
		if b[i] != '"' {
			out = append(out, b[i])
			i++
			continue
		}
		end := textEnd(b, i)
		if !bytes.HasPrefix(b[end:], []byte(":null")) {
			out = append(out, b[i:end]...)
			i = end
			continue
		}
		i = end + len(":null")
		if i < len(b) && b[i] == ',' {
			i++
		} else {
			out = bytes.TrimSuffix(out, []byte(","))
		}
	}
	return out
}

// textEnd is what follows the text that begins at i.
func textEnd(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}
