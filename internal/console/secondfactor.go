package console

import (
	"net/url"

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
	return v.Page("A second factor is required", neededFactorPage(v, len(a.Passkeys) > 0, confirmHome+"?next="+url.QueryEscape(next)))
}

// alone counts the members who would be asked for a second factor; more says that there
// are more than were counted.
func (v *visit) alone() (n int, more bool, err error) {
	if !v.May("members:read") || !v.May("members:write") {
		return 0, false, nil
	}
	rows, next, err := v.Office.ListMembers(v.Ctx(), v.Caller, v.At.Slug, authority.Page{Limit: authority.MaxPage, Only: ledger.OnlyOneFactor})
	return len(rows), next != 0, err
}
