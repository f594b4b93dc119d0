package console

import (
	"net/url"
	"strings"

	"github.com/tokenry/tokenry/internal/authority"
)

func createMine(m mineIn) string {
	return "/workspace/" + url.PathEscape(m.place.Slug) + "/access-tokens/new?owner=me"
}

func (v *visit) workspaces() error {
	rows, _, err := v.auth.ListWorkspaces(v.ctx(), v.caller, authority.Page{Limit: 200})
	if err != nil {
		return err
	}
	if len(rows) == 1 && !v.session.InstanceAdmin {
		return v.redirect("/workspace/" + url.PathEscape(rows[0].Slug) + "/access-tokens")
	}
	tiles := make([]link, len(rows))
	for i, ws := range rows {
		tiles[i] = link{name: named(ws.Name, ws.Slug), href: "/workspace/" + url.PathEscape(ws.Slug) + "/access-tokens", key: ws.Slug}
	}
	return v.page("Workspaces", workspacesPage(v, tiles, v.session.InstanceAdmin))
}

func (v *visit) workspaceHome() error { return v.redirect(v.ws("access-tokens")) }

// agentShort calls a browser by its name.
func agentShort(agent string) string {
	browser := "Unknown program"
	for _, b := range []option{{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(agent, b.value) {
			browser = b.name
			break
		}
	}
	for _, s := range []option{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "macOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s.value) {
			return browser + " on " + s.name
		}
	}
	return browser
}
