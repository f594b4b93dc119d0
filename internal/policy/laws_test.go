package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/policy"
)

// overrides are some fields of a policy, each set, unset by null, or left out.
func overrides() *rapid.Generator[api.PatchPolicy] {
	return rapid.Custom(func(t *rapid.T) (p api.PatchPolicy) {
		opt(t, "max_lifetime", &p.MaxLifetime, 0, api.Day, 90*api.Day, 800*api.Day)
		opt(t, "default_lifetime", &p.DefaultLifetime, api.Day, 30*api.Day, 900*api.Day)
		opt(t, "allow_never", &p.AllowNever, true, false)
		opt(t, "overlap", &p.Overlap, 0, api.Day)
		opt(t, "require_ip_allow_list", &p.RequireIPAllowList, true, false)
		opt(t, "onboarding", &p.Onboarding, api.OnboardAnyMember, api.OnboardPortfolio)
		opt(t, "require_approval", &p.RequireApproval, []api.ApprovalRule{}, []api.ApprovalRule{{Kinds: names("service")}})
		opt(t, "rate_limit", &p.RateLimit, api.RateLimit{Requests: 1, Window: api.Day}, api.RateLimit{Requests: 9, Window: api.Day})
		return p
	})
}

func opt[T any](t *rapid.T, name string, to *api.Opt[T], values ...T) {
	switch n := rapid.IntRange(-2, len(values)-1).Draw(t, name); n {
	case -2:
	case -1:
		*to = api.Null[T]()
	default:
		*to = api.Some(values[n])
	}
}

// locks are fields that an instance locks.
func locks() *rapid.Generator[[]string] {
	return rapid.SliceOfDistinct(rapid.SampledFrom(policy.Fields()), rapid.ID)
}

// A patch that is sent twice, because its answer was lost, does what it did once.
// Null unsets, so that nothing of a null is kept.
func TestLawAPatchTwiceIsThePatchOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		have, patch := policy.Merge(policy.Overrides{}, overrides().Draw(t, "have")), overrides().Draw(t, "patch")
		once := policy.Merge(have, patch)
		if d := cmp.Diff(once, policy.Merge(once, patch)); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(have, policy.Merge(have, api.PatchPolicy{})); d != "" {
			t.Fatalf("a patch of nothing changes %s", d)
		}
		if once.MaxLifetime.Set && !once.MaxLifetime.Has() || once.RateLimit.Set && !once.RateLimit.Has() {
			t.Fatalf("a null is kept: %+v", once)
		}
	})
}

// What the instance locks is the same in every workspace, whatever they wrote
// before it was locked; and everything else is the workspace's.
func TestLawALockedFieldIsTheInstances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		instance, own := policy.Merge(policy.Overrides{}, overrides().Draw(rt, "instance")), policy.Merge(policy.Overrides{}, overrides().Draw(rt, "own"))
		locked := locks().Draw(rt, "locked")
		instance.Locked = api.Some(locked)
		got, of, free := fieldsOf(t, policy.Effective(instance, own)), fieldsOf(t, policy.OfInstance(instance)), fieldsOf(t, policy.Effective(policy.Overrides{}, own))
		overridden := policy.Effective(instance, own).Overridden
		for _, name := range policy.Fields() {
			switch {
			case slices.Contains(locked, name) && slices.Contains(overridden, name):
				rt.Fatalf("%s is locked and overridden", name)
			case slices.Contains(overridden, name):
				if d := cmp.Diff(free[name], got[name]); d != "" {
					rt.Fatalf("%s is overridden: %s", name, d)
				}
			default:
				if d := cmp.Diff(of[name], got[name]); d != "" {
					rt.Fatalf("%s is inherited: %s", name, d)
				}
			}
		}
	})
}

// life is one that a token may have.
func life() *rapid.Generator[policy.Life] {
	return rapid.Custom(func(t *rapid.T) (l policy.Life) {
		l.Listed = rapid.Bool().Draw(t, "listed")
		if rapid.Bool().Draw(t, "ends") {
			l.Lifetime = time.Duration(rapid.IntRange(1, 1000).Draw(t, "days")) * day
			l.ExpiresAt = now().Add(l.Lifetime - time.Duration(rapid.IntRange(0, 999).Draw(t, "ago"))*day)
		}
		return l
	})
}

// Whoever is told that a life is outside is told all that is; and within is exactly
// what has nothing outside.
func TestLawWithinIsNothingOutside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, p := life().Draw(t, "life"), policy.Effective(policy.Overrides{}, policy.Overrides(overrides().Draw(t, "policy")))
		outside := l.Outside(p, now())
		if (l.Within(p, now()) == nil) != (len(outside) == 0) {
			t.Fatalf("%v: %v", outside, l.Within(p, now()))
		}
		expiry := slices.ContainsFunc(outside, func(f string) bool { return f != "allowed_ips" })
		if (l.ExpiryWithin(p, now()) == nil) == expiry || (l.MayGoOn(p, now()) == nil) == expiry {
			t.Fatalf("%v: %v, %v", outside, l.ExpiryWithin(p, now()), l.MayGoOn(p, now()))
		}
	})
}

// The way out that a refusal names leads out: a renewed token may go on, and so may
// one that lives as long as the policy lets it.
func TestLawARenewalBringsAnExpiryWithin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, p := life().Draw(t, "life"), policy.Effective(policy.Overrides{}, policy.Overrides(overrides().Draw(t, "policy")))
		for what, d := range map[string]time.Duration{"renewed": l.Renewed(p), "the longest": policy.Longest(p)} {
			if d <= 0 {
				t.Fatalf("%s is a life of %v", what, d)
			}
			if err := in(d).ExpiryWithin(p, now()); err != nil {
				t.Fatalf("%s, %v long: %v", what, d, err)
			}
		}
	})
}
