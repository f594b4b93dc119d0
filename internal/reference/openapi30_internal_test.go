package reference

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What 3.1 says in words that 3.0 does not have, one by one.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"text or null":        {`{"type":["string","null"],"enum":["a"]}`, `{"type":"string","nullable":true,"enum":["a",null]}`},
		"text or number":      {`{"type":["string","integer","null"]}`, `{"nullable":true,"anyOf":[{"type":"string"},{"type":"integer"}]}`},
		"a reference or null": {`{"anyOf":[{"$ref":"#/a"},{"type":"null"}],"description":"d"}`, `{"type":"object","nullable":true,"allOf":[{"$ref":"#/a"}],"description":"d"}`},
		"beside a reference":  {`{"$ref":"#/a","description":"d"}`, `{"allOf":[{"$ref":"#/a"}],"description":"d"}`},
		"only a reference":    {`{"$ref":"#/a"}`, `{"$ref":"#/a"}`},
		"examples":            {`{"type":"string","examples":["90d","1h"]}`, `{"type":"string","example":"90d"}`},
		"a constant":          {`{"const":"x"}`, `{"enum":["x"]}`},
		"bytes":               {`{"type":"string","contentEncoding":"base64"}`, `{"type":"string","format":"byte"}`},
		"deeper":              {`{"items":{"properties":{"type":{"type":["string","null"]}}}}`, `{"items":{"properties":{"type":{"type":"string","nullable":true}}}}`},
		"maps":                {`{"additionalProperties":{"type":["string","null"]}}`, `{"additionalProperties":{"type":"string","nullable":true}}`},
		"closed":              {`{"additionalProperties":false}`, `{"additionalProperties":false}`},
	} {
		document := `{"openapi":"3.1.0","paths":{"/x":{"get":{"parameters":[{"schema":` + tt.in + `}],"example":` + tt.in + `}}},"components":{"schemas":{"A":` + tt.in + `}}}`
		want := `{"openapi":"3.0.3","paths":{"/x":{"get":{"parameters":[{"schema":` + tt.want + `}],"example":` + tt.in + `}}},"components":{"schemas":{"A":` + tt.want + `}}}`
		got, err := downgrade([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := json.Unmarshal([]byte(want), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &b); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s (want - got +):\n%s", name, diff)
		}
	}
}
