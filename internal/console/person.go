package console

import (
	"net/url"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
)

func createMine(m mineIn) string {
	return listing.Carry("/workspace/"+url.PathEscape(m.place.Slug)+"/access-tokens/new?owner=me", "/settings/tokens")
}

// workspaces lists where the visitor can work. Whoever has one place only is led there,
// but for administrators of the instance, who have more to do here.
func (v *visit) workspaces() error {
	rows, _, err := v.Office.ListWorkspaces(v.Ctx(), v.Caller, authority.Page{Limit: 200})
	if err != nil {
		return err
	}
	if len(rows) == 1 && !v.Session.InstanceAdmin {
		return v.Redirect("/workspace/" + url.PathEscape(rows[0].Slug) + "/access-tokens")
	}
	tiles := make([]link, len(rows))
	for i, ws := range rows {
		tiles[i] = link{name: phrase.Named(ws.Name, ws.Slug), href: "/workspace/" + url.PathEscape(ws.Slug) + "/access-tokens", key: ws.Slug}
	}
	return v.Page("Workspaces", workspacesPage(v, tiles, v.Session.InstanceAdmin))
}

func (v *visit) workspaceHome() error { return v.Redirect(v.WS("access-tokens")) }
