package console

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/listing"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// mineIn is a person's own tokens in one workspace.
type mineIn struct {
	place *office.Desk
	table
	standing *api.Token
	mayHold  bool
	// strange is what nobody has answered about their use, by locator.
	strange map[string]api.StrangeUse
}

// myTokens lists the visitor's own personal tokens, workspace by workspace.
func (v *visit) myTokens() error {
	var out []mineIn
	slugs, err := v.mySlugs()
	if err != nil {
		return err
	}
	for _, slug := range slugs {
		m, err := v.mineIn(slug)
		if errors.Is(err, api.CodeOwnerInactive) || errors.Is(err, api.CodeWorkspaceSuspended) {
			continue
		}
		if err != nil {
			return err
		}
		if m.place.Member {
			out = append(out, m)
		}
	}
	v.At = nil
	return v.Page("My tokens", minePage(v, out))
}

// mySlugs are the workspaces that the visitor is a member of.
func (v *visit) mySlugs() ([]string, error) {
	rows, err := v.Office.Homes(v.Ctx(), v.Caller)
	slugs := make([]string, len(rows))
	for i, ws := range rows {
		slugs[i] = ws.Slug
	}
	return slugs, err
}

// mineIn reads the visitor's own tokens of one workspace. Those whose life is over are
// left out unless they are asked for: what one can still lose is what one looks for here.
func (v *visit) mineIn(slug string) (mineIn, error) {
	if err := v.EnterWorkspace(slug); err != nil {
		return mineIn{}, err
	}
	m := mineIn{place: v.At, mayHold: v.At.MayHold()}
	if !v.At.Member {
		return m, nil
	}
	over := v.Q("deleted") != ""
	rows, _, err := v.Office.ListTokens(v.Ctx(), v.Caller, slug, api.TokenFilter{Owner: api.Some("me"), Kind: api.Some("personal"), Deleted: over}, authority.Page{Limit: 200})
	m.table = table{columns: slices.DeleteFunc(listing.Columns(), func(c listing.Column) bool { return c.Key == "scope" || c.Key == "owner" }),
		Address: listing.At(*v.R.URL), workspace: slug, mine: true, bin: true}
	for _, t := range rows {
		if phrase.IsOver(t) && !over {
			continue
		}
		m.rows = append(m.rows, t)
		if t.Standing {
			m.standing = &t
		}
	}
	if err != nil {
		return m, err
	}
	phrase.SortTokens(m.rows, v.Q("sort"))
	if m.strange, err = v.strangeAmong(slug, m.rows); err != nil {
		return m, err
	}
	return m, v.enable(&m.table)
}

// resetMine warns before the visitor's standing access token is reset.
func (v *visit) resetMine() error {
	slug := phrase.Named(v.Session.Portal, v.Q("workspace"))
	m, err := v.mineIn(slug)
	if err != nil {
		return err
	}
	return v.Page("Reset my access token", resetMinePage(v, m, form.New(nil), v.NewFormID()))
}

// doResetMine makes the one token of a person, or gives it a new secret, once for one
// drawn form: the answer to the form's second sending has no secret to show, and says
// so.
func (v *visit) doResetMine() error {
	f := v.Typed()
	m, err := v.mineIn(phrase.Named(v.Session.Portal, f.Get("workspace")))
	if err != nil {
		return err
	}
	i, err := v.Office.ResetAccessToken(v.Ctx(), v.Once(f), m.place.Slug, "me")
	if reception.SentBefore(err) {
		return v.Done("/settings/tokens", "sent")
	}
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Reset my access token", resetMinePage(v, m, f, f.Get("form")))
	}
	return v.secretPage("Your access token", i, map[bool]string{true: "created", false: "reset"}[m.standing == nil])
}
