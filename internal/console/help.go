package console

import (
	"html"
	"strings"

	"github.com/tokenry/tokenry/api"
)

// help shows a page of the guide.
func (v *visit) help() error {
	name := v.r.PathValue("page")
	if name == "" {
		return v.page(v.guide.index.title, guideView(v, v.guide.index, nil, nil))
	}
	p, before, after, found := v.guide.page(name)
	if !found {
		return api.Errorf(api.CodeNotFound, "there is no such page")
	}
	return v.page(p.title, guideView(v, p, before, after))
}

// guideHTML is a page for the readers of this server.
func (v *visit) guideHTML(p guidePage) string {
	return strings.ReplaceAll(p.html, guideOrigin, html.EscapeString(v.origin()))
}
