package httpapi

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tokenry/tokenry/api"
)

// tokenFilter reads a filter that stands in a body by the words that it has in
// the query of a list: there a key of metadata is metadata.KEY.
func tokenFilter() *json.Unmarshalers {
	type known api.TokenFilter
	return json.UnmarshalFromFunc(func(d *jsontext.Decoder, f *api.TokenFilter) error {
		var in struct {
			Known known                     `json:",embed"` //nolint:revive // an option of the library that reads it
			Keys  map[string]jsontext.Value `json:",embed"` //nolint:revive // an option of the library that reads it
		}
		if err := json.UnmarshalDecode(d, &in); err != nil {
			return err
		}
		*f = api.TokenFilter(in.Known)
		for name, value := range in.Keys {
			if err := filterKey(f, name, value); err != nil {
				return &json.SemanticError{JSONPointer: d.StackPointer() + jsontext.Pointer("").AppendToken(name), Err: err}
			}
		}
		return nil
	})
}

// filterKey adds one condition on metadata to a filter.
func filterKey(f *api.TokenFilter, name string, value jsontext.Value) error {
	key, ok := strings.CutPrefix(name, metadataPrefix)
	if !ok || key == "" {
		return json.ErrUnknownName
	}
	var want string
	if err := json.Unmarshal(value, &want); err != nil {
		return err
	}
	keep(f, key, want)
	return nil
}
