package authority

import (
	"context"
	"slices"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// defaultPolicy is what holds where nothing is overridden.
func defaultPolicy() api.Policy {
	return api.Policy{
		DefaultLifetime: 365 * api.Day, MaxLifetime: 365 * api.Day, Overlap: api.Day,
		PersonalTokens: api.PersonalMembers, NoticeDays: []int{30, 14, 7, 3, 1, 0},
		Onboarding: api.OnboardPortfolio, Retention: 400 * api.Day,
		IntrospectionMaxCache: 0, LeakAction: api.LeakRevoke,
		Overridden: []string{}, Locked: []string{},
	}
}

// effectivePolicy lays the workspace's overrides over the instance's over the
// defaults; what the instance locks, the workspace's cannot change.
func effectivePolicy(instance, own api.PatchPolicy) api.Policy {
	p := defaultPolicy()
	overlay(&p, instance, nil)
	locked := instance.Locked.Or([]string{})
	p.Overridden = overlay(&p, own, locked)
	p.Locked = slices.Clone(locked)
	return p
}

// instancePolicy is the instance's own page: its overrides over the defaults.
func instancePolicy(instance api.PatchPolicy) api.Policy {
	p := defaultPolicy()
	p.Overridden = overlay(&p, instance, nil)
	p.Locked = slices.Clone(instance.Locked.Or([]string{}))
	return p
}

// overlay writes the set fields of o into p, but for the locked, and names them.
func overlay(p *api.Policy, o api.PatchPolicy, locked []string) []string {
	l := layer{locked: locked, set: []string{}}
	put(&l, "default_lifetime", &p.DefaultLifetime, o.DefaultLifetime)
	put(&l, "max_lifetime", &p.MaxLifetime, o.MaxLifetime)
	put(&l, "allow_never", &p.AllowNever, o.AllowNever)
	put(&l, "overlap", &p.Overlap, o.Overlap)
	put(&l, "require_ip_allow_list", &p.RequireIPAllowList, o.RequireIPAllowList)
	put(&l, "personal_tokens", &p.PersonalTokens, o.PersonalTokens)
	put(&l, "max_tokens", &p.MaxTokens, o.MaxTokens)
	put(&l, "notice_days", &p.NoticeDays, o.NoticeDays)
	put(&l, "onboarding", &p.Onboarding, o.Onboarding)
	put(&l, "recoverable", &p.Recoverable, o.Recoverable)
	put(&l, "revoke_on_reuse", &p.RevokeOnReuse, o.RevokeOnReuse)
	putPointer(&l, "rate_limit", &p.RateLimit, o.RateLimit)
	putPointer(&l, "workspace_rate_limit", &p.WorkspaceRateLimit, o.WorkspaceRateLimit)
	put(&l, "retention", &p.Retention, o.Retention)
	put(&l, "introspection_max_cache", &p.IntrospectionMaxCache, o.IntrospectionMaxCache)
	put(&l, "leak_action", &p.LeakAction, o.LeakAction)
	putPointer(&l, "support_contact", &p.SupportContact, o.SupportContact)
	return l.set
}

// layer is one level of overrides being laid over another.
type layer struct {
	locked, set []string
}

func (l *layer) takes(name string, has bool) bool {
	if !has || slices.Contains(l.locked, name) {
		return false
	}
	l.set = append(l.set, name)
	return true
}

func put[T any](l *layer, name string, to *T, from api.Opt[T]) {
	if l.takes(name, from.Has()) {
		*to = from.Value
	}
}

func putPointer[T any](l *layer, name string, to **T, from api.Opt[T]) {
	if l.takes(name, from.Has()) {
		v := from.Value
		*to = &v
	}
}

// patchPolicy merges a patch into stored overrides: a value sets, null unsets.
func patchPolicy(have, patch api.PatchPolicy) api.PatchPolicy {
	merge1(&have.DefaultLifetime, patch.DefaultLifetime)
	merge1(&have.MaxLifetime, patch.MaxLifetime)
	merge1(&have.AllowNever, patch.AllowNever)
	merge1(&have.Overlap, patch.Overlap)
	merge1(&have.RequireIPAllowList, patch.RequireIPAllowList)
	merge1(&have.PersonalTokens, patch.PersonalTokens)
	merge1(&have.MaxTokens, patch.MaxTokens)
	merge1(&have.NoticeDays, patch.NoticeDays)
	merge1(&have.Onboarding, patch.Onboarding)
	merge1(&have.Recoverable, patch.Recoverable)
	merge1(&have.RevokeOnReuse, patch.RevokeOnReuse)
	merge1(&have.RateLimit, patch.RateLimit)
	merge1(&have.WorkspaceRateLimit, patch.WorkspaceRateLimit)
	merge1(&have.Retention, patch.Retention)
	merge1(&have.IntrospectionMaxCache, patch.IntrospectionMaxCache)
	merge1(&have.LeakAction, patch.LeakAction)
	merge1(&have.SupportContact, patch.SupportContact)
	merge1(&have.Locked, patch.Locked)
	return have
}

func merge1[T any](have *api.Opt[T], patch api.Opt[T]) {
	switch {
	case patch.Has():
		*have = patch
	case patch.Set:
		*have = api.Opt[T]{}
	}
}

// policyFields are the names that can be overridden and locked.
func policyFields() []string {
	all := api.PatchPolicy{
		DefaultLifetime: api.Some(api.Day), MaxLifetime: api.Some(api.Day), AllowNever: api.Some(true),
		Overlap: api.Some(api.Day), RequireIPAllowList: api.Some(true), PersonalTokens: api.Some(""),
		MaxTokens: api.Some(api.MaxTokens{}), NoticeDays: api.Some([]int{}), Onboarding: api.Some(""),
		Recoverable: api.Some(true), RevokeOnReuse: api.Some(true), RateLimit: api.Some(api.RateLimit{}),
		WorkspaceRateLimit: api.Some(api.RateLimit{}), Retention: api.Some(api.Day),
		IntrospectionMaxCache: api.Some(api.Day), LeakAction: api.Some(""), SupportContact: api.Some(api.SupportContact{}),
	}
	var p api.Policy
	return overlay(&p, all, nil)
}

// checkPolicy refuses values that mean nothing.
func checkPolicy(p api.PatchPolicy) error {
	return input.First(
		input.OneOf("personal_tokens", p.PersonalTokens, api.PersonalMembers, api.PersonalManagers, api.PersonalNobody),
		input.OneOf("onboarding", p.Onboarding, api.OnboardPortfolio, api.OnboardAnyMember),
		input.OneOf("leak_action", p.LeakAction, api.LeakRevoke, api.LeakDisable, api.LeakNotify),
		input.Limit("rate_limit", p.RateLimit),
		input.Limit("workspace_rate_limit", p.WorkspaceRateLimit),
		checkNoticeDays(p.NoticeDays.Value),
		checkMaxTokens(p.MaxTokens.Value),
		checkLocked(p.Locked.Value),
		checkContact(p.SupportContact.Value),
		checkLifetimes(p),
	)
}

func checkLifetimes(p api.PatchPolicy) error {
	if p.DefaultLifetime.Has() && p.DefaultLifetime.Value == 0 {
		return api.FieldError("default_lifetime", "must be longer than 0")
	}
	if p.Retention.Has() && p.Retention.Value < api.Day {
		return api.FieldError("retention", "must be at least one day")
	}
	return nil
}

func checkNoticeDays(days []int) error {
	if len(days) > 20 {
		return api.FieldError("notice_days", "at most 20 steps")
	}
	for _, d := range days {
		if d < 0 || d > 366 {
			return api.FieldError("notice_days", "days are whole numbers from 0 to 366")
		}
	}
	return nil
}

func checkMaxTokens(m api.MaxTokens) error {
	if m.PerOwner < 0 || m.Total < 0 {
		return api.FieldError("max_tokens", "must not be negative; 0 means no bound")
	}
	return nil
}

func checkLocked(names []string) error {
	known := policyFields()
	for _, n := range names {
		if !slices.Contains(known, n) {
			return api.FieldError("locked", "names a field that no policy has")
		}
	}
	return nil
}

func checkContact(c api.SupportContact) error {
	return input.First(
		input.Text("support_contact.email", c.Email, 0, 254),
		input.Text("support_contact.phone", c.Phone, 0, 50),
		input.Text("support_contact.url", c.URL, 0, 500),
	)
}

// GetPolicy answers what holds in a workspace.
func (a *Authority) GetPolicy(ctx context.Context, c Caller, ref string) (p api.Policy, err error) {
	err = a.read(ctx, func(r ledger.Reader) error {
		_, sp, err := a.enter(r, c, ref, "policy:read")
		if err == nil {
			p = sp.policy()
			p.Revision = sp.ws.PolicyRevision
		}
		return err
	})
	return p, err
}

// SupportContact answers whom people may ask who are in no workspace, or not
// signed in: the instance's contact, nil for none. This case is special: it asks
// no gate, because the contact is shown to everybody.
func (a *Authority) SupportContact(ctx context.Context) (c *api.SupportContact, err error) {
	err = a.read(ctx, func(r ledger.Reader) error {
		in, err := r.Instance()
		if err == nil {
			c = instancePolicy(in.Policy).SupportContact
		}
		return err
	})
	return c, err
}

// EditPolicy merges a patch into a workspace's overrides.
func (a *Authority) EditPolicy(ctx context.Context, c Caller, ref string, patch api.PatchPolicy) (p api.Policy, revision int64, err error) {
	var left ledger.ID
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, sp, err := a.enter(w, c, ref, "policy:write")
		if err != nil {
			return err
		}
		if err := input.First(checkPolicy(patch), notLocked(patch, sp.policy().Locked)); err != nil {
			return err
		}
		before := sp.policy()
		if err := w.expect(sp.ws, "policy", sp.ws.PolicyRevision); err != nil {
			return err
		}
		sp.ws.Policy, sp.ws.PolicyRevision = patchPolicy(sp.ws.Policy, patch), w.Revision()
		if err := w.PutWorkspace(sp.ws); err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		p = effectivePolicy(in.Policy, sp.ws.Policy)
		p.Revision = sp.ws.PolicyRevision
		w.touchWorkspace(sp.ws.ID)
		if left, err = w.leaveSealed(ac, sp.ws.ID, before, p); err != nil {
			return err
		}
		return w.audit(ac, sp.ws, event{action: "policy.edited", target: "policy", before: before, after: p})
	})
	if err == nil {
		revision = a.begun(ctx, left, revision)
	}
	return p, revision, err
}

// notLocked refuses a workspace's patch of what the instance locked.
func notLocked(patch api.PatchPolicy, locked []string) error {
	if patch.Locked.Set {
		return api.FieldError("locked", "only the instance's policy locks fields")
	}
	var p api.Policy
	for _, name := range overlay(&p, patch, nil) {
		if slices.Contains(locked, name) {
			e := api.Errorf(api.CodeLocked, "%s is locked by the instance", name)
			e.Field = name
			return e
		}
	}
	return nil
}

// GetInstancePolicy answers the instance's defaults.
func (a *Authority) GetInstancePolicy(ctx context.Context, c Caller) (p api.Policy, err error) {
	err = a.read(ctx, func(r ledger.Reader) error {
		if _, err := a.enterInstance(r, c); err != nil {
			return err
		}
		in, err := r.Instance()
		p = instancePolicy(in.Policy)
		p.Revision = in.PolicyRevision
		return err
	})
	return p, err
}

// EditInstancePolicy merges a patch into the instance's defaults, which every
// workspace inherits live.
func (a *Authority) EditInstancePolicy(ctx context.Context, c Caller, patch api.PatchPolicy) (p api.Policy, revision int64, err error) {
	var left ledger.ID
	revision, err = a.mutate(ctx, c, func(w *work) error {
		ac, err := a.enterInstance(w, c)
		if err != nil {
			return err
		}
		if err := checkPolicy(patch); err != nil {
			return err
		}
		in, err := w.Instance()
		if err != nil {
			return err
		}
		before := instancePolicy(in.Policy)
		if err := w.expect(ledger.Workspace{}, "policy", in.PolicyRevision); err != nil {
			return err
		}
		in.Policy, in.PolicyRevision = patchPolicy(in.Policy, patch), w.Revision()
		if err := w.PutInstance(in); err != nil {
			return err
		}
		p = instancePolicy(in.Policy)
		p.Revision = in.PolicyRevision
		w.touchAllWorkspaces()
		if left, err = w.leaveSealed(ac, 0, before, p); err != nil {
			return err
		}
		return w.audit(ac, ledger.Workspace{}, event{action: "policy.edited", target: "policy", before: before, after: p})
	})
	if err == nil {
		revision = a.begun(ctx, left, revision)
	}
	return p, revision, err
}

// lifetimeBound is the end that max_lifetime sets from now; zero for none.
func lifetimeBound(p api.Policy, now time.Time) time.Time {
	if p.MaxLifetime == 0 {
		return time.Time{}
	}
	return now.Add(p.MaxLifetime.Std())
}
