package console

import (
	"errors"
	"slices"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/form"
	"github.com/tokenry/tokenry/internal/phrase"
	"github.com/tokenry/tokenry/internal/reception"
)

// draft is the page on which a token is made or edited.
type draft struct {
	form.Draft
	accounts []api.ServiceAccount
	roles    []api.Role
	known    []api.Resource
	// narrow is the advice to leave the token what it uses; nil for none.
	narrow *api.Advice
	// taken is what was used lately and would be taken from the token.
	taken []api.ScopeUse
	// id names this drawn form, so that it makes one token however often it is sent.
	id string
}

// reach is the choice of resources that stands in the form. Where there are none to choose
// from, all of them is what everybody means; else nothing is chosen for anybody.
func (d draft) reach() string {
	if r := d.Get("reach"); r != "" || len(d.known) > 0 {
		return r
	}
	return "all"
}

// owners are whom the visitor may make a token for.
func (v *visit) owners() []string {
	var out []string
	if v.At.MayHold() {
		out = append(out, "me")
	}
	if v.May("tokens:create") {
		out = append(out, "service", "workspace")
	}
	return out
}

// newToken draws the form of a new token. Whoever can make tokens for one kind of owner
// alone is not asked which.
func (v *visit) newToken() error {
	v.Section = "access-tokens"
	owners := v.owners()
	if len(owners) == 0 {
		return api.Errorf(api.CodeForbidden, "the policy of this workspace and your role do not let you create tokens here")
	}
	f, err := v.suggested()
	if err != nil {
		return err
	}
	owner := f.Get("owner")
	if len(owners) == 1 {
		owner = owners[0]
	}
	if !slices.Contains(owners, owner) {
		return v.Page("Create a token", ownersPage(v, owners))
	}
	d, err := v.draft(f, owner)
	if err != nil {
		return err
	}
	d.id = v.NewFormID()
	return v.Page("Create a token", createPage(v, d))
}

// suggested is the form that the address suggests, perhaps by another token.
func (v *visit) suggested() (form.Form, error) {
	q := v.R.URL.Query()
	id := q.Get("like")
	if id == "" {
		return form.Suggested(q, nil), nil
	}
	t, err := v.tokenOf(id)
	return form.Suggested(q, &t), err
}

// draftOf is a form as the token that it would be here.
func (v *visit) draftOf(f form.Form, owner string) form.Draft {
	return form.Draft{Picker: form.Picker{Form: f}, Owner: owner, Policy: v.At.Policy, Reach: v.At.Reach()}
}

// draft reads what the page offers.
func (v *visit) draft(f form.Form, owner string) (draft, error) {
	d := draft{Draft: v.draftOf(f, owner)}
	var err error
	if owner == "service" {
		if d.accounts, err = v.allAccounts(); err != nil {
			return d, err
		}
	}
	at := authority.Where{Workspace: v.At.Slug}
	scopes, err := v.Office.ListScopes(v.Ctx(), v.Caller, at)
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return d, err
	}
	d.Groups = form.Grouped(slices.DeleteFunc(scopes, func(s api.Scope) bool { return !v.At.Has(s.Name) }))
	roles, err := v.Office.ListRoles(v.Ctx(), v.Caller, at)
	if err != nil && !errors.Is(err, api.CodeInsufficientScope) {
		return d, err
	}
	d.roles = slices.DeleteFunc(roles, func(r api.Role) bool { return !v.At.Gives(r.Name) })
	d.known, _, err = v.Office.ListResources(v.Ctx(), v.Caller, v.At.Slug, authority.Page{Limit: 100})
	if errors.Is(err, api.CodeInsufficientScope) {
		err = nil
	}
	return d, err
}

// allAccounts are the service accounts to choose from: none for whoever may not list
// them, and none that is disabled.
func (v *visit) allAccounts() ([]api.ServiceAccount, error) {
	rows, _, err := v.Office.ListServiceAccounts(v.Ctx(), v.Caller, v.At.Slug, authority.Page{Limit: 200})
	if errors.Is(err, api.CodeInsufficientScope) {
		return nil, nil
	}
	return slices.DeleteFunc(rows, func(a api.ServiceAccount) bool { return !a.Active }), err
}

// doNewToken makes it, once for one drawn form. The answer to the form's second sending
// has no secret to show, and says so.
func (v *visit) doNewToken() error {
	v.Section = "access-tokens"
	f := v.Typed()
	if v.Session.Portal != "" {
		f.Values.Set("owner", "me") // a portal link is for one's own tokens, whatever the form says
	}
	d, err := v.draft(f, f.Get("owner"))
	if err != nil {
		return err
	}
	d.id = f.Get("form")
	var issued authority.Issued
	in, err := d.Create()
	if err == nil {
		err = v.powerless(in)
	}
	if err == nil {
		issued, err = v.Office.CreateToken(v.Ctx(), v.Once(d.Form), v.At.Slug, in)
	}
	if err != nil {
		if reception.SentBefore(err) {
			return v.Done(v.backOf(d).Href, "sent")
		}
		if d.Form, err = reception.Refused(f, err); err != nil {
			return err
		}
		return v.Again("Create a token", createPage(v, d))
	}
	return v.secretPage("Token created", issued, "created")
}

// powerless refuses what a rehearsal says would be a token that may do nothing. What else it
// would be refused for, it is when it is made.
func (v *visit) powerless(in api.CreateToken) error {
	c := v.Caller
	c.Rehearse = true
	tried, err := v.Office.CreateToken(v.Ctx(), c, v.At.Slug, in)
	if err != nil {
		return nil //nolint:nilerr // the verb itself says so
	}
	for _, w := range tried.Warnings {
		if w.Code == api.WarnNoRights {
			return api.FieldError("scopes", w.Detail)
		}
	}
	return nil
}

// summary answers the sentence about what the token in the form would do.
func (v *visit) summary() error {
	f := v.Typed()
	return v.Fragment(summaryText(v.draftOf(f, f.Get("owner"))))
}

// reachTitle is what "all resources" are to the visitor.
func (v *visit) reachTitle() string {
	if rs := v.At.Reach(); len(rs) != 1 || rs[0] != "*" {
		return "All that I may reach: " + phrase.Listed(rs, 5)
	}
	return "All resources"
}

// ownerLink is the page of another kind of owner, with all else that was suggested.
func ownerLink(v *visit, owner string) string {
	q := v.R.URL.Query()
	q.Set("owner", owner)
	return v.WS("access-tokens", "new") + "?" + q.Encode()
}

func (v *visit) createAction(d draft) string {
	if d.Token != nil {
		return v.Onward(v.tokenPage(d.Token.Locator, "edit"))
	}
	return v.Onward(v.WS("access-tokens", "new"))
}
