// Package policy says what a workspace's policy is, and what it lets a token be.
//
// The fields stand in one table, see [Fields]. Whoever adds one adds it to
// [api.Policy] and [api.PatchPolicy] and gives it a row there: what is inherited,
// overridden, locked, merged, kept and refused follows from the row.
//
// A policy is laid over in three layers: the standard, the instance's overrides,
// the workspace's. What the instance locks, the workspace's layer cannot change.
//
// All functions are pure: whoever asks brings the time.
package policy

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
)

// Standard is what holds where nothing is overridden.
func Standard() api.Policy {
	p := api.Policy{Overridden: []string{}, Locked: []string{}}
	for _, f := range table() {
		f.standard(&p)
	}
	return p
}

// Effective lays the workspace's overrides over the instance's over the standard.
func Effective(instance, own Overrides) api.Policy {
	p := Standard()
	lay(&p, instance, nil)
	locked := instance.Locked.Or([]string{})
	p.Overridden = lay(&p, own, locked)
	p.Locked = slices.Clone(locked)
	return p
}

// OfInstance lays the instance's overrides over the standard, and says which they
// are and which of them are locked.
func OfInstance(instance Overrides) api.Policy {
	p := Standard()
	p.Overridden = lay(&p, instance, nil)
	p.Locked = slices.Clone(instance.Locked.Or([]string{}))
	return p
}

// lay writes what o sets into p, but for the locked, and names it.
func lay(p *api.Policy, o Overrides, locked []string) []string {
	set, of := []string{}, (*api.PatchPolicy)(&o)
	for _, f := range table() {
		if f.set(of) && !slices.Contains(locked, f.name) {
			f.lay(p, of)
			set = append(set, f.name)
		}
	}
	return set
}

// Merge applies a patch to overrides (RFC 7396): a value sets, null unsets.
func Merge(have Overrides, patch api.PatchPolicy) Overrides {
	for _, f := range table() {
		f.merge((*api.PatchPolicy)(&have), &patch)
	}
	merge(&have.Locked, patch.Locked)
	return have
}

// Fields names what can be overridden and locked, as the API names it.
func Fields() []string {
	rows := table()
	out := make([]string, len(rows))
	for i, f := range rows {
		out[i] = f.name
	}
	return out
}

// Value is what a policy says in a field of that name, in the field's own type; a
// field that may have no value is a pointer.
func Value(p api.Policy, name string) any {
	if f, ok := named(name); ok {
		return f.value(&p)
	}
	return nil
}

// Override writes a field of that name into a patch, in the type that the patch has
// it in; nil, and what is of no such type, inherits it again.
func Override(patch *api.PatchPolicy, name string, v any) {
	if f, ok := named(name); ok {
		f.override(patch, v)
	}
}

func named(name string) (field, bool) {
	rows := table()
	i := slices.IndexFunc(rows, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return rows[i], true
}

// Check refuses values that mean nothing, with [api.CodeInvalidField].
func Check(patch api.PatchPolicy) error {
	known := Fields()
	for _, name := range patch.Locked.Value {
		if !slices.Contains(known, name) {
			return api.FieldError("locked", "names a field that no policy has")
		}
	}
	for _, f := range table() {
		if err := f.check(&patch); err != nil {
			return err
		}
	}
	return nil
}

// CheckUnlocked refuses a workspace's patch of what the instance locked, with
// [api.CodeLocked].
func CheckUnlocked(patch api.PatchPolicy, locked []string) error {
	if patch.Locked.Set {
		return api.FieldError("locked", "only the instance's policy locks fields")
	}
	for _, f := range table() {
		if f.set(&patch) && slices.Contains(locked, f.name) {
			e := api.Errorf(api.CodeLocked, "%s is locked by the instance", f.name)
			e.Field = f.name
			return e
		}
	}
	return nil
}

// field is a row of the table.
type field struct {
	name     string
	standard func(*api.Policy)
	set      func(*api.PatchPolicy) bool
	lay      func(*api.Policy, *api.PatchPolicy)
	value    func(*api.Policy) any
	override func(*api.PatchPolicy, any)
	merge    func(have, patch *api.PatchPolicy)
	// kept is the value in the form that is written, fill that of a value which is to
	// be read into the patch; see [Overrides].
	kept, fill func(*api.PatchPolicy) any
	check      func(*api.PatchPolicy) error
}

// table is every field of a policy: its name, what holds where nobody sets it,
// where it stands, and what it refuses.
func table() []field {
	type p = api.Policy
	type o = api.PatchPolicy
	return []field{
		row("default_lifetime", 365*api.Day, func(p *p) *api.Duration { return &p.DefaultLifetime }, func(o *o) *api.Opt[api.Duration] { return &o.DefaultLifetime }, positive),
		row("max_lifetime", 365*api.Day, func(p *p) *api.Duration { return &p.MaxLifetime }, func(o *o) *api.Opt[api.Duration] { return &o.MaxLifetime }),
		row("allow_never", false, func(p *p) *bool { return &p.AllowNever }, func(o *o) *api.Opt[bool] { return &o.AllowNever }),
		row("overlap", api.Day, func(p *p) *api.Duration { return &p.Overlap }, func(o *o) *api.Opt[api.Duration] { return &o.Overlap }),
		row("require_ip_allow_list", false, func(p *p) *bool { return &p.RequireIPAllowList }, func(o *o) *api.Opt[bool] { return &o.RequireIPAllowList }),
		row("personal_tokens", api.PersonalMembers, func(p *p) *string { return &p.PersonalTokens }, func(o *o) *api.Opt[string] { return &o.PersonalTokens },
			oneOf(api.PersonalMembers, api.PersonalManagers, api.PersonalNobody)),
		row("max_tokens", api.MaxTokens{}, func(p *p) *api.MaxTokens { return &p.MaxTokens }, func(o *o) *api.Opt[api.MaxTokens] { return &o.MaxTokens }, notNegative),
		row("notice_days", []int{30, 14, 7, 3, 1, 0}, func(p *p) *[]int { return &p.NoticeDays }, func(o *o) *api.Opt[[]int] { return &o.NoticeDays }, days),
		row("onboarding", api.OnboardPortfolio, func(p *p) *string { return &p.Onboarding }, func(o *o) *api.Opt[string] { return &o.Onboarding },
			oneOf(api.OnboardPortfolio, api.OnboardAnyMember)),
		row("recoverable", false, func(p *p) *bool { return &p.Recoverable }, func(o *o) *api.Opt[bool] { return &o.Recoverable }),
		row("revoke_on_reuse", false, func(p *p) *bool { return &p.RevokeOnReuse }, func(o *o) *api.Opt[bool] { return &o.RevokeOnReuse }),
		row("notice_strange_use", true, func(p *p) *bool { return &p.NoticeStrangeUse }, func(o *o) *api.Opt[bool] { return &o.NoticeStrangeUse }),
		row("disable_unused_after", 0, func(p *p) *api.Duration { return &p.DisableUnusedAfter }, func(o *o) *api.Opt[api.Duration] { return &o.DisableUnusedAfter }, monthAtLeast),
		row("verifiers_may_revoke", false, func(p *p) *bool { return &p.VerifiersMayRevoke }, func(o *o) *api.Opt[bool] { return &o.VerifiersMayRevoke }),
		orNone("rate_limit", func(p *p) **api.RateLimit { return &p.RateLimit }, func(o *o) *api.Opt[api.RateLimit] { return &o.RateLimit }, input.Limit),
		orNone("workspace_rate_limit", func(p *p) **api.RateLimit { return &p.WorkspaceRateLimit }, func(o *o) *api.Opt[api.RateLimit] { return &o.WorkspaceRateLimit }, input.Limit),
		row("retention", 400*api.Day, func(p *p) *api.Duration { return &p.Retention }, func(o *o) *api.Opt[api.Duration] { return &o.Retention }, aDayAtLeast),
		row("introspection_max_cache", 0, func(p *p) *api.Duration { return &p.IntrospectionMaxCache }, func(o *o) *api.Opt[api.Duration] { return &o.IntrospectionMaxCache }),
		row("leak_action", api.LeakRevoke, func(p *p) *string { return &p.LeakAction }, func(o *o) *api.Opt[string] { return &o.LeakAction },
			oneOf(api.LeakRevoke, api.LeakDisable, api.LeakNotify)),
		row("leak_descendants", false, func(p *p) *bool { return &p.LeakDescendants }, func(o *o) *api.Opt[bool] { return &o.LeakDescendants }),
		row("require_second_factor", false, func(p *p) *bool { return &p.RequireSecondFactor }, func(o *o) *api.Opt[bool] { return &o.RequireSecondFactor }),
		row("require_approval", []api.ApprovalRule{}, func(p *p) *[]api.ApprovalRule { return &p.RequireApproval }, func(o *o) *api.Opt[[]api.ApprovalRule] { return &o.RequireApproval }, rules),
		orNone("support_contact", func(p *p) **api.SupportContact { return &p.SupportContact }, func(o *o) *api.Opt[api.SupportContact] { return &o.SupportContact }, contact),
	}
}

// refuses is what a row refuses of a value that is set.
type refuses[T any] func(name string, v api.Opt[T]) error

// row is a field that always has a value.
func row[T keepable](name string, standard T, in func(*api.Policy) *T, of func(*api.PatchPolicy) *api.Opt[T], checks ...refuses[T]) field {
	f := patched(name, of, checks)
	f.standard = func(p *api.Policy) { *in(p) = standard }
	f.value = func(p *api.Policy) any { return *in(p) }
	f.lay = func(p *api.Policy, o *api.PatchPolicy) { *in(p) = of(o).Value }
	return f
}

// orNone is a field that has no value until one is set.
func orNone[T keepable](name string, in func(*api.Policy) **T, of func(*api.PatchPolicy) *api.Opt[T], checks ...refuses[T]) field {
	f := patched(name, of, checks)
	f.standard = func(p *api.Policy) { *in(p) = nil }
	f.value = func(p *api.Policy) any { return *in(p) }
	f.lay = func(p *api.Policy, o *api.PatchPolicy) {
		v := of(o).Value
		*in(p) = &v
	}
	return f
}

// patched is what every row has in common: how its field is found in a patch, merged
// and refused. Checks see values alone: null returns a field to what is inherited,
// whatever that is.
func patched[T keepable](name string, of func(*api.PatchPolicy) *api.Opt[T], checks []refuses[T]) field {
	return field{
		name:  name,
		set:   func(o *api.PatchPolicy) bool { return of(o).Has() },
		merge: func(have, patch *api.PatchPolicy) { merge(of(have), *of(patch)) },
		kept:  func(o *api.PatchPolicy) any { return keptAs(&of(o).Value) },
		fill: func(o *api.PatchPolicy) any {
			of(o).Set = true
			return keptAs(&of(o).Value)
		},
		override: func(o *api.PatchPolicy, v any) {
			value, given := v.(T)
			*of(o) = api.Opt[T]{Set: true, Null: !given, Value: value}
		},
		check: func(o *api.PatchPolicy) error {
			for _, c := range checks {
				if v := *of(o); v.Has() {
					if err := c(name, v); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
}

// merge applies one field of a patch (RFC 7396): a value sets, null unsets, and what
// is not there leaves it.
func merge[T any](have *api.Opt[T], patch api.Opt[T]) {
	switch {
	case patch.Has():
		*have = patch
	case patch.Set:
		*have = api.Opt[T]{}
	}
}

func positive(name string, d api.Opt[api.Duration]) error {
	if d.Value == 0 {
		return api.FieldError(name, "must be longer than 0")
	}
	return nil
}

func aDayAtLeast(name string, d api.Opt[api.Duration]) error {
	if d.Value < api.Day {
		return api.FieldError(name, "must be at least one day")
	}
	return nil
}

// The bounds of disable_unused_after: what is used once a month is used, and ten years are as
// good as never.
const (
	leastUnused = 30 * api.Day
	mostUnused  = 3650 * api.Day
)

func monthAtLeast(name string, d api.Opt[api.Duration]) error {
	if d.Value != 0 && (d.Value < leastUnused || d.Value > mostUnused) {
		return api.FieldError(name, "must be from 30d to 3650d; 0 means never")
	}
	return nil
}

func oneOf(allowed ...string) refuses[string] {
	return func(name string, v api.Opt[string]) error { return input.OneOf(name, v, allowed...) }
}

func days(name string, steps api.Opt[[]int]) error {
	if len(steps.Value) > 20 {
		return api.FieldError(name, "at most 20 steps")
	}
	for _, d := range steps.Value {
		if d < 0 || d > 366 {
			return api.FieldError(name, "days must be whole numbers from 0 to 366")
		}
	}
	return nil
}

// notNegative lets 0 stand for no bound.
func notNegative(name string, m api.Opt[api.MaxTokens]) error {
	if m.Value.PerOwner < 0 || m.Value.Total < 0 {
		return api.FieldError(name, "must not be negative; 0 means no bound")
	}
	return nil
}

// contact bounds what people are shown where they look for help; it is text, and
// checked as that.
func contact(name string, c api.Opt[api.SupportContact]) error {
	return input.First(
		input.Text(name+".email", c.Value.Email, 0, 254),
		input.Text(name+".phone", c.Value.Phone, 0, 50),
		input.Text(name+".url", c.Value.URL, 0, 500),
	)
}
