package console

import (
	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// resetsFor says whether the visitor may make or reset somebody else's standing access
// token: it is rehearsed, for that depends on what there is.
func (v *visit) resetsFor(m api.Member) bool {
	if !v.May("tokens:impersonate") || m.ID == v.Session.UserPublicID {
		return false
	}
	c := v.Caller
	c.Rehearse = true
	_, err := v.Office.ResetAccessToken(v.Ctx(), c, v.At.Slug, m.ID)
	return err == nil
}

// theirs is a member and the one standing access token that they have; nil for none.
func (v *visit) theirs() (m api.Member, standing *api.Token, err error) {
	v.Section = "members"
	if m, err = v.Office.GetMember(v.Ctx(), v.Caller, v.At.Slug, v.R.PathValue("member")); err != nil {
		return m, nil, err
	}
	if m.ID == v.Session.UserPublicID { // one's own is under My tokens
		return m, nil, v.Missing()
	}
	tokens := authority.Each(func(p authority.Page) ([]api.Token, int64, error) {
		return v.Office.ListTokens(v.Ctx(), v.Caller, v.At.Slug, api.TokenFilter{Owner: api.Some(m.ID), Kind: api.Some("personal")}, p)
	})
	for t, err := range tokens {
		if err != nil {
			return m, nil, err
		}
		if t.Standing && t.Status != api.StatusRevoked {
			return m, &t, nil
		}
	}
	return m, nil, nil
}

// resetTheirs warns before the standing access token of a member is made or reset.
func (v *visit) resetTheirs() error {
	m, t, err := v.theirs()
	if err != nil {
		return err
	}
	if !v.resetsFor(m) {
		return v.Missing()
	}
	return v.Page("Reset their access token", resetTheirsPage(v, m, t, form.New(nil), v.NewFormID()))
}

// doResetTheirs is doResetMine for somebody else, who is told by mail.
func (v *visit) doResetTheirs() error {
	f := v.Typed()
	m, t, err := v.theirs()
	if err != nil {
		return err
	}
	i, err := v.Office.ResetAccessToken(v.Ctx(), v.Once(f), v.At.Slug, m.ID)
	if reception.SentBefore(err) {
		return v.Done(v.Onward(v.WS("members", m.ID)), "sent")
	}
	if err != nil {
		if f, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Reset their access token", resetTheirsPage(v, m, t, f, f.Get("form")))
	}
	return v.secretPage("The access token of "+phrase.Named(m.Name, m.Address), i, map[bool]string{true: "created", false: "reset"}[t == nil])
}
