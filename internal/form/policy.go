package form

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Policy is a policy in its form: of a workspace, or of the instance, whose page also
// says what workspaces cannot change.
type Policy struct {
	Form
	api.Policy
	Instance bool
}

// Fixed says that the instance does not let this workspace change a field.
func (p Policy) Fixed(name string) bool { return !p.Instance && slices.Contains(p.Locked, name) }

// Overrides says that a field says something of its own, so that it can be given up.
func (p Policy) Overrides(name string) bool { return slices.Contains(p.Overridden, name) }

// Again is what giving up what a field says of its own is called.
func (p Policy) Again() string {
	if p.Instance {
		return "Back to what Tokenry comes with"
	}
	return "Inherit again"
}

// OfPolicy is the form of a policy; what is fixed elsewhere is no part of it.
func OfPolicy(p api.Policy, fixed []string) Form {
	f := policyFields(p)
	for _, name := range fixed {
		for _, drawn := range append(drawnAs(name), name) {
			f.Del(drawn)
		}
	}
	return Of(p.Revision, f)
}

// drawnAs are the fields of the form that one field of the policy is drawn as, where
// they are several.
func drawnAs(name string) []string {
	switch name {
	case "max_tokens":
		return []string{"per_owner", "total"}
	case "support_contact":
		return []string{"contact_email", "contact_phone", "contact_url"}
	case "rate_limit", "workspace_rate_limit":
		return []string{name + "_requests", name + "_window"}
	}
	return nil
}

// policyFields writes a policy into the fields of its form.
func policyFields(p api.Policy) url.Values {
	f := url.Values{
		"default_lifetime": {p.DefaultLifetime.String()}, "max_lifetime": {p.MaxLifetime.String()}, "overlap": {p.Overlap.String()},
		"personal_tokens": {p.PersonalTokens}, "onboarding": {p.Onboarding}, "leak_action": {p.LeakAction}, "retention": {p.Retention.String()},
		"introspection_max_cache": {p.IntrospectionMaxCache.String()},
		"per_owner":               {strconv.Itoa(p.MaxTokens.PerOwner)}, "total": {strconv.Itoa(p.MaxTokens.Total)},
	}
	days := make([]string, len(p.NoticeDays))
	for i, d := range p.NoticeDays {
		days[i] = strconv.Itoa(d)
	}
	f.Set("notice_days", strings.Join(days, " "))
	for name, on := range map[string]bool{"allow_never": p.AllowNever, "require_ip_allow_list": p.RequireIPAllowList,
		"recoverable": p.Recoverable, "revoke_on_reuse": p.RevokeOnReuse} {
		if on {
			f.Set(name, "yes")
		}
	}
	f["locked"] = p.Locked
	putLimit(f, "rate_limit", p.RateLimit)
	putLimit(f, "workspace_rate_limit", p.WorkspaceRateLimit)
	if c := p.SupportContact; c != nil {
		f.Set("contact_email", c.Email)
		f.Set("contact_phone", c.Phone)
		f.Set("contact_url", c.URL)
	}
	return f
}

// putLimit writes a rate limit into its two fields.
func putLimit(f url.Values, name string, l *api.RateLimit) {
	f.Set(name+"_window", "1m")
	if l != nil {
		f.Set(name+"_requests", strconv.Itoa(l.Requests))
		f.Set(name+"_window", l.Window.String())
	}
}

// PolicyPatch reads what the form changed: only fields that differ from how they
// were drawn, so that what is inherited stays inherited, and those that are to
// be inherited again. Fields that are fixed elsewhere are not read.
func PolicyPatch(f Form, fixed []string) (api.PatchPolicy, error) {
	p := policyReader{Form: f, fixed: fixed}
	var out api.PatchPolicy
	take(&p, "default_lifetime", &out.DefaultLifetime, p.duration)
	take(&p, "max_lifetime", &out.MaxLifetime, p.duration)
	take(&p, "overlap", &out.Overlap, p.duration)
	take(&p, "retention", &out.Retention, p.duration)
	take(&p, "introspection_max_cache", &out.IntrospectionMaxCache, p.duration)
	take(&p, "allow_never", &out.AllowNever, p.flag)
	take(&p, "require_ip_allow_list", &out.RequireIPAllowList, p.flag)
	take(&p, "recoverable", &out.Recoverable, p.flag)
	take(&p, "revoke_on_reuse", &out.RevokeOnReuse, p.flag)
	take(&p, "personal_tokens", &out.PersonalTokens, p.Get)
	take(&p, "onboarding", &out.Onboarding, p.Get)
	take(&p, "leak_action", &out.LeakAction, p.Get)
	take(&p, "notice_days", &out.NoticeDays, p.numbers)
	take(&p, "max_tokens", &out.MaxTokens, func(string) api.MaxTokens {
		return api.MaxTokens{PerOwner: p.number("per_owner"), Total: p.number("total")}
	})
	take(&p, "support_contact", &out.SupportContact, func(string) api.SupportContact {
		return api.SupportContact{Email: f.Get("contact_email"), Phone: f.Get("contact_phone"), URL: f.Get("contact_url")}
	})
	p.limits("rate_limit", &out.RateLimit)
	p.limits("workspace_rate_limit", &out.WorkspaceRateLimit)
	return out, p.err
}

// take reads one field of the policy, which may be drawn as several.
func take[T any](p *policyReader, name string, to *api.Opt[T], read func(string) T) {
	switch {
	case slices.Contains(p.fixed, name):
	case p.Has("inherit", name):
		*to = api.Null[T]()
	case p.Changed(append(drawnAs(name), name)...):
		*to = api.Some(read(name))
	}
}

// limits reads a rate limit; without a number it is none.
func (p *policyReader) limits(name string, to *api.Opt[api.RateLimit]) {
	take(p, name, to, func(string) api.RateLimit {
		if p.Get(name+"_requests") == "" {
			return api.RateLimit{}
		}
		l, err := p.Limit(name+"_requests", name+"_window", name)
		if err != nil && p.err == nil {
			p.err = err
		}
		return l
	})
	if to.Has() && to.Value == (api.RateLimit{}) && p.err == nil {
		*to = api.Null[api.RateLimit]()
	}
}

// policyReader reads the fields of the policy's form; the first error stays.
type policyReader struct {
	Form
	// fixed are the fields that cannot be changed here.
	fixed []string
	err   error
}

func (p *policyReader) wrong(name, problem string) {
	if p.err == nil {
		p.err = api.FieldError(name, problem)
	}
}

func (p *policyReader) duration(name string) api.Duration {
	d, err := api.ParseDuration(p.Get(name))
	if err != nil {
		p.wrong(name, "is like 90d, 24h or 30m; 0 is none")
	}
	return d
}

func (p *policyReader) flag(name string) bool { return p.Get(name) != "" }

func (p *policyReader) number(name string) int {
	n, err := strconv.Atoi(phrase.Named(p.Get(name), "0"))
	if err != nil {
		p.wrong(name, "is a whole number; 0 is no bound")
	}
	return n
}

func (p *policyReader) numbers(name string) []int {
	out := []int{}
	for _, s := range p.List(name) {
		n, err := strconv.Atoi(s)
		if err != nil {
			p.wrong(name, "are whole numbers, apart by blanks")
		}
		out = append(out, n)
	}
	return out
}
