package audit_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/tokenry/tokenry/internal/audit"
)

// TestWhatIsNullIsNotTold, wherever it stands and whatever texts look like; all else is told.
func TestWhatIsNullIsNotTold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{}`: `{}`, `{"a":null}`: `{}`, `{"a":null,"b":null}`: `{}`, `{"a":1,"b":null}`: `{"a":1}`, `{"a":null,"b":1}`: `{"b":1}`, `{"a":1,"b":null,"c":2}`: `{"a":1,"c":2}`,
		`{"a":[null,{"b":null},3]}`: `{"a":[null,{},3]}`, `{"a":{"b":null},"c":null}`: `{"a":{}}`, `{"a":"\",\"b\":null","c":null}`: `{"a":"\",\"b\":null"}`,
		`{"a\\":null,"b":"\\"}`: `{"b":"\\"}`, `{"null":"null","x":[]}`: `{"null":"null","x":[]}`, `[]`: `[]`, `"text"`: `"text"`, `7`: `7`, `{"a":false,"b":0,"c":""}`: `{"a":false,"b":0,"c":""}`,
	} {
		got, err := audit.Told(json.RawMessage(in))
		if err != nil || string(got) != want {
			t.Errorf("%s is told as %s, %v, want %s", in, got, err, want)
		}
	}
	if got, err := audit.Told(nil); got != nil || err != nil {
		t.Errorf("nothing is told as %q, %v", got, err)
	}
	if _, err := audit.Told(func() {}); err == nil {
		t.Error("what is no JSON was told")
	}
}

// TestWhatIsToldComesToTheSame as a reader who takes what is missing for null sees it.
func TestWhatIsToldComesToTheSame(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v := any(map[string]any{"a": anything(r, 4)})
		got, err := audit.Told(v)
		var read any
		if err != nil || json.Unmarshal(got, &read) != nil || !reflect.DeepEqual(read, lacking(v)) {
			t.Fatalf("%#v is told as %s, %v", v, got, err)
		}
	}
}

// anything is a value of JSON, so many deep; texts are made of what JSON is made of.
func anything(r *rand.Rand, deep int) any {
	switch n := r.IntN(6); {
	case n == 0 || deep == 0:
		return nil
	case n == 1:
		return float64(r.IntN(9))
	case n < 4:
		m := map[string]any{}
		for range r.IntN(4) {
			m[noise(r)] = anything(r, deep-1)
		}
		return m
	case n == 4:
		list := make([]any, r.IntN(4))
		for i := range list {
			list[i] = anything(r, deep-1)
		}
		return list
	}
	return noise(r)
}

func noise(r *rand.Rand) (s string) {
	for range r.IntN(5) {
		s += []string{`"`, `\`, `:null`, `,`, `{`, `}`, `ü`, `<`, `null`}[r.IntN(9)]
	}
	return s
}

// lacking is a value without the members that are null.
func lacking(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, x := range v {
			if x != nil {
				m[name] = lacking(x)
			}
		}
		return m
	case []any:
		for i := range v {
			v[i] = lacking(v[i])
		}
	}
	return v
}
