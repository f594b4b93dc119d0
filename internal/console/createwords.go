package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

func parseCount(s string) (int, error) { return strconv.Atoi(s) }

// fieldsOf writes an existing token into the fields of its form.
func fieldsOf(t api.Token) url.Values {
	f := url.Values{"label": {t.Label}, "description": {t.Description}, "what": {"inherit"}, "reach": {"all"}, "expires": {"keep"}}
	f.Set("owner", map[string]string{"personal": "me", "service": "service", "workspace": "workspace"}[t.Kind])
	if t.Kind == "service" {
		f.Set("account", t.Owner.Name)
	}
	switch {
	case several(t):
		f.Set("what", keep)
		f.Set("reach", keep)
	case t.Role != nil:
		f.Set("what", "role")
		f.Set("role", *t.Role)
	case t.Scopes != nil && (len(t.Scopes) > 0 || len(t.Resources) == 0):
		f.Set("what", "scopes")
		f["scope"] = t.Scopes
	}
	if t.Resources != nil && !slices.Contains(t.Resources, "*") {
		f.Set("reach", "some")
		f.Set("resources", strings.Join(t.Resources, "\n"))
	}
	if t.AllowedIPs != nil {
		f.Set("allowed_ips", strings.Join(t.AllowedIPs, "\n"))
	}
	f.Set("window", "1m")
	if t.RateLimit != nil {
		f.Set("requests", strconv.Itoa(t.RateLimit.Requests))
		f.Set("window", t.RateLimit.Window.String())
	}
	if t.Recoverable {
		f.Set("recoverable", "yes")
	}
	return f
}

// several says that a token has grants that no form of one statement shows.
func several(t api.Token) bool { return len(t.Grants) > 1 }

// expiries are the lifetimes that the policy allows to choose from.
func (v *visit) expiries(d draft) []option {
	p := v.at.Policy
	out := []option{}
	if d.edit != nil {
		out = append(out, option{"keep", "Keep as it is"})
	} else if p != nil {
		out = append(out, option{"default", "Usual: " + phrase.Lasting(p.DefaultLifetime)})
	} else {
		out = append(out, option{"default", "Usual"})
	}
	for _, days := range []api.Duration{1, 7, 30, 90, 180, 365} {
		if life := days * api.Day; p == nil || p.MaxLifetime == 0 || life <= p.MaxLifetime {
			out = append(out, option{life.String(), phrase.Lasting(life)})
		}
	}
	if was := d.get("expires"); was != "" && was != "date" && was != "never" && !slices.ContainsFunc(out, func(o option) bool { return o.value == was }) {
		if life, err := api.ParseDuration(was); err == nil {
			out = append(out, option{was, phrase.Lasting(life)})
		}
	}
	out = append(out, option{"date", "Until a date…"})
	if p == nil || p.AllowNever {
		out = append(out, option{"never", "Never expires"})
	}
	return out
}

// policyHint says what the policy allows, beside the expiry.
func (v *visit) policyHint() string {
	p := v.at.Policy
	switch {
	case p == nil:
		return ""
	case p.MaxLifetime == 0 && p.AllowNever:
		return "This workspace sets no longest lifetime."
	case p.MaxLifetime == 0:
		return "Tokens here must have an expiry."
	case p.AllowNever:
		return "At most " + phrase.Lasting(p.MaxLifetime) + ", or no expiry."
	}
	return "At most " + phrase.Lasting(p.MaxLifetime) + " in this workspace."
}

// warnings say what is more than most programs need.
func (d draft) warnings() []string {
	var out []string
	if w := d.broad(); w != "" {
		out = append(out, w)
	}
	if d.get("expires") == "never" && d.get("reach") != "some" {
		out = append(out, "It never expires and reaches every resource: if it leaks, it works until somebody notices. Choose an expiry, or the resources that it needs.")
	}
	return out
}

// broad says whether the form asks for more than most programs need, and why.
func (d draft) broad() string {
	if d.what() == "role" && slices.Contains([]string{"Owner", "Administrator"}, d.get("role")) {
		return d.get("role") + " may manage members and other tokens. If this token leaks, so does the workspace."
	}
	if d.what() != "scopes" {
		return ""
	}
	for _, s := range d.chosen() {
		switch {
		case s == "*" || s == "admin":
			return "“" + s + "” is everything in this workspace, now and later. Choose single scopes if you can."
		case s == "product:*":
			return "“product:*” is every scope of the product, also those that are still to come."
		case strings.HasPrefix(s, "instance:"):
			return "“" + s + "” reaches every workspace of this instance."
		case slices.Contains([]string{"tokens:create", "tokens:impersonate", "tokens:reveal", "members:write", "roles:write", "policy:write", "workspace:delete"}, s):
			return "“" + s + "” lets whoever holds the token change who may do what."
		}
	}
	return ""
}

// sentences say what the token would be, in words.
func (v *visit) sentences(d draft) (who, what, until string) {
	who = map[string]string{"me": "Acts as you", "service": "Acts as the service account " + d.get("account"), "workspace": "Acts for the organisation"}[d.owner]
	if d.owner == "service" && d.get("account") == "" {
		who = "Acts as a service account"
	}
	switch d.what() {
	case "role":
		what = "may do what the role " + phrase.Named(d.get("role"), "you choose") + " may"
	case "scopes":
		scopes := d.chosen()
		if len(scopes) == 0 {
			what = "may do nothing yet: choose scopes"
		} else {
			what = "may use " + phrase.Listed(phrase.Spoken(scopes), 6)
		}
	case keep:
		what = "may do what it may now"
	default:
		what = map[bool]string{true: "may do everything you may, also what you gain or lose later", false: "may do everything its owner may, also what that gains or loses later"}[d.owner == "me"]
	}
	what += reachWords(d)
	return who, what, v.untilWords(d)
}

func reachWords(d draft) string {
	if d.get("reach") != "some" {
		return ""
	}
	return ", on " + phrase.Listed(d.resources(nil), 5) + " only"
}

func (v *visit) untilWords(d draft) string {
	switch chosen := d.get("expires"); chosen {
	case "keep":
		return "Its expiry stays."
	case "", "default":
		if v.at.Policy == nil {
			return ""
		}
		return "Expires after " + phrase.Lasting(v.at.Policy.DefaultLifetime) + "."
	case "never":
		return "Never expires."
	case "date":
		return "Expires on " + phrase.Named(d.get("expires_on"), "the date you choose") + "."
	default:
		if life, err := api.ParseDuration(chosen); err == nil {
			return "Expires after " + phrase.Lasting(life) + "."
		}
	}
	return ""
}

func ownerLink(v *visit, owner string) string {
	q := v.r.URL.Query()
	q.Set("owner", owner)
	return v.ws("access-tokens", "new") + "?" + q.Encode()
}

func (v *visit) backOf(d draft) string {
	switch {
	case d.edit != nil:
		return v.tokenPage(d.edit.Locator)
	case v.session.Portal != "":
		return "/settings/tokens"
	case d.owner == "workspace":
		return v.ws("integration-tokens")
	}
	return v.ws("access-tokens")
}

func (v *visit) backName(d draft) string {
	switch {
	case d.edit != nil:
		return phrase.Cut(d.edit.Label, 40)
	case v.session.Portal != "":
		return "My tokens"
	case d.owner == "workspace":
		return "Integration tokens"
	}
	return "Access tokens"
}

func (v *visit) createTitle(d draft) string {
	if d.edit != nil {
		return "Edit token"
	}
	return map[string]string{"me": "Create a personal token", "service": "Create a token for an automation", "workspace": "Create an integration token"}[d.owner]
}

func (v *visit) createAction(d draft) string {
	if d.edit != nil {
		return v.tokenPage(d.edit.Locator, "edit")
	}
	return v.ws("access-tokens", "new")
}

func (v *visit) reachTitle() string {
	if rs := v.at.Reach(); len(rs) != 1 || rs[0] != "*" {
		return "All that I may reach: " + phrase.Listed(rs, 5)
	}
	return "All resources"
}

func (v *visit) addressLabel() string {
	if v.at.Policy != nil && v.at.Policy.RequireIPAllowList {
		return "Allowed addresses (required here)"
	}
	return "Allowed addresses (optional)"
}

// limitsOpen shows the last part of the form when there is something in it.
func (v *visit) limitsOpen(d draft) bool {
	return d.get("allowed_ips") != "" || d.get("requests") != "" || d.bad("allowed_ips", "rate_limit", "recoverable") != "" ||
		v.at.Policy != nil && v.at.Policy.RequireIPAllowList
}
