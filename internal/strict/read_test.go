package strict_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/strict"
)

// read is a body as the API reads it.
func read(body string) (in api.CreateToken, err error) {
	o := json.JoinOptions(strict.Options(), json.WithUnmarshalers(json.JoinUnmarshalers(strict.Optional[string](), strict.Optional[bool](), strict.Optional[[]string](), strict.Optional[api.Duration](), strict.Optional[api.RateLimit]())))
	err = strict.Read([]byte(body), &in, o)
	return in, err
}

// TestWhatIsWrongIsSaidOfItsField: and what it has to be, without a word of what was sent.
func TestWhatIsWrongIsSaidOfItsField(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``: "invalid_json  must be one JSON object", `[]`: "invalid_json  must be one JSON object", `null`: "invalid_json  must be one JSON object", `{} {}`: "invalid_json  not valid JSON",
		`{"label":"sesame"`: "invalid_json  not valid JSON", "{\"label\":\"\xff\"}": "invalid_json  not valid JSON", `{"label":"a","label":"b"}`: "invalid_json label has a name twice",
		`{"sesame":1}`: "unknown_field sesame this call has no such field", `{"open sesame":1}`: "unknown_field  a field that this call does not know", `{"Label":"x"}`: "unknown_field  a field that",
		`{"label":7}`: "invalid_field label must be a string", `{"never":"sesame"}`: "invalid_field never must be true or false", `{"scopes":"sesame"}`: "invalid_field scopes must be a list",
		`{"scopes":[7]}`: "invalid_field scopes must be a string", `{"expires_in":"sesame"}`: `invalid_field expires_in must be a duration like "90d"`, `{"rate_limit":[]}`: "invalid_field rate_limit must be an object",
		`{"rate_limit":{"requests":1.5}}`: "invalid_field rate_limit.requests must be a whole number", `{"rate_limit":{"sesame":1}}`: "unknown_field rate_limit.sesame this call has no",
	} {
		_, err := read(body)
		e := api.AsError(err)
		code, rest, _ := strings.Cut(want, " ")
		field, words, _ := strings.Cut(rest, " ")
		if err == nil || string(e.Code) != code || e.Field != field || !strings.Contains(e.Message, words) || strings.Contains(e.Message, "open sesame") || field != "sesame" && strings.Contains(e.Message, `"sesame`) {
			t.Errorf("%s: %v of %q, want %s", body, err, e.Field, want)
		}
	}
}

// TestThreeStatesOfAField: left out, null and a value stay three things.
func TestThreeStatesOfAField(t *testing.T) {
	t.Parallel()
	in, err := read(" \n{\"label\":null,\"scopes\":[],\"description\":\"\"}\t")
	if err != nil || !in.Label.Null || !in.Label.Set || in.Never.Set || !in.Scopes.Has() || len(in.Scopes.Value) != 0 || !in.Description.Has() {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestDepthIsCountedBeforeAnythingIsRead: brackets within strings are none.
func TestDepthIsCountedBeforeAnythingIsRead(t *testing.T) {
	t.Parallel()
	for body, deep := range map[string]bool{
		``: false, `{"a":[1]}`: false, `{"a":[[1]]}`: true, `[[[`: true, `{"a":"[[[[{{{{"}`: false, `{"a":"\"[[[["}`: false, `{"a":"\\"},[[[`: true, `[][][][]`: false, `"`: false, `"\`: false,
	} {
		if got := strict.TooDeep([]byte(body), 2); got != deep {
			t.Errorf("%s is deeper than 2: %t", body, got)
		}
	}
	if strict.TooDeep([]byte(strings.Repeat("[", 64)), 64) || !strict.TooDeep([]byte(strings.Repeat("[", 65)), 64) {
		t.Error("the bound is another one")
	}
}

// TestANameIsRepeatedThatCannotBeASecret: short, and of lower-case letters.
func TestANameIsRepeatedThatCannotBeASecret(t *testing.T) {
	t.Parallel()
	for name, may := range map[string]bool{
		"label": true, "expires_in": true, strings.Repeat("a", 40): true, strings.Repeat("a", 41): false, "": false, "Label": false, "a1": false, "a b": false, "tkyp_0123456789ab": false, "é": false,
	} {
		if strict.Sayable(name) != may {
			t.Errorf("%q may be said: %t", name, !may)
		}
	}
}
