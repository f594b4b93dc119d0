package form

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/policy"
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

// policyFields writes a policy into the fields of its form: how each is written
// follows from what it is.
func policyFields(p api.Policy) url.Values {
	f := url.Values{"locked": p.Locked}
	for _, name := range policy.Fields() {
		switch v := policy.Value(p, name).(type) {
		case bool:
			if v {
				f.Set(name, "yes")
			}
		case string:
			f.Set(name, v)
		case api.Duration:
			f.Set(name, v.String())
		case []int:
			f.Set(name, strings.Trim(fmt.Sprint(v), "[]"))
		case []api.ApprovalRule:
			f.Set(name, RulesText(v))
		case *api.RateLimit:
			putLimit(f, name, v)
		case api.MaxTokens:
			f.Set("per_owner", strconv.Itoa(v.PerOwner))
			f.Set("total", strconv.Itoa(v.Total))
		case *api.SupportContact:
			if v != nil {
				f.Set("contact_email", v.Email)
				f.Set("contact_phone", v.Phone)
				f.Set("contact_url", v.URL)
			}
		}
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
	p := policyReader{Form: f}
	var out api.PatchPolicy
	for _, name := range policy.Fields() {
		switch {
		case slices.Contains(fixed, name):
		case p.Has("inherit", name):
			policy.Override(&out, name, nil)
		case p.Changed(append(drawnAs(name), name)...):
			policy.Override(&out, name, p.read(name))
		}
	}
	return out, p.err
}

// read reads one field of the policy as what it is, which may be drawn as several;
// nil is none.
func (p *policyReader) read(name string) any {
	switch policy.Value(api.Policy{}, name).(type) {
	case bool:
		return p.Get(name) != ""
	case api.Duration:
		return p.duration(name)
	case []int:
		return p.numbers(name)
	case []api.ApprovalRule:
		rules, err := ParseRules(p.Get(name))
		if err != nil {
			p.wrong(name, err.Error())
		}
		return rules
	case *api.RateLimit:
		return p.limits(name)
	case api.MaxTokens:
		return api.MaxTokens{PerOwner: p.number("per_owner"), Total: p.number("total")}
	case *api.SupportContact:
		return api.SupportContact{Email: p.Get("contact_email"), Phone: p.Get("contact_phone"), URL: p.Get("contact_url")}
	}
	return p.Get(name)
}

// limits reads a rate limit; without a number it is none.
func (p *policyReader) limits(name string) any {
	if p.Get(name+"_requests") == "" {
		return nil
	}
	l, err := p.Limit(name+"_requests", name+"_window", name)
	if err != nil && p.err == nil {
		p.err = err
	}
	return l
}

// policyReader reads the fields of the policy's form; the first error stays.
type policyReader struct {
	Form
	err error
}

func (p *policyReader) wrong(name, problem string) {
	if p.err == nil {
		p.err = api.FieldError(name, problem)
	}
}

func (p *policyReader) duration(name string) api.Duration {
	d, err := api.ParseDuration(p.Get(name))
	if err != nil {
		p.wrong(name, "must be like 90d, 24h or 30m; 0 means none")
	}
	return d
}

func (p *policyReader) number(name string) int {
	n, err := strconv.Atoi(phrase.Named(p.Get(name), "0"))
	if err != nil {
		p.wrong(name, "must be a whole number; 0 means no limit")
	}
	return n
}

func (p *policyReader) numbers(name string) []int {
	out := []int{}
	for _, s := range p.List(name) {
		n, err := strconv.Atoi(s)
		if err != nil {
			p.wrong(name, "must be whole numbers, separated by spaces")
		}
		out = append(out, n)
	}
	return out
}
