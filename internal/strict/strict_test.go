package strict_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/strict"
)

// FuzzReadNeverRepeatsTheBody feeds the strict decoder with anything: it must
// not fail in another way than with a problem, nor repeat more than names.
func FuzzReadNeverRepeatsTheBody(f *testing.F) {
	for _, s := range []string{`{"token":"x"}`, `{"label":1}`, `{"Label":1}`, "\xef\xbb\xbf{}", `{"a":{"b":[1e999]}}`, `{"scopes":["a`, `{"x":1,"x":2}`} {
		f.Add([]byte(s))
	}
	rich := json.JoinOptions(strict.Options(), json.WithUnmarshalers(json.JoinUnmarshalers(strict.Optional[string](), strict.Optional[[]string](), strict.Optional[api.Duration]())))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in api.CreateToken
		err := strict.Read(body, &in, rich)
		if err == nil {
			return
		}
		e := api.AsError(err)
		if e.Code.Info().Status != 400 {
			t.Errorf("%v for %q", err, body)
		}
		if e.Field != "" && !sayableField(e.Field) {
			t.Errorf("the field is %q", e.Field)
		}
	})
}

func sayableField(field string) bool {
	for part := range strings.SplitSeq(field, ".") {
		if !strict.Sayable(part) {
			return false
		}
	}
	return true
}
