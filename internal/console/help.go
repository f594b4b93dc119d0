package console

import (
	"bytes"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/guide"
)

// help shows a page of the guide.
func (v *visit) help() error {
	name := v.R.PathValue("page")
	if name == "" {
		return v.Page(v.guide.Index.Title, guideView(v, v.guide.Index, nil, nil))
	}
	p, found := v.guide.Page(name)
	if !found {
		return api.Errorf(api.CodeNotFound, "there is no such page")
	}
	return v.Page(p.Title, guideView(v, p.Page, p.Before, p.After))
}

// guideHTML is a page for the readers of this server.
func (v *visit) guideHTML(p guide.Page) string {
	return strings.ReplaceAll(p.HTML, guide.Origin, html.EscapeString(v.origin()))
}

// helpHere is the page of the guide that the open page calls for.
func (v *visit) helpHere() string {
	for _, h := range []struct{ part, page string }{
		{"/rotate", "rotating"}, {"/reset", "rotating"}, {"/access-tokens/new", "creating"}, {"/access-tokens/{id}/edit", "creating"},
		{"/access-tokens", "managing"}, {"/integration-tokens", "managing"}, {"/settings/tokens", "managing"},
		{"/{ws}/advice", "managing"}, {"/service-accounts", "service-accounts"}, {"/members", "members"}, {"/developer-tools", "troubleshooting"},
		{"/{ws}/settings", "policy"}, {"/instance/defaults", "policy"}, {"/settings/security", "security"},
	} {
		if strings.Contains(v.R.Pattern, h.part) {
			return "/help/" + h.page
		}
	}
	return "/help"
}

// helpImage answers a picture of the guide. It holds nothing of anybody, so a
// browser may keep it for a day.
func (v *visit) helpImage() error {
	picture, err := v.guide.Image(v.R.PathValue("name"))
	if err != nil {
		return api.Errorf(api.CodeNotFound, "there is no such picture")
	}
	h := v.W.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "public, max-age=86400")
	http.ServeContent(v.W, v.R, "", time.Time{}, bytes.NewReader(picture))
	return nil
}
