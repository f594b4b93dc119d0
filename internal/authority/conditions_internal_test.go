package authority

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
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
			if err := CheckFilter("", empty); err == nil || api.AsError(err).Field != name {
				t.Errorf("%s says nothing, and is taken: %v", name, err)
			}
		}
		if !Narrows(empty) {
			t.Errorf("%s does not narrow", name)
		}
	}
	if looked < 15 {
		t.Errorf("%d conditions were looked at", looked)
	}
}
