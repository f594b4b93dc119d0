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
	if v.Session.Portal != "" {
		return nil
	}
	if v.At == nil {
		return v.instanceSections()
	}
	var out []link
	for _, l := range []link{
		{"Access tokens", v.WS("access-tokens"), "access-tokens"}, {"Integration tokens", v.WS("integration-tokens"), "integration-tokens"},
		{"Approvals", v.WS("approvals"), "approvals"}, {"Service accounts", v.WS("service-accounts"), "service-accounts"}, {"Members", v.WS("members"), "members"},
		{"Resources", v.WS("resources"), "resources"}, {"Roles and scopes", v.WS("roles"), "roles"}, {"Audit", v.WS("audit"), "audit"},
		{"Advice", v.WS("advice"), "advice"}, {"Leak desk", v.WS("leak-desk"), "leak-desk"}, {"Developer tools", v.WS("developer-tools"), "developer-tools"}, {"Settings", v.WS("settings"), "settings"},
	} {
		if v.opens("GET /workspace/{ws}/" + l.key) {
			out = append(out, l)
		}
	}
	return out
}

// instanceSections is the navigation of the administrators' pages.
func (v *visit) instanceSections() []link {
	if !v.Session.InstanceAdmin || !strings.HasPrefix(v.R.URL.Path, "/instance") {
		return nil
	}
	return []link{
		{"Workspaces", "/instance", "instance"}, {"People", "/instance/people", "people"}, {"Defaults", "/instance/defaults", "defaults"},
		{"Roles and scopes", "/instance/roles", "instance-roles"},
		{"Webhooks", "/instance/webhooks", "instance-webhooks"}, {"Audit", "/instance/audit", "instance-audit"}, {"System", "/instance/system", "system"}, {"First steps", "/instance/start", "start"},
	}
}

// switchable lists the first workspaces for the switcher in the top bar.
func (v *visit) switchable() []link {
	if v.Session.User == 0 || v.Session.Portal != "" {
		return nil
	}
	rows, _, err := v.Office.ListWorkspaces(v.Ctx(), v.Caller, authority.Page{Limit: 12})
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
func (v *visit) notice() string { return phrase.Notice(v.Q("did")) }

// initial is the letter on the user menu.
func (v *visit) initial() string {
	for _, r := range phrase.Named(v.Session.Name, v.Session.Email) {
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

// contact is whom the workspace's people may ask, also on a page outside of it where they are
// in no other.
func (v *visit) contact() *api.SupportContact {
	at := v.At
	if at == nil && v.Session.User != 0 && !v.Session.InstanceAdmin {
		if slugs, err := v.mySlugs(); err == nil && len(slugs) == 1 {
			at, _ = v.Office.Desk(v.Ctx(), v.Caller, slugs[0]) // whom a closed workspace names is nobody to ask now
		}
	}
	if at != nil && at.Policy != nil {
		return at.Policy.SupportContact
	}
	c, err := v.Office.SupportContact(v.Ctx())
	if err != nil {
		v.Logger.WarnContext(v.Ctx(), "read the support contact", "error", err)
	}
	return c
}
