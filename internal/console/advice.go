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
	all, err := v.Office.TokenAdvice(v.Ctx(), v.Caller, v.At.Slug, t.Locator)
	if err != nil {
		return err
	}
	code := v.Typed().Get("code")
	i := slices.IndexFunc(all, func(a api.Advice) bool { return a.Code == code })
	if i < 0 || all[i].Change.Edit == nil {
		return api.Errorf(api.CodeNotFound, "this advice no longer holds")
	}
	if _, err := v.Office.EditToken(v.Ctx(), v.Caller, v.At.Slug, t.Locator, *all[i].Change.Edit); err != nil {
		return err
	}
	return v.Done(v.tokenBack(t).Href, "advised")
}
