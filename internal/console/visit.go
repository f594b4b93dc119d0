package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// visit is one request to one of these pages.
type visit struct {
	*reception.Visit
	*console
}

// of is a visit as these pages know it.
func (c *console) of(v *reception.Visit) *visit { return &visit{v, c} }

// Layout is what is around every page.
func (c *console) Layout(v *reception.Visit, title string, body templ.Component) templ.Component {
	return layout(c.of(v), title, body)
}

// Problem says what went wrong and where to go from there.
func (c *console) Problem(v *reception.Visit, title, text, href, to string) templ.Component {
	return problemPage(c.of(v), title, text, href, to)
}

// Kept is the page of a form that came after its session had ended.
func (c *console) Kept(v *reception.Visit, fields url.Values) templ.Component {
	return keptForm(v.R.URL.Path, fields)
}

// route is a page: where it is, who is let in, and what draws it.
type route struct {
	pattern string
	access  reception.Access
	show    func(*visit) error
}

// opens says whether the visitor is let into a page of the workspace they are in.
func (v *visit) opens(pattern string) bool {
	i := slices.IndexFunc(v.pages, func(r route) bool { return r.pattern == pattern })
	return i >= 0 && v.At != nil && v.At.May(v.pages[i].access.Scopes...)
}

// overtaken answers a button that gives power back to something newer than its page
// showed: who changed it meanwhile, and where to see how it is now.
func (v *visit) overtaken(err error, f form.Form, at authority.Where, target, back string) error {
	if !errors.Is(err, api.CodeChangedMeanwhile) {
		return err
	}
	f.Meanwhile, _ = v.Office.ChangesSince(v.Ctx(), v.Caller, at, target, max(f.Revision, 0)) // as when a form is renewed
	v.Show(http.StatusPreconditionFailed, "Changed meanwhile", overtakenPage(f, back))
	return nil
}

// shownChanges are so many as a form tells of.
const shownChanges = 5
