package console

import (
	"net/url"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/door"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/phrase"
)

// neededFactor is the way in for somebody who signed in with a password alone where that
// is not enough. Who is strong by now is led on.
func (v *visit) neededFactor() error {
	next := phrase.Named(door.SafeNext(v.Q("next")), "/workspaces")
	strong, err := v.Office.IsStrong(v.Ctx(), v.Caller)
	if err != nil {
		return err
	}
	if strong {
		return v.Redirect(next)
	}
	a, err := v.Authenticators.Account(v.Ctx(), v.Session.User)
	if err != nil {
		return err
	}
	v.SetCookie(v.onwardName(), url.QueryEscape(next), stateAge)
	return v.Page("A second factor is required", neededFactorPage(v, len(a.Passkeys) > 0, confirmHome+"?next="+url.QueryEscape(next)))
}

// onwardName is the cookie that keeps where somebody wanted to go who sets a second factor
// up first.
func (v *visit) onwardName() string { return v.CookieName() + "-onward" }

// onward is where they wanted to go, this once; otherwise where they are.
func (v *visit) onward(otherwise string) string {
	next, err := url.QueryUnescape(v.Cookie(v.onwardName()))
	if err != nil || next == "" {
		return otherwise
	}
	v.SetCookie(v.onwardName(), "", -1)
	return door.SafeNext(next)
}

// asked counts, of a list of people whose password stands alone, who would be asked for a
// second factor; more says that there are more than were counted.
func asked[T any](list func(authority.Page) ([]T, int64, error)) (n int, more bool, err error) {
	rows, next, err := list(authority.Page{Limit: authority.MaxPage, Only: ledger.OnlyOneFactor})
	return len(rows), next != 0, err
}

// alone counts the members of the workspace who would be.
func (v *visit) alone() (n int, more bool, err error) {
	if !v.May("members:read") || !v.May("members:write") {
		return 0, false, nil
	}
	return asked(func(p authority.Page) ([]api.Member, int64, error) {
		return v.Office.ListMembers(v.Ctx(), v.Caller, v.At.Slug, p)
	})
}
