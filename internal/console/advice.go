package console

import (
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/token"
)

// adviceMost is how much advice about a workspace is taken at once, adviceRows how much of it
// a page shows.
const adviceMost, adviceRows = 5000, 200

// adviceList is what could be better about the tokens of a workspace.
type adviceList struct {
	// Address is that of the page, with the kind that it is narrowed to.
	listing.Address
	kinds []adviceKind
	code  string
	rows  []api.Advice
	// total is how many there are of the kind, as far as was looked; more says that not
	// every token was.
	total int
	more  bool
}

// adviceKind is a kind of advice, and how often it is given.
type adviceKind struct {
	code, name string
	n          int
}

// advice lists what could be better about all tokens, with how much there is of each kind.
func (v *visit) advice() error {
	v.Section = "advice"
	l := adviceList{Address: listing.At(*v.R.URL), code: v.Q("code")}
	for _, code := range []string{api.AdviceUnused, api.AdviceUnusedScopes, api.AdviceNoExpiry, api.AdviceShared, api.AdviceOwnerInactive} {
		l.kinds = append(l.kinds, adviceKind{code: code, name: phrase.AdviceKind(code)})
	}
	looked := 0
	for rows, err := range authority.Pages(func(p authority.Page) ([]api.Advice, int64, error) {
		return v.Office.WorkspaceAdvice(v.Ctx(), v.Caller, v.At.Slug, p)
	}) {
		if err != nil {
			return err
		}
		for _, a := range rows {
			l.add(a)
		}
		if looked += authority.MaxPage; looked >= adviceMost {
			l.more = true
			break
		}
	}
	return v.Page("Advice", advicePage(v, &l))
}

func (l *adviceList) add(a api.Advice) {
	i := slices.IndexFunc(l.kinds, func(k adviceKind) bool { return k.code == a.Code })
	if i < 0 {
		return
	}
	l.kinds[i].n++
	if l.code != "" && l.code != a.Code {
		return
	}
	if l.total++; len(l.rows) < adviceRows {
		l.rows = append(l.rows, a)
	}
}

// all is how much there is of every kind.
func (l *adviceList) all() (n int) {
	for _, k := range l.kinds {
		n += k.n
	}
	return n
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
