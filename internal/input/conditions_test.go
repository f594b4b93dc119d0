package input_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
)

// TestEveryConditionIsLookedAt: each field of a filter, also one that somebody adds, is
// refused when it is there and says nothing, and narrows when it says something. Only a
// plain boolean is no condition.
func TestEveryConditionIsLookedAt(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[api.TokenFilter]()
	looked := 0
	for i := range fields.NumField() {
		f := fields.Field(i)
		if f.Type.Kind() == reflect.Bool {
			continue
		}
		looked++
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := reflect.New(fields).Elem()
		set := v.Field(i).FieldByName("Set")
		if !set.IsValid() {
			t.Errorf("%s can be there without being said", name)
			continue
		}
		set.SetBool(true)
		empty, _ := reflect.TypeAssert[api.TokenFilter](v)
		if f.Type != reflect.TypeFor[api.Opt[bool]]() { // false is something that is said
			if err := input.CheckFilter("", empty); err == nil || api.AsError(err).Field != name {
				t.Errorf("%s says nothing, and is taken: %v", name, err)
			}
		}
		if !input.Narrows(empty) {
			t.Errorf("%s does not narrow", name)
		}
	}
	if looked < 15 {
		t.Errorf("%d conditions were looked at", looked)
	}
}

// TestAnEmptyConditionIsRefusedAndNeverAll: a variable that was not set is no reason to
// touch every token.
func TestAnEmptyConditionIsRefusedAndNeverAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f       api.TokenFilter
		narrows bool
		field   string
	}{
		"no condition":        {api.TokenFilter{}, false, ""},
		"deleted ones too":    {api.TokenFilter{Deleted: true}, false, ""},
		"an owner":            {api.TokenFilter{Owner: api.Some("ci")}, true, ""},
		"false is said":       {api.TokenFilter{OutsidePolicy: api.Some(false)}, true, ""},
		"an empty owner":      {api.TokenFilter{Owner: api.Some("")}, true, "filter.owner"},
		"a blank search":      {api.TokenFilter{Query: api.Some(" \t")}, true, "filter.q"},
		"null":                {api.TokenFilter{Kind: api.Null[string]()}, true, "filter.kind"},
		"no time at all":      {api.TokenFilter{UnusedFor: api.Some(api.Duration(0))}, true, "filter.unused_for"},
		"metadata of nothing": {api.TokenFilter{Metadata: api.Some(map[string]string{})}, true, "filter.metadata"},
		"a blank value":       {api.TokenFilter{Metadata: api.Some(map[string]string{"team": " "})}, true, "filter.metadata"},
		"a value":             {api.TokenFilter{Metadata: api.Some(map[string]string{"team": "x"})}, true, ""},
	} {
		err := input.CheckFilter("filter.", c.f)
		if field := ""; err != nil {
			field = api.AsError(err).Field
			if field != c.field || !errors.Is(err, api.CodeInvalidField) {
				t.Errorf("%s: %v", name, err)
			}
		} else if field != c.field {
			t.Errorf("%s is taken", name)
		}
		if got := input.Narrows(c.f); got != c.narrows {
			t.Errorf("%s: it narrows %v", name, got)
		}
	}
}
