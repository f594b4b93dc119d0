package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
)

// doAdvice applies what was advised about a token. The advice is taken anew: the
// form names its kind, and nothing that it says becomes a right.
func (v *visit) doAdvice() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	all, err := v.auth.TokenAdvice(v.ctx(), v.caller, v.at.Slug, t.Locator)
	if err != nil {
		return err
	}
	code := v.typed().Get("code")
	i := slices.IndexFunc(all, func(a api.Advice) bool { return a.Code == code })
	if i < 0 || all[i].Change.Edit == nil {
		return api.Errorf(api.CodeNotFound, "this advice no longer holds")
	}
	if _, err := v.auth.EditToken(v.ctx(), v.caller, v.at.Slug, t.Locator, *all[i].Change.Edit); err != nil {
		return err
	}
	return v.done(v.tokenBack(t).Href, "advised")
}
