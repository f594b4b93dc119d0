package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/token"
)

// adviceMost is how much advice about a workspace is taken at once.
const adviceMost = 5000

// adviceList is the page of what could be better.
type adviceList struct{ listing.Advice }

// advice lists what could be better about all tokens, with how much there is of each kind.
func (v *visit) advice() error {
	v.Section = "advice"
	l := adviceList{listing.NewAdvice(listing.At(*v.R.URL), v.Q("code"))}
	looked := 0
	for rows, err := range authority.Pages(func(p authority.Page) ([]api.Advice, int64, error) {
		return v.Office.WorkspaceAdvice(v.Ctx(), v.Caller, v.At.Slug, p)
	}) {
		if err != nil {
			return err
		}
		for _, a := range rows {
			l.Add(a)
		}
		if looked += authority.MaxPage; looked >= adviceMost {
			l.More = true
			break
		}
	}
	return v.Page("Advice", advicePage(v, &l))
}

// page is that of the token of an advice, or of what follows it, which leads back here.
func (l *adviceList) page(v *visit, a api.Advice, parts ...string) string {
	return listing.Carry(v.tokenPage(token.LocatorOf(a.Token), parts...), l.Here())
}

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
	c := v.Caller
	c.Expected = authority.At(t.Revision) // what is undone afterwards is what it was here
	done, err := v.Office.EditToken(v.Ctx(), c, v.At.Slug, t.Locator, *all[i].Change.Edit)
	if err != nil {
		return err
	}
	if code == api.AdviceUnusedScopes {
		return v.Page("Narrowed", narrowedPage(v, narrowedToken{before: t, after: done.Value, unused: all[i].Unused}))
	}
	return v.Done(v.tokenBack(t).Href, "advised")
}
