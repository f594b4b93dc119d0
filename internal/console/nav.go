package console

import (
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/phrase"
)

// link is an entry of a menu.
type link struct {
	name, href, key string
}

// sections is the navigation of a workspace: what the visitor may read there.
func (v *visit) sections() []link {
	if v.session.Portal != "" {
		return nil
	}
	if v.at == nil {
		return v.instanceSections()
	}
	var out []link
	for _, l := range []link{
		{"Access tokens", v.ws("access-tokens"), "access-tokens"}, {"Integration tokens", v.ws("integration-tokens"), "integration-tokens"},
		{"Service accounts", v.ws("service-accounts"), "service-accounts"}, {"Members", v.ws("members"), "members"},
		{"Resources", v.ws("resources"), "resources"}, {"Roles and scopes", v.ws("roles"), "roles"}, {"Audit", v.ws("audit"), "audit"},
		{"Developer tools", v.ws("developer-tools"), "developer-tools"}, {"Settings", v.ws("settings"), "settings"},
	} {
		if v.opens("GET /workspace/{ws}/" + l.key) {
			out = append(out, l)
		}
	}
	return out
}

// instanceSections is the navigation of the administrators' pages.
func (v *visit) instanceSections() []link {
	if !v.session.InstanceAdmin || !strings.HasPrefix(v.r.URL.Path, "/instance") {
		return nil
	}
	return []link{
		{"Workspaces", "/instance", "instance"}, {"People", "/instance/people", "people"}, {"Defaults", "/instance/defaults", "defaults"},
		{"Roles and scopes", "/instance/roles", "instance-roles"},
		{"Webhooks", "/instance/webhooks", "instance-webhooks"}, {"Audit", "/instance/audit", "instance-audit"}, {"System", "/instance/system", "system"},
	}
}

// switchable lists the first workspaces for the switcher in the top bar.
func (v *visit) switchable() []link {
	if v.session.User == 0 || v.session.Portal != "" {
		return nil
	}
	rows, _, err := v.auth.ListWorkspaces(v.ctx(), v.caller, authority.Page{Limit: 12})
	if err != nil {
		return nil
	}
	out := make([]link, len(rows))
	for i, ws := range rows {
		out[i] = link{name: phrase.Named(ws.Name, ws.Slug), href: "/workspace/" + ws.Slug + "/access-tokens", key: ws.Slug}
	}
	return out
}

// notice is what a page says once about the change that led to it. The words
// are fixed: nothing of an address reaches a page.
func (v *visit) notice() string {
	return map[string]string{
		"created":         "Created.",
		"set-up":          "Your workspace is ready, and you are its Owner.",
		"saved":           "Saved.",
		"enabled":         "The token is enabled: it works again from now on.",
		"disabled":        "The token is disabled: it stopped at once and can be enabled again.",
		"revoked":         "The token is revoked: it stopped at once and never works again.",
		"deleted":         "Deleted. What it could do stopped at once.",
		"erased":          "Erased. What is left says that something happened, and not who did it.",
		"factors-removed": "Their second factors are removed. They sign in without one and can add new ones.",
		"taken-back":      "Done. It holds at once.",
		"pinged":          "A test event is on its way; the log below tells what came of it.",
		"resent":          "It is on its way again.",
		"advised":         "Done. The token is changed as advised.",
		"retired":         "The old secret is retired: only the new one works.",
		"sent":            "This form was sent before, so nothing was done again. Its secret was shown once; rotate the token if it was lost.",
		"deactivated":     "Deactivated. The tokens stopped at once and come back on reactivation.",
		"activated":       "Active again, and so are the tokens.",
		"removed":         "Removed. The tokens are revoked.",
		"invited":         "Added. If mail is set up, a link to choose a password is on its way.",
		"ended":           "The session is ended.",
		"all-ended":       "All other sessions are ended.",
		"password":        "Your password is changed, and your other sessions are ended.",
		"bulk-disabled":   "The tokens are disabled.",
		"bulk-revoked":    "The tokens are revoked.",
		"signed-out":      "You are signed out.",
		"reset":           "Your password is set. Sign in with it.",
		"denied":          "Denied: that terminal gets nothing.",
		"added":           "Added. No mail is set up here, so tell them to ask for a new password at sign-in once it is.",
		"approved":        "Approved. Go back to your terminal.",
		"app-removed":     "The authenticator app is removed: your password alone lets you in.",
		"passkey-added":   "The passkey is added: you can sign in with it from now on.",
		"passkey-removed": "The passkey is removed. Delete it in your browser or device too.",
		"linked":          "Linked: you can sign in through it from now on.",
		"unlinked":        "Unlinked: it does not let you in any more.",
	}[v.q("did")]
}

// initial is the letter on the user menu.
func (v *visit) initial() string {
	for _, r := range phrase.Named(v.session.Name, v.session.Email) {
		return string(r)
	}
	return "?"
}

func logoOf(v *visit) string {
	if v.Product.Logo != "" {
		return v.Product.Logo
	}
	return v.assets.Logo
}

// contact is whom the workspace's people may ask.
func (v *visit) contact() *api.SupportContact {
	if v.at != nil && v.at.Policy != nil {
		return v.at.Policy.SupportContact
	}
	c, err := v.auth.SupportContact(v.ctx())
	if err != nil {
		v.Logger.WarnContext(v.ctx(), "read the support contact", "error", err)
	}
	return c
}
