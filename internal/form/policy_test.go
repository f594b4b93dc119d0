package form_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/policy"
)

func somePolicy() api.Policy {
	return api.Policy{
		DefaultLifetime: 90 * api.Day, MaxLifetime: 365 * api.Day, AllowNever: true, Overlap: api.Day, PersonalTokens: "members",
		MaxTokens: api.MaxTokens{PerOwner: 10, Total: 100}, NoticeDays: []int{30, 7}, Onboarding: "portfolio", RevokeOnReuse: true,
		RateLimit: &api.RateLimit{Requests: 10, Window: api.Duration(time.Second)}, Retention: 400 * api.Day, LeakAction: "revoke",
		SupportContact: &api.SupportContact{Email: "help@example.com"}, Revision: 3,
	}
}

func unmarshalled(t *testing.T, text string) (out map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// another is what is typed into a field in place of what stands there, by the name of
// the field of the policy.
func another() map[string]url.Values {
	one := func(name, value string) url.Values { return url.Values{name: {value}} }
	return map[string]url.Values{
		"default_lifetime": one("default_lifetime", "1d"), "max_lifetime": one("max_lifetime", "0"), "overlap": one("overlap", "0"),
		"retention": one("retention", "30d"), "disable_unused_after": one("disable_unused_after", "90d"), "introspection_max_cache": one("introspection_max_cache", "1m"),
		"allow_never": one("allow_never", ""), "require_ip_allow_list": one("require_ip_allow_list", "yes"), "recoverable": one("recoverable", "yes"),
		"revoke_on_reuse": one("revoke_on_reuse", ""), "personal_tokens": one("personal_tokens", "nobody"), "onboarding": one("onboarding", "any_member"),
		"leak_action": one("leak_action", "notify"), "leak_descendants": one("leak_descendants", "yes"), "require_second_factor": one("require_second_factor", "yes"), "notice_strange_use": one("notice_strange_use", "yes"), "verifiers_may_revoke": one("verifiers_may_revoke", "yes"), "notice_days": one("notice_days", "14"), "require_approval": one("require_approval", "kinds=service"), "max_tokens": one("total", "0"),
		"support_contact": one("contact_url", "https://help.example"), "rate_limit": one("rate_limit_requests", "20"),
		"workspace_rate_limit": one("workspace_rate_limit_requests", "1000"),
	}
}

// TestEachFieldOfThePolicyIsSaidAlone: who changes one says that one, so that all else
// goes on being inherited. A field that the form does not read fails here.
func TestEachFieldOfThePolicyIsSaidAlone(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Fields() {
		typed, known := another()[name]
		if !known {
			t.Errorf("%s: nothing is typed into it here", name)
			continue
		}
		patch, err := form.PolicyPatch(form.Edited(sent(form.OfPolicy(somePolicy(), nil), typed)), nil)
		if got := slices.Collect(maps.Keys(unmarshalled(t, says(t, patch)))); err != nil || !slices.Equal(got, []string{name}) {
			t.Errorf("%s: the patch says %v, %v", name, got, err)
		}
	}
}

// TestAFieldThatIsGivenUpIsInheritedAgain, whatever is typed into it.
func TestAFieldThatIsGivenUpIsInheritedAgain(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Fields() {
		typed := url.Values{"inherit": {name}}
		maps.Copy(typed, another()[name])
		patch, err := form.PolicyPatch(form.Edited(sent(form.OfPolicy(somePolicy(), nil), typed)), nil)
		if diff := cmp.Diff(map[string]any{name: nil}, unmarshalled(t, says(t, patch))); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// TestWhatTheInstanceFixedIsNeitherDrawnNorRead.
func TestWhatTheInstanceFixedIsNeitherDrawnNorRead(t *testing.T) {
	t.Parallel()
	for _, name := range policy.Fields() {
		f := form.OfPolicy(somePolicy(), []string{name})
		for field := range another()[name] {
			if f.Values.Has(field) {
				t.Errorf("%s is drawn", field)
			}
		}
		patch, err := form.PolicyPatch(form.Edited(sent(f, another()[name])), []string{name})
		if got := says(t, patch); err != nil || got != "{}" {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestALimitWithoutANumberIsNone, which is not the same as inheriting one.
func TestALimitWithoutANumberIsNone(t *testing.T) {
	t.Parallel()
	patch, err := form.PolicyPatch(form.Edited(sent(form.OfPolicy(somePolicy(), nil), url.Values{"rate_limit_requests": {""}})), nil)
	if err != nil || !patch.RateLimit.Set || patch.RateLimit.Has() {
		t.Errorf("%+v, %v", patch.RateLimit, err)
	}
}

// TestAFieldThatCannotBeReadIsNamed, and the first of several is.
func TestAFieldThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	for field, typed := range map[string]url.Values{
		"default_lifetime": {"default_lifetime": {"a while"}, "notice_days": {"x"}},
		"notice_days":      {"notice_days": {"30 soon"}},
		"per_owner":        {"per_owner": {"some"}},
		"rate_limit":       {"rate_limit_requests": {"some"}},
	} {
		_, err := form.PolicyPatch(form.Edited(sent(form.OfPolicy(somePolicy(), nil), typed)), nil)
		if api.AsError(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestAWorkspaceCannotChangeWhatTheInstanceFixed, and the instance can.
func TestAWorkspaceCannotChangeWhatTheInstanceFixed(t *testing.T) {
	t.Parallel()
	p := api.Policy{Locked: []string{"overlap"}, Overridden: []string{"retention"}}
	here, above := form.Policy{Policy: p}, form.Policy{Policy: p, Instance: true}
	if !here.Fixed("overlap") || here.Fixed("retention") || above.Fixed("overlap") {
		t.Error("the wrong fields are fixed")
	}
	if !here.Overrides("retention") || here.Overrides("overlap") {
		t.Error("the wrong fields say something of their own")
	}
	if here.Again() == above.Again() {
		t.Error("above the instance there is nothing to inherit from")
	}
}
