package form

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/phrase"
)

// Title is what the page of the form is called.
func (d Draft) Title() string {
	if d.Token != nil {
		return "Edit token"
	}
	return map[string]string{"me": "Create a personal token", "service": "Create a token for an automation", "workspace": "Create an integration token"}[d.Owner]
}

// Expiries are the lifetimes that the policy allows to choose from.
func (d Draft) Expiries() []Option {
	p := d.Policy
	out := []Option{}
	switch {
	case d.Token != nil:
		out = append(out, Option{"keep", "Keep as it is"})
	case p != nil:
		out = append(out, Option{"default", "Usual: " + phrase.Lasting(p.DefaultLifetime)})
	default:
		out = append(out, Option{"default", "Usual"})
	}
	for _, days := range []api.Duration{1, 7, 30, 90, 180, 365} {
		if life := days * api.Day; p == nil || p.MaxLifetime == 0 || life <= p.MaxLifetime {
			out = append(out, Option{life.String(), phrase.Lasting(life)})
		}
	}
	if was := d.Life(); was != "" && was != "date" && was != "never" && was != "default" && !Offers(out, was) {
		if life, err := api.ParseDuration(was); err == nil {
			out = append(out, Option{was, phrase.Lasting(life)})
		}
	}
	out = append(out, Option{"date", "Until a date…"})
	if p == nil || p.AllowNever {
		out = append(out, Option{"never", "Never expires"})
	}
	return out
}

// PolicyHint says what is recommended and what the policy allows, beside the expiry.
func (d Draft) PolicyHint() string {
	out := d.allowed()
	if d.Token != nil {
		return out
	}
	bare := d
	bare.Values = nil
	if life, err := api.ParseDuration(bare.Life()); err == nil {
		out = strings.TrimSpace("Recommended: " + phrase.Lasting(life) + ", or less. " + out)
	}
	return out
}

func (d Draft) allowed() string {
	p := d.Policy
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

// AddressLabel is the name of the field of addresses, which a policy may require.
func (d Draft) AddressLabel() string {
	if d.Policy != nil && d.Policy.RequireIPAllowList {
		return "Allowed addresses (required here)"
	}
	return "Allowed addresses (optional)"
}

// LimitsOpen shows the last part of the form when there is something in it.
func (d Draft) LimitsOpen() bool {
	return d.Get("allowed_ips") != "" || d.Get("requests") != "" || d.Bad("allowed_ips", "rate_limit", "recoverable", "not_before", "metadata") != "" ||
		d.Get("not_before") != "" || d.Get("metadata") != "" ||
		d.Policy != nil && d.Policy.RequireIPAllowList
}

// Warnings say what is more than most programs need.
func (d Draft) Warnings() []string {
	var out []string
	if w := d.broad(); w != "" {
		out = append(out, w)
	}
	if d.Get("expires") == "never" && d.Get("reach") == "all" {
		out = append(out, "It never expires and reaches every resource: if it leaks, it works until somebody notices. Choose an expiry, or the resources that it needs.")
	}
	if w := d.What(); d.Get("reach") == "none" && (w == "scopes" || w == "role") {
		out = append(out, "No resource is named, so what needs one is granted on none.")
	}
	return out
}

// broad says whether the form asks for more than most programs need, and why.
func (d Draft) broad() string {
	if d.What() == "role" && slices.Contains([]string{"Owner", "Administrator"}, d.Get("role")) {
		return d.Get("role") + " may manage members and other tokens. If this token leaks, so does the workspace."
	}
	if d.What() != "scopes" {
		return ""
	}
	for _, s := range d.Chosen() {
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

// Sentences say what the token would be, in words: who it acts as, what it may do,
// and until when.
func (d Draft) Sentences() (who, what, until string) {
	who = map[string]string{"me": "Acts as you", "service": "Acts as the service account " + d.Get("account"), "workspace": "Acts for the organisation"}[d.Owner]
	if d.Owner == "service" && d.Get("account") == "" {
		who = "Acts as a service account"
	}
	switch d.What() {
	case "role":
		what = "may do what the role " + phrase.Named(d.Get("role"), "you choose") + " may"
	case "scopes":
		scopes := d.Chosen()
		if len(scopes) == 0 {
			what = "may do nothing yet: choose scopes"
		} else {
			what = "may use " + phrase.Listed(phrase.Spoken(scopes), 6)
		}
	case Keep:
		what = "may do what it may now"
	default:
		what = map[bool]string{true: "may do everything you may, also what you gain or lose later", false: "may do everything its owner may, also what that gains or loses later"}[d.Owner == "me"]
	}
	switch reach := d.Get("reach"); {
	case reach == "some":
		what += ", on " + phrase.Listed(d.Resources(nil), 5) + " only"
	case reach == "none" && d.What() != "inherit":
		what += ", where no resource is asked for"
	}
	return who, what, d.until()
}

func (d Draft) until() string {
	switch chosen := d.Life(); chosen {
	case "", "keep":
		return "Its expiry stays."
	case "default":
		if d.Policy == nil {
			return ""
		}
		return "Expires after " + phrase.Lasting(d.Policy.DefaultLifetime) + "."
	case "never":
		return "Never expires."
	case "date":
		return "Expires on " + phrase.Named(d.Get("expires_on"), "the date you choose") + "."
	default:
		if life, err := api.ParseDuration(chosen); err == nil {
			return "Expires after " + phrase.Lasting(life) + "."
		}
	}
	return ""
}

// ScopesUsed are the scopes that a page asked about, so that its answer is about these.
func ScopesUsed(uses []api.ScopeUse) string {
	names := make([]string, len(uses))
	for i, s := range uses {
		names[i] = s.Scope
	}
	return strings.Join(names, " ")
}

// Grants are the rights of a token as a form carries them; empty where it follows its owner.
func Grants(t api.Token) string {
	if t.Grants == nil {
		return ""
	}
	b, err := json.Marshal(t.Grants)
	if err != nil {
		return ""
	}
	return string(b)
}
