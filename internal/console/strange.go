package console

import (
	"errors"
	"path"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/reception"
)

// strangeUse is what nobody has answered yet about the use of a token; nil is nothing, or
// not for the visitor to see.
func (v *visit) strangeUse(t api.Token) (*api.StrangeUse, error) {
	s, err := v.Office.StrangeUse(v.Ctx(), v.Caller, v.At.Slug, t.Locator)
	if err != nil || !s.Open {
		return nil, reception.Unseen(err)
	}
	return &s, nil
}

// strangeAmong is strangeUse for the tokens of a list, by their locators.
func (v *visit) strangeAmong(slug string, rows []api.Token) (map[string]api.StrangeUse, error) {
	locators := make([]string, len(rows))
	for i, t := range rows {
		locators[i] = t.Locator
	}
	return v.Office.StrangeAmong(v.Ctx(), v.Caller, slug, locators)
}

// doStrange answers who it was. Whoever says that it was not them sees what to do next on
// the token's page.
func (v *visit) doStrange() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	f := v.Typed()
	in := api.AnswerStrangeUse{Answer: f.Get("answer")}
	if at, err := time.Parse(time.RFC3339Nano, f.Get("seen")); err == nil {
		in.Seen = &at
	}
	if _, err = v.Office.AnswerStrangeUse(v.Ctx(), v.Caller, v.At.Slug, t.Locator, in); errors.Is(err, api.CodeChangedMeanwhile) {
		return v.Done(v.tokenPage(t.Locator), "more-strange")
	} else if err != nil {
		return err
	}
	if in.Answer == api.StrangeNotMe {
		return v.Done(v.tokenPage(t.Locator), "not-me")
	}
	return v.Done(v.tokenBack(t).Href, "was-me")
}

// strangeLink is an address of a token of a workspace that the page need not stand in.
func strangeLink(workspace string, t api.Token, parts ...string) string {
	return "/workspace/" + path.Join(append([]string{workspace, "access-tokens", t.Locator}, parts...)...)
}
