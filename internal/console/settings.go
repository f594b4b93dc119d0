package console

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
)

func (v *visit) settings() error { return v.settingsWith(form{}) }

func (v *visit) settingsWith(f form) error {
	v.section = "settings"
	p, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	if f.err == nil {
		f = form{values: policyFields(p), fresh: true}
	}
	body := settingsPage(v, p, f)
	if f.err != nil {
		return v.again("Settings", body)
	}
	return v.page("Settings", body)
}

// policyFields writes a policy into the fields of its form.
func policyFields(p api.Policy) url.Values {
	f := url.Values{
		"default_lifetime": {p.DefaultLifetime.String()}, "max_lifetime": {p.MaxLifetime.String()}, "overlap": {p.Overlap.String()},
		"personal_tokens": {p.PersonalTokens}, "onboarding": {p.Onboarding}, "leak_action": {p.LeakAction}, "retention": {p.Retention.String()},
		"per_owner": {strconv.Itoa(p.MaxTokens.PerOwner)}, "total": {strconv.Itoa(p.MaxTokens.Total)},
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
	if c := p.SupportContact; c != nil {
		f.Set("contact_email", c.Email)
		f.Set("contact_phone", c.Phone)
		f.Set("contact_url", c.URL)
	}
	return f
}

// policyPatch reads what the form changed: only fields that differ from the
// policy of now, so that what is inherited stays inherited.
func policyPatch(f form, now api.Policy) (api.PatchPolicy, error) {
	p := policyReader{form: f, was: policyFields(now)}
	var out api.PatchPolicy
	p.duration("default_lifetime", &out.DefaultLifetime)
	p.duration("max_lifetime", &out.MaxLifetime)
	p.duration("overlap", &out.Overlap)
	p.duration("retention", &out.Retention)
	p.flag("allow_never", &out.AllowNever)
	p.flag("require_ip_allow_list", &out.RequireIPAllowList)
	p.flag("recoverable", &out.Recoverable)
	p.flag("revoke_on_reuse", &out.RevokeOnReuse)
	p.choice("personal_tokens", &out.PersonalTokens)
	p.choice("onboarding", &out.Onboarding)
	p.choice("leak_action", &out.LeakAction)
	if p.changed("notice_days") {
		out.NoticeDays = api.Some(p.numbers("notice_days"))
	}
	if p.changed("per_owner", "total") {
		out.MaxTokens = api.Some(api.MaxTokens{PerOwner: p.number("per_owner"), Total: p.number("total")})
	}
	if p.changed("contact_email", "contact_phone", "contact_url") {
		out.SupportContact = api.Some(api.SupportContact{Email: f.get("contact_email"), Phone: f.get("contact_phone"), URL: f.get("contact_url")})
	}
	return out, p.err
}

// policyReader reads the fields of the policy's form; the first error stays.
type policyReader struct {
	form
	was url.Values
	err error
}

func (p *policyReader) changed(names ...string) bool {
	for _, n := range names {
		if p.get(n) != strings.TrimSpace(p.was.Get(n)) {
			return true
		}
	}
	return false
}

func (p *policyReader) wrong(name, problem string) {
	if p.err == nil {
		p.err = api.FieldError(name, problem)
	}
}

func (p *policyReader) duration(name string, to *api.Opt[api.Duration]) {
	if !p.changed(name) {
		return
	}
	d, err := api.ParseDuration(p.get(name))
	if err != nil {
		p.wrong(name, "is like 90d, 24h or 30m; 0 is none")
	}
	*to = api.Some(d)
}

func (p *policyReader) flag(name string, to *api.Opt[bool]) {
	if p.changed(name) {
		*to = api.Some(p.get(name) != "")
	}
}

func (p *policyReader) choice(name string, to *api.Opt[string]) {
	if p.changed(name) {
		*to = api.Some(p.get(name))
	}
}

func (p *policyReader) number(name string) int {
	n, err := strconv.Atoi(named(p.get(name), "0"))
	if err != nil {
		p.wrong(name, "is a whole number; 0 is no bound")
	}
	return n
}

func (p *policyReader) numbers(name string) []int {
	out := []int{}
	for _, s := range p.list(name) {
		n, err := strconv.Atoi(s)
		if err != nil {
			p.wrong(name, "are whole numbers, apart by blanks")
		}
		out = append(out, n)
	}
	return out
}

func (v *visit) doSettings() error {
	f := v.typed()
	now, err := v.auth.GetPolicy(v.ctx(), v.caller, v.at.Slug)
	if err != nil {
		return err
	}
	patch, err := policyPatch(f, now)
	if err == nil {
		_, _, err = v.auth.EditPolicy(v.ctx(), v.caller, v.at.Slug, patch)
	}
	if err == nil {
		return v.done(v.ws("settings"), "saved")
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.settingsWith(f)
}

func (v *visit) doRename() error {
	_, _, err := v.auth.EditWorkspace(v.ctx(), v.caller, v.at.Slug, api.EditWorkspace{Name: api.Some(v.typed().get("name"))})
	if err != nil {
		return err
	}
	return v.done(v.ws("settings"), "saved")
}

func (v *visit) deleteWorkspace() error {
	v.section = "settings"
	return v.page("Delete the workspace", deleteWorkspacePage(v, form{fresh: true}))
}

func (v *visit) doDeleteWorkspace() error {
	f := v.typed()
	err := error(api.FieldError("slug", "type the workspace's name exactly"))
	if f.get("slug") == v.at.Slug {
		if _, _, err = v.auth.DeleteWorkspace(v.ctx(), v.caller, v.at.Slug); err == nil {
			return v.done("/workspaces", "deleted")
		}
	}
	if f, err = f.refused(err); err != nil {
		return err
	}
	return v.again("Delete the workspace", deleteWorkspacePage(v, f))
}

// policyWords says a policy in sentences.
func policyWords(p api.Policy) []string {
	out := []string{
		"A token expires after " + lasting(p.DefaultLifetime) + " unless its creator chooses otherwise.",
		map[bool]string{true: "There is no longest lifetime.", false: "Nobody can choose more than " + lasting(p.MaxLifetime) + "."}[p.MaxLifetime == 0],
		map[bool]string{true: "Tokens without expiry are allowed.", false: "Every token must have an expiry."}[p.AllowNever],
		"After a rotation the old secret works for " + lasting(p.Overlap) + ".",
		map[string]string{api.PersonalMembers: "Every member may hold personal tokens.", api.PersonalManagers: "Only those who may create tokens hold personal ones.",
			api.PersonalNobody: "Nobody holds personal tokens; use service accounts."}[p.PersonalTokens],
		map[string]string{api.OnboardPortfolio: "Resources are added by those with all resources.", api.OnboardAnyMember: "Any member may add a resource."}[p.Onboarding],
		map[string]string{api.LeakRevoke: "A token that is reported as leaked is revoked.", api.LeakDisable: "A token that is reported as leaked is disabled.",
			api.LeakNotify: "A token that is reported as leaked is only told about."}[p.LeakAction],
	}
	if p.RequireIPAllowList {
		out = append(out, "Every new token must list the addresses it is used from.")
	}
	if p.Recoverable {
		out = append(out, "Secrets are kept, sealed, and can be shown again; each look is audited.")
	} else {
		out = append(out, "A secret is shown once and not kept.")
	}
	if p.RevokeOnReuse {
		out = append(out, "Using a retired secret revokes its token.")
	}
	if p.RateLimit != nil {
		out = append(out, "A token may make "+limit(p.RateLimit)+" unless it says otherwise.")
	}
	if p.WorkspaceRateLimit != nil {
		out = append(out, "All tokens together may make "+limit(p.WorkspaceRateLimit)+".")
	}
	if p.MaxTokens.PerOwner > 0 {
		out = append(out, "An owner has at most "+plural(p.MaxTokens.PerOwner, "live token")+".")
	}
	if p.MaxTokens.Total > 0 {
		out = append(out, "The workspace has at most "+plural(p.MaxTokens.Total, "live token")+".")
	}
	return out
}
