package policy_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/policy"
)

// namesOf lists the JSON names of a type's fields.
func namesOf(v any) []string {
	var out []string
	for f := range reflect.TypeOf(v).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// A field of the API that the table lacks would be taken and forgotten.
func TestEachFieldOfAPolicyStandsInTheTable(t *testing.T) {
	t.Parallel()
	fields := policy.Fields()
	if diff := cmp.Diff(namesOf(api.PatchPolicy{}), append(slices.Clone(fields), "locked")); diff != "" {
		t.Errorf("what can be patched, the table +:\n%s", diff)
	}
	if diff := cmp.Diff(namesOf(api.Policy{}), append(slices.Clone(fields), "overridden", "locked", "revision")); diff != "" {
		t.Errorf("what is shown, the table +:\n%s", diff)
	}
}

// sample sets each field but flags to a value that is not the standard's.
const sample = `{"default_lifetime":"1d","max_lifetime":"2d","overlap":"1h",
	"personal_tokens":"nobody","max_tokens":{"per_owner":1,"total":2},"notice_days":[5],"onboarding":"any_member",
	"rate_limit":{"requests":1,"window":"1s"},"workspace_rate_limit":{"requests":2,"window":"1s"},
	"retention":"2d","disable_unused_after":"60d","introspection_max_cache":"1m","leak_action":"notify","require_approval":[{"kinds":["service"],"scopes":["tickets:write"],"resources":["prod-*"],"longer_than":"30d"},{"scopes":["*"]}],"support_contact":{"email":"help@example.com"}}`

func parse(t *testing.T, text string) (p api.PatchPolicy) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// fieldsOf is a policy as the API writes it, by field.
func fieldsOf(t *testing.T, v any) map[string]any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEachFieldIsInheritedOverriddenAndLocked(t *testing.T) {
	t.Parallel()
	all := fieldsOf(t, parse(t, sample))
	standard := fieldsOf(t, policy.Standard())
	for _, name := range policy.Fields() {
		value, there := all[name]
		if flag, is := standard[name].(bool); is {
			value, there = !flag, true
		}
		if !there || cmp.Equal(value, standard[name]) {
			t.Fatalf("the sample does not change %s", name)
		}
		b, err := json.Marshal(map[string]any{name: value})
		if err != nil {
			t.Fatal(err)
		}
		patch := parse(t, string(b))
		one, none := policy.Overrides(patch), policy.Overrides{}
		locked := one
		locked.Locked = api.Some([]string{name})
		for what, c := range map[string]struct {
			got        api.Policy
			want       any
			overridden bool
		}{
			"inherited from the standard":    {policy.Effective(none, none), standard[name], false},
			"inherited from the instance":    {policy.Effective(one, none), value, false},
			"overridden by the workspace":    {policy.Effective(none, one), value, true},
			"locked by the instance":         {policy.Effective(locked, one), value, false},
			"locked as the standard has it":  {policy.Effective(policy.Overrides{Locked: locked.Locked}, one), standard[name], false},
			"the instance's own":             {policy.OfInstance(one), value, true},
			"set, and returned by null":      {policy.Effective(none, policy.Merge(one, parse(t, `{"`+name+`":null}`))), standard[name], false},
			"set, and kept by another patch": {policy.Effective(none, policy.Merge(one, api.PatchPolicy{})), value, true},
		} {
			if diff := cmp.Diff(c.want, fieldsOf(t, c.got)[name]); diff != "" {
				t.Errorf("%s, %s:\n%s", name, what, diff)
			}
			if got := slices.Contains(c.got.Overridden, name); got != c.overridden {
				t.Errorf("%s, %s: overridden %t, want %t", name, what, got, c.overridden)
			}
		}
		if err := policy.CheckUnlocked(patch, []string{name}); !errors.Is(err, api.CodeLocked) || api.AsError(err).Field != name {
			t.Errorf("%s locked: %v", name, err)
		}
		if err := policy.CheckUnlocked(patch, []string{"another"}); err != nil {
			t.Errorf("%s while another is locked: %v", name, err)
		}
		if err := policy.Check(patch); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever draws a policy takes each field by its name, in its own type.
func TestAFieldIsReadAndOverriddenByItsName(t *testing.T) {
	t.Parallel()
	patch := parse(t, sample)
	p := policy.Effective(policy.Overrides{}, policy.Overrides(patch))
	var again, none api.PatchPolicy
	for _, name := range policy.Fields() {
		v := policy.Value(p, name)
		switch to := v.(type) {
		case *api.RateLimit:
			v = *to
		case *api.SupportContact:
			v = *to
		}
		policy.Override(&again, name, v)
		policy.Override(&none, name, nil)
	}
	if diff := cmp.Diff(fieldsOf(t, p), fieldsOf(t, policy.Effective(policy.Overrides{}, policy.Overrides(again))), cmpIgnore("overridden")); diff != "" {
		t.Errorf("read and written again:\n%s", diff)
	}
	if diff := cmp.Diff(fieldsOf(t, policy.Standard()), fieldsOf(t, policy.Effective(policy.Overrides{}, policy.Merge(policy.Overrides(patch), none)))); diff != "" {
		t.Errorf("inherited again:\n%s", diff)
	}
	if policy.Value(p, "retentions") != nil {
		t.Error("a field that no policy has says something")
	}
}

// cmpIgnore leaves a field out of what is compared.
func cmpIgnore(name string) cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { return strings.Contains(p.String()+p.GoString(), name) }, cmp.Ignore())
}

func TestAWorkspaceLocksNothing(t *testing.T) {
	t.Parallel()
	if err := policy.CheckUnlocked(parse(t, `{"locked":["overlap"]}`), nil); api.AsError(err).Field != "locked" {
		t.Errorf("a workspace that locks: %v", err)
	}
}

func TestAPolicyThatMeansNothingIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 501)
	for patch, field := range map[string]string{
		`{"default_lifetime":"0s"}`:       "default_lifetime",
		`{"retention":"23h"}`:             "retention",
		`{"personal_tokens":"everybody"}`: "personal_tokens",
		`{"onboarding":""}`:               "onboarding",
		`{"leak_action":"ignore"}`:        "leak_action",
		`{"notice_days":[-1]}`:            "notice_days",
		`{"notice_days":[367]}`:           "notice_days",
		`{"notice_days":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}`: "notice_days",
		`{"max_tokens":{"per_owner":-1,"total":0}}`:                               "max_tokens",
		`{"rate_limit":{"requests":0,"window":"1s"}}`:                             "rate_limit.requests",
		`{"workspace_rate_limit":{"requests":1,"window":"367d"}}`:                 "workspace_rate_limit.window",
		`{"support_contact":{"url":"` + long + `"}}`:                              "support_contact.url",
		`{"locked":["retentions"]}`:                                               "locked",
	} {
		if err := policy.Check(parse(t, patch)); !errors.Is(err, api.CodeInvalidField) || api.AsError(err).Field != field {
			t.Errorf("%s: %v, want the field %s", patch, err, field)
		}
	}
	for _, patch := range []string{`{}`, sample, `{"max_lifetime":"0s","overlap":"0s"}`, `{"notice_days":[]}`, `{"locked":["overlap","rate_limit"]}`, `{"retention":null}`} {
		if err := policy.Check(parse(t, patch)); err != nil {
			t.Errorf("%s: %v", patch, err)
		}
	}
}

// What one caller does with a policy is not seen by the next.
func TestAPolicySharesNothing(t *testing.T) {
	t.Parallel()
	p := policy.Standard()
	p.NoticeDays[0], p.Overridden = 99, append(p.Overridden, "x")
	if diff := cmp.Diff([]int{30, 14, 7, 3, 1, 0}, policy.Standard().NoticeDays); diff != "" {
		t.Error(diff)
	}
}

// Rows are read by whoever is started on them: what a later version keeps besides is
// left alone, and null, as versions before kept it, is unset.
func TestOverridesOfAnotherVersionAreRead(t *testing.T) {
	t.Parallel()
	var got policy.Overrides
	if err := json.Unmarshal([]byte(`{"overlap":"1h","phase_of_the_moon":{"full":true},"max_lifetime":null,"rate_limit":{"requests":1,"window":"1s","burst":2}}`), &got); err != nil {
		t.Fatal(err)
	}
	want := policy.Overrides{Overlap: api.Some(api.Duration(time.Hour)), RateLimit: api.Some(api.RateLimit{Requests: 1, Window: api.Duration(time.Second)})}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{`[]`, `{"overlap":1}`, `{"locked":"overlap"}`, `{"notice_days":"1"}`} {
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}
