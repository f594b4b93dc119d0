package console

import (
	"github.com/a-h/templ"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// oneToken is the page of one token.
type oneToken struct {
	api.Token
	may    office.TokenAbilities
	events []api.AuditEvent
	// use is nil where the visitor may not see it.
	use    *usage
	advice []api.Advice
	// activity is from where and for what it was used, latest first.
	activity []api.Activity
	// made is what was made with it.
	made api.Descendants
	// strange is what nobody has answered about its use; nil is nothing.
	strange *api.StrangeUse
	// asked is the answer to "can it …?"; nil when nothing was asked.
	asked *couldIt
}

// token shows one token, with all else that the visitor may see of it. What they may not
// see, and what is not counted now, is left out: the page itself opens for whoever may
// see the token.
func (v *visit) token() error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	if t.Kind == "workspace" {
		v.Section = "integration-tokens"
	}
	k := oneToken{Token: t}
	if k.may, err = v.canDo(t); err != nil {
		return err
	}
	if k.made, err = v.Office.Descendants(v.Ctx(), v.Caller, v.At.Slug, t.Locator); err != nil {
		return err
	}
	if v.May("audit:read") {
		k.events, _, err = v.Office.Audit(v.Ctx(), v.Caller, v.At.Slug, api.AuditFilter{Token: t.Locator}, authority.Page{Limit: 12})
		if err != nil {
			return err
		}
	}
	if err = v.watch(&k); err != nil {
		return err
	}
	if k.strange, err = v.strangeUse(t); err != nil {
		return err
	}
	if scope := v.Q("scope"); scope != "" {
		if k.asked, err = v.ask(t, scope, v.Q("resource")); err != nil {
			return err
		}
	}
	return v.Page(phrase.Cut(t.Label, 60), tokenView(v, k))
}

// doRetire ends the overlap of a rotation.
func (v *visit) doRetire() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	if _, err = v.Office.RetireSecrets(v.Ctx(), v.Caller, v.At.Slug, t.Locator); err != nil {
		return err
	}
	return v.Done(v.tokenBack(t).Href, "retired")
}

func (v *visit) editToken() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	d, err := v.editDraft(t, form.OfToken(t))
	if err != nil {
		return err
	}
	return v.Page("Edit token", createPage(v, d))
}

// editDraft is the form of a token that is there. Its owner cannot be changed by it:
// that is a transfer, which makes a new secret.
func (v *visit) editDraft(t api.Token, f form.Form) (draft, error) {
	v.Section = "access-tokens"
	d, err := v.draft(f, form.TokenFields(t).Get("owner"))
	if err != nil {
		return d, err
	}
	d.Token = &t
	if d.Uses, err = v.scopeUses(t); err != nil {
		return d, err
	}
	d.narrow, err = v.unusedScopes(t)
	return d, err
}

func (v *visit) doEditToken() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	d, err := v.editDraft(t, v.Edited())
	if err != nil {
		return err
	}
	in, err := d.Change()
	if err == nil {
		if d.taken = v.takes(d, in); len(d.taken) > 0 && d.Get("taken") != form.ScopesUsed(d.taken) {
			return v.Again("Edit token", createPage(v, d))
		}
		_, err = v.Office.EditToken(v.Ctx(), v.From(d.Form), v.At.Slug, t.Locator, in)
	}
	if err == nil {
		return v.Done(v.tokenBack(t).Href, "saved")
	}
	if d.Form, err = reception.Refused(d.Form, err); err != nil {
		return err
	}
	if t, err = v.getToken(); err != nil {
		return err
	}
	d.Form, d.Token = v.Renewed(d.Form, form.OfToken(t), v.Where(), t.ID, "scope"), &t
	return v.Again("Edit token", createPage(v, d))
}

// doEnable brings back the token that the page showed. One that was changed meanwhile
// may do more than the visitor saw.
func (v *visit) doEnable() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	f, back := v.Edited(), v.tokenBack(t).Href
	done, err := v.Office.EnableToken(v.Ctx(), v.From(f), v.At.Slug, t.Locator)
	if err == nil {
		return v.Done(back, phrase.Enabled(done.Value))
	}
	return v.overtaken(err, f, v.Where(), t.ID, v.Onward(v.tokenPage(t.Locator)))
}

// doDisable stops a token, whatever became of it meanwhile. The form may say that it is
// revoked after a while unless somebody misses it.
func (v *visit) doDisable() error {
	t, err := v.getToken()
	if err != nil {
		return err
	}
	var in api.DisableToken
	if d, err := api.ParseDuration(v.Typed().Get("revoke_after")); err == nil && d > 0 {
		in.RevokeAfter = api.Some(d)
	}
	done, err := v.Office.DisableToken(v.Ctx(), v.Caller, v.At.Slug, t.Locator, in)
	if err != nil {
		return err
	}
	back := v.tokenBack(t)
	if back.Token { // it has a button for that
		return v.Done(back.Href, "disabled")
	}
	return v.Done(back.Undo(v.undo(done.Value)), "disabled")
}

// leaving is a token whose end is asked for: what still depends on it.
type leaving struct {
	api.Token
	may office.TokenAbilities
	// week is how often it was presented in seven days, when that is counted.
	week    int64
	counted bool
	// made is what was made with it.
	made   api.Descendants
	reason string
}

// deleteToken asks first, and says what would stop: how often the token was presented
// this week, where the visitor may see that.
func (v *visit) deleteToken() error {
	v.Section = "access-tokens"
	t, err := v.getToken()
	if err != nil {
		return err
	}
	calls, known, err := v.weekOf(t)
	if err != nil {
		return err
	}
	can, err := v.canDo(t)
	if err != nil {
		return err
	}
	made, err := v.Office.Descendants(v.Ctx(), v.Caller, v.At.Slug, t.Locator)
	if err != nil {
		return err
	}
	return v.Page("Delete", deleteTokenPage(v, leaving{Token: t, may: can, week: calls, counted: known, made: made, reason: v.Q("reason")}))
}

func (v *visit) doDeleteToken() error {
	f := v.Typed()
	t, err := v.getToken()
	if err != nil {
		return err
	}
	in := api.RevokeToken{Reason: f.Get("reason"), Comment: f.Get("comment")}
	if f.Get("made") != "" { // the page asked, so that what is not ticked is a no
		in.Descendants = api.Some(f.Get("descendants") != "")
	}
	if _, err = v.Office.DeleteToken(v.Ctx(), v.Caller, v.At.Slug, t.Locator, in); err != nil {
		return err
	}
	return v.Done(v.listBack(t).Href, "revoked")
}

// tokenForm is a page about one token with a form on it.
type tokenForm func(v *visit, t api.Token, f form.Form, id string) templ.Component
