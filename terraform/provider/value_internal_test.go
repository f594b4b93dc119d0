package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tokenry/tokenry/api"
)

// everything is a type of each shape that a field has.
var everything = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"text": tftypes.String, "flag": tftypes.Bool, "number": tftypes.Number,
	"set": tftypes.Set{ElementType: tftypes.String}, "list": tftypes.List{ElementType: tftypes.Number},
	"map":    tftypes.Map{ElementType: tftypes.String},
	"object": tftypes.Object{AttributeTypes: map[string]tftypes.Type{"in": tftypes.String, "out": tftypes.String}},
}}

// TestWhatTheAPISaysIsReadAndWrittenAlike: there and back it is the same, and numbers keep all digits.
func TestWhatTheAPISaysIsReadAndWrittenAlike(t *testing.T) {
	t.Parallel()
	said, err := read[map[string]any](json.RawMessage(`{"text":"a","flag":true,"number":9007199254740993,"set":["x","y"],"list":[1,2],"map":{"k":"v"},"object":{"in":"i"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(any(said), plain(value(everything, said))); d != "" {
		t.Error(d)
	}
}

// TestWhatHasAnotherShapeIsNull: an older or newer server cannot make the provider fail.
func TestWhatHasAnotherShapeIsNull(t *testing.T) {
	t.Parallel()
	for _, wrong := range []any{nil, json.Number("not a number"), []any{"x"}, map[string]any{"x": "y"}, true, "text"} {
		said := map[string]any{}
		for name := range everything.AttributeTypes {
			said[name] = wrong
		}
		got := members(value(everything, said))
		for name, typ := range everything.AttributeTypes {
			fits := wrong != nil && typ.Is(tftypes.String)
			switch wrong.(type) {
			case bool:
				fits = fits || name == "flag"
			case []any:
				fits = fits || name == "set" || name == "list"
			case map[string]any:
				fits = fits || name == "map" || name == "object"
			}
			if got[name].IsNull() == fits {
				t.Errorf("%s of %v is null: %t", name, wrong, got[name].IsNull())
			}
		}
	}
	if v := value(everything, "no object"); !v.IsNull() || members(v) != nil {
		t.Error("a text is an object")
	}
}

// TestATextThatIsJSONIsWrittenAsThat, whatever it is.
func TestATextThatIsJSONIsWrittenAsThat(t *testing.T) {
	t.Parallel()
	for want, in := range map[string]any{"a": "a", "1.50": json.Number("1.50"), "true": true, `{"a":[1]}`: map[string]any{"a": []any{json.Number("1")}}, "": make(chan int)} {
		if got := written(in); got != want {
			t.Errorf("%v is written %q, want %q", in, got, want)
		}
	}
	if d := cmp.Diff(any(map[string]any{"a": 1.0}), parsed(`{"a":1}`)); d != "" || parsed("{") != "{" {
		t.Errorf("parsed: %s, %v", d, parsed("{"))
	}
}

// TestNothingSaidIsNothing: null and empty mean the same, an unknown value is not empty.
func TestNothingSaidIsNothing(t *testing.T) {
	t.Parallel()
	set := tftypes.Set{ElementType: tftypes.String}
	labelled := tftypes.Map{ElementType: tftypes.String}
	one := tftypes.NewValue(tftypes.String, "x")
	for name, c := range map[string]struct {
		v    tftypes.Value
		want bool
	}{
		"null":                        {tftypes.NewValue(tftypes.String, nil), true},
		"an empty text":               {tftypes.NewValue(tftypes.String, ""), true},
		"an empty set":                {tftypes.NewValue(set, []tftypes.Value{}), true},
		"an empty map":                {tftypes.NewValue(labelled, map[string]tftypes.Value{}), true},
		"what is unknown":             {tftypes.NewValue(tftypes.String, tftypes.UnknownValue), false},
		"a text":                      {one, false},
		"a set with one":              {tftypes.NewValue(set, []tftypes.Value{one}), false},
		"a map with one":              {tftypes.NewValue(labelled, map[string]tftypes.Value{"k": one}), false},
		"false, which is not nothing": {tftypes.NewValue(tftypes.Bool, false), false},
	} {
		if got := empty(c.v); got != c.want {
			t.Errorf("%s is empty: %t", name, got)
		}
	}
}

// TestWhatIsSettled: what was written stays while it means what the server says, and gives way where not.
func TestWhatIsSettled(t *testing.T) {
	t.Parallel()
	s := func(in any) tftypes.Value { return tftypes.NewValue(tftypes.String, in) }
	set := func(in ...string) tftypes.Value {
		out := []tftypes.Value{}
		for _, x := range in {
			out = append(out, s(x))
		}
		return tftypes.NewValue(tftypes.Set{ElementType: tftypes.String}, out)
	}
	length := func(a, b string) bool { return len(a) == len(b) }
	for name, c := range map[string]struct {
		f                field
		prior, got, want tftypes.Value
	}{
		"the same":                    {field{}, s("a"), s("a"), s("a")},
		"another":                     {field{}, s("a"), s("b"), s("b")},
		"another that means the same": {field{same: length}, s("a"), s("b"), s("a")},
		"what the server alone says":  {field{use: told, same: length}, s("a"), s("b"), s("b")},
		"what nobody wrote and the server settles": {field{use: settled}, s(nil), s("b"), s("b")},
		"an empty text that the server leaves out": {field{}, s(""), s(nil), s("")},
		"a text that the server dropped":           {field{}, s("a"), s(nil), s(nil)},
		"what is not known yet":                    {field{}, s(tftypes.UnknownValue), s("b"), s("b")},
		"texts that mean the same, each":           {field{as: texts, same: length}, set("a", "bb"), set("cc", "d"), set("a", "bb")},
		"texts of which one is new":                {field{as: texts, same: length}, set("a"), set("a", "bb"), set("a", "bb")},
		"texts of which one is gone":               {field{as: texts, same: length}, set("a", "bb"), set("a"), set("a")},
		"texts without a meaning":                  {field{as: texts}, set("a"), set("b"), set("b")},
	} {
		if got := c.f.settle(c.prior, c.got); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestARefusalStandsAtTheFieldThatItIsAbout, and says what to do.
func TestARefusalStandsAtTheFieldThatItIsAbout(t *testing.T) {
	t.Parallel()
	fs := []field{{name: "label"}, {name: "rate_limit"}}
	for field, want := range map[string]string{"label": "label", "rate_limit.requests": "rate_limit", "nowhere": "", "": ""} {
		var ds diag.Diagnostics
		e := api.FieldError(field, "must be another")
		e.RequestID = "req_1"
		refuse(&ds, "create a token", fs, e)
		at := ""
		if with, ok := ds[0].(diag.DiagnosticWithPath); ok {
			at = with.Path().String()
		}
		if len(ds) != 1 || at != want || ds[0].Summary() != "Cannot create a token: invalid_field" || ds[0].Severity() != diag.SeverityError {
			t.Errorf("%q: at %q, %+v", field, at, ds)
		}
	}
	for code, want := range map[api.Code]string{api.CodeAlreadyExists: "import it", api.CodeOutcomeUnknown: "Plan again"} {
		var ds diag.Diagnostics
		refuse(&ds, "create a role", fs, api.Errorf(code, "no"))
		if !strings.Contains(ds[0].Detail(), want) {
			t.Errorf("%s: %q", code, ds[0].Detail())
		}
	}
}
