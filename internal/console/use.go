package console

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/reception"
)

// scopeUses are what was done with the scopes of a token; nil where the visitor may not see
// that, or it is not counted now.
func (v *visit) scopeUses(t api.Token) (*form.Uses, error) {
	s, err := v.Office.TokenUsage(v.Ctx(), v.Caller, v.At.Slug, t.Locator, v.since(usageDays), v.Now(), api.BucketDay)
	if err != nil {
		return nil, reception.Unseen(err)
	}
	return &form.Uses{Scopes: s.Scopes, Now: v.Now()}, nil
}

// unusedScopes is the advice to leave a token what it uses; nil for none.
func (v *visit) unusedScopes(t api.Token) (*api.Advice, error) {
	all, err := v.Office.TokenAdvice(v.Ctx(), v.Caller, v.At.Slug, t.Locator)
	if i := slices.IndexFunc(all, func(a api.Advice) bool { return a.Code == api.AdviceUnusedScopes }); err == nil && i >= 0 {
		return &all[i], nil
	}
	return nil, reception.Unseen(err)
}

// takes is what an edit would take of what was used lately, by a rehearsal of the edit
// itself. What the edit would be refused for, it is when it is made.
func (v *visit) takes(d draft, in api.EditToken) []api.ScopeUse {
	if d.Uses == nil || !d.Changed("what", "role", "scope", "reach", "resources") {
		return nil
	}
	before := *d.Token
	c := v.Caller
	c.Rehearse = true
	after, err := v.Office.EditToken(v.Ctx(), c, v.At.Slug, d.Token.Locator, in)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(d.Uses.Recent(), func(s api.ScopeUse) bool {
		return !authority.Can(before, s.Scope, "") || authority.Can(after.Value, s.Scope, "")
	})
}

// narrowedToken is what became of a token that was left what it uses.
type narrowedToken struct {
	before, after api.Token
	unused        []string
}

// doWiden gives a token back what a narrowing took, unless somebody changed it since. The
// form says what that was, and the gate judges it as any other edit.
func (v *visit) doWiden() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	f := v.Edited()
	in := api.EditToken{}
	in.Grants = api.Null[[]api.Statement]()
	if text := f.Get("grants"); text != "" {
		var grants []api.Statement
		if json.Unmarshal([]byte(text), &grants) != nil {
			return api.FieldError("grants", "cannot be read")
		}
		in.Grants = api.Some(grants)
	}
	back := v.Onward(v.tokenPage(t.Locator))
	if _, err = v.Office.EditToken(v.Ctx(), v.From(f), v.At.Slug, t.Locator, in); errors.Is(err, api.CodeChangedMeanwhile) {
		return v.overtaken(err, f, v.Where(), t.ID, back)
	}
	if err != nil {
		return err
	}
	return v.Done(back, "widened")
}
